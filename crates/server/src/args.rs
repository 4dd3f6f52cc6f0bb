//! The command line: which command runs with which options, and how it ends.
//!
//! Every command ends with 0, or with 1 and one line on stderr.

use crate::cluster::compute_node::{ComputeNodeOptions, run_compute_node};
use crate::startup::{self, Role, RunningServer, ServerOptions};
use crate::{client, demo};
use base::config::{self, Config};
use base::logging::LogFormat;
use base::{Error, Result};
use clap::{Args, Parser, Subcommand};
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Columnar analytic database with materialized views; StarRocks-compatible.
#[derive(Debug, Parser)]
#[command(name = "viewmill", version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a server: MySQL protocol, HTTP and all storage in one process
    Server(ServerArgs),
    /// Run the front end of a cluster: clients, planning and metadata; compute nodes do the work
    Fe(ServerArgs),
    /// Run a compute node of a cluster
    Cn(ComputeNodeArgs),
    /// Run a server, fill it with a year of accidents, compare table and materialized view, stay up
    Demo(DemoArgs),
    /// Run SQL statements on a server
    Sql(SqlArgs),
    /// Print the configuration that a server started with the same options would use
    Config(ConfigArgs),
}

#[derive(Debug, Args)]
struct ServerArgs {
    /// Directory that holds all data
    #[arg(long, value_name = "DIR", default_value = "./viewmill-data")]
    data_dir: PathBuf,
    #[command(flatten)]
    config: ConfigSource,
    /// Form of the log on stderr; RUST_LOG chooses what is logged
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    log_format: LogFormatArg,
}

#[derive(Debug, Args)]
struct ComputeNodeArgs {
    /// Front end to work for
    #[arg(long, value_name = "HOST:RPC_PORT")]
    fe: String,
    /// Directory for files that need not survive: spilled rows
    #[arg(long, value_name = "DIR", default_value = "./viewmill-cn")]
    data_dir: PathBuf,
    #[command(flatten)]
    config: ConfigSource,
    /// Form of the log on stderr; RUST_LOG chooses what is logged
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    log_format: LogFormatArg,
}

