//! The clauses of CREATE TABLE, which ALTER TABLE and CREATE MATERIALIZED VIEW share: columns, indexes, keys, distribution,
//! sort order, rollups. Partitions are in [`crate::partition`].
//!
//! Clauses come in any order; each may come once.

use base::Result;
use sqlparser::ast::Expr;
use sqlparser::tokenizer::Token;

use crate::partition::PartitionBy;
use crate::{Cursor, Placed, Position, TypeName};

#[derive(Debug, Clone, PartialEq)]
pub struct ColumnDef {
    pub name: String,
    pub ty: TypeName,
    /// `SUM`, `REPLACE`, …, in upper case.
    pub aggregate: Option<String>,
    /// `None` when neither NULL nor NOT NULL is written.
    pub nullable: Option<bool>,
    pub default: Option<DefaultClause>,
    pub auto_increment: bool,
    /// The expression of a generated column.
    pub generated: Option<Expr>,
    /// KEY written after the type, as ALTER TABLE ADD COLUMN allows.
    pub key: bool,
    pub comment: Option<String>,
    pub position: Position,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DefaultClause {
    /// Texts, numbers and booleans, as text.
    Literal(String),
    Null,
    CurrentTimestamp,
    /// Any other expression, as written: `uuid()`, `CURRENT_TIMESTAMP(6)`.
    Expr(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexDef {
    pub name: String,
    pub columns: Vec<String>,
    /// `BITMAP`, `GIN`, `NGRAMBF`, `VECTOR`, in upper case.
    pub kind: Option<String>,
    pub properties: Vec<(String, String)>,
    pub comment: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    Duplicate,
    Aggregate,
    Unique,
    Primary,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyClause {
    pub kind: KeyKind,
    pub columns: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Distribution {
    Hash { columns: Vec<String>, buckets: Option<u64> },
    Random { buckets: Option<u64> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollupDef {
    pub name: String,
    pub columns: Vec<String>,
    pub duplicate_key: Option<Vec<String>>,
    pub from: Option<String>,
    pub properties: Vec<(String, String)>,
}

/// Everything that may follow the columns.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TableClauses {
    /// In lower case.
    pub engine: Option<Placed<String>>,
    pub key: Option<Placed<KeyClause>>,
    pub comment: Option<Placed<String>>,
    pub partition_by: Option<Placed<PartitionBy>>,
    pub distribution: Option<Placed<Distribution>>,
    pub rollups: Option<Placed<Vec<RollupDef>>>,
    pub order_by: Option<Placed<Vec<String>>>,
    pub properties: Option<Placed<Vec<(String, String)>>>,
}

impl TableClauses {
    /// Reads clauses until something else follows.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        let mut clauses = TableClauses::default();
        loop {
            if cursor.starts_with(&["ENGINE"]) {
                once(cursor, &mut clauses.engine, "ENGINE", engine)?;
            } else if key_kind(cursor).is_some() {
                once(cursor, &mut clauses.key, "key", KeyClause::parse)?;
            } else if cursor.starts_with(&["COMMENT"]) {
                once(cursor, &mut clauses.comment, "COMMENT", |c| Ok(c.comment()?.unwrap_or_default()))?;
            } else if cursor.starts_with(&["PARTITION", "BY"]) {
                once(cursor, &mut clauses.partition_by, "PARTITION BY", PartitionBy::parse)?;
            } else if cursor.starts_with(&["DISTRIBUTED", "BY"]) {
                once(cursor, &mut clauses.distribution, "DISTRIBUTED BY", Distribution::parse)?;
            } else if cursor.starts_with(&["ROLLUP"]) {
                once(cursor, &mut clauses.rollups, "ROLLUP", |c| {
                    c.expect(&["ROLLUP"])?;
                    c.list(RollupDef::parse)
                })?;
            } else if cursor.starts_with(&["ORDER", "BY"]) {
                once(cursor, &mut clauses.order_by, "ORDER BY", order_by)?;
            } else if cursor.starts_with(&["PROPERTIES"]) {
                once(cursor, &mut clauses.properties, "PROPERTIES", Cursor::optional_properties)?;
            } else if !charset(cursor)? {
                return Ok(clauses);
            }
        }
    }
}

/// Reads a clause into its slot; a second one is an error at its place.
pub(crate) fn once<'a, T>(
    cursor: &mut Cursor<'a>,
    slot: &mut Option<Placed<T>>,
    name: &str,
    parse: impl FnOnce(&mut Cursor<'a>) -> Result<T>,
) -> Result<()> {
    if slot.is_some() {
        return Err(cursor.unexpected(&format!("only one {name} clause")));
    }
    let position = cursor.position();
    *slot = Some(Placed { value: parse(cursor)?, position });
    Ok(())
}

fn engine(cursor: &mut Cursor<'_>) -> Result<String> {
    cursor.expect(&["ENGINE"])?;
    cursor.skip(&["="]);
    Ok(cursor.identifier()?.to_lowercase())
}

/// `ORDER BY (a, b)`.
pub(crate) fn order_by(cursor: &mut Cursor<'_>) -> Result<Vec<String>> {
    cursor.expect(&["ORDER", "BY"])?;
    cursor.columns()
}

/// `[DEFAULT] CHARSET [=] utf8`: all text is UTF-8, so only that may be asked for.
fn charset(cursor: &mut Cursor<'_>) -> Result<bool> {
    let start = cursor.mark();
    cursor.skip(&["DEFAULT"]);
    if !cursor.skip(&["CHARSET"]) && !cursor.skip(&["CHARACTER", "SET"]) {
        cursor.rewind(start);
        return Ok(false);
    }
    cursor.skip(&["="]);
    if cursor.skip_one_of(&["utf8", "utf8mb3", "utf8mb4"]).is_none() {
        return Err(cursor.unexpected("utf8mb4, the only character set"));
    }
    Ok(true)
}

fn key_kind(cursor: &Cursor<'_>) -> Option<KeyKind> {
    let kinds = [
        ("DUPLICATE", KeyKind::Duplicate),
        ("AGGREGATE", KeyKind::Aggregate),
        ("UNIQUE", KeyKind::Unique),
        ("PRIMARY", KeyKind::Primary),
    ];
    kinds.into_iter().find(|(word, _)| cursor.starts_with(&[word, "KEY"])).map(|(_, kind)| kind)
}

impl KeyClause {
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        let kind = key_kind(cursor).ok_or_else(|| cursor.unexpected("a key clause such as PRIMARY KEY"))?;
        cursor.advance();
        cursor.advance();
        Ok(KeyClause { kind, columns: cursor.columns()? })
    }
}

impl Distribution {
    /// `DISTRIBUTED BY HASH(a, b) [BUCKETS n]` or `DISTRIBUTED BY RANDOM [BUCKETS n]`.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        cursor.expect(&["DISTRIBUTED", "BY"])?;
        match cursor.expect_one_of(&["HASH", "RANDOM"])? {
            "HASH" => Ok(Distribution::Hash { columns: cursor.columns()?, buckets: buckets(cursor)? }),
            _ => Ok(Distribution::Random { buckets: buckets(cursor)? }),
        }
    }
}

/// `BUCKETS n` with n of at least 1.
pub(crate) fn buckets(cursor: &mut Cursor<'_>) -> Result<Option<u64>> {
    if !cursor.skip(&["BUCKETS"]) {
        return Ok(None);
    }
    let start = cursor.mark();
    match cursor.integer()? {
        0 => Err(cursor.unexpected_at(start, "at least one bucket")),
        count => Ok(Some(count)),
    }
}

impl RollupDef {
    /// `name (a, b) [DUPLICATE KEY (a)] [FROM base] [PROPERTIES (…)]`.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        let name = cursor.identifier()?;
        let columns = cursor.columns()?;
        let duplicate_key = if cursor.skip(&["DUPLICATE", "KEY"]) { Some(cursor.columns()?) } else { None };
        let from = if cursor.skip(&["FROM"]) { Some(cursor.identifier()?) } else { None };
        Ok(RollupDef { name, columns, duplicate_key, from, properties: cursor.optional_properties()? })
    }
}

impl IndexDef {
    /// `INDEX name (a, b) [USING kind] [('k' = 'v')] [COMMENT '…']`.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        cursor.expect(&["INDEX"])?;
        let name = cursor.identifier()?;
        let columns = cursor.columns()?;
        let kind = if cursor.skip(&["USING"]) { Some(cursor.identifier()?.to_uppercase()) } else { None };
        let properties = if cursor.starts_with(&["("]) { cursor.properties()? } else { Vec::new() };
        Ok(IndexDef { name, columns, kind, properties, comment: cursor.comment()? })
    }
}

impl ColumnDef {
    /// `name type [KEY] [aggregate] [[NOT] NULL] [DEFAULT …] [AUTO_INCREMENT] [AS expr] [COMMENT '…']`, the parts after the
    /// type in any order.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        let position = cursor.position();
        let name = cursor.identifier()?;
        let mut column = ColumnDef {
            name,
            ty: cursor.type_name()?,
            aggregate: None,
            nullable: None,
            default: None,
            auto_increment: false,
            generated: None,
            key: false,
            comment: None,
            position,
        };
        while column.part(cursor)? {}
        Ok(column)
    }

