//! Results as statements make them: columns of tables and queries, and small tables of text for SHOW.

use crate::reply::{ColumnKind, Reply, ResultColumn, Rows};
use crate::session::Session;
use base::{Error, ErrorKind, Result};
use catalog::{Column, SqlType, TableMeta};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use engine::{OutputColumn, PlannedQuery};
use sql::{ShowFilter, ast};
use std::sync::Arc;

/// A query's rows for the client.
pub(crate) async fn of_query(query: &PlannedQuery) -> Result<Reply> {
    let columns = query.columns().iter().map(query_column).collect();
    Ok(Reply::Rows(Rows { columns, batches: query.run().await? }))
}

/// A query's column as clients are told about it.
pub(crate) fn query_column(column: &OutputColumn) -> ResultColumn {
    let field = &column.field;
    let kind = storage::schema::sql_type(field).filter(|_| field.metadata().contains_key(storage::schema::SQL_TYPE));
    ResultColumn::new(&column.name, field.data_type().clone(), field.is_nullable())
        .with_kind(kind.map_or(ColumnKind::Plain, of_type))
}

/// A table's column as clients are told about it.
pub(crate) fn table_column(database: &str, table: &TableMeta, column: &Column) -> ResultColumn {
    ResultColumn::new(&column.name, storage::schema::arrow_type(column.ty), column.nullable)
        .from_table(database, &table.name, &column.name)
        .with_kind(of_type(column.ty))
}

fn of_type(ty: SqlType) -> ColumnKind {
    match ty {
        SqlType::LargeInt => ColumnKind::LargeInt,
        SqlType::Json => ColumnKind::Json,
        SqlType::Char(length) => ColumnKind::Char { length },
        SqlType::Varchar(length) => ColumnKind::Varchar { length },
        SqlType::Varbinary(length) => ColumnKind::Varbinary { length },
        _ => ColumnKind::Plain,
    }
}

/// A value of a SHOW row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cell {
    Null,
    Text(String),
    Number(i64),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell::Text(text.to_string())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell::Text(text)
    }
}

impl From<Option<String>> for Cell {
    fn from(text: Option<String>) -> Self {
        text.map_or(Cell::Null, Cell::Text)
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Cell::Number(number)
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Cell::Number(number as i64)
    }
}

/// The rows of a SHOW statement: columns are numbers where every cell is one, text otherwise.
pub(crate) struct ShowTable {
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
    /// Columns that are BIGINT even when empty.
    numbers: Vec<usize>,
}

impl ShowTable {
    pub(crate) fn new(columns: &[&str]) -> Self {
        ShowTable { columns: columns.iter().map(ToString::to_string).collect(), rows: Vec::new(), numbers: Vec::new() }
    }

    /// Declares BIGINT columns.
    pub(crate) fn with_numbers(mut self, columns: &[&str]) -> Self {
        self.numbers =
            self.columns.iter().enumerate().filter(|(_, c)| columns.contains(&c.as_str())).map(|(i, _)| i).collect();
        self
    }

    pub(crate) fn push(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), self.columns.len(), "a row has a cell for each column");
        self.rows.push(row);
    }

    /// The reply, after LIKE (on column `like_column`) or WHERE.
    pub(crate) fn reply(self, session: &Session, filter: &ShowFilter, like_column: usize) -> Result<Reply> {
        self.keep_and_order(session, filter, like_column, &[])?.all()
    }

    /// The rows that pass LIKE or WHERE, ordered by columns.
    pub(crate) fn keep_and_order(
        mut self,
        session: &Session,
        filter: &ShowFilter,
        like_column: usize,
        order: &[(ast::Expr, bool)],
    ) -> Result<Self> {
        let condition = match filter {
            ShowFilter::All => None,
            ShowFilter::Like(pattern) => {
                let quoted = sql::quote::string(pattern);
                let text = format!("{} LIKE {quoted}", sql::quote::identifier(&self.columns[like_column]));
                Some(sql::parse_expr(&text)?)
            }
            ShowFilter::Where(expr) => Some(expr.clone()),
        };
        if let Some(condition) = condition {
            let mask = holds(session, &self.batch()?, condition)?;
            let mut kept = mask.iter();
            self.rows.retain(|_| kept.next().flatten().unwrap_or(false));
        }
        for (expr, descending) in order.iter().rev() {
            let ast::Expr::Identifier(name) = expr else {
                return Err(Error::invalid("SHOW can be ordered by its columns only").with("expression", expr));
            };
            let folded = base::names::fold_column(&name.value);
            let column = self.columns.iter().position(|c| base::names::fold_column(c) == folded);
            let column = column.ok_or_else(|| {
                Error::new(ErrorKind::UnknownColumn, format!("Unknown column '{}' in 'order clause'", name.value))
            })?;
            self.rows.sort_by(|a, b| if *descending { b[column].cmp(&a[column]) } else { a[column].cmp(&b[column]) });
        }
        Ok(self)
    }

    /// `LIMIT offset, count`.
    pub(crate) fn limited(mut self, limit: Option<(u64, u64)>) -> Self {
        if let Some((offset, count)) = limit {
            let at = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
            self.rows = self.rows.into_iter().skip(at(offset)).take(at(count)).collect();
        }
        self
    }

    /// The reply, unfiltered.
    pub(crate) fn all(self) -> Result<Reply> {
        let batch = self.batch()?;
        Ok(self.rows_of(batch))
    }

    fn rows_of(&self, batch: RecordBatch) -> Reply {
        let types = batch.schema();
        let columns = self.columns.iter().zip(types.fields());
        let columns = columns.map(|(name, field)| ResultColumn::new(name, field.data_type().clone(), true)).collect();
        Reply::Rows(Rows::of(columns, vec![batch]))
    }

    fn batch(&self) -> Result<RecordBatch> {
        let mut fields = Vec::new();
        let mut arrays: Vec<ArrayRef> = Vec::new();
        for (i, name) in self.columns.iter().enumerate() {
            let array: ArrayRef = if self.numbers.contains(&i) {
                Arc::new(Int64Array::from_iter(self.rows.iter().map(|r| match &r[i] {
                    Cell::Number(n) => Some(*n),
                    Cell::Text(t) => t.parse().ok(),
                    Cell::Null => None,
                })))
            } else {
                Arc::new(StringArray::from_iter(self.rows.iter().map(|r| match &r[i] {
                    Cell::Number(n) => Some(n.to_string()),
                    Cell::Text(t) => Some(t.clone()),
                    Cell::Null => None,
                })))
            };
            fields.push(Field::new(base::names::fold_column(name), array.data_type().clone(), true));
            arrays.push(array);
        }
        let schema: SchemaRef = Arc::new(Schema::new(fields));
        RecordBatch::try_new(schema, arrays).map_err(|e| Error::internal("could not build a result").caused_by(e))
    }
}

/// Of each row of a batch, whether a condition holds.
fn holds(session: &Session, batch: &RecordBatch, condition: ast::Expr) -> Result<BooleanArray> {
    let compiled =
        session.server.engine.compile(vec![condition], &batch.schema(), session.snapshot(), session.info())?;
    let arrays = compiled.evaluate(batch)?;
    let mask = arrays.first().ok_or_else(|| Error::internal("a condition has no value"))?;
    let mask = datafusion::arrow::compute::cast(mask, &DataType::Boolean)
        .map_err(|e| Error::internal("could not filter a result").caused_by(e))?;
    mask.as_boolean_opt().cloned().ok_or_else(|| Error::internal("a condition is not boolean"))
}
