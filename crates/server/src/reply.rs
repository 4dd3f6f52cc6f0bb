//! What a statement answers: a count of changed rows, or columns and a stream of batches.
//!
//! Statements build these values, the MySQL and HTTP layers send them; neither knows the other.

use base::Result;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::DataType;
use futures::StreamExt;
use futures::stream::BoxStream;
use std::fmt;

/// The answer to one statement.
#[derive(Debug)]
pub enum Reply {
    Done(Done),
    Rows(Rows),
}

impl Reply {
    /// The answer of a statement that changes no rows and has nothing to tell.
    pub fn done() -> Self {
        Reply::Done(Done::default())
    }
}

impl From<Done> for Reply {
    fn from(done: Done) -> Self {
        Reply::Done(done)
    }
}

impl From<Rows> for Reply {
    fn from(rows: Rows) -> Self {
        Reply::Rows(rows)
    }
}

/// The answer of a statement without a result set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// Rows inserted, deleted or updated. For `UPDATE` matched rows if the client asked for those.
    pub affected_rows: u64,
    pub last_insert_id: u64,
    /// Text that the mysql shell prints, for example `Records: 2  Duplicates: 0  Warnings: 0`; may be empty.
    pub info: String,
    pub warnings: u16,
}

impl Done {
    pub fn affected(rows: u64) -> Self {
        Done { affected_rows: rows, ..Done::default() }
    }
}

/// A result set: the columns, and batches that are produced while the client reads them.
///
/// Every batch has one array per column, in order, of the column's type or of one that casts to it. Dropping the
/// stream stops the query.
pub struct Rows {
    pub columns: Vec<ResultColumn>,
    pub batches: BoxStream<'static, Result<RecordBatch>>,
}

impl Rows {
    /// A result set that is complete already.
    pub fn of(columns: Vec<ResultColumn>, batches: Vec<RecordBatch>) -> Self {
        Rows { columns, batches: futures::stream::iter(batches.into_iter().map(Ok)).boxed() }
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("columns", &self.columns).finish_non_exhaustive()
    }
}

/// A column of a result set as clients are told about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultColumn {
    /// The label: the alias, or the expression as typed.
    pub name: String,
    /// The column's name in its table; empty for an expression.
    pub org_name: String,
    /// Empty for an expression.
    pub table: String,
    /// Empty for an expression.
    pub schema: String,
    pub data_type: DataType,
    pub nullable: bool,
    /// Whether the column is part of its table's primary key.
    pub primary_key: bool,
    pub kind: ColumnKind,
}

/// What the Arrow type alone does not say. Lengths are in characters (text) or bytes (binary).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ColumnKind {
    #[default]
    Plain,
    /// A 128-bit integer in a `Decimal128(38, 0)`; sent as a string, as StarRocks does.
    LargeInt,
    /// JSON in a text array; sent as a string.
    Json,
    Char {
        length: u32,
    },
    Varchar {
        length: u32,
    },
    Varbinary {
        length: u32,
    },
    /// DATETIME whose clients shall make room for microseconds.
    DatetimeMicros,
}

impl ResultColumn {
    /// A column that belongs to no table.
    pub fn new(name: impl Into<String>, data_type: DataType, nullable: bool) -> Self {
        ResultColumn {
            name: name.into(),
            org_name: String::new(),
            table: String::new(),
            schema: String::new(),
            data_type,
            nullable,
            primary_key: false,
            kind: ColumnKind::Plain,
        }
    }

    /// A nullable text column, which is what most columns of `SHOW` are.
    pub fn text(name: impl Into<String>) -> Self {
        ResultColumn::new(name, DataType::Utf8, true)
    }

    #[must_use]
    pub fn with_kind(mut self, kind: ColumnKind) -> Self {
        self.kind = kind;
        self
    }

    /// Names the table column that this column shows.
    #[must_use]
    pub fn from_table(mut self, schema: &str, table: &str, column: &str) -> Self {
        (self.schema, self.table, self.org_name) = (schema.to_string(), table.to_string(), column.to_string());
        self
    }
}
