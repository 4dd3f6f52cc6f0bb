//! Finds test files and reads what their first lines say about the server they need.

use std::path::{Path, PathBuf};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// sqllogictest over MySQL.
    Sql,
    /// HTTP requests with SQL checks.
    Http,
}

#[derive(Debug, Clone)]
pub(crate) struct TestFile {
    pub(crate) path: PathBuf,
    /// The path below the tests' folder, for people and for filters.
    pub(crate) name: String,
    pub(crate) format: Format,
    /// The database the file works in.
    pub(crate) database: String,
    /// `--set` pairs from `# server: key=value` lines.
    pub(crate) settings: Vec<String>,
    /// Whether the file needs a server for itself: it restarts it or sets configuration.
    pub(crate) alone: bool,
    /// With `${db}` replaced.
    pub(crate) text: String,
}

/// What one file gave.
#[derive(Debug)]
pub(crate) struct FileResult {
    pub(crate) path: String,
    pub(crate) checks: usize,
    pub(crate) failures: Vec<String>,
}

/// Every test file below `root` whose name contains one of the filters, sorted by name.
pub(crate) fn find(root: &Path, filters: &[String]) -> Result<Vec<TestFile>, String> {
    let mut paths = Vec::new();
    collect(root, &mut paths)?;
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let Some(format) = format_of(&path) else { continue };
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        if filters.is_empty() || filters.iter().any(|f| name.contains(f.as_str())) {
            let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
            files.push(describe(path, name, format, text));
        }
    }
    Ok(files)
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<(), String> {
    let entries = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|e| format!("{}: {e}", folder.display()))?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else {
            paths.push(path);
        }
    }
    Ok(())
}

fn format_of(path: &Path) -> Option<Format> {
    match path.extension()?.to_str()? {
        "test" => Some(Format::Sql),
        "http" => Some(Format::Http),
        _ => None,
    }
}

fn describe(path: PathBuf, name: String, format: Format, text: String) -> TestFile {
    let settings: Vec<String> =
        text.lines().filter_map(|l| l.strip_prefix("# server:")).map(|s| s.trim().to_string()).collect();
    let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
    let letters = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' });
    let database = format!("t_{}", letters.collect::<String>());
    let text = text.replace("${db}", &database);
    let alone = !settings.is_empty() || name.starts_with("crash/");
    TestFile { path, name, format, database, settings, alone, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_settings_or_in_crash_gets_its_own_server() {
        for (name, text, alone) in [
            ("mv/async.test", "", false),
            ("crash/load.test", "", true),
            ("http/stall.http", "# server: stream_load_stall_timeout_second=1\n", true),
        ] {
            let file = describe(name.into(), name.into(), Format::Sql, text.into());
            assert_eq!(file.alone, alone, "{name}");
        }
        let file = describe("mv/a-b.test".into(), "mv/a-b.test".into(), Format::Sql, String::new());
        assert_eq!(file.database, "t_mv_a_b");
    }
}
