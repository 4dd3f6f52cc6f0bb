//! How results are printed: one file per format, all behind [`ResultFormat`].

mod csv;
mod json;
mod table;
mod text;

use std::io::{self, Write};
use std::time::Duration;

/// The value of `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Aligned columns in a frame, with a footer.
    Table,
    /// A header line, then one line per row; quoted as RFC 4180 says; NULL is nothing, the empty string is "".
    Csv,
    /// An array of objects per result.
    Json,
}

/// What a format needs to know of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: ColumnKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColumnKind {
    /// Integers, decimals and floating-point numbers.
    Number,
    Json,
    Text,
}

/// A value as the text protocol sends it; `None` is NULL.
pub(super) type Cell<'a> = Option<&'a [u8]>;

/// What is known once a statement has ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Summary {
    /// Rows of the result, or rows that the statement changed.
    pub(super) rows: u64,
    pub(super) warnings: u16,
    pub(super) elapsed: Duration,
}

/// Prints one result after another; `begin`, any number of `row`, `end` for each that has columns.
pub(super) trait ResultFormat {
    fn begin(&mut self, out: &mut dyn Write, columns: Vec<Column>) -> io::Result<()>;
    fn row(&mut self, out: &mut dyn Write, cells: &[Cell<'_>]) -> io::Result<()>;
    fn end(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()>;
    /// A statement without a result, such as `INSERT`.
    fn done(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()>;
}

impl Format {
    pub(super) fn writer(self) -> Box<dyn ResultFormat> {
        match self {
            Format::Table => Box::new(table::Table::default()),
            Format::Csv => Box::new(csv::Csv::default()),
            Format::Json => Box::new(json::Json::default()),
        }
    }
}

#[cfg(test)]
mod tests;
