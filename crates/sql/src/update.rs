//! UPDATE and DELETE.

use base::Result;
use sqlparser::ast::{Expr, TableWithJoins, With};
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;

use crate::insert::InsertValue;
use crate::{Cursor, ObjectName, partition};

#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    pub with: Option<With>,
    pub table: ObjectName,
    pub alias: Option<String>,
    /// Columns and their new values, at least one.
    pub assignments: Vec<(String, InsertValue)>,
    pub from: Vec<TableWithJoins>,
    pub condition: Option<Expr>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Delete {
    pub with: Option<With>,
    pub table: ObjectName,
    pub alias: Option<String>,
    /// Empty for all partitions.
    pub partitions: Vec<String>,
    pub using: Vec<TableWithJoins>,
    pub condition: Option<Expr>,
}

impl Update {
    /// Reads the whole statement from WITH or UPDATE on.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        let with = with(cursor)?;
        cursor.expect(&["UPDATE"])?;
        let table = cursor.name()?;
        let alias = cursor.optional_alias()?;
        cursor.expect(&["SET"])?;
        let assignments = cursor.comma_separated(|cursor| assignment(cursor, alias.as_ref().unwrap_or(&table.name)))?;
        let from = if cursor.skip(&["FROM"]) { tables(cursor)? } else { Vec::new() };
        let condition = condition(cursor)?;
        Ok(Update { with, table, alias, assignments, from, condition })
    }
}

impl Delete {
    /// Reads the whole statement from WITH or DELETE on.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        let with = with(cursor)?;
        cursor.expect(&["DELETE", "FROM"])?;
        let table = cursor.name()?;
        let partitions = match cursor.skip_one_of(&["PARTITION", "PARTITIONS"]) {
            Some(_) => partition::names(cursor)?,
            None => Vec::new(),
        };
        let alias = cursor.optional_alias()?;
        let using = if cursor.skip(&["USING"]) { tables(cursor)? } else { Vec::new() };
        let condition = condition(cursor)?;
        Ok(Delete { with, table, alias, partitions, using, condition })
    }
}

/// Whether a statement that starts with WITH goes on with `word` after its common table expressions.
///
/// Such statements share their first word with queries, so a list of heads cannot tell them apart.
pub fn continues_with(cursor: &mut Cursor<'_>, word: &str) -> bool {
    let start = cursor.mark();
    let found = cursor.starts_with(&["WITH"]) && with(cursor).is_ok() && cursor.starts_with(&[word]);
    cursor.rewind(start);
    found
}

fn with(cursor: &mut Cursor<'_>) -> Result<Option<With>> {
    if !cursor.skip(&["WITH"]) {
        return Ok(None);
    }
    let clause = cursor.parsed(|parser| {
        let with_token = parser.get_current_token().clone().into();
        let recursive = parser.parse_keyword(Keyword::RECURSIVE);
        Ok(With { with_token, recursive, cte_tables: parser.parse_comma_separated(Parser::parse_cte)? })
    })?;
    Ok(Some(clause))
}

fn tables(cursor: &mut Cursor<'_>) -> Result<Vec<TableWithJoins>> {
    cursor.parsed(|parser| parser.parse_comma_separated(Parser::parse_table_and_joins))
}

/// `column = value`, where the column may be qualified by the table's name or alias.
fn assignment(cursor: &mut Cursor<'_>, table: &str) -> Result<(String, InsertValue)> {
    let start = cursor.mark();
    let ObjectName { catalog, database: qualifier, name: column } = cursor.name()?;
    if catalog.is_some() || qualifier.is_some_and(|qualifier| qualifier != table) {
        return Err(cursor.unexpected_at(start, "a column of the updated table"));
    }
    cursor.expect(&["="])?;
    let default = cursor.starts_with(&["DEFAULT"]);
    if default {
        cursor.advance();
        return Ok((column, InsertValue::Default));
    }
    Ok((column, InsertValue::Expr(cursor.expr()?)))
}

/// `[WHERE condition]` and the end of the statement.
fn condition(cursor: &mut Cursor<'_>) -> Result<Option<Expr>> {
    let condition = if cursor.skip(&["WHERE"]) { Some(cursor.expr()?) } else { None };
    cursor.expect_end()?;
    Ok(condition)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updates_are_read() {
        let sql =
            "with s as (select 1 as k) update db.t as x set x.a = x.a + 1, b = default from s, u where x.k = s.k;";
        let mut cursor = Cursor::new(sql).unwrap();
        assert!(continues_with(&mut cursor, "UPDATE") && !continues_with(&mut cursor, "DELETE"));
        let update = Update::parse(&mut cursor).unwrap();
        assert_eq!((update.alias.as_deref(), update.from.len()), (Some("x"), 2));
        assert_eq!(update.assignments[0].0, "a");
        assert_eq!(update.assignments[1], ("b".to_owned(), InsertValue::Default));
        assert!(update.with.is_some() && update.condition.is_some());
    }

    #[test]
    fn deletes_are_read() {
        let sql = "delete from t partition (p1, p2) where a = 1 and b in (2, 3)";
        let delete = Delete::parse(&mut Cursor::new(sql).unwrap()).unwrap();
        assert_eq!(delete.partitions, ["p1", "p2"]);
        let delete = Delete::parse(&mut Cursor::new("delete from t x using s where x.a = s.a").unwrap()).unwrap();
        assert_eq!((delete.alias.as_deref(), delete.using.len()), (Some("x"), 1));
        assert!(Delete::parse(&mut Cursor::new("delete from t").unwrap()).unwrap().condition.is_none());
    }

    #[test]
    fn broken_ones_are_errors() {
        for sql in [
            "update t",
            "update t set",
            "update t set a where b = 1",
            "update t set a = 1 wher b = 1",
            "update t x set t.a = 1 where b = 1",
        ] {
            assert!(Update::parse(&mut Cursor::new(sql).unwrap()).is_err(), "{sql}");
        }
        for sql in ["delete t", "delete from t were a = 1", "delete from t where"] {
            assert!(Delete::parse(&mut Cursor::new(sql).unwrap()).is_err(), "{sql}");
        }
    }
}
