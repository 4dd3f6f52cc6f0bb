//! `viewmill demo`: the whole path of the data on one machine, through the public ports only.
//!
//! ```text
//! crash_data (generator) --Stream Load--> table crashdata --refresh--> view mv_crashdata
//!                                            └── the same question on both, timed ──┘
//! ```

mod crash_data;
mod script;
mod stream_load;
mod tour;

pub use tour::{Server, run};

use base::{Error, ErrorKind, Result};
use std::io::Write;
use std::path::Path;

/// Saves the file that the demo loads; `-` is standard output.
///
/// # Errors
/// `WrongValue` if the path cannot be written.
pub fn write_csv(path: &Path) -> Result<()> {
    let write = || -> std::io::Result<()> {
        let mut out: Box<dyn Write> = match path.to_str() {
            Some("-") => Box::new(std::io::stdout()),
            _ => Box::new(std::fs::File::create(path)?),
        };
        crash_data::CrashData::new(crash_data::ROWS).try_for_each(|chunk| out.write_all(&chunk))?;
        out.flush()
    };
    write().map_err(|e| {
        Error::new(ErrorKind::WrongValue, "could not write the CSV file").with("file", path.display()).caused_by(e)
    })
}
