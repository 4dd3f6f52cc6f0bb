//! What a worker does with a block: parse, derive, select, check, hand to the table writer.
//!
//! A row leaves at the first thing that is wrong with it, in this order: its fields, strict conversions of derived
//! columns, the `where` header (then it is unselected, not bad), NOT NULL, text length, partition.

use crate::columns::{Mapping, Target};
use crate::format::csv::tokenizer::Record;
use crate::format::csv::{Block, Dialect, Parser};
use crate::quality::Quality;
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use base::{Error, Result};
use catalog::load::LoadProgress;
use catalog::{Column, Snapshot, Table};
use datafusion::common::ScalarValue;
use engine::convert::{Conversion, assemble, too_long, too_long_message};
use engine::{Engine, Expressions, SessionInfo};
use sql::ast::Expr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use storage::TableWriter;

/// Everything workers share.
pub(super) struct Transform {
    parser: Parser,
    fields: String,
    columns: Vec<Column>,
    sources: Vec<Source>,
    text: TextColumns,
    derived: Expressions,
    filter: Option<Filter>,
    strict: bool,
    quality: Arc<Quality>,
    progress: Arc<LoadProgress>,
    writer: TableWriter,
}

/// Where a table column's values come from, ready to be used.
enum Source {
    /// This column of the parser.
    Parsed(usize),
    /// This derived column, converted.
    Derived(usize, Box<Conversion>),
    Default(ScalarValue),
}

/// The fields that expressions see.
struct TextColumns {
    schema: SchemaRef,
    /// Their places among the parser's columns.
    places: Vec<usize>,
}

/// The `where` header: sees the table's columns, then the text columns whose names are no columns.
struct Filter {
    condition: Expressions,
    schema: SchemaRef,
    text_places: Vec<usize>,
}

/// In whose name and moment expressions are compiled.
pub(super) struct Scope<'a> {
    pub(super) engine: &'a Engine,
    pub(super) snapshot: Snapshot,
    pub(super) session: Arc<SessionInfo>,
}

/// How the body is read.
pub(super) struct Reading<'a> {
    pub(super) dialect: Dialect,
    pub(super) columns: Option<&'a str>,
    pub(super) filter: Option<&'a str>,
    pub(super) strict: bool,
}

/// A block's rows on their way; `good` has a flag for each record.
struct Rows<'a> {
    block: &'a Block,
    records: Vec<Record>,
    good: Vec<bool>,
}

impl Transform {
    /// Compiles the mapping of a load into `table`.
    ///
    /// # Errors
    /// Those of [`Mapping::new`] and of compiling its expressions; `WrongValue` for an unknown time zone.
    pub(super) fn new(
        scope: &Scope<'_>,
        table: &Table,
        reading: Reading<'_>,
        quality: Arc<Quality>,
        progress: Arc<LoadProgress>,
        writer: TableWriter,
    ) -> Result<Self> {
        let columns = table.meta.columns.clone();
        let mapping = Mapping::new(&columns, reading.columns, reading.filter)?;
        let now = scope.session.facts().local_now()?;
        let text = TextColumns::new(&mapping);
        let derived = scope.compile(mapping.expressions.clone(), &text.schema)?;
        let source = |(column, target): (&Column, &Target)| {
            Ok(match target {
                Target::Source(place) => Source::Parsed(*place),
                Target::Expression(n) => {
                    let conversion = Conversion::new(scope.engine, &derived.types()[*n], column);
                    Source::Derived(*n, Box::new(conversion))
                }
                Target::Default => Source::Default(engine::write::default_value(scope.engine, column, now)?),
            })
        };
        let sources = columns.iter().zip(&mapping.targets).map(source).collect::<Result<_>>()?;
        let filter = mapping.filter.clone().map(|condition| Filter::new(scope, &columns, &mapping, condition));
        let fields = mapping.fields.join(", ");
        let parser = Parser::new(reading.dialect, mapping.fields.len(), mapping.sources, reading.strict);
        let (filter, strict) = (filter.transpose()?, reading.strict);
        Ok(Transform { parser, fields, columns, sources, text, derived, filter, strict, quality, progress, writer })
    }

