//! CREATE DATABASE and CREATE SCHEMA.
//! Test: sql-tests/statement/create_database.test

use super::definition_target::{check_writable, database_name};
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::ids::DbId;
use base::{Error, ErrorKind, Result};
use catalog::Database;
use catalog::change::Change;
use sql::{Cursor, ObjectName};
use std::collections::BTreeMap;

pub(super) const KIND: StatementKind =
    StatementKind { heads: &[&["CREATE", "DATABASE"], &["CREATE", "SCHEMA"]], parse };

/// The only place that holds data.
const STORAGE_VOLUME: &str = "builtin_storage_volume";

struct CreateDatabase {
    name: ObjectName,
    if_not_exists: bool,
    charset: Vec<String>,
    properties: Vec<(String, String)>,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    cursor.expect(&["CREATE"])?;
    cursor.expect_one_of(&["DATABASE", "SCHEMA"])?;
    let if_not_exists = cursor.if_not_exists();
    let name = cursor.name()?;
    let charset = charset(cursor)?;
    let properties = cursor.optional_properties()?;
    cursor.expect_end()?;
    Ok(Box::new(CreateDatabase { name, if_not_exists, charset, properties }))
}

/// `[DEFAULT] {CHARACTER SET | CHARSET | COLLATE} [=] name`, any number of times: the names.
pub(super) fn charset(cursor: &mut Cursor<'_>) -> Result<Vec<String>> {
    let mut names = Vec::new();
    loop {
        let start = cursor.mark();
        cursor.skip(&["DEFAULT"]);
        if !cursor.skip(&["CHARACTER", "SET"]) && !cursor.skip(&["CHARSET"]) && !cursor.skip(&["COLLATE"]) {
            cursor.rewind(start);
            return Ok(names);
        }
        cursor.skip(&["="]);
        names.push(cursor.identifier()?);
    }
}

/// All text is UTF-8: another character set cannot be had, and the client should know.
pub(super) fn note_charset(session: &mut Session, names: &[String]) {
    for name in names.iter().filter(|n| !n.to_lowercase().starts_with("utf8")) {
        session.note_without_effect(format_args!("character set or collation {name} (all text is UTF-8)"));
    }
}

/// Checks the properties of a database.
///
/// # Errors
/// `Invalid` for those that do not exist or ask for another storage volume.
pub(super) fn check_properties(pairs: Vec<(String, String)>) -> Result<BTreeMap<String, String>> {
    for (key, value) in &pairs {
        match key.as_str() {
            "storage_volume" if value == STORAGE_VOLUME => {}
            "storage_volume" => {
                let message = format!("there is only one storage volume, {STORAGE_VOLUME}");
                return Err(Error::invalid(message).with("storage_volume", value));
            }
            _ => return Err(Error::invalid(format!("Unknown properties: {{{key}={value}}}"))),
        }
    }
    Ok(pairs.into_iter().collect())
}

#[async_trait]
impl Statement for CreateDatabase {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let name = database_name(self.name)?;
        check_writable(&name)?;
        base::names::check_database(&name)?;
        let properties = check_properties(self.properties)?;
        let if_not_exists = self.if_not_exists;
        let created = session.server.catalog.commit(move |draft| {
            if draft.state().database(&name).is_ok() {
                if if_not_exists {
                    return Ok(());
                }
                let message = format!("Can't create database '{name}'; database exists");
                return Err(Error::new(ErrorKind::DatabaseExists, message));
            }
            let id = DbId(draft.new_id());
            let created_ms = draft.now_ms();
            draft.apply(Change::PutDatabase(Database { id, name, properties, created_ms }))
        });
        created.await?;
        note_charset(session, &self.charset);
        Ok(Reply::done())
    }
}
