//! The rules of CSV, row by row of StarRocks' tables, and that cutting the body anywhere changes nothing.

mod conversion;
mod cutting;
mod fields;

use super::splitter::SplitterLimits;
use super::*;
use crate::quality::Quality;
use arrow::array::{Array, ArrayRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// A body's good rows as text (`None` is NULL) with their record numbers, and the error log.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Outcome {
    rows: Vec<(u64, Vec<Option<String>>)>,
    errors: Vec<String>,
    total: u64,
}

fn dialect(separator: &str, row: &str, enclose: &str, escape: &str, trim_space: bool) -> Dialect {
    let byte = |text: &str| text.bytes().next();
    let options = DialectOptions {
        separator: separator.as_bytes().to_vec(),
        row_delimiter: row.as_bytes().to_vec(),
        enclose: byte(enclose),
        escape: byte(escape),
        trim_space,
    };
    Dialect::new(options).unwrap()
}

fn text_columns(fields: usize) -> Vec<SourceColumn> {
    (0..fields).map(|i| SourceColumn { name: format!("c{i}"), field: i, kind: SourceKind::Text }).collect()
}

/// Sends `body` through splitter and parser in chunks of the given sizes (repeated), blocks in reverse order.
fn load(
    parser: &Parser,
    dialect: &Dialect,
    skip: u64,
    body: &[u8],
    chunks: &[usize],
    limits: SplitterLimits,
) -> Result<Outcome> {
    let mut blocks = Vec::new();
    let mut splitter = Splitter::new(dialect, skip, limits);
    let (mut rest, mut sizes) = (body, chunks.iter().cycle());
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
        splitter.push(chunk, |block| {
            blocks.push(block);
            Ok(())
        })?;
        rest = after;
    }
    splitter.finish(|block| {
        blocks.push(block);
        Ok(())
    })?;
    let quality = Quality::new(None);
    let mut rows = Vec::new();
    for block in blocks.iter().rev() {
        let parsed = parser.parse(block, &quality)?;
        let columns: Vec<Vec<Option<String>>> = parsed.columns.iter().map(shown).collect();
        let row = |i: usize| columns.iter().map(|c| c[i].clone()).collect();
        rows.extend(parsed.records.iter().enumerate().map(|(i, r)| (r.number, row(i))));
    }
    rows.sort();
    let errors = quality.error_log().unwrap_or_default().lines().map(str::to_string).collect();
    Ok(Outcome { rows, errors, total: quality.counts().total })
}

fn load_whole(parser: &Parser, dialect: &Dialect, body: &str) -> Outcome {
    load(parser, dialect, 0, body.as_bytes(), &[usize::MAX], SplitterLimits::default()).unwrap()
}

fn shown(column: &ArrayRef) -> Vec<Option<String>> {
    let formatter = ArrayFormatter::try_new(column, &FormatOptions::default()).unwrap();
    (0..column.len()).map(|i| column.is_valid(i).then(|| formatter.value(i).to_string())).collect()
}
