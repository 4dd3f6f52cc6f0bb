//! Turns the fields of a block into Arrow columns, column by column, by the rules of Stream Load.
//!
//! Workers call [`Parser::parse`] with any block in any order. Text that is no value of the column's type becomes NULL,
//! or in strict mode rejects the row; the row also goes if its number of fields is wrong or it is not UTF-8.

use super::splitter::{Block, record_too_long};
use super::tokenizer::{Cursor, Malformed, Record, Rows, Tokenizer};
use super::{Dialect, datetime, number};
use crate::quality::Quality;
use arrow::array::{
    ArrayRef, ArrowPrimitiveType, BinaryViewBuilder, BooleanArray, BooleanBuilder, PrimitiveBuilder, StringViewBuilder,
};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use base::{Error, Result, limits};
use catalog::SqlType;
use std::sync::Arc;

/// Text that stands for NULL in every column, as it is written in the body: an escaped `\` before an `N` is text.
const NULL_TEXT: &[u8] = b"\\N";
/// How much of a bad value an error message repeats.
const VALUE_BYTES_SHOWN: usize = 256;
const LARGEINT_DIGITS: u8 = 38;

/// What a column is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// As a value of a table column.
    Direct(SqlType),
    /// As text for expressions.
    Text,
}

impl SourceKind {
    /// The Arrow type of the column that [`Parser::parse`] makes.
    pub fn data_type(self) -> DataType {
        match self {
            SourceKind::Direct(ty) => storage::schema::arrow_type(ty),
            SourceKind::Text => DataType::Utf8View,
        }
    }

    /// The type as error messages name it.
    fn label(self) -> String {
        use SqlType::{Char, Decimal, Varbinary, Varchar};
        match self {
            SourceKind::Text => "VARCHAR".to_string(),
            SourceKind::Direct(ty @ (Decimal { .. } | Char(_) | Varchar(_) | Varbinary(_))) => {
                ty.to_string().to_uppercase()
            }
            SourceKind::Direct(ty) => ty.base_name().to_uppercase(),
        }
    }
}

/// A column to make from one CSV field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceColumn {
    pub name: String,
    /// Position in the record, from 0.
    pub field: usize,
    pub kind: SourceKind,
}

/// The rows of a block that are well-formed.
#[derive(Debug)]
pub struct Parsed {
    /// One for each source column, all of the length of `records`.
    pub columns: Vec<ArrayRef>,
    /// Where each row comes from.
    pub records: Vec<Record>,
}

/// Parses blocks of one load; shared by all workers.
#[derive(Debug)]
pub struct Parser {
    tokenizer: Tokenizer,
    columns: Vec<SourceColumn>,
    /// For each column its place among the fields the tokenizer keeps.
    slots: Vec<usize>,
    /// How many fields the tokenizer keeps of a record.
    stride: usize,
    strict: bool,
    dialect: Dialect,
}

impl Parser {
    /// A parser for records of `fields` fields.
    pub fn new(dialect: Dialect, fields: usize, columns: Vec<SourceColumn>, strict: bool) -> Self {
        let mut keep = vec![false; fields];
        for column in &columns {
            keep[column.field] = true;
        }
        let slots = columns.iter().map(|c| keep[..c.field].iter().filter(|k| **k).count()).collect();
        let stride = keep.iter().filter(|k| **k).count();
        let tokenizer = Tokenizer::new(dialect.clone(), keep, limits::CSV_RECORD_BYTES_MAX);
        Parser { tokenizer, columns, slots, stride, strict, dialect }
    }

    pub fn columns(&self) -> &[SourceColumn] {
        &self.columns
    }

