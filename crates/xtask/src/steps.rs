//! The commands that run other programs: build, lint, test, generated pages.

use crate::{root, tidy};
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

const REFERENCE_PAGE: &str = "docs/reference/configuration.md";
/// Compute nodes of each test server of the second run.
const CLUSTER_NODES: &str = "2";
const CRASH_STORM_ROUNDS: &str = "6";

/// Runs every step even if an earlier one failed, and prints which failed; true if none.
pub(crate) fn test() -> bool {
    let mut failed = Vec::new();
    let mut passed = 0;
    let mut step = |name: &'static str, run: &dyn Fn() -> bool| {
        println!("\n=== {name}");
        let begun = Instant::now();
        let ok = run();
        println!("=== {name}: {} after {:.0} s", if ok { "ok" } else { "FAILED" }, begun.elapsed().as_secs_f64());
        if ok {
            passed += 1;
        } else {
            failed.push(name);
        }
        ok
    };
    step("set-up", &|| run(Command::new("bash").arg("scripts/setup.sh")));
    step("format", &|| cargo(&["fmt", "--all", "--check"]));
    step("tidy", &tidy::report);
    let built = step("build", &build);
    step("unit tests", &unit_tests);
    if built {
        step("reference pages", &reference_is_current);
        step("sql-tests", &|| program("sql-tests", &[]));
        step("sql-tests on a cluster", &|| program("sql-tests", &["--nodes", CLUSTER_NODES]));
        step("clients", &clients);
        step("crash storm", &|| program("sql-tests", &["crash-storm", "--rounds", CRASH_STORM_ROUNDS]));
    }
    step("clippy", &|| cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]));
    println!("\nfailed steps: {}", if failed.is_empty() { "none".to_string() } else { failed.join(", ") });
    println!("{passed} passed, {} failed", failed.len());
    failed.is_empty()
}

/// Builds, then runs the SQL tests whose path contains one of the filters.
pub(crate) fn sql(filters: &[String]) -> bool {
    let filters: Vec<&str> = filters.iter().map(String::as_str).collect();
    build() && program("sql-tests", &filters)
}

/// Writes the generated pages.
pub(crate) fn docs() -> bool {
    let Some(text) = build().then(reference).flatten() else { return false };
    let page = root().join(REFERENCE_PAGE);
    let written = page.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&page, text));
    match written {
        Ok(()) => true,
        Err(e) => {
            eprintln!("{}: {e}", page.display());
            false
        }
    }
}

fn reference_is_current() -> bool {
    let Some(expected) = reference() else { return false };
    let current = std::fs::read_to_string(root().join(REFERENCE_PAGE)).unwrap_or_default();
    if current != expected {
        eprintln!("{REFERENCE_PAGE} is out of date, run `cargo xtask docs`");
    }
    current == expected
}

/// What the server says its configuration is.
fn reference() -> Option<String> {
    let output = Command::new(built("viewmill")).args(["config", "--reference"]).output();
    match output {
        Ok(output) if output.status.success() => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Ok(output) => {
            eprintln!("viewmill config --reference failed: {}", String::from_utf8_lossy(&output.stderr));
            None
        }
        Err(e) => {
            eprintln!("could not run viewmill: {e}");
            None
        }
    }
}

/// Real clients, from the Python environment that scripts/setup.sh makes.
fn clients() -> bool {
    let home = PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
    let venv = std::env::var_os("VIEWMILL_VENV").map_or_else(|| home.join(".cache/viewmill/venv"), PathBuf::from);
    let python = venv.join("bin/python");
    if !python.is_file() {
        eprintln!("{} is missing, run scripts/setup.sh", python.display());
        return false;
    }
    run(Command::new(python).arg("sql-tests/clients/run.py").env("VIEWMILL_BIN", built("viewmill")))
}

/// The whole workspace at once: building packages one by one would unify features differently and build twice.
fn build() -> bool {
    cargo(&["build", "--workspace", "--bins", "--locked"])
}

fn unit_tests() -> bool {
    let nextest = Command::new("cargo").args(["nextest", "--version"]).output().is_ok_and(|o| o.status.success());
    if nextest {
        cargo(&["nextest", "run", "--workspace", "--locked", "--no-fail-fast"])
    } else {
        cargo(&["test", "--workspace", "--locked", "--no-fail-fast"])
    }
}

fn cargo(args: &[&str]) -> bool {
    run(Command::new("cargo").args(args))
}

fn program(name: &str, args: &[&str]) -> bool {
    run(Command::new(built(name)).args(args))
}

fn run(command: &mut Command) -> bool {
    match command.current_dir(root()).status() {
        Ok(status) => status.success(),
        Err(e) => {
            eprintln!("could not run {command:?}: {e}");
            false
        }
    }
}

/// A program that `build` made.
fn built(name: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target.join("debug").join(name)
}
