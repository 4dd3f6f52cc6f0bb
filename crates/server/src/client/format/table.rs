//! `--format table`: aligned columns in a frame.
//!
//! Widths come from the first [`SAMPLE_ROWS`] rows; later rows are printed as they arrive, and a wider value among
//! them only shifts its own line. So memory stays bounded for any result.

use super::text::{from_bytes, on_one_line, width};
use super::{Cell, Column, ColumnKind, ResultFormat, Summary};
use std::io::{self, Write};

const SAMPLE_ROWS: usize = 1000;

#[derive(Default)]
pub(super) struct Table {
    columns: Vec<Column>,
    widths: Vec<usize>,
    sample: Vec<Vec<String>>,
    /// The head is printed, widths are fixed.
    started: bool,
}

impl ResultFormat for Table {
    fn begin(&mut self, _: &mut dyn Write, columns: Vec<Column>) -> io::Result<()> {
        self.widths = columns.iter().map(|c| width(&on_one_line(&c.name))).collect();
        self.columns = columns;
        self.sample.clear();
        self.started = false;
        Ok(())
    }

    fn row(&mut self, out: &mut dyn Write, cells: &[Cell<'_>]) -> io::Result<()> {
        let shown = cells.iter().map(|c| c.map_or("NULL".to_string(), |b| on_one_line(&from_bytes(b)).into_owned()));
        let shown: Vec<String> = shown.collect();
        if self.started {
            return self.line(out, &shown);
        }
        for (widest, text) in self.widths.iter_mut().zip(&shown) {
            *widest = (*widest).max(width(text));
        }
        self.sample.push(shown);
        if self.sample.len() >= SAMPLE_ROWS { self.print_sample(out) } else { Ok(()) }
    }

    fn end(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
        if summary.rows > 0 {
            if !self.started {
                self.print_sample(out)?;
            }
            self.frame(out)?;
        }
        let rows = count(summary.rows, "row");
        writeln!(out, "{rows} ({}){}\n", seconds(summary), warnings(summary))
    }

    fn done(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
        let rows = count(summary.rows, "row");
        writeln!(out, "OK, {rows} affected ({}){}\n", seconds(summary), warnings(summary))
    }
}

impl Table {
    fn print_sample(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.started = true;
        self.frame(out)?;
        let names: Vec<String> = self.columns.iter().map(|c| on_one_line(&c.name).into_owned()).collect();
        self.line(out, &names)?;
        self.frame(out)?;
        for row in std::mem::take(&mut self.sample) {
            self.line(out, &row)?;
        }
        Ok(())
    }

    fn frame(&self, out: &mut dyn Write) -> io::Result<()> {
        for width in &self.widths {
            write!(out, "+{}", "-".repeat(width + 2))?;
        }
        out.write_all(b"+\n")
    }

    fn line(&self, out: &mut dyn Write, texts: &[String]) -> io::Result<()> {
        for ((text, column), widest) in texts.iter().zip(&self.columns).zip(&self.widths) {
            let blanks = " ".repeat(widest.saturating_sub(width(text)));
            match column.kind {
                ColumnKind::Number => write!(out, "| {blanks}{text} ")?,
                ColumnKind::Text | ColumnKind::Json => write!(out, "| {text}{blanks} ")?,
            }
        }
        out.write_all(b"|\n")
    }
}

fn count(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

fn seconds(summary: &Summary) -> String {
    format!("{:.2} s", summary.elapsed.as_secs_f64())
}

fn warnings(summary: &Summary) -> String {
    if summary.warnings == 0 { String::new() } else { format!(", {}", count(summary.warnings.into(), "warning")) }
}