    /// Reads a block. Counts its records and rejects the bad ones in `quality`.
    ///
    /// # Errors
    /// `BadData` for a record beyond the length limit; `Exhausted` if a column of this block does not fit Arrow.
    pub fn parse(&self, block: &Block, quality: &Quality) -> Result<Parsed> {
        let bytes = block.bytes.as_slice();
        let text = std::str::from_utf8(bytes).ok().filter(|_| self.dialect.cuts_at_characters());
        let mut builders: Vec<Builder> = self.columns.iter().map(|c| Builder::new(c.kind)).collect();
        let mut cursor = Cursor { at: 0, number: block.first_record };
        let mut rows = Rows::default();
        let mut records = Vec::new();
        let mut good = Vec::new();
        let mut too_long = None;
        let mut more = true;
        while more {
            let mut rejected = 0;
            more = self.tokenizer.read(bytes, &mut cursor, &mut rows, |record, problem| {
                rejected += 1;
                if problem == Malformed::TooLong {
                    too_long.get_or_insert(record.number);
                }
                self.reject(quality, record, bytes, problem);
            });
            if let Some(record) = too_long {
                return Err(record_too_long(record, limits::CSV_RECORD_BYTES_MAX));
            }
            quality.count_records(rows.records.len() as u64 + rejected);
            let mut batch =
                Batch { rows: &rows, bytes, text, stride: self.stride, good: vec![true; rows.records.len()], quality };
            if text.is_none() {
                batch.check_text(self);
            }
            for ((builder, column), slot) in builders.iter_mut().zip(&self.columns).zip(&self.slots) {
                builder.append(&mut batch, column, *slot, self.strict)?;
            }
            good.append(&mut batch.good);
            records.extend_from_slice(&rows.records);
        }
        let columns = builders.iter_mut().map(Builder::finish).collect::<Result<Vec<_>>>()?;
        keep_good(columns, records, good)
    }

    fn reject(&self, quality: &Quality, record: Record, bytes: &[u8], problem: Malformed) {
        quality.reject(record.number, record.bytes(bytes), || match problem {
            Malformed::FieldCount(found) => self.dialect.count_mismatch(self.tokenizer.fields_expected(), found),
            Malformed::NotClosed(position) => {
                format!("The enclosed field (pos = {position}) is not closed before the end of the data")
            }
            Malformed::NotUtf8 => "Invalid UTF-8 row".to_string(),
            Malformed::TooLong => "CSV line length exceed limit".to_string(),
        });
    }
}

/// Drops the rows that were rejected while columns were filled.
fn keep_good(columns: Vec<ArrayRef>, mut records: Vec<Record>, good: Vec<bool>) -> Result<Parsed> {
    if good.iter().all(|g| *g) {
        return Ok(Parsed { columns, records });
    }
    let mut keep = good.iter();
    records.retain(|_| *keep.next().expect("there is one flag a record"));
    let mask = BooleanArray::from(good);
    let columns = columns
        .iter()
        .map(|c| {
            arrow::compute::filter(c, &mask).map_err(|e| Error::internal("could not drop rejected rows").caused_by(e))
        })
        .collect::<Result<_>>()?;
    Ok(Parsed { columns, records })
}

/// Some records whose fields are appended to every column.
struct Batch<'a> {
    rows: &'a Rows,
    bytes: &'a [u8],
    /// The block as text, if it is UTF-8 and cut at characters only.
    text: Option<&'a str>,
    stride: usize,
    good: Vec<bool>,
    quality: &'a Quality,
}

impl<'a> Batch<'a> {
    /// Rejects the records of a block with broken UTF-8 that are broken themselves.
    fn check_text(&mut self, parser: &Parser) {
        for (row, record) in self.rows.records.iter().enumerate() {
            if std::str::from_utf8(record.bytes(self.bytes)).is_err() {
                self.good[row] = false;
                parser.reject(self.quality, *record, self.bytes, Malformed::NotUtf8);
            }
        }
    }

    fn reject(&mut self, row: usize, reason: impl FnOnce() -> String) {
        if std::mem::replace(&mut self.good[row], false) {
            let record = self.rows.records[row];
            self.quality.reject(record.number, record.bytes(self.bytes), reason);
        }
    }

