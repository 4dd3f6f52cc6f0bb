//! A query's rows into a table's files: INSERT, CREATE TABLE AS and refreshes.

use crate::convert::Conversion;
use crate::engine::Engine;
use crate::plan::query::PlannedQuery;
use crate::table::native_sink;
use base::ids::WriterId;
use base::{Error, ErrorKind, Result};
use catalog::{ActiveWrite, Column, DefaultValue, Table};
use chrono::{DateTime, NaiveDateTime};
use datafusion::common::ScalarValue;
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use storage::{WriteOptions, WrittenFiles};

/// A writer that buffers no more than this need not wait: the rows of VALUES are in memory already.
pub const SMALL_BUFFER_BYTES: usize = 32 << 20;

/// Where the value of a table column comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// This column of the query.
    Query(usize),
    /// The column's default, or NULL.
    Default,
}

/// How a query's rows become rows of a table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WritePlan {
    pub table: Arc<Table>,
    /// One for each column of the table.
    pub sources: Vec<Source>,
    /// A value that does not fit is an error; otherwise it becomes NULL.
    pub strict: bool,
    pub options: WriteOptions,
    /// What files are named after: [`catalog::ActiveWrite::id`].
    pub writer: WriterId,
    /// The statement's moment in the session's zone, for `DEFAULT CURRENT_TIMESTAMP`; microseconds since 1970.
    pub now_us: i64,
}

impl WritePlan {
    pub(crate) fn now(&self) -> NaiveDateTime {
        DateTime::from_timestamp_micros(self.now_us).unwrap_or_default().naive_utc()
    }

    /// The plan as a writer on another node needs it: without the files that the table has.
    pub(crate) fn without_files(&self) -> Self {
        WritePlan { table: Arc::new(self.table.without_files()), ..self.clone() }
    }
}

/// What a write has produced.
#[derive(Debug)]
pub struct Written {
    pub files: WrittenFiles,
    pub rows: u64,
}

impl Engine {
    /// Runs the query and writes its rows, as part of the write that `plan` names. On error nothing is left behind.
    ///
    /// # Errors
    /// Those of the query; `BadData` and `NullNotAllowed` for rows that do not fit.
    pub async fn write(&self, query: &PlannedQuery, plan: WritePlan, write: ActiveWrite) -> Result<Written> {
        let mut written = Written { files: WrittenFiles::new(self.store().clone(), Vec::new()).of(write), rows: 0 };
        let mut results = query.writing(plan).run().await?;
        while let Some(batch) = results.next().await {
            let (rows, files) = native_sink::written(&batch?)?;
            written.rows += rows;
            written.files.extend(files);
        }
        Ok(written)
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