#[derive(Debug, Args)]
struct ConfigSource {
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One configuration key; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

#[derive(Debug, Args)]
struct DemoArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// Only write the demo's CSV file (- for standard output), start no server
    #[arg(long, value_name = "FILE")]
    write_csv: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct SqlArgs {
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    #[arg(long, default_value_t = 9030)]
    port: u16,
    #[arg(long, default_value = "root")]
    user: String,
    /// Better given as environment variable VIEWMILL_PASSWORD: other users can see command lines
    #[arg(long)]
    password: Option<String>,
    /// Database to use
    #[arg(long, value_name = "DB")]
    database: Option<String>,
    #[arg(long, value_enum, default_value = "table")]
    format: client::Format,
    /// Go on after a statement that fails
    #[arg(long)]
    force: bool,
    /// Statements to run, separated by ;
    #[arg(short = 'e', long, value_name = "STATEMENTS", conflicts_with = "file")]
    execute: Option<String>,
    /// File with statements; without it and -e they are read from standard input
    file: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct ConfigArgs {
    /// Print the reference of all keys (Markdown) instead
    #[arg(long)]
    reference: bool,
    #[command(flatten)]
    source: ConfigSource,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum LogFormatArg {
    Text,
    Json,
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let command_line = match CommandLine::try_parse() {
        Ok(command_line) => command_line,
        // Help and version come as errors that belong on stdout.
        Err(e) if !e.use_stderr() => {
            let _ = e.print();
            return ExitCode::SUCCESS;
        }
        Err(e) => return complain(&one_line(&e.to_string())),
    };
    run(command_line.command).unwrap_or_else(|e| complain(&format!("viewmill: {e}")))
}

fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Server(args) => block_on(serve(args, Role::Single)),
        Command::Fe(args) => block_on(serve(args, Role::FrontEnd)),
        Command::Cn(args) => block_on(compute(args)),
        Command::Demo(DemoArgs { write_csv: Some(path), .. }) => demo::write_csv(&path).map(|()| ExitCode::SUCCESS),
        Command::Demo(args) => block_on(run_demo(args.server)),
        Command::Sql(args) => block_on(client::run(args.into_options())),
        Command::Config(args) => print_config(&args),
    }
}

async fn serve(args: ServerArgs, role: Role) -> Result<ExitCode> {
    let server = args.start(role).await?;
    server.wait().await?;
    Ok(ExitCode::SUCCESS)
}

async fn compute(args: ComputeNodeArgs) -> Result<ExitCode> {
    base::logging::start(args.log_format.into())?;
    let mut defaults = Config::default();
    defaults.set("rpc_port", "9060")?;
    let ConfigSource { config, set } = &args.config;
    let config = defaults.overridden(config.as_deref(), std::env::vars(), set)?;
    let options = ComputeNodeOptions { config, front_end: args.fe, data_dir: args.data_dir };
    run_compute_node(options).await?.wait().await?;
    Ok(ExitCode::SUCCESS)
}

async fn run_demo(args: ServerArgs) -> Result<ExitCode> {
    let config = args.config.load()?;
    let server = args.start(Role::Single).await?;
    let target = demo::Server {
        host: reachable(config.text("bind_address")).to_string(),
        query_port: server.query_port(),
        http_port: server.http_port(),
        password: config.text("root_password").to_string(),
    };
    let mut stopped = Box::pin(server.wait());
    let mut stdout = io::stdout();
    tokio::select! {
        biased;
        ended = &mut stopped => ended?,
        toured = demo::run(&target, &mut stdout) => {
            toured?;
            stopped.await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print_config(args: &ConfigArgs) -> Result<ExitCode> {
    let text = if args.reference { config::reference() } else { effective(&args.source.load()?) };
    io::stdout().write_all(text.as_bytes()).map_err(|e| Error::internal("could not write to stdout").caused_by(e))?;
    Ok(ExitCode::SUCCESS)
}

/// Every key as a line of a configuration file; secrets are masked and commented out.
fn effective(config: &Config) -> String {
    let mut text = String::new();
    for (key, value) in config.shown() {
        let line = match key.kind {
            config::Kind::Integer(..) | config::Kind::Bool => format!("{} = {value}\n", key.name),
            config::Kind::Text => format!("{} = {}\n", key.name, toml_string(value)),
            config::Kind::Secret => format!("# {} = {}\n", key.name, toml_string(value)),
        };
        text.push_str(&line);
    }
    text
}

/// TOML's basic strings take JSON's escapes.
fn toml_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl ServerArgs {
    async fn start(self, role: Role) -> Result<RunningServer> {
        base::logging::start(self.log_format.into())?;
        startup::run_server(ServerOptions { role, config: self.config.load()?, data_dir: self.data_dir }).await
    }
}

impl From<LogFormatArg> for LogFormat {
    fn from(format: LogFormatArg) -> Self {
        match format {
            LogFormatArg::Text => LogFormat::Text,
            LogFormatArg::Json => LogFormat::Json,
        }
    }
}

impl ConfigSource {
    fn load(&self) -> Result<Config> {
        Config::load(self.config.as_deref(), std::env::vars(), &self.set)
    }
}

impl SqlArgs {
    fn into_options(self) -> client::Options {
        let input = match (self.execute, self.file) {
            (Some(statements), _) => client::Input::Text(statements),
            (None, Some(path)) if path.as_os_str() != "-" => client::Input::File(path),
            (None, None) if io::stdin().is_terminal() => client::Input::Prompt,
            _ => client::Input::Stdin,
        };
        client::Options {
            host: self.host,
            port: self.port,
            user: self.user,
            password: self.password.or_else(|| std::env::var("VIEWMILL_PASSWORD").ok()),
            database: self.database,
            format: self.format,
            force: self.force,
            input,
        }
    }
}

/// An address to connect to for one that a server listens on.
fn reachable(bind_address: &str) -> &str {
    match bind_address.trim_matches(['[', ']']) {
        "0.0.0.0" => "127.0.0.1",
        "::" => "::1",
        address => address,
    }
}

fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    // Plans of deeply nested queries are walked recursively.
    const STACK_BYTES: usize = 8 << 20;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK_BYTES).build();
    runtime.map_err(|e| Error::internal("could not start the async runtime").caused_by(e))?.block_on(work)
}

/// clap's message without its usage and hints.
fn one_line(message: &str) -> String {
    let words: Vec<&str> = message.split("\n\n").next().unwrap_or_default().split_whitespace().collect();
    let message = words.join(" ");
    format!("viewmill: {}; see viewmill --help", message.strip_prefix("error: ").unwrap_or(&message))
}

fn complain(line: &str) -> ExitCode {
    // Nobody is left to tell if stderr is closed.
    let _ = writeln!(io::stderr(), "{line}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests;
