//! `--format json`: an array of objects per result, one object per line.

use super::text::from_bytes;
use super::{Cell, Column, ColumnKind, ResultFormat, Summary};
use std::borrow::Cow;
use std::io::{self, Write};

#[derive(Default)]
pub(super) struct Json {
    /// `"name":` of each column, and what the column holds.
    keys: Vec<(String, ColumnKind)>,
    rows: u64,
}

impl ResultFormat for Json {
    fn begin(&mut self, out: &mut dyn Write, columns: Vec<Column>) -> io::Result<()> {
        self.rows = 0;
        self.keys.clear();
        for (i, column) in columns.iter().enumerate() {
            let name = unique_name(&columns, i);
            self.keys.push((format!("{}:", quoted(&name)), column.kind));
        }
        out.write_all(b"[")
    }

    fn row(&mut self, out: &mut dyn Write, cells: &[Cell<'_>]) -> io::Result<()> {
        out.write_all(if self.rows == 0 { b"\n{" } else { b",\n{" })?;
        self.rows += 1;
        for (i, ((key, kind), cell)) in self.keys.iter().zip(cells).enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(out, "{comma}{key}{}", value(*cell, *kind))?;
        }
        out.write_all(b"}")
    }

    fn end(&mut self, out: &mut dyn Write, _: &Summary) -> io::Result<()> {
        out.write_all(if self.rows == 0 { b"]\n" } else { b"\n]\n" })
    }

    fn done(&mut self, _: &mut dyn Write, _: &Summary) -> io::Result<()> {
        Ok(())
    }
}

/// Numbers keep the server's digits, so that a decimal loses nothing. What JSON has no number for is a string.
fn value(cell: Cell<'_>, kind: ColumnKind) -> Cow<'_, str> {
    let Some(bytes) = cell else { return Cow::Borrowed("null") };
    let text = from_bytes(bytes);
    let verbatim = match kind {
        ColumnKind::Number => serde_json::from_str::<serde_json::Number>(&text).is_ok(),
        ColumnKind::Json => serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok(),
        ColumnKind::Text => false,
    };
    if verbatim { text } else { Cow::Owned(quoted(&text)) }
}

/// An object can have a key only once: the second column called `a` becomes `a_2`.
fn unique_name(columns: &[Column], i: usize) -> Cow<'_, str> {
    let name = columns[i].name.as_str();
    let before = columns[..i].iter().filter(|c| c.name == name).count();
    if before == 0 {
        return Cow::Borrowed(name);
    }
    let free = |n: &String| columns.iter().all(|c| c.name != *n);
    Cow::Owned((before + 1..).map(|n| format!("{name}_{n}")).find(free).unwrap_or_default())
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