    /// Calls `each` for every row with the field at `slot`, or with `None` for NULL.
    #[inline]
    fn fields(&self, slot: usize) -> impl Iterator<Item = (usize, Option<&'a [u8]>)> + use<'a> {
        let (rows, bytes) = (self.rows, self.bytes);
        let fields = rows.fields.iter().skip(slot).step_by(self.stride.max(1));
        fields.enumerate().map(move |(row, field)| {
            let text = field.bytes(bytes, &rows.scratch);
            let null = text == NULL_TEXT && field.block_range().is_some();
            (row, (!null).then_some(text))
        })
    }
}

/// A column under construction.
enum Builder {
    Boolean(BooleanBuilder),
    Int8(PrimitiveBuilder<Int8Type>),
    Int16(PrimitiveBuilder<Int16Type>),
    Int32(PrimitiveBuilder<Int32Type>),
    Int64(PrimitiveBuilder<Int64Type>),
    Float32(PrimitiveBuilder<Float32Type>),
    Float64(PrimitiveBuilder<Float64Type>),
    Decimal { builder: PrimitiveBuilder<Decimal128Type>, precision: u8, scale: i8, whole: bool },
    Date(PrimitiveBuilder<Date32Type>),
    DateTime(PrimitiveBuilder<TimestampMicrosecondType>),
    Text { builder: StringViewBuilder, bytes_max: usize, json: bool },
    Binary { builder: BinaryViewBuilder, bytes_max: usize },
}

impl Builder {
    fn new(kind: SourceKind) -> Self {
        let text = |bytes_max: u32, json| Builder::Text {
            builder: StringViewBuilder::new(),
            bytes_max: bytes_max.min(limits::VARCHAR_BYTES_MAX) as usize,
            json,
        };
        let decimal = |precision, scale, whole| {
            let builder = PrimitiveBuilder::new().with_data_type(DataType::Decimal128(precision, scale));
            Builder::Decimal { builder, precision, scale, whole }
        };
        let SourceKind::Direct(ty) = kind else { return text(limits::VARCHAR_BYTES_MAX, false) };
        match ty {
            SqlType::Boolean => Builder::Boolean(BooleanBuilder::new()),
            SqlType::TinyInt => Builder::Int8(PrimitiveBuilder::new()),
            SqlType::SmallInt => Builder::Int16(PrimitiveBuilder::new()),
            SqlType::Int => Builder::Int32(PrimitiveBuilder::new()),
            SqlType::BigInt => Builder::Int64(PrimitiveBuilder::new()),
            SqlType::LargeInt => decimal(LARGEINT_DIGITS, 0, true),
            SqlType::Float => Builder::Float32(PrimitiveBuilder::new()),
            SqlType::Double => Builder::Float64(PrimitiveBuilder::new()),
            SqlType::Decimal { precision, scale } => decimal(precision, scale, false),
            SqlType::Date => Builder::Date(PrimitiveBuilder::new()),
            SqlType::DateTime => Builder::DateTime(PrimitiveBuilder::new()),
            SqlType::Char(bytes_max) | SqlType::Varchar(bytes_max) => text(bytes_max, false),
            SqlType::Json => text(limits::VARCHAR_BYTES_MAX, true),
            SqlType::Varbinary(bytes_max) => {
                Builder::Binary { builder: BinaryViewBuilder::new(), bytes_max: bytes_max as usize }
            }
        }
    }

