//! `cargo xtask`: the repository's own chores. `cargo xtask test` is what continuous integration runs.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool reports through its standard streams"
)]

mod steps;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask COMMAND
  test             everything continuous integration runs
  tidy             the repository's rules
  sql [FILTER]...  build the server and run sql-tests (see sql-tests/README.md)
  docs             write the generated pages below docs/reference";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let ok = match words.split_first() {
        Some((command, [])) if command == "test" => steps::test(),
        Some((command, [])) if command == "tidy" => tidy::report(),
        Some((command, filters)) if command == "sql" => steps::sql(filters),
        Some((command, [])) if command == "docs" => steps::docs(),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}
