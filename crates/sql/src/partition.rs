//! PARTITION BY of tables and materialized views, and the partitions that CREATE and ALTER TABLE name.

use base::Result;
use sqlparser::ast::Expr;
use sqlparser::tokenizer::Token;

use crate::Cursor;

#[derive(Debug, Clone, PartialEq)]
pub enum PartitionBy {
    /// Columns and functions of them; partitions appear as rows do.
    Expressions(Vec<Expr>),
    Range {
        columns: Vec<Expr>,
        items: Vec<RangeItem>,
    },
    List {
        columns: Vec<Expr>,
        items: Vec<ListItem>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RangeItem {
    /// `PARTITION p VALUES LESS THAN (…)`.
    LessThan { name: String, values: Vec<PartitionValue>, properties: Vec<(String, String)> },
    /// `PARTITION p VALUES [(…), (…))`.
    Fixed { name: String, lower: Vec<PartitionValue>, upper: Vec<PartitionValue>, properties: Vec<(String, String)> },
    /// `START ("a") END ("b") EVERY (…)`.
    Batch(Batch),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListItem {
    pub name: String,
    /// One entry per value of the partition, each with a value per partition column.
    pub values: Vec<Vec<PartitionValue>>,
    pub properties: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    pub start: String,
    pub end: String,
    pub every: Every,
}

/// The step between the partitions of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    Interval(u64, Unit),
    Number(u64),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartitionValue {
    /// Texts and numbers, as text.
    Value(String),
    Null,
    MaxValue,
}

/// A unit of time in EVERY and INTERVAL clauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Unit {
    pub const fn name(self) -> &'static str {
        match self {
            Unit::Second => "SECOND",
            Unit::Minute => "MINUTE",
            Unit::Hour => "HOUR",
            Unit::Day => "DAY",
            Unit::Week => "WEEK",
            Unit::Month => "MONTH",
            Unit::Quarter => "QUARTER",
            Unit::Year => "YEAR",
        }
    }

    const ALL: [Unit; 8] =
        [Unit::Second, Unit::Minute, Unit::Hour, Unit::Day, Unit::Week, Unit::Month, Unit::Quarter, Unit::Year];

    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|unit| cursor.skip(&[unit.name()]));
        found.ok_or_else(|| cursor.unexpected("a unit of time such as DAY or MINUTE"))
    }
}

impl PartitionBy {
    /// `PARTITION BY …` with its words.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        cursor.expect(&["PARTITION", "BY"])?;
        if cursor.starts_with(&["RANGE", "("]) {
            cursor.advance();
            let columns = cursor.list(Cursor::expr)?;
            return Ok(PartitionBy::Range { columns, items: items(cursor, RangeItem::parse)? });
        }
        if cursor.starts_with(&["LIST", "("]) {
            cursor.advance();
            let columns = cursor.list(Cursor::expr)?;
            let items = if cursor.starts_with(&["("]) { items(cursor, ListItem::parse)? } else { Vec::new() };
            return Ok(PartitionBy::List { columns, items });
        }
        Ok(PartitionBy::Expressions(expressions(cursor)?))
    }
}

/// `a, f(b)` or `(a, f(b))`.
fn expressions(cursor: &mut Cursor<'_>) -> Result<Vec<Expr>> {
    if cursor.starts_with(&["("]) { cursor.list(Cursor::expr) } else { cursor.exprs() }
}

/// `(item, …)`, possibly empty: dynamic partitions fill it later.
fn items<'a, T>(cursor: &mut Cursor<'a>, item: impl FnMut(&mut Cursor<'a>) -> Result<T>) -> Result<Vec<T>> {
    if cursor.skip(&["(", ")"]) {
        return Ok(Vec::new());
    }
    cursor.list(item)
}