    fn append(&mut self, batch: &mut Batch<'_>, column: &SourceColumn, slot: usize, strict: bool) -> Result<()> {
        let mut bad = Vec::new();
        match self {
            Builder::Boolean(builder) => {
                for (row, field) in batch.fields(slot) {
                    let value = field.and_then(number::boolean);
                    builder.append_option(value);
                    note_bad(&mut bad, row, field, value.is_none());
                }
            }
            Builder::Int8(b) => primitive(b, batch, slot, &mut bad, |f| number::integer(f)?.try_into().ok()),
            Builder::Int16(b) => primitive(b, batch, slot, &mut bad, |f| number::integer(f)?.try_into().ok()),
            Builder::Int32(b) => primitive(b, batch, slot, &mut bad, |f| number::integer(f)?.try_into().ok()),
            Builder::Int64(b) => primitive(b, batch, slot, &mut bad, number::integer),
            Builder::Float32(b) => primitive(b, batch, slot, &mut bad, number::float),
            Builder::Float64(b) => primitive(b, batch, slot, &mut bad, number::double),
            Builder::Decimal { builder, precision, whole: true, .. } => {
                primitive(builder, batch, slot, &mut bad, |f| number::large_integer(f, *precision));
            }
            Builder::Decimal { builder, precision, scale, .. } => {
                primitive(builder, batch, slot, &mut bad, |f| number::decimal(f, *precision, *scale));
            }
            Builder::Date(b) => primitive(b, batch, slot, &mut bad, datetime::day),
            Builder::DateTime(b) => primitive(b, batch, slot, &mut bad, datetime::moment),
            Builder::Text { builder, bytes_max, json } => {
                return text(builder, batch, column, slot, TextRules { bytes_max: *bytes_max, json: *json, strict });
            }
            Builder::Binary { builder, bytes_max } => {
                for (row, field) in batch.fields(slot) {
                    let value = field.filter(|f| f.len() <= *bytes_max);
                    match value {
                        Some(value) => append_view(builder.try_append_value(value))?,
                        None => builder.append_null(),
                    }
                    note_bad(&mut bad, row, field, value.is_none());
                }
            }
        }
        if strict {
            reject_bad(batch, column, slot, &bad);
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        Ok(match self {
            Builder::Boolean(b) => Arc::new(b.finish()),
            Builder::Int8(b) => Arc::new(b.finish()),
            Builder::Int16(b) => Arc::new(b.finish()),
            Builder::Int32(b) => Arc::new(b.finish()),
            Builder::Int64(b) => Arc::new(b.finish()),
            Builder::Float32(b) => Arc::new(b.finish()),
            Builder::Float64(b) => Arc::new(b.finish()),
            Builder::Decimal { builder, .. } => Arc::new(builder.finish()),
            Builder::Date(b) => Arc::new(b.finish()),
            Builder::DateTime(b) => Arc::new(b.finish()),
            Builder::Text { builder, .. } => Arc::new(builder.finish()),
            Builder::Binary { builder, .. } => Arc::new(builder.finish()),
        })
    }
}

#[inline]
fn primitive<T: ArrowPrimitiveType>(
    builder: &mut PrimitiveBuilder<T>,
    batch: &Batch<'_>,
    slot: usize,
    bad: &mut Vec<usize>,
    parse: impl Fn(&[u8]) -> Option<T::Native>,
) {
    for (row, field) in batch.fields(slot) {
        let value = field.and_then(&parse);
        builder.append_option(value);
        note_bad(bad, row, field, value.is_none());
    }
}

#[inline]
fn note_bad(bad: &mut Vec<usize>, row: usize, field: Option<&[u8]>, failed: bool) {
    if failed && field.is_some() {
        bad.push(row);
    }
}

/// What text a column accepts.
struct TextRules {
    bytes_max: usize,
    json: bool,
    strict: bool,
}

fn text(
    builder: &mut StringViewBuilder,
    batch: &mut Batch<'_>,
    column: &SourceColumn,
    slot: usize,
    rules: TextRules,
) -> Result<()> {
    let rows = batch.rows;
    for row in 0..rows.records.len() {
        let field = rows.fields[row * batch.stride + slot];
        // A range of text that is known to be UTF-8 only has to begin and end at characters.
        let known = field.block_range().and_then(|range| batch.text?.get(range));
        let value = match known {
            Some(value) => value,
            None => match std::str::from_utf8(field.bytes(batch.bytes, &rows.scratch)) {
                Ok(value) => value,
                Err(_) => {
                    batch.reject(row, || "Invalid UTF-8 row".to_string());
                    builder.append_null();
                    continue;
                }
            },
        };
        if value.as_bytes() == NULL_TEXT && field.block_range().is_some() {
            builder.append_null();
        } else if value.len() <= rules.bytes_max && (!rules.json || is_json(value)) {
            append_view(builder.try_append_value(value))?;
        } else {
            builder.append_null();
            if rules.strict {
                batch.reject(row, || out_of_range(column, value.as_bytes()));
            }
        }
    }
    Ok(())
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

fn append_view(result: Result<(), arrow::error::ArrowError>) -> Result<()> {
    result.map_err(|e| {
        Error::new(base::ErrorKind::Exhausted, "a block of the body has too much text for one column").caused_by(e)
    })
}

fn reject_bad(batch: &mut Batch<'_>, column: &SourceColumn, slot: usize, bad: &[usize]) {
    let (rows, bytes) = (batch.rows, batch.bytes);
    for &row in bad {
        let field = rows.fields[row * batch.stride + slot].bytes(bytes, &rows.scratch);
        batch.reject(row, || out_of_range(column, field));
    }
}

fn out_of_range(column: &SourceColumn, value: &[u8]) -> String {
    let shown = String::from_utf8_lossy(&value[..value.len().min(VALUE_BYTES_SHOWN)]);
    format!(
        "The field (name = {}, pos = {}) is out of range. Type: {}, Value length: {}, Value: {shown}{}",
        column.name,
        column.field,
        column.kind.label(),
        value.len(),
        if value.len() > VALUE_BYTES_SHOWN { "…" } else { "" }
    )
}