    /// Reads a block and writes its good rows. Blocks: call it on a blocking thread of a Tokio runtime.
    pub(super) fn block(&self, block: &Block) -> Result<()> {
        let parsed = self.parser.parse(block, &self.quality)?;
        let good = vec![true; parsed.records.len()];
        let mut rows = Rows { block, records: parsed.records, good };
        let arrays = self.table_arrays(&parsed.columns, &mut rows)?;
        if let Some(filter) = &self.filter {
            let unselected = filter.apply(&arrays, &parsed.columns, &mut rows.good)?;
            self.quality.count_unselected(unselected);
        }
        self.check(&arrays, &mut rows);
        let (arrays, records) = rows.into_good(arrays)?;
        let batch = assemble(&self.columns, arrays, records.len())?;
        let outside = self.writer.write(&batch)?;
        for row in &outside {
            let record = records[*row as usize];
            self.quality.reject(record.number, record.bytes(&block.bytes), || {
                "The row is out of partition ranges. Please add a new partition.".to_string()
            });
        }
        self.progress.rows.fetch_add((records.len() - outside.len()) as u64, Ordering::Relaxed);
        Ok(())
    }

    /// The writer, when all workers are done.
    pub(super) fn into_writer(self) -> TableWriter {
        self.writer
    }

    /// Names of the fields that a record must have.
    pub(super) fn fields_expected(&self) -> &str {
        &self.fields
    }

    fn table_arrays(&self, parsed: &[ArrayRef], rows: &mut Rows<'_>) -> Result<Vec<ArrayRef>> {
        let derived = self.derived.evaluate(&self.text.batch(parsed, rows.records.len())?)?;
        let mut arrays = Vec::with_capacity(self.columns.len());
        for (source, column) in self.sources.iter().zip(&self.columns) {
            arrays.push(match source {
                Source::Parsed(place) => Arc::clone(&parsed[*place]),
                Source::Derived(n, conversion) => {
                    let converted = conversion.apply(&derived[*n])?;
                    if self.strict {
                        self.reject_lost(column, &derived[*n], &converted, rows);
                    }
                    converted
                }
                Source::Default(value) => {
                    let repeated = value.to_array_of_size(rows.records.len());
                    repeated.map_err(|e| Error::internal("could not make a default value").caused_by(e))?
                }
            });
        }
        Ok(arrays)
    }

    /// Rejects rows whose derived value does not fit its column.
    fn reject_lost(&self, column: &Column, derived: &ArrayRef, converted: &ArrayRef, rows: &mut Rows<'_>) {
        if converted.null_count() <= derived.logical_null_count() {
            return;
        }
        for row in (0..derived.len()).filter(|i| converted.is_null(*i) && !derived.is_null(*i)) {
            let reason = || {
                let (value, ty) = (shown(derived, row), column.ty);
                format!("Value '{value}' is out of range. The type of '{}' is {ty}", column.name)
            };
            rows.reject(&self.quality, row, reason);
        }
    }

    fn check(&self, arrays: &[ArrayRef], rows: &mut Rows<'_>) {
        for ((array, column), source) in arrays.iter().zip(&self.columns).zip(&self.sources) {
            if !column.nullable && array.null_count() > 0 {
                for row in (0..array.len()).filter(|i| array.is_null(*i)) {
                    rows.reject(&self.quality, row, || format!("NULL value in non-nullable column '{}'", column.name));
                }
            }
            // The parser has checked what it made.
            if let Source::Derived(..) = source {
                for row in too_long(column, array) {
                    rows.reject(&self.quality, row, || too_long_message(column, array, row));
                }
            }
        }
    }
}

