//! CSV as Stream Load defines it: a splitter that one thread runs, and a parser that every core runs on its blocks.
//!
//! ```text
//!   Splitter (scan.rs finds record ends) ─▶ Block ─▶ tokenizer: fields ─▶ convert: Arrow columns
//! ```
//! Without `enclose` and `escape` a record is text up to the row delimiter, split at the separator. With one of them a
//! state machine reads each field. Both give the same rows however the bytes were cut into chunks and blocks.

pub mod convert;
mod datetime;
mod number;
mod scan;
pub mod splitter;
mod structural;
pub mod tokenizer;

pub use convert::{Parsed, Parser, SourceColumn, SourceKind};
pub use splitter::{Block, Splitter};

use base::{Error, ErrorKind, Result};

/// Longest column separator and row delimiter, in bytes (StarRocks' bound).
pub const DELIMITER_BYTES_MAX: usize = 50;

/// How fields and records are told apart. Checked: see [`Dialect::new`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    separator: Vec<u8>,
    row_delimiter: Vec<u8>,
    enclose: Option<u8>,
    escape: Option<u8>,
    trim_space: bool,
}

/// The parts of a [`Dialect`], unchecked; the default is StarRocks'.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialectOptions {
    pub separator: Vec<u8>,
    pub row_delimiter: Vec<u8>,
    pub enclose: Option<u8>,
    pub escape: Option<u8>,
    /// Removes spaces (0x20) around fields, outside of enclosed text.
    pub trim_space: bool,
}

impl Default for DialectOptions {
    fn default() -> Self {
        DialectOptions {
            separator: b"\t".to_vec(),
            row_delimiter: b"\n".to_vec(),
            enclose: None,
            escape: None,
            trim_space: false,
        }
    }
}

impl Dialect {
    /// # Errors
    /// `WrongValue` if a delimiter is empty or too long, or if two parts could not be told apart.
    pub fn new(options: DialectOptions) -> Result<Self> {
        let wrong = |message: &str| Err(Error::new(ErrorKind::WrongValue, message));
        let DialectOptions { separator, row_delimiter, enclose, escape, trim_space } = options;
        for (name, value) in [("column_separator", &separator), ("row_delimiter", &row_delimiter)] {
            if value.is_empty() || value.len() > DELIMITER_BYTES_MAX {
                let message = format!(
                    "{name} must have 1 to {DELIMITER_BYTES_MAX} bytes; write spaces and control characters as \\x20"
                );
                return Err(Error::new(ErrorKind::WrongValue, message).with("bytes", value.len()));
            }
            for (part, byte) in [("enclose", enclose), ("escape", escape)] {
                if byte.is_some_and(|b| value.contains(&b)) {
                    return Err(Error::new(
                        ErrorKind::WrongValue,
                        format!("{name} must not contain the {part} character"),
                    ));
                }
            }
        }
        if memchr::memmem::find(&separator, &row_delimiter).is_some() {
            return wrong("column_separator must not contain row_delimiter");
        }
        if enclose.is_some() && enclose == escape {
            return wrong(
                "enclose and escape must differ; inside an enclosed field a doubled enclose already stands for itself",
            );
        }
        let begins_with_space = separator[0] == b' ' || row_delimiter[0] == b' ';
        if trim_space && begins_with_space && (enclose.is_some() || escape.is_some()) {
            return wrong(
                "with trim_space neither column_separator nor row_delimiter may begin with a space: it would be removed",
            );
        }
        for (part, byte) in [("enclose", enclose), ("escape", escape)] {
            if byte.is_some_and(|b| !b.is_ascii() || (trim_space && b == b' ')) {
                return Err(Error::new(
                    ErrorKind::WrongValue,
                    format!("{part} must be an ASCII character, and no space beside trim_space"),
                ));
            }
        }
        Ok(Dialect { separator, row_delimiter, enclose, escape, trim_space })
    }

    /// Whether fields are read by the state machine instead of being split.
    fn has_states(&self) -> bool {
        self.enclose.is_some() || self.escape.is_some()
    }

    /// Whether cutting valid UTF-8 at the delimiters leaves valid UTF-8.
    fn cuts_at_characters(&self) -> bool {
        std::str::from_utf8(&self.separator).is_ok() && std::str::from_utf8(&self.row_delimiter).is_ok()
    }

    /// Whether the CR of CR LF at the end of these records will be taken for a part of the last field.
    pub fn leaves_carriage_returns(&self, records: &[u8]) -> bool {
        self.row_delimiter == b"\n" && records.ends_with(b"\r\n")
    }

    /// What is told to the user when a record has the wrong number of fields.
    pub fn count_mismatch(&self, expected: usize, found: usize) -> String {
        format!(
            "Target column count: {expected} doesn't match source value column count: {found}. \
             Column separator: '{}', Row delimiter: '{}'",
            self.separator.escape_ascii(),
            self.row_delimiter.escape_ascii()
        )
    }
}

#[cfg(test)]
mod tests;
