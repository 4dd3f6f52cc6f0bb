//! The loop of `viewmill sql`: statements in, results out, errors to stderr.

use super::Options;
use super::format::ResultFormat;
use super::input::{self, Input, Typed};
use super::session::{Failure, Session};
use base::{Error, Result};
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

/// Runs every statement of the input; each failed statement is one `ERROR …` line on stderr.
///
/// Returns failure if any statement failed; stops at the first unless `--force`.
///
/// # Errors
/// `WrongValue` if the input cannot be read.
pub async fn run(options: Options) -> Result<ExitCode> {
    let client = Client { session: Session::new(&options), format: options.format.writer(), force: options.force };
    match client.run(&options.input).await? {
        Outcome::AllSucceeded => Ok(ExitCode::SUCCESS),
        Outcome::SomeFailed => Ok(ExitCode::FAILURE),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    AllSucceeded,
    SomeFailed,
}

struct Client {
    session: Session,
    format: Box<dyn ResultFormat>,
    force: bool,
}

impl Client {
    async fn run(mut self, input: &Input) -> Result<Outcome> {
        let mut out = BufWriter::new(io::stdout());
        let ended = match input {
            Input::Prompt => self.converse(&mut out).await,
            other => self.execute_text(&other.read()?, &mut out).await,
        };
        self.session.close().await;
        match ended.and_then(|outcome| out.flush().map(|()| outcome)) {
            Ok(outcome) => Ok(outcome),
            // The reader, such as `head`, has seen enough.
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(Outcome::AllSucceeded),
            Err(e) => Err(Error::internal("could not write the result").caused_by(e)),
        }
    }

    /// A person types: errors are shown and the conversation goes on.
    async fn converse(&mut self, out: &mut dyn Write) -> io::Result<Outcome> {
        if let Err(Failure::Disconnected(message)) = self.session.connect().await {
            complain(&message);
            return Ok(Outcome::SomeFailed);
        }
        let mut stdin = io::stdin().lock();
        while let Typed::Statements(text) = input::prompt(&mut stdin, out)? {
            self.execute_text(&text, out).await?;
        }
        Ok(Outcome::AllSucceeded)
    }

    async fn execute_text(&mut self, text: &str, out: &mut dyn Write) -> io::Result<Outcome> {
        let statements = match input::split(text) {
            Ok(statements) => statements,
            Err(e) => {
                complain(&format!("ERROR 1064 (42000): {e}"));
                return Ok(Outcome::SomeFailed);
            }
        };
        let mut outcome = Outcome::AllSucceeded;
        for statement in &statements {
            let message = match self.session.execute(statement, self.format.as_mut(), out).await {
                Ok(()) => continue,
                Err(Failure::Output(e)) => return Err(e),
                Err(Failure::Refused(message) | Failure::Disconnected(message)) => message,
            };
            out.flush()?;
            complain(&message);
            outcome = Outcome::SomeFailed;
            if !self.force {
                break;
            }
        }
        Ok(outcome)
    }
}

fn complain(message: &str) {
    // Nobody is left to tell if stderr is closed.
    let _ = writeln!(io::stderr(), "{message}");
}
