//! CREATE TABLE in its three forms: with columns, LIKE another table, AS a query.

use base::Result;
use sqlparser::ast::Query;

use crate::table_clause::{ColumnDef, IndexDef, TableClauses};
use crate::{Cursor, ObjectName};

#[derive(Debug, Clone, PartialEq)]
pub struct CreateTable {
    pub name: ObjectName,
    pub external: bool,
    pub temporary: bool,
    pub if_not_exists: bool,
    pub body: CreateTableBody,
    pub clauses: TableClauses,
}

#[derive(Debug, Clone, PartialEq)]
pub enum CreateTableBody {
    Columns {
        columns: Vec<ColumnDef>,
        indexes: Vec<IndexDef>,
    },
    Like(ObjectName),
    Query {
        /// Names for the query's columns; empty to keep the query's own.
        columns: Vec<String>,
        query: Box<Query>,
        /// The query as written.
        text: String,
    },
}

impl CreateTable {
    /// Reads the whole statement from the word CREATE on.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        cursor.expect(&["CREATE"])?;
        let external = cursor.skip(&["EXTERNAL"]);
        let temporary = cursor.skip(&["TEMPORARY"]);
        cursor.expect(&["TABLE"])?;
        let if_not_exists = cursor.if_not_exists();
        let name = cursor.name()?;
        let (body, clauses) = body(cursor)?;
        cursor.expect_end()?;
        Ok(CreateTable { name, external, temporary, if_not_exists, body, clauses })
    }
}

fn body(cursor: &mut Cursor<'_>) -> Result<(CreateTableBody, TableClauses)> {
    if cursor.skip(&["LIKE"]) {
        let source = cursor.name()?;
        return Ok((CreateTableBody::Like(source), TableClauses::parse(cursor)?));
    }
    let has_list = cursor.starts_with(&["("]) && !cursor.starts_query();
    if has_list && !only_names(cursor) {
        let (columns, indexes) = columns(cursor)?;
        let clauses = TableClauses::parse(cursor)?;
        if cursor.starts_with(&["AS"]) {
            return Err(cursor.unexpected("no query, as the columns have types (give names only)"));
        }
        return Ok((CreateTableBody::Columns { columns, indexes }, clauses));
    }
    let columns = if has_list { cursor.columns()? } else { Vec::new() };
    let clauses = TableClauses::parse(cursor)?;
    if !cursor.skip(&["AS"]) && !cursor.starts_query() {
        return Err(cursor.unexpected("( and columns, LIKE and a table, or AS and a query"));
    }
    let text = cursor.mark();
    let query = cursor.query()?;
    let text = cursor.text_since(text).to_owned();
    Ok((CreateTableBody::Query { columns, query, text }, clauses))
}

/// Whether the list that follows holds names without types.
fn only_names(cursor: &mut Cursor<'_>) -> bool {
    let start = cursor.mark();
    cursor.skip(&["("]);
    let named = cursor.optional_identifier().is_some();
    let alone = named && (cursor.starts_with(&[","]) || cursor.starts_with(&[")"]));
    cursor.rewind(start);
    alone
}

fn columns(cursor: &mut Cursor<'_>) -> Result<(Vec<ColumnDef>, Vec<IndexDef>)> {
    let mut columns = Vec::new();
    let mut indexes = Vec::new();
    cursor.list(|cursor| {
        // A column may be called index; an index has a name and a list of columns.
        if is_index(cursor) {
            indexes.push(IndexDef::parse(cursor)?);
        } else {
            columns.push(ColumnDef::parse(cursor)?);
        }
        Ok(())
    })?;
    Ok((columns, indexes))
}

fn is_index(cursor: &mut Cursor<'_>) -> bool {
    let start = cursor.mark();
    let index = cursor.skip(&["INDEX"]) && cursor.optional_identifier().is_some() && cursor.skip(&["("]);
    // `index varchar(10)` is a column: a length is a number.
    let index = index && cursor.optional_identifier().is_some();
    cursor.rewind(start);
    index
}

#[cfg(test)]
mod tests;
