//! Where statements come from, and where one ends.

use base::{Error, ErrorKind, Result};
use std::io::{self, BufRead, Read, Write};
use std::path::PathBuf;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// `-e`.
    Text(String),
    File(PathBuf),
    Stdin,
    /// A person at a terminal.
    Prompt,
}

impl Input {
    /// All the text of an input that is not a prompt.
    pub(super) fn read(&self) -> Result<String> {
        let mut text = String::new();
        let failed = |e: io::Error, from: &str| {
            Error::new(ErrorKind::WrongValue, "could not read the statements").with("from", from).caused_by(e)
        };
        match self {
            Input::Text(statements) => text.push_str(statements),
            Input::File(path) => {
                text = std::fs::read_to_string(path).map_err(|e| failed(e, &path.display().to_string()))?;
            }
            Input::Stdin | Input::Prompt => {
                io::stdin().read_to_string(&mut text).map_err(|e| failed(e, "standard input"))?;
            }
        }
        Ok(text)
    }
}

/// What the person at the prompt typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// One or more statements, the last ended by `;`.
    Statements(String),
    Quit,
}

/// Reads lines until a `;` ends a statement outside quotes and comments.
pub(super) fn prompt(input: &mut dyn BufRead, out: &mut dyn Write) -> io::Result<Typed> {
    let mut text = String::new();
    loop {
        out.write_all(if text.is_empty() { b"viewmill> " } else { b"       -> " })?;
        out.flush()?;
        if input.read_line(&mut text)? == 0 {
            out.write_all(b"\n")?;
            return Ok(Typed::Quit);
        }
        if matches!(text.trim().trim_end_matches(';').to_ascii_lowercase().as_str(), "quit" | "exit" | "\\q") {
            return Ok(Typed::Quit);
        }
        if text.trim().is_empty() {
            text.clear();
        } else if is_complete(&text) {
            return Ok(Typed::Statements(text));
        }
    }
}

/// The text between the `;`, without empty pieces.
///
/// # Errors
/// `Parse` if a quote or comment is not closed.
pub(super) fn split(text: &str) -> Result<Vec<String>> {
    Ok(sql::split::statements(text)?.into_iter().map(str::to_string).collect())
}

/// Whether one more word would begin a new statement; it would not inside quotes, a comment or after no `;`.
fn is_complete(text: &str) -> bool {
    let count = |text: &str| split(text).map_or(0, |s| s.len());
    let statements = count(text);
    statements > 0 && count(&format!("{text}\nx")) == statements + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_in(lines: &str) -> (Typed, String) {
        let mut out = Vec::new();
        let typed = prompt(&mut lines.as_bytes(), &mut out).unwrap();
        (typed, String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_statement_ends_at_its_semicolon() {
        for (lines, expected) in [
            ("select 1;\nselect 2;\n", "select 1;\n"),
            ("\n\nselect\n1\n;\n", "select\n1\n;\n"),
            ("select ';\n';\n", "select ';\n';\n"),
            ("select 1 /* ;\n */;\n", "select 1 /* ;\n */;\n"),
            ("select 1; select\n2;\n", "select 1; select\n2;\n"),
        ] {
            assert_eq!(type_in(lines).0, Typed::Statements(expected.to_string()), "{lines:?}");
        }
    }

    #[test]
    fn the_prompt_shows_that_more_is_expected() {
        assert_eq!(type_in("select\n1;\n").1, "viewmill>        -> ");
    }

    #[test]
    fn quit_and_end_of_input_leave() {
        for lines in ["quit\n", "EXIT;\n", "\\q\n", "", "select 1"] {
            assert_eq!(type_in(lines).0, Typed::Quit, "{lines:?}");
        }
    }
}
