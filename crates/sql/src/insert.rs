//! INSERT INTO and INSERT OVERWRITE.

use base::Result;
use sqlparser::ast::{Expr, Query};

use crate::{Cursor, ObjectName};

#[derive(Debug, Clone, PartialEq)]
pub struct Insert {
    pub overwrite: bool,
    pub target: InsertTarget,
    pub partition: Option<InsertPartition>,
    pub label: Option<String>,
    pub columns: InsertColumns,
    pub properties: Vec<(String, String)>,
    pub source: InsertSource,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InsertTarget {
    Table(ObjectName),
    /// `FILES(…)`: unload to files.
    Files(Vec<(String, String)>),
    /// `BLACKHOLE()`: compute and throw away.
    Blackhole,
}

#[derive(Debug, Clone, PartialEq)]
pub enum InsertPartition {
    Named {
        temporary: bool,
        names: Vec<String>,
    },
    /// `PARTITION (column = value, …)`.
    Values(Vec<(String, Expr)>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InsertColumns {
    /// The table's columns in their order.
    All,
    Listed(Vec<String>),
    /// The query's column names decide.
    ByName,
}

#[derive(Debug, Clone, PartialEq)]
pub enum InsertSource {
    /// Rows, all as long as the first.
    Values(Vec<Vec<InsertValue>>),
    Query {
        query: Box<Query>,
        /// The query as written.
        text: String,
    },
}

#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly all values are expressions")]
pub enum InsertValue {
    Expr(Expr),
    Default,
}

impl Insert {
    /// Reads the whole statement from the word INSERT on.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        cursor.expect(&["INSERT"])?;
        let overwrite = cursor.expect_one_of(&["INTO", "OVERWRITE"])? == "OVERWRITE";
        let target = InsertTarget::parse(cursor)?;
        let (mut partition, mut label) = (None, None);
        loop {
            if partition.is_none() && starts_partition(cursor) {
                partition = Some(InsertPartition::parse(cursor)?);
            } else if label.is_none() && cursor.skip(&["WITH", "LABEL"]) {
                label = Some(cursor.identifier()?);
            } else {
                break;
            }
        }
        let columns = if cursor.skip(&["BY", "NAME"]) {
            InsertColumns::ByName
        } else if cursor.starts_with(&["("]) && !cursor.starts_query() {
            InsertColumns::Listed(cursor.columns()?)
        } else {
            InsertColumns::All
        };
        let properties = cursor.optional_properties()?;
        let source = InsertSource::parse(cursor)?;
        cursor.expect_end()?;
        Ok(Insert { overwrite, target, partition, label, columns, properties, source })
    }
}

impl InsertTarget {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        if cursor.starts_with(&["FILES", "("]) {
            cursor.advance();
            return cursor.properties().map(InsertTarget::Files);
        }
        if cursor.skip(&["BLACKHOLE", "(", ")"]) {
            return Ok(InsertTarget::Blackhole);
        }
        // A table may be called table, but then something other than a name follows it.
        if cursor.starts_with(&["TABLE"]) {
            let start = cursor.mark();
            cursor.advance();
            let query = cursor.starts_query();
            if !query && let Ok(name) = cursor.name() {
                return Ok(InsertTarget::Table(name));
            }
            cursor.rewind(start);
        }
        cursor.name().map(InsertTarget::Table)
    }
}

fn starts_partition(cursor: &Cursor<'_>) -> bool {
    [&["PARTITION"][..], &["PARTITIONS"], &["TEMPORARY", "PARTITION"], &["TEMPORARY", "PARTITIONS"]]
        .iter()
        .any(|words| cursor.starts_with(words))
}

impl InsertPartition {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        let temporary = cursor.skip(&["TEMPORARY"]);
        cursor.expect_one_of(&["PARTITION", "PARTITIONS"])?;
        let start = cursor.mark();
        let with_values = cursor.skip(&["("]) && cursor.optional_identifier().is_some() && cursor.starts_with(&["="]);
        cursor.rewind(start);
        if !with_values {
            return Ok(InsertPartition::Named { temporary, names: cursor.columns()? });
        }
        let pairs = cursor.list(|cursor| {
            let column = cursor.identifier()?;
            cursor.expect(&["="])?;
            Ok((column, cursor.expr()?))
        })?;
        Ok(InsertPartition::Values(pairs))
    }
}

impl InsertSource {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        if !cursor.skip(&["VALUES"]) {
            if !cursor.starts_query() {
                return Err(cursor.unexpected("VALUES or a query"));
            }
            let start = cursor.mark();
            let query = cursor.query()?;
            return Ok(InsertSource::Query { query, text: cursor.text_since(start).to_owned() });
        }
        let mut rows: Vec<Vec<InsertValue>> = Vec::new();
        loop {
            let start = cursor.mark();
            let row = cursor.list(InsertValue::parse)?;
            if let Some(first) = rows.first().filter(|first| first.len() != row.len()) {
                return Err(cursor.unexpected_at(start, &format!("{} values, as in the first row", first.len())));
            }
            rows.push(row);
            if !cursor.skip(&[","]) {
                return Ok(InsertSource::Values(rows));
            }
        }
    }
}

impl InsertValue {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        if cursor.starts_with(&["DEFAULT", ","]) || cursor.starts_with(&["DEFAULT", ")"]) {
            cursor.advance();
            return Ok(InsertValue::Default);
        }
        cursor.expr().map(InsertValue::Expr)
    }
}

#[cfg(test)]
mod tests;