    /// Reads one part; false when none follows.
    fn part(&mut self, cursor: &mut Cursor<'_>) -> Result<bool> {
        let start = cursor.mark();
        let repeated = if let Some(aggregate) = cursor.skip_one_of(&AGGREGATES) {
            self.aggregate.replace(aggregate.to_owned()).is_some()
        } else if cursor.skip(&["KEY"]) {
            std::mem::replace(&mut self.key, true)
        } else if cursor.skip(&["NOT", "NULL"]) {
            self.nullable.replace(false).is_some()
        } else if cursor.skip(&["NULL"]) {
            self.nullable.replace(true).is_some()
        } else if cursor.skip(&["AUTO_INCREMENT"]) {
            std::mem::replace(&mut self.auto_increment, true)
        } else if cursor.skip(&["DEFAULT"]) {
            self.default.replace(default(cursor)?).is_some()
        } else if cursor.skip(&["AS"]) {
            self.generated.replace(cursor.expr()?).is_some()
        } else if let Some(comment) = cursor.comment()? {
            self.comment.replace(comment).is_some()
        } else {
            return Ok(false);
        };
        if repeated { Err(cursor.unexpected_at(start, "each part of a column only once")) } else { Ok(true) }
    }
}

/// How an aggregate-key table merges values.
const AGGREGATES: [&str; 8] =
    ["SUM", "MIN", "MAX", "REPLACE", "REPLACE_IF_NOT_NULL", "HLL_UNION", "BITMAP_UNION", "PERCENTILE_UNION"];

