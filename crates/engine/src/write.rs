//! A query's rows into a table's files: INSERT, CREATE TABLE AS and refreshes.

use crate::convert::{Conversion, assemble};
use crate::engine::Engine;
use crate::plan::query::PlannedQuery;
use crate::write_memory::Reservation;
use base::{Error, ErrorKind, Result};
use catalog::{Column, DefaultValue, Table};
use chrono::NaiveDateTime;
use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::common::ScalarValue;
use futures::StreamExt;
use futures::stream::BoxStream;
use std::sync::Arc;
use storage::{TableWriter, WriteOptions, WrittenFiles};
use tokio::task::JoinSet;

/// A writer that buffers no more than this need not wait: the rows of VALUES are in memory already.
pub const SMALL_BUFFER_BYTES: usize = 32 << 20;
/// Statements with large buffers that can write at once, however small the memory is.
const WRITERS_MIN: usize = 4;

/// Where the value of a table column comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// This column of the query.
    Query(usize),
    /// The column's default, or NULL.
    Default,
}

/// How a query's rows become rows of a table.
#[derive(Debug)]
pub struct WritePlan {
    pub table: Arc<Table>,
    /// One for each column of the table.
    pub sources: Vec<Source>,
    /// A value that does not fit is an error; otherwise it becomes NULL.
    pub strict: bool,
    pub options: WriteOptions,
    /// The leader's epoch.
    pub epoch: u64,
    /// The statement's moment in the session's zone, for `DEFAULT CURRENT_TIMESTAMP`.
    pub now: NaiveDateTime,
}

/// What a write has produced.
#[derive(Debug)]
pub struct Written {
    pub files: WrittenFiles,
    pub rows: u64,
}

impl Engine {
    /// Runs the query and writes its rows. On error nothing is left behind.
    ///
    /// # Errors
    /// Those of the query; `BadData` and `NullNotAllowed` for rows that do not fit.
    pub async fn write(&self, query: &PlannedQuery, plan: WritePlan) -> Result<Written> {
        let mut options = plan.options.clone();
        let _reserved = self.reserve(&mut options).await?;
        let writer = TableWriter::new(self.store().clone(), plan.epoch, &plan.table, options)?;
        let rows = Arc::new(Rows::new(self, query, &plan)?);
        let writer = Arc::new(writer);
        let mut parts = JoinSet::new();
        for part in query.run_in_parts().await? {
            let part = write_part(part, Arc::clone(&rows), Arc::clone(&writer));
            parts.spawn_on(part, self.parts.threads.handle());
        }
        let mut count = 0;
        while let Some(part) = parts.join_next().await {
            // Returning early drops the set, which stops the other parts.
            count += part.map_err(|e| Error::internal("writing rows was interrupted").caused_by(e))??;
        }
        let writer = Arc::into_inner(writer).ok_or_else(|| Error::internal("a finished write is still in use"))?;
        Ok(Written { files: writer.finish().await?, rows: count })
    }
}

impl Engine {
    /// Waits for the memory that a writer buffers rows in, and bounds what it buffers to that.
    async fn reserve(&self, options: &mut WriteOptions) -> Result<Option<Reservation>> {
        if options.buffer_bytes_max <= SMALL_BUFFER_BYTES {
            return Ok(None);
        }
        // A long statement must not keep all others out.
        let part = self.write_memory().bytes() / WRITERS_MIN;
        options.buffer_bytes_max = options.buffer_bytes_max.min(part).max(SMALL_BUFFER_BYTES);
        self.write_memory().reserve(options.buffer_bytes_max).await.map(Some)
    }
}

async fn write_part(
    mut part: BoxStream<'static, Result<RecordBatch>>,
    rows: Arc<Rows>,
    writer: Arc<TableWriter>,
) -> Result<u64> {
    let mut count = 0;
    while let Some(batch) = part.next().await {
        let batch = rows.convert(&batch?)?;
        count += batch.num_rows() as u64;
        let writer = Arc::clone(&writer);
        let written = tokio::task::spawn_blocking(move || writer.write(&batch)).await;
        let outside = written.map_err(|e| Error::internal("writing rows was interrupted").caused_by(e))??;
        if !outside.is_empty() {
            let message = "The row is out of partition ranges. Please add a new partition.";
            return Err(Error::new(ErrorKind::BadData, message).with("rows", outside.len()));
        }
    }
    Ok(count)
}

/// Converts batches of a query into rows of a table.
struct Rows {
    columns: Vec<Column>,
    sources: Vec<(Source, Conversion)>,
    defaults: Vec<ScalarValue>,
    strict: bool,
}

