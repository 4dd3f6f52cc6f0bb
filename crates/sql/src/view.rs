//! CREATE VIEW and ALTER VIEW … AS.

use base::Result;
use sqlparser::ast::Query;

use crate::{Cursor, ObjectName};

#[derive(Debug, Clone, PartialEq)]
pub struct CreateView {
    pub name: ObjectName,
    pub or_replace: bool,
    pub if_not_exists: bool,
    /// Empty to keep the query's column names.
    pub columns: Vec<ViewColumn>,
    pub comment: Option<String>,
    pub query: Box<Query>,
    /// The query as written.
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewColumn {
    pub name: String,
    pub comment: Option<String>,
}

/// `ALTER VIEW v [(columns)] AS query`.
#[derive(Debug, Clone, PartialEq)]
pub struct AlterView {
    pub name: ObjectName,
    pub columns: Vec<ViewColumn>,
    pub query: Box<Query>,
    pub text: String,
}

impl CreateView {
    /// Reads the whole statement from the word CREATE on.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        cursor.expect(&["CREATE"])?;
        let or_replace = cursor.skip(&["OR", "REPLACE"]);
        cursor.expect(&["VIEW"])?;
        let if_not_exists = cursor.if_not_exists();
        let name = cursor.name()?;
        let columns = ViewColumn::optional_list(cursor)?;
        let comment = cursor.comment()?;
        let (query, text) = as_query(cursor)?;
        Ok(CreateView { name, or_replace, if_not_exists, columns, comment, query, text })
    }
}

impl AlterView {
    /// Reads the whole statement from the word ALTER on.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        cursor.expect(&["ALTER", "VIEW"])?;
        let name = cursor.name()?;
        let columns = ViewColumn::optional_list(cursor)?;
        let (query, text) = as_query(cursor)?;
        Ok(AlterView { name, columns, query, text })
    }
}

impl ViewColumn {
    fn optional_list(cursor: &mut Cursor<'_>) -> Result<Vec<Self>> {
        if cursor.starts_with(&["("]) { cursor.list(Self::parse) } else { Ok(Vec::new()) }
    }

    /// `name [COMMENT '…']`.
    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Result<Self> {
        Ok(ViewColumn { name: cursor.identifier()?, comment: cursor.comment()? })
    }
}

/// `AS query` up to the end of the statement, with the query's text.
pub(crate) fn as_query(cursor: &mut Cursor<'_>) -> Result<(Box<Query>, String)> {
    cursor.expect(&["AS"])?;
    let start = cursor.mark();
    let query = cursor.query()?;
    cursor.expect_end()?;
    Ok((query, cursor.text_since(start).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_keep_their_text() {
        let sql = "create or replace view d.v (a comment 'x', `b c`) comment \"it's\" as\n select 1, /* two */ 2 ;";
        let view = CreateView::parse(&mut Cursor::new(sql).unwrap()).unwrap();
        assert!(view.or_replace && !view.if_not_exists);
        assert_eq!(view.name.to_string(), "`d`.`v`");
        assert_eq!(view.columns[0], ViewColumn { name: "a".to_owned(), comment: Some("x".to_owned()) });
        assert_eq!(view.comment.as_deref(), Some("it's"));
        assert_eq!(view.text, "select 1, /* two */ 2");
    }

    #[test]
    fn broken_views_are_errors() {
        for sql in
            ["create view v", "create view v as", "create view v as select 1 select 2", "create view v () as select 1"]
        {
            assert!(CreateView::parse(&mut Cursor::new(sql).unwrap()).is_err(), "{sql}");
        }
    }
}