fn default(cursor: &mut Cursor<'_>) -> Result<DefaultClause> {
    if let Some(text) = cursor.optional_string() {
        return Ok(DefaultClause::Literal(text));
    }
    if cursor.skip(&["NULL"]) {
        return Ok(DefaultClause::Null);
    }
    if cursor.starts_with(&["CURRENT_TIMESTAMP"]) && !cursor.starts_with(&["CURRENT_TIMESTAMP", "("]) {
        cursor.advance();
        return Ok(DefaultClause::CurrentTimestamp);
    }
    let start = cursor.mark();
    if cursor.skip(&["("]) {
        let inside = cursor.mark();
        cursor.expr()?;
        let text = cursor.text_since(inside).to_owned();
        cursor.expect(&[")"])?;
        return Ok(DefaultClause::Expr(text));
    }
    cursor.skip(&["-"]);
    if matches!(cursor.peek(), Token::Number(..)) || cursor.starts_with(&["TRUE"]) || cursor.starts_with(&["FALSE"]) {
        cursor.advance();
        return Ok(DefaultClause::Literal(cursor.text_since(start).to_owned()));
    }
    cursor.rewind(start);
    let Token::Word(_) = cursor.peek() else { return Err(cursor.unexpected("a default value")) };
    cursor.identifier()?;
    cursor.expect(&["("])?;
    if !cursor.starts_with(&[")"]) {
        cursor.exprs()?;
    }
    cursor.expect(&[")"])?;
    Ok(DefaultClause::Expr(cursor.text_since(start).to_owned()))
}

#[cfg(test)]
mod tests;