impl Rows {
    fn new(engine: &Engine, query: &PlannedQuery, plan: &WritePlan) -> Result<Self> {
        let columns = plan.table.meta.columns.clone();
        let schema = query.schema();
        let conversion = |(column, source): (&Column, &Source)| match source {
            Source::Query(i) => (*source, Conversion::new(engine, schema.field(*i).data_type(), column)),
            Source::Default => (*source, Conversion::new(engine, &storage::schema::arrow_type(column.ty), column)),
        };
        let sources = columns.iter().zip(&plan.sources).map(conversion).collect();
        let defaults = columns.iter().map(|c| default_value(engine, c, plan.now)).collect::<Result<_>>()?;
        Ok(Rows { columns, sources, defaults, strict: plan.strict })
    }

    fn convert(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let rows = batch.num_rows();
        let mut arrays = Vec::with_capacity(self.columns.len());
        for ((source, conversion), default) in self.sources.iter().zip(&self.defaults) {
            let given: ArrayRef = match source {
                Source::Query(i) => ArrayRef::clone(batch.column(*i)),
                Source::Default => default
                    .to_array_of_size(rows)
                    .map_err(|e| Error::internal("could not make a default value").caused_by(e))?,
            };
            let converted = conversion.apply(&given)?;
            // Non-strict forgives values, not missing ones.
            conversion.check(if self.strict { &given } else { &converted }, &converted)?;
            arrays.push(converted);
        }
        assemble(&self.columns, arrays, rows)
    }
}

/// The value of a column that a statement does not mention, in the column's type.
///
/// # Errors
/// `BadData` for a default that does not fit its column.
pub fn default_value(engine: &Engine, column: &Column, now: NaiveDateTime) -> Result<ScalarValue> {
    let given = match &column.default {
        None => ScalarValue::Null,
        Some(DefaultValue::Literal(text)) => ScalarValue::Utf8View(Some(text.clone())),
        Some(DefaultValue::CurrentTimestamp) => {
            ScalarValue::TimestampMicrosecond(Some(now.and_utc().timestamp_micros() / 1_000_000 * 1_000_000), None)
        }
    };
    let failed = |e| Error::internal("could not make a default value").caused_by(e);
    let array = given.to_array().map_err(failed)?;
    let conversion = Conversion::new(engine, array.data_type(), column);
    let converted = conversion.apply(&array)?;
    if converted.null_count() > 0 && !given.is_null() {
        let error = Error::new(ErrorKind::BadData, "the default value does not fit the column's type");
        return Err(error.with("column", &column.name).with("type", column.ty));
    }
    ScalarValue::try_from_array(&converted, 0).map_err(failed)
}

/// What rows written before a column was added have in it.
///
/// # Errors
/// As [`default_value`].
pub fn added_column_value(engine: &Engine, column: &Column) -> Result<ScalarValue> {
    // The moment of the reading is no value of rows written before.
    let literal =
        Column { default: column.default.clone().filter(|d| matches!(d, DefaultValue::Literal(_))), ..column.clone() };
    default_value(engine, &literal, NaiveDateTime::default())
}

/// Sources for an INSERT that names `given` columns in the query's order, or all of them.
///
/// # Errors
/// `UnknownColumn`, `DuplicateColumn`, `ColumnCount`, and `Invalid` for a NOT NULL column without a value.
pub fn sources(table: &Table, given: Option<&[String]>, query_columns: usize) -> Result<Vec<Source>> {
    let columns = &table.meta.columns;
    let named: Vec<String> = match given {
        Some(names) => names.iter().map(|n| base::names::fold_column(n)).collect(),
        None => columns.iter().map(Column::folded).collect(),
    };
    for (i, name) in named.iter().enumerate() {
        catalog::model::column::find(columns, name)?;
        if named[..i].contains(name) {
            return Err(Error::new(ErrorKind::DuplicateColumn, format!("Column '{name}' specified twice")));
        }
    }
    if named.len() != query_columns {
        let message = format!(
            "Inserted target column count: {} doesn't match select/value column count: {query_columns}",
            named.len()
        );
        return Err(Error::new(ErrorKind::ColumnCount, message));
    }
    let source = |column: &Column| match named.iter().position(|n| *n == column.folded()) {
        Some(i) => Ok(Source::Query(i)),
        None if column.nullable || column.default.is_some() => Ok(Source::Default),
        None => Err(Error::invalid(format!("'{}' must be explicitly mentioned in column permutation", column.name))),
    };
    columns.iter().map(source).collect()
}