impl Scope<'_> {
    fn compile(&self, exprs: Vec<Expr>, input: &SchemaRef) -> Result<Expressions> {
        self.engine.compile(exprs, input, Arc::clone(&self.snapshot), Arc::clone(&self.session))
    }
}

impl TextColumns {
    fn new(mapping: &Mapping) -> Self {
        let (places, fields): (Vec<usize>, Vec<Field>) =
            mapping.text_sources().map(|(i, name)| (i, text_field(name))).unzip();
        TextColumns { schema: Arc::new(Schema::new(fields)), places }
    }

    fn batch(&self, parsed: &[ArrayRef], rows: usize) -> Result<RecordBatch> {
        batch(&self.schema, self.places.iter().map(|i| Arc::clone(&parsed[*i])).collect(), rows)
    }
}

impl Filter {
    fn new(scope: &Scope<'_>, columns: &[Column], mapping: &Mapping, condition: Expr) -> Result<Self> {
        let mut fields: Vec<Field> =
            columns.iter().map(|c| Field::new(c.folded(), storage::schema::arrow_type(c.ty), true)).collect();
        let mut text_places = Vec::new();
        for (place, name) in mapping.text_sources().filter(|(_, name)| columns.iter().all(|c| c.folded() != *name)) {
            fields.push(text_field(name));
            text_places.push(place);
        }
        let schema = Arc::new(Schema::new(fields));
        // NULL selects nothing, and numbers are conditions too.
        let condition = Expr::IsTrue(Box::new(Expr::Nested(Box::new(condition))));
        Ok(Filter { condition: scope.compile(vec![condition], &schema)?, schema, text_places })
    }

    /// Takes the rows that are not selected out of `good`; returns how many good ones that were.
    fn apply(&self, table: &[ArrayRef], parsed: &[ArrayRef], good: &mut [bool]) -> Result<u64> {
        let text = self.text_places.iter().map(|i| &parsed[*i]);
        let arrays = table.iter().chain(text).map(Arc::clone).collect();
        let selected = self.condition.evaluate(&batch(&self.schema, arrays, good.len())?)?;
        let selected = selected[0].as_boolean_opt().ok_or_else(|| Error::internal("a condition gave no booleans"))?;
        let mut unselected = 0;
        for (good, selected) in good.iter_mut().zip(selected) {
            if *good && selected != Some(true) {
                *good = false;
                unselected += 1;
            }
        }
        Ok(unselected)
    }
}

impl Rows<'_> {
    fn reject(&mut self, quality: &Quality, row: usize, reason: impl FnOnce() -> String) {
        if std::mem::replace(&mut self.good[row], false) {
            let record = self.records[row];
            quality.reject(record.number, record.bytes(&self.block.bytes), reason);
        }
    }

    /// The rows that are left, and where they come from.
    fn into_good(mut self, arrays: Vec<ArrayRef>) -> Result<(Vec<ArrayRef>, Vec<Record>)> {
        if self.good.iter().all(|g| *g) {
            return Ok((arrays, self.records));
        }
        let mut keep = self.good.iter();
        self.records.retain(|_| *keep.next().expect("there is one flag a record"));
        let mask = BooleanArray::from(self.good);
        let kept =
            arrays.iter().map(|a| arrow::compute::filter(a, &mask).map_err(unexpected)).collect::<Result<_>>()?;
        Ok((kept, self.records))
    }
}

fn text_field(name: &str) -> Field {
    Field::new(name, DataType::Utf8View, true)
}

fn batch(schema: &SchemaRef, arrays: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options).map_err(unexpected)
}

fn unexpected(error: ArrowError) -> Error {
    Error::internal("could not arrange the rows of a load").caused_by(error)
}

/// One value as text, cut at 100 characters.
fn shown(array: &ArrayRef, row: usize) -> String {
    let options = FormatOptions::default();
    let text = ArrayFormatter::try_new(array, &options).map(|f| f.value(row).to_string()).unwrap_or_default();
    text.chars().take(100).collect()
}
