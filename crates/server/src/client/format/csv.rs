//! `--format csv`: RFC 4180, with `\n` as the line's end because that is Stream Load's default row delimiter, so that
//! what one server prints another can load.

use super::text::from_bytes;
use super::{Cell, Column, ResultFormat, Summary};
use std::io::{self, Write};

#[derive(Default)]
pub(super) struct Csv {
    results: usize,
}

impl ResultFormat for Csv {
    fn begin(&mut self, out: &mut dyn Write, columns: Vec<Column>) -> io::Result<()> {
        if self.results > 0 {
            out.write_all(b"\n")?;
        }
        self.results += 1;
        line(out, columns.iter().map(|c| Some(c.name.as_bytes())))
    }

    fn row(&mut self, out: &mut dyn Write, cells: &[Cell<'_>]) -> io::Result<()> {
        line(out, cells.iter().copied())
    }

    fn end(&mut self, _: &mut dyn Write, _: &Summary) -> io::Result<()> {
        Ok(())
    }

    fn done(&mut self, _: &mut dyn Write, _: &Summary) -> io::Result<()> {
        Ok(())
    }
}

fn line<'a>(out: &mut dyn Write, cells: impl Iterator<Item = Cell<'a>>) -> io::Result<()> {
    for (i, cell) in cells.enumerate() {
        if i > 0 {
            out.write_all(b",")?;
        }
        let Some(bytes) = cell else { continue };
        let text = from_bytes(bytes);
        if text.is_empty() || text.contains([',', '"', '\n', '\r']) {
            write!(out, "\"{}\"", text.replace('"', "\"\""))?;
        } else {
            out.write_all(text.as_bytes())?;
        }
    }
    out.write_all(b"\n")
}
