//! Generated input files, made once and kept.

use crate::Options;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder this repository keeps its generators and queries in.
pub(crate) fn benchmarks_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(|| "benchmarks".into(), Path::to_path_buf)
}

/// The crash file without a malformed record.
pub(crate) fn crash_csv(options: &Options) -> Result<PathBuf, String> {
    let file = options.data.join("crash.csv");
    if !file.is_file() {
        let mut command = Command::new(&options.python);
        command.arg(benchmarks_folder().join("gen_crash.py")).arg("--malformed").arg("0").arg(partial(&file));
        make(command, &file)?;
    }
    Ok(file)
}

/// A folder with the eight TPC-H tables as `table.csv` and `table.parquet`.
pub(crate) fn tpch(options: &Options) -> Result<PathBuf, String> {
    let folder = options.data.join(format!("tpch-{}", options.scale_factor));
    if !folder.is_dir() {
        let partial = partial(&folder);
        let generator = options.python.with_file_name("tpchgen-cli");
        for format in ["csv", "parquet"] {
            let mut command = Command::new(&generator);
            command.args([format, "-s", &options.scale_factor, "--output-dir"]).arg(&partial);
            run(command)?;
        }
        std::fs::rename(&partial, &folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    Ok(folder)
}

/// Made under another name first, so that a half-written file is never taken for a whole one.
fn partial(path: &Path) -> PathBuf {
    path.with_extension("partial")
}

fn make(command: Command, file: &Path) -> Result<(), String> {
    run(command)?;
    std::fs::rename(partial(file), file).map_err(|e| format!("{}: {e}", file.display()))
}

fn run(mut command: Command) -> Result<(), String> {
    let output = command.output().map_err(|e| format!("could not run {command:?}: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr)))
}
