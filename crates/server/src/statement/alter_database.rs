//! ALTER DATABASE: RENAME, SET properties, character set.
//! Test: sql-tests/statement/alter_database.test

use super::create_database::{charset, check_properties, note_charset};
use super::definition_target::{check_writable, database_name};
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::{Error, ErrorKind, Result};
use catalog::change::Change;
use catalog::{Database, Draft, MvDefinition, Object, Table, TableMeta};
use sql::{Cursor, ObjectName};
use std::sync::Arc;

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["ALTER", "DATABASE"], &["ALTER", "SCHEMA"]], parse };

struct AlterDatabase {
    name: ObjectName,
    action: Action,
}

enum Action {
    Rename(String),
    SetProperties(Vec<(String, String)>),
    Charset(Vec<String>),
    Quota,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    cursor.expect(&["ALTER"])?;
    cursor.expect_one_of(&["DATABASE", "SCHEMA"])?;
    let name = cursor.name()?;
    let action = if cursor.skip(&["RENAME"]) {
        cursor.skip(&["TO"]);
        Action::Rename(cursor.identifier()?)
    } else if cursor.skip(&["SET"]) {
        if cursor.starts_with(&["("]) {
            Action::SetProperties(cursor.properties()?)
        } else {
            cursor.expect_one_of(&["DATA", "REPLICA"])?;
            cursor.expect(&["QUOTA"])?;
            cursor.rest();
            Action::Quota
        }
    } else {
        let names = charset(cursor)?;
        if names.is_empty() {
            return Err(cursor.unexpected("RENAME, SET (…) or CHARACTER SET"));
        }
        Action::Charset(names)
    };
    cursor.expect_end()?;
    Ok(Box::new(AlterDatabase { name, action }))
}

#[async_trait]
impl Statement for AlterDatabase {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let name = database_name(self.name)?;
        check_writable(&name)?;
        match self.action {
            Action::Rename(new) => {
                check_writable(&new)?;
                base::names::check_database(&new)?;
                session.server.catalog.commit(move |draft| rename(draft, &name, &new)).await?;
            }
            Action::SetProperties(pairs) => {
                let properties = check_properties(pairs)?;
                let altered = session.server.catalog.commit(move |draft| {
                    let mut database = Database::clone(draft.state().database(&name)?);
                    database.properties.extend(properties);
                    draft.apply(Change::PutDatabase(database))
                });
                altered.await?;
            }
            Action::Charset(names) => {
                session.snapshot().database(&name)?;
                note_charset(session, &names);
            }
            Action::Quota => return Err(Error::unsupported("quotas of databases are not supported yet")),
        }
        Ok(Reply::done())
    }
}

fn rename(draft: &mut Draft, old: &str, new: &str) -> Result<()> {
    let database = Arc::clone(draft.state().database(old)?);
    if draft.state().database(new).is_ok() {
        let message = format!("Can't create database '{new}'; database exists");
        return Err(Error::new(ErrorKind::DatabaseExists, message));
    }
    draft.apply(Change::PutDatabase(Database { name: new.to_string(), ..Database::clone(&database) }))?;
    // Bare names in definitions go on meaning tables of this database.
    let moved: Vec<Arc<TableMeta>> = draft.state().tables().filter_map(|t| in_database(t, old, new)).collect();
    for meta in moved {
        draft.apply(Change::PutTable(meta))?;
    }
    mv::activation::settle(draft)
}

/// The definition of a view whose bare names belong to `old`, with `new` instead.
fn in_database(table: &Table, old: &str, new: &str) -> Option<Arc<TableMeta>> {
    let object = match &table.meta.object {
        Object::View { query, database } if database == old => {
            Object::View { query: query.clone(), database: new.to_string() }
        }
        Object::MaterializedView { layout, definition } if definition.database == old => {
            let definition = MvDefinition { database: new.to_string(), ..(**definition).clone() };
            Object::MaterializedView { layout: layout.clone(), definition: Box::new(definition) }
        }
        _ => return None,
    };
    Some(Arc::new(TableMeta { object, ..(*table.meta).clone() }))
}
