//! Error logs and rejected rows of loads, as files of this process that are kept for some time.
//!
//! The load writes them, `GET /api/_load_error_log` reads them, and the server deletes what is older than
//! `load_error_log_reserve_hours`. Losing one loses no data, so nothing is synced.

use base::{Error, ErrorKind, Result};
use std::fs::{self, File};
use std::path::PathBuf;
use uuid::Uuid;

const LOG_PREFIX: &str = "error_log_";
const REJECTED_PREFIX: &str = "rejected_record_";

/// A folder of error logs.
#[derive(Debug, Clone)]
pub struct ErrorLogs {
    folder: PathBuf,
}

impl ErrorLogs {
    /// `folder` is made when the first log is written.
    pub fn new(folder: PathBuf) -> Self {
        ErrorLogs { folder }
    }

    /// Keeps a log and returns its name.
    ///
    /// # Errors
    /// `Unavailable` if the file cannot be written.
    pub fn save(&self, log: &str) -> Result<String> {
        let name = new_name(LOG_PREFIX);
        let written = fs::create_dir_all(&self.folder).and_then(|()| fs::write(self.folder.join(&name), log));
        written.map_err(|e| self.failed("could not write the error log of a load", e))?;
        Ok(name)
    }

    /// The text of a log.
    ///
    /// # Errors
    /// `Invalid` for a name that no log has, `Unavailable` if it is gone.
    pub fn read(&self, name: &str) -> Result<String> {
        if !is_name(name) {
            return Err(Error::invalid("no name of an error log, use the ErrorURL of a load").with("file", name));
        }
        fs::read_to_string(self.folder.join(name)).map_err(|e| {
            Error::new(ErrorKind::Unavailable, "the error log does not exist or is no longer kept")
                .with("file", name)
                .caused_by(e)
        })
    }

    /// A new file for rejected rows, and its path.
    ///
    /// # Errors
    /// `Unavailable` if the file cannot be made.
    pub fn create_rejected(&self) -> Result<(File, PathBuf)> {
        let path = self.folder.join(new_name(REJECTED_PREFIX));
        let file = fs::create_dir_all(&self.folder).and_then(|()| File::create(&path));
        let file = file.map_err(|e| self.failed("could not write the file of rejected rows", e))?;
        Ok((file, path))
    }

    fn failed(&self, message: &str, error: std::io::Error) -> Error {
        Error::new(ErrorKind::Unavailable, message).with("folder", self.folder.display()).caused_by(error)
    }
}

/// Whether a log could have this name.
pub fn is_name(name: &str) -> bool {
    name.starts_with(LOG_PREFIX) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// StarRocks' form: two hexadecimal numbers.
fn new_name(prefix: &str) -> String {
    let (high, low) = Uuid::new_v4().as_u64_pair();
    format!("{prefix}{high:x}_{low:x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read_by_its_name_only() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("secret"), "x").unwrap();
        let logs = ErrorLogs::new(folder.path().join("logs"));
        let name = logs.save("Error: a. Row: b\n").unwrap();
        assert_eq!(logs.read(&name).unwrap(), "Error: a. Row: b\n");
        for name in ["../secret", "error_log_/../../secret", "error_log_1_2", "secret", ""] {
            assert!(logs.read(name).is_err(), "{name}");
        }
    }
}
