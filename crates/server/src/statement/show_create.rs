//! SHOW CREATE TABLE, VIEW, MATERIALIZED VIEW, DATABASE: the statement that makes what is there.
//!
//! SHOW CREATE TABLE also takes views, as clients expect; the columns of the answer tell which kind it is.
//! Test: sql-tests/statement/show_create_table.test, sql-tests/statement/create_view.test, sql-tests/mv/create.test

mod text;

use super::definition_target::database_name;
use super::rows::ShowTable;
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::names::INFORMATION_SCHEMA;
use base::{Error, ErrorKind, Result};
use catalog::{Object, State, Table};
use sql::{Cursor, ObjectName, quote};

pub(super) const KIND: StatementKind = StatementKind {
    heads: &[
        &["SHOW", "CREATE", "TABLE"],
        &["SHOW", "CREATE", "VIEW"],
        &["SHOW", "CREATE", "MATERIALIZED", "VIEW"],
        &["SHOW", "CREATE", "DATABASE"],
        &["SHOW", "CREATE", "SCHEMA"],
    ],
    parse,
};

/// What views tell of the session that made them; all text is UTF-8.
const CHARACTER_SET: &str = "utf8";
const COLLATION: &str = "utf8_general_ci";

enum ShowCreate {
    Database { name: ObjectName, if_not_exists: bool },
    Object { name: ObjectName, wanted: Wanted },
}

/// The kind of object that the statement names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Table,
    View,
    MaterializedView,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    cursor.expect(&["SHOW", "CREATE"])?;
    let statement = if cursor.skip_one_of(&["DATABASE", "SCHEMA"]).is_some() {
        let if_not_exists = cursor.if_not_exists();
        ShowCreate::Database { name: cursor.name()?, if_not_exists }
    } else {
        let wanted = if cursor.skip(&["MATERIALIZED", "VIEW"]) {
            Wanted::MaterializedView
        } else if cursor.skip(&["VIEW"]) {
            Wanted::View
        } else {
            cursor.expect(&["TABLE"])?;
            Wanted::Table
        };
        ShowCreate::Object { name: cursor.name()?, wanted }
    };
    cursor.expect_end()?;
    Ok(Box::new(statement))
}

#[async_trait]
impl Statement for ShowCreate {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        match *self {
            ShowCreate::Database { name, if_not_exists } => database(session, name, if_not_exists),
            ShowCreate::Object { name, wanted } => {
                let (database, table) = session.resolve(&name)?;
                if database.eq_ignore_ascii_case(INFORMATION_SCHEMA) {
                    return system_table(session, &table);
                }
                let snapshot = session.snapshot();
                let found = snapshot.table(&database, &table)?;
                check_kind(&snapshot, found, wanted)?;
                object(found)
            }
        }
    }
}

/// The statement that makes a materialized view; empty for other tables.
pub(crate) fn materialized_view_text(table: &Table) -> String {
    match &table.meta.object {
        Object::MaterializedView { layout, definition } => text::materialized_view(table, layout, definition),
        _ => String::new(),
    }
}

fn database(session: &Session, name: ObjectName, if_not_exists: bool) -> Result<Reply> {
    let name = database_name(name)?;
    let mut table = ShowTable::new(&["Database", "Create Database"]);
    let condition = if if_not_exists { "IF NOT EXISTS " } else { "" };
    if name.eq_ignore_ascii_case(INFORMATION_SCHEMA) {
        let text = format!("CREATE DATABASE {condition}{}", quote::identifier(INFORMATION_SCHEMA));
        table.push(vec![INFORMATION_SCHEMA.into(), text.into()]);
        return table.all();
    }
    let snapshot = session.snapshot();
    let database = snapshot.database(&name)?;
    let mut text = format!("CREATE DATABASE {condition}{}", quote::identifier(&database.name));
    if !database.properties.is_empty() {
        text.push('\n');
        text.push_str(&text::properties(&database.properties));
    }
    table.push(vec![database.name.as_str().into(), text.into()]);
    table.all()
}

fn check_kind(state: &State, found: &Table, wanted: Wanted) -> Result<()> {
    let fits = match wanted {
        Wanted::Table => true,
        Wanted::View => found.meta.is_view(),
        Wanted::MaterializedView => found.meta.materialized().is_some(),
    };
    if fits {
        return Ok(());
    }
    let (name, kind) = (state.full_name(found), found.meta.kind_name());
    let message = format!("'{name}' is a {kind}, use SHOW CREATE {}", kind.to_uppercase());
    Err(Error::new(ErrorKind::WrongObject, message))
}

fn object(found: &Table) -> Result<Reply> {
    let name = found.meta.name.as_str();
    let mut table;
    match &found.meta.object {
        Object::Table(layout) => {
            table = ShowTable::new(&["Table", "Create Table"]);
            table.push(vec![name.into(), text::table(found, layout).into()]);
        }
        Object::View { query, database } => {
            table = ShowTable::new(&["View", "Create View", "character_set_client", "collation_connection"]);
            let text = text::view(&found.meta, query, database);
            table.push(vec![name.into(), text.into(), CHARACTER_SET.into(), COLLATION.into()]);
        }
        Object::MaterializedView { .. } => {
            table = ShowTable::new(&["Materialized View", "Create Materialized View"]);
            table.push(vec![name.into(), materialized_view_text(found).into()]);
        }
    }
    table.all()
}

fn system_table(session: &Session, name: &str) -> Result<Reply> {
    let tables = session.server.engine.system_tables();
    let found = tables.iter().find(|t| t.name().eq_ignore_ascii_case(name)).ok_or_else(|| {
        Error::new(ErrorKind::UnknownTable, format!("Table '{INFORMATION_SCHEMA}.{name}' doesn't exist"))
    })?;
    let mut table = ShowTable::new(&["Table", "Create Table"]);
    table.push(vec![found.name().into(), text::system_table(found.name(), &found.schema()).into()]);
    table.all()
}
