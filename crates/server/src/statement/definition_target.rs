//! What a definition statement (CREATE, ALTER, DROP, TRUNCATE) is about: its database and name, and the object found there.
//!
//! Errors for an object of another kind name the statement that would do.

use crate::session::Session;
use base::names::{DEFAULT_CATALOG, INFORMATION_SCHEMA};
use base::{Error, ErrorKind, Result};
use catalog::{Layout, Object, State, Table};
use sql::ObjectName;
use std::sync::Arc;

/// Database and name of the object.
///
/// # Errors
/// `UnknownCatalog`, `NoDatabase`; `Privilege` for `information_schema`, which nobody can change.
pub(super) fn resolve(session: &Session, name: &ObjectName) -> Result<(String, String)> {
    let (database, name) = session.resolve(name)?;
    check_writable(&database)?;
    Ok((database, name))
}

/// The database that a statement about databases names: `d` or `default_catalog.d`.
///
/// # Errors
/// `UnknownCatalog`, `Parse` for a name of three parts.
pub(super) fn database_name(name: ObjectName) -> Result<String> {
    match (name.catalog, name.database) {
        (None, None) => Ok(name.name),
        (None, Some(catalog)) if catalog.eq_ignore_ascii_case(DEFAULT_CATALOG) => Ok(name.name),
        (None, Some(catalog)) => Err(Error::new(ErrorKind::UnknownCatalog, format!("Unknown catalog '{catalog}'"))),
        (Some(_), _) => Err(Error::parse("a database name has at most two parts, catalog and database")),
    }
}

/// # Errors
/// `Privilege` for `information_schema`.
pub(super) fn check_writable(database: &str) -> Result<()> {
    if database.eq_ignore_ascii_case(INFORMATION_SCHEMA) {
        return Err(Error::new(ErrorKind::Privilege, "information_schema belongs to the system and cannot be changed"));
    }
    Ok(())
}

/// What is to be done, as far as messages about objects of the wrong kind differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Alter,
    Drop,
    Truncate,
    /// CREATE TABLE … LIKE.
    CopyLayout,
}

/// The plain table of that name.
///
/// # Errors
/// `UnknownDatabase`, `UnknownTable`; `WrongObject` for views, naming the statement to use instead.
pub(super) fn table(state: &State, database: &str, name: &str, verb: Verb) -> Result<Arc<Table>> {
    let found = state.table(database, name)?;
    match &found.meta.object {
        Object::Table(_) => Ok(Arc::clone(found)),
        _ => Err(other_kind(state, found, verb)),
    }
}

/// The plain view of that name.
///
/// # Errors
/// As [`table`].
pub(super) fn view(state: &State, database: &str, name: &str, verb: Verb) -> Result<Arc<Table>> {
    let found = state.table(database, name)?;
    match &found.meta.object {
        Object::View { .. } => Ok(Arc::clone(found)),
        _ => Err(other_kind(state, found, verb)),
    }
}

fn other_kind(state: &State, found: &Table, verb: Verb) -> Error {
    let (name, kind) = (state.full_name(found), found.meta.kind_name());
    let instead = match verb {
        Verb::Alter => format!("use ALTER {}", kind.to_uppercase()),
        Verb::Drop => format!("use DROP {}", kind.to_uppercase()),
        Verb::Truncate if found.mv.is_some() => "use REFRESH MATERIALIZED VIEW to change its rows".to_string(),
        Verb::Truncate => "it has no rows of its own".to_string(),
        Verb::CopyLayout => "use CREATE TABLE … AS SELECT".to_string(),
    };
    Error::new(ErrorKind::WrongObject, format!("'{name}' is a {kind}, {instead}"))
}

/// How a plain table keeps its rows.
///
/// # Errors
/// `Internal` for views, which [`table`] has refused before.
pub(super) fn layout(table: &Table) -> Result<&Layout> {
    match &table.meta.object {
        Object::Table(layout) => Ok(layout),
        _ => Err(Error::internal("only tables are altered as tables").with("table", &table.meta.name)),
    }
}
