//! SHOW [FULL] COLUMNS | FIELDS FROM t [FROM db] [LIKE | WHERE].
//! Test: sql-tests/statement/show_columns.test

use super::rows::{Cell, ShowTable};
use super::{Statement, StatementKind};
use crate::information_schema::default_text;
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::names::INFORMATION_SCHEMA;
use base::{Error, ErrorKind, Result};
use catalog::{Column, SqlType};
use sql::{Cursor, ObjectName, ShowFilter};

pub(super) const KIND: StatementKind = StatementKind {
    heads: &[&["SHOW", "COLUMNS"], &["SHOW", "FIELDS"], &["SHOW", "FULL", "COLUMNS"], &["SHOW", "FULL", "FIELDS"]],
    parse,
};

struct ShowColumns {
    full: bool,
    table: ObjectName,
    filter: ShowFilter,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    cursor.expect(&["SHOW"])?;
    let full = cursor.skip(&["FULL"]);
    cursor.expect_one_of(&["COLUMNS", "FIELDS"])?;
    cursor.expect_one_of(&["FROM", "IN"])?;
    let mut table = cursor.name()?;
    if let Some(database) = cursor.optional_from()? {
        table = ObjectName { catalog: database.database, database: Some(database.name), name: table.name };
    }
    let filter = cursor.like_or_where()?;
    cursor.expect_end()?;
    Ok(Box::new(ShowColumns { full, table, filter }))
}

#[async_trait]
impl Statement for ShowColumns {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let columns = columns_of(session, &self.table)?;
        let mut table = if self.full {
            ShowTable::new(&["Field", "Type", "Collation", "Null", "Key", "Default", "Extra", "Privileges", "Comment"])
        } else {
            ShowTable::new(&["Field", "Type", "Null", "Key", "Default", "Extra"])
        };
        for Described { column, key } in columns {
            let null = if column.nullable { "YES" } else { "NO" };
            let key = if key { "YES" } else { "NO" };
            let default = Cell::from(default_text(&column));
            table.push(if self.full {
                let collation = if column.ty.is_text() { Cell::from("utf8_general_ci") } else { Cell::Null };
                vec![
                    column.name.into(),
                    column.ty.to_string().into(),
                    collation,
                    null.into(),
                    key.into(),
                    default,
                    "".into(),
                    "".into(),
                    column.comment.into(),
                ]
            } else {
                vec![column.name.into(), column.ty.to_string().into(), null.into(), key.into(), default, "".into()]
            });
        }
        table.reply(session, &self.filter, 0)
    }
}

/// A column as DESC and SHOW COLUMNS show it.
pub(super) struct Described {
    pub(super) column: Column,
    pub(super) key: bool,
}

/// The columns of a table, view, materialized view or system table.
///
/// # Errors
/// `UnknownTable` and the like.
pub(super) fn columns_of(session: &Session, name: &ObjectName) -> Result<Vec<Described>> {
    let (database, table) = session.resolve(name)?;
    if database.eq_ignore_ascii_case(INFORMATION_SCHEMA) {
        return system_columns(session, &table);
    }
    let snapshot = session.snapshot();
    let table = snapshot.table(&database, &table)?;
    let keys = table.meta.layout().map(|l| l.key_columns.clone()).unwrap_or_default();
    let columns = table.meta.columns.iter();
    Ok(columns.map(|c| Described { column: c.clone(), key: keys.contains(&c.id) }).collect())
}

fn system_columns(session: &Session, name: &str) -> Result<Vec<Described>> {
    let tables = session.server.engine.system_tables();
    let table = tables.iter().find(|t| t.name().eq_ignore_ascii_case(name)).ok_or_else(|| {
        Error::new(ErrorKind::UnknownTable, format!("Table '{INFORMATION_SCHEMA}.{name}' doesn't exist"))
    })?;
    let schema = table.schema();
    let column = |field: &datafusion::arrow::datatypes::FieldRef| Described {
        column: Column {
            id: base::ids::ColumnId(0),
            name: field.metadata().get(storage::schema::DISPLAY_NAME).unwrap_or(field.name()).clone(),
            ty: storage::schema::sql_type(field).unwrap_or(SqlType::Varchar(1)),
            nullable: true,
            default: None,
            comment: String::new(),
        },
        key: false,
    };
    Ok(schema.fields().iter().map(column).collect())
}
