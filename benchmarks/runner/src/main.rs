//! `benchmarks`: Viewmill and peer engines over the same data, in the same run, in turn.
//!
//! `benchmarks/README.md` says what is measured and how to read it. Absolute times belong to the machine; what counts is
//! the ratio of medians, with the CPU seconds beside it.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool reports through its standard streams"
)]

mod contestant;
mod data;
mod peer;
mod sample;
mod suite;
mod viewmill;
mod wire;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "usage: benchmarks [--viewmill BINARY] [--data FOLDER] [--python PYTHON] [--rounds N] [--copies N]
                  [--scale-factor SF] [--nodes N] [load|group-by|view|tpch]...
Runs the suites named (all without a name). BINARY defaults to $VIEWMILL_BIN, then to target/release/viewmill;
With --nodes Viewmill is a front end and N compute nodes; CPU seconds and memory are the front end's then.
PYTHON is what benchmarks/setup.sh prints, and FOLDER (~/.cache/viewmill/bench-data) keeps generated files.";

/// What the command line says.
pub(crate) struct Options {
    pub(crate) viewmill: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) python: PathBuf,
    pub(crate) rounds: usize,
    /// How often the crash file is loaded for the large table.
    pub(crate) copies: u64,
    pub(crate) scale_factor: String,
    /// Compute nodes; 0 is one process.
    pub(crate) nodes: usize,
    suites: Vec<String>,
}

fn main() -> ExitCode {
    let outcome = parse(std::env::args().skip(1)).and_then(|options| {
        let runtime = tokio::runtime::Runtime::new().map_err(|e| format!("could not start the async runtime: {e}"))?;
        runtime.block_on(run(&options))
    });
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

/// Runs the suites; false if a goal was missed or two engines disagreed.
async fn run(options: &Options) -> Result<bool, String> {
    std::fs::create_dir_all(&options.data).map_err(|e| format!("{}: {e}", options.data.display()))?;
    let wanted = |name: &str| options.suites.is_empty() || options.suites.iter().any(|s| s == name);
    let mut goals = Vec::new();
    if wanted("load") {
        goals.extend(suite::load::run(options).await?);
    }
    if wanted("group-by") || wanted("view") {
        goals.extend(suite::group_by::run(options, wanted("group-by"), wanted("view")).await?);
    }
    if wanted("tpch") {
        goals.extend(suite::tpch::run(options).await?);
    }
    println!();
    for goal in &goals {
        println!("{goal}");
    }
    let missed = goals.iter().filter(|g| !g.met()).count();
    println!("{} goals met, {missed} missed", goals.len() - missed);
    Ok(missed == 0)
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Options, String> {
    let cache = PathBuf::from(std::env::var("HOME").unwrap_or_else(|_| ".".into())).join(".cache/viewmill");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let binary = std::env::var_os("VIEWMILL_BIN").map_or_else(|| target.join("release/viewmill"), PathBuf::from);
    let mut options = Options {
        viewmill: binary,
        data: cache.join("bench-data"),
        python: cache.join("bench-venv/bin/python"),
        rounds: 7,
        copies: 43,
        scale_factor: "1".to_string(),
        nodes: 0,
        suites: Vec::new(),
    };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value\n{USAGE}"));
        match word.as_str() {
            "--viewmill" => options.viewmill = value()?.into(),
            "--data" => options.data = value()?.into(),
            "--python" => options.python = value()?.into(),
            "--rounds" => options.rounds = value()?.parse().map_err(|_| "--rounds needs a number".to_string())?,
            "--copies" => options.copies = value()?.parse().map_err(|_| "--copies needs a number".to_string())?,
            "--scale-factor" => options.scale_factor = value()?,
            "--nodes" => options.nodes = value()?.parse().map_err(|_| "--nodes needs a number".to_string())?,
            "load" | "group-by" | "view" | "tpch" => options.suites.push(word),
            _ => return Err(format!("unknown word {word}\n{USAGE}")),
        }
    }
    for (path, hint) in [(&options.viewmill, "cargo build --release"), (&options.python, "benchmarks/setup.sh")] {
        if !path.is_file() {
            return Err(format!("{} is missing, run `{hint}`\n{USAGE}", path.display()));
        }
    }
    options.rounds = options.rounds.max(1);
    Ok(options)
}
