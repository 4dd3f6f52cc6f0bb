//! `viewmill sql`: a small SQL client over the MySQL protocol.
//!
//! ```text
//! input (-e, file, stdin, prompt) -> session (one connection, text protocol) -> format (table, csv, json) -> stdout
//!                                        └ progress: elapsed time and the server's state, on stderr
//! ```
//! Results of the formats csv and json are streamed: memory does not grow with the number of rows.

mod format;
mod input;
mod progress;
mod run;
mod session;

pub use format::Format;
pub use input::Input;
pub use run::run;

/// What the command line asked for.
#[derive(Debug)]
pub struct Options {
    pub host: String,
    pub port: u16,
    pub user: String,
    pub password: Option<String>,
    pub database: Option<String>,
    pub format: Format,
    /// Go on after a statement that fails.
    pub force: bool,
    pub input: Input,
}
