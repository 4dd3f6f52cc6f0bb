//! Runs the files below `sql-tests/` against servers that it starts itself.
//!
//! The program `sql-tests` is called by `cargo xtask sql` and `cargo xtask test`; the benchmarks use [`server`] and
//! [`session`]. It speaks MySQL and HTTP only and links nothing of Viewmill, so a new test compiles nothing.
//! `sql-tests/README.md` describes the two file formats.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool reports through its standard streams"
)]

mod crash_storm;
pub mod http_client;
mod http_expectation;
mod http_file;
mod http_test;
mod pool;
pub mod server;
pub mod session;
mod sql_test;
mod test_file;
mod text;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "usage: sql-tests [--viewmill BINARY] [--tests FOLDER] [--nodes N] [--jobs N] [FILTER]...
       sql-tests crash-storm [--viewmill BINARY] [--rounds N] [--seed S]
Runs every *.test and *.http file below FOLDER whose path contains one of the FILTERs (all without a filter),
or clients against a server that is killed N times. With --nodes each server is a front end and N compute nodes. BINARY defaults to $VIEWMILL_BIN, then to `viewmill` beside this program.";

struct Args {
    viewmill: PathBuf,
    tests: PathBuf,
    nodes: usize,
    jobs: usize,
    filters: Vec<String>,
    rounds: u64,
    seed: u64,
}

/// The program: reads the command line, runs, reports.
pub fn main() -> ExitCode {
    let args = match parse_args(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(message) => {
            eprintln!("{message}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => {
            eprintln!("could not start the async runtime: {e}");
            return ExitCode::from(2);
        }
    };
    match runtime.block_on(run(&args)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

/// Runs everything and prints the closing line; false if something failed.
async fn run(args: &Args) -> Result<bool, String> {
    if args.filters == ["crash-storm"] {
        return crash_storm::run(&args.viewmill, args.rounds, args.seed).await;
    }
    let files = test_file::find(&args.tests, &args.filters)?;
    if files.is_empty() {
        return Err(format!("no test below {} matches {:?}", args.tests.display(), args.filters));
    }
    let results = pool::run_all(files, &args.viewmill, args.nodes, args.jobs).await;
    let checks: usize = results.iter().map(|r| r.checks).sum();
    let failed = results.iter().filter(|r| !r.failures.is_empty()).count();
    for result in results.iter().filter(|r| !r.failures.is_empty()) {
        println!("FAILED {} ({} of {} checks)", result.path, result.failures.len(), result.checks);
    }
    println!("{} files, {checks} checks", results.len());
    println!("{} passed, {failed} failed", results.len() - failed);
    Ok(failed == 0)
}

fn parse_args(mut words: impl Iterator<Item = String>) -> Result<Args, String> {
    let mut args = Args {
        viewmill: default_binary(),
        tests: default_tests(),
        nodes: 0,
        jobs: default_jobs(),
        filters: Vec::new(),
        rounds: 5,
        seed: u64::from(std::process::id()),
    };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        match word.as_str() {
            "--viewmill" => args.viewmill = value()?.into(),
            "--tests" => args.tests = value()?.into(),
            "--nodes" => args.nodes = value()?.parse().map_err(|_| "--nodes needs a number".to_string())?,
            "--jobs" => args.jobs = value()?.parse().map_err(|_| "--jobs needs a number".to_string())?,
            "--rounds" => args.rounds = value()?.parse().map_err(|_| "--rounds needs a number".to_string())?,
            "--seed" => args.seed = value()?.parse().map_err(|_| "--seed needs a number".to_string())?,
            _ if word.starts_with('-') => return Err(format!("unknown option {word}")),
            _ => args.filters.push(word),
        }
    }
    if !args.viewmill.is_file() {
        return Err(format!("no viewmill binary at {}; build it with `cargo build`", args.viewmill.display()));
    }
    Ok(args)
}

fn default_binary() -> PathBuf {
    if let Some(path) = std::env::var_os("VIEWMILL_BIN") {
        return path.into();
    }
    let beside = std::env::current_exe().ok().and_then(|exe| exe.parent().map(|folder| folder.join("viewmill")));
    beside.unwrap_or_else(|| "viewmill".into())
}

fn default_tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(|| "sql-tests".into(), Path::to_path_buf)
}

/// Tests wait for refreshes more than they compute, so a few more than there are cores.
fn default_jobs() -> usize {
    std::thread::available_parallelism().map_or(4, |n| n.get() + 2)
}

#[cfg(test)]
mod tests {
    use crate::test_file::{self, Format};
    use sqllogictest::DefaultColumnType;

    #[test]
    fn every_test_file_can_be_read() {
        let files = test_file::find(&super::default_tests(), &[]).unwrap();
        assert!(files.len() > 50, "the tests' folder was not found");
        for file in files {
            let error = match file.format {
                Format::Sql => sqllogictest::parse_with_name::<DefaultColumnType>(&file.text, file.name.as_str())
                    .err()
                    .map(|e| e.to_string()),
                Format::Http => crate::http_file::parse(&file.text).err(),
            };
            assert_eq!(error, None, "{}", file.name);
        }
    }
}