impl RangeItem {
    /// One partition or one batch.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        if cursor.starts_with(&["START"]) {
            return Batch::parse(cursor).map(RangeItem::Batch);
        }
        cursor.expect(&["PARTITION"])?;
        cursor.if_not_exists();
        let name = cursor.identifier()?;
        cursor.expect(&["VALUES"])?;
        Self::bounds(cursor, name)
    }

    /// What follows `PARTITION name VALUES`.
    pub(crate) fn bounds(cursor: &mut Cursor<'_>, name: String) -> Result<Self> {
        if cursor.skip(&["LESS", "THAN"]) {
            let values = if cursor.skip(&["MAXVALUE"]) {
                vec![PartitionValue::MaxValue]
            } else {
                cursor.list(PartitionValue::parse)?
            };
            return Ok(RangeItem::LessThan { name, values, properties: optional_pairs(cursor)? });
        }
        if !cursor.skip(&["["]) {
            return Err(cursor.unexpected("LESS THAN (…), [(…), (…)) or IN (…)"));
        }
        let lower = cursor.list(PartitionValue::parse)?;
        cursor.expect(&[","])?;
        let upper = cursor.list(PartitionValue::parse)?;
        cursor.expect(&[")"])?;
        Ok(RangeItem::Fixed { name, lower, upper, properties: optional_pairs(cursor)? })
    }
}

impl ListItem {
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        cursor.expect(&["PARTITION"])?;
        cursor.if_not_exists();
        let name = cursor.identifier()?;
        cursor.expect(&["VALUES"])?;
        Self::values(cursor, name)
    }

    /// What follows `PARTITION name VALUES`.
    pub(crate) fn values(cursor: &mut Cursor<'_>, name: String) -> Result<Self> {
        cursor.expect(&["IN"])?;
        let values = cursor.list(|cursor| match cursor.starts_with(&["("]) {
            true => cursor.list(PartitionValue::parse),
            false => PartitionValue::parse(cursor).map(|value| vec![value]),
        })?;
        Ok(ListItem { name, values, properties: optional_pairs(cursor)? })
    }
}

impl Batch {
    /// `START ("a") END ("b") EVERY (INTERVAL n unit)` or `EVERY (n)`.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        cursor.expect(&["START", "("])?;
        let start = bound(cursor)?;
        cursor.expect(&[")", "END", "("])?;
        let end = bound(cursor)?;
        cursor.expect(&[")", "EVERY", "("])?;
        let every = if cursor.skip(&["INTERVAL"]) {
            Every::Interval(positive(cursor)?, Unit::parse(cursor)?)
        } else {
            Every::Number(positive(cursor)?)
        };
        cursor.expect(&[")"])?;
        Ok(Batch { start, end, every })
    }
}

/// A whole number above 0, in quotes or not, as INTERVAL takes it.
pub(crate) fn positive(cursor: &mut Cursor<'_>) -> Result<u64> {
    let start = cursor.mark();
    let number = match cursor.optional_string() {
        Some(text) => text.trim().parse().unwrap_or(0),
        None => cursor.integer()?,
    };
    if number == 0 { Err(cursor.unexpected_at(start, "a whole number greater than 0")) } else { Ok(number) }
}

/// A bound, quoted or not.
fn bound(cursor: &mut Cursor<'_>) -> Result<String> {
    match PartitionValue::parse(cursor)? {
        PartitionValue::Value(text) => Ok(text),
        _ => Err(cursor.unexpected("a bound before this")),
    }
}

impl PartitionValue {
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        if cursor.skip(&["MAXVALUE"]) {
            return Ok(PartitionValue::MaxValue);
        }
        if cursor.skip(&["NULL"]) {
            return Ok(PartitionValue::Null);
        }
        if let Some(text) = cursor.optional_string() {
            return Ok(PartitionValue::Value(text));
        }
        let start = cursor.mark();
        cursor.skip(&["-"]);
        match cursor.peek() {
            Token::Number(..) => cursor.advance(),
            Token::Word(_) if cursor.starts_with(&["TRUE"]) || cursor.starts_with(&["FALSE"]) => cursor.advance(),
            _ => return Err(cursor.unexpected("a partition value")),
        }
        Ok(PartitionValue::Value(cursor.text_since(start).to_owned()))
    }
}

/// `("k" = "v")` without the word PROPERTIES, as partitions have it.
fn optional_pairs(cursor: &mut Cursor<'_>) -> Result<Vec<(String, String)>> {
    if cursor.starts_with(&["("]) { cursor.properties() } else { Ok(Vec::new()) }
}

/// `p` or `(p, …)`.
pub(crate) fn names(cursor: &mut Cursor<'_>) -> Result<Vec<String>> {
    if cursor.starts_with(&["("]) { cursor.columns() } else { cursor.identifier().map(|name| vec![name]) }
}

#[cfg(test)]
mod tests;
