//! Statements: one file each, registered here by the words they begin with.
//!
//! A statement's file has its [`StatementKind`] (first words, parser) and its [`Statement`] (what it does). To add one,
//! write the file, list its kind in [`STATEMENTS`], and write its test below `sql-tests/statement`.

use crate::reply::{Reply, ResultColumn};
use crate::session::Session;
use async_trait::async_trait;
use base::{Error, Result};
use sql::Cursor;

pub mod rows;

mod alter_materialized_view;
mod create_materialized_view;
mod drop_materialized_view;
mod explain;
mod insert;
mod query;
mod refresh_materialized_view;
mod set;
mod transaction;
mod use_database;

/// How a statement is recognised and read.
pub(crate) struct StatementKind {
    /// The words it may begin with; the longest that matches wins.
    pub(crate) heads: &'static [&'static [&'static str]],
    /// Reads the whole statement, its first words included.
    pub(crate) parse: fn(&mut Cursor<'_>) -> Result<Box<dyn Statement>>,
}

/// A statement that was read and can run.
#[async_trait]
pub(crate) trait Statement: Send + Sync {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply>;

    /// The columns of its result without running it; `None` if it has none or they are not known before.
    async fn describe(self: Box<Self>, _session: &mut Session) -> Result<Option<Vec<ResultColumn>>> {
        Ok(None)
    }

    /// Whether `query_timeout` applies.
    fn is_query(&self) -> bool {
        false
    }
}

const STATEMENTS: &[StatementKind] = &[
    alter_materialized_view::KIND,
    create_materialized_view::KIND,
    drop_materialized_view::KIND,
    explain::KIND,
    insert::KIND,
    query::KIND,
    refresh_materialized_view::KIND,
    set::KIND,
    transaction::KIND,
    use_database::KIND,
];

/// Reads one statement.
///
/// # Errors
/// `Parse`, with the nearest known statement when the first words are unknown.
pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    let matching = STATEMENTS
        .iter()
        .flat_map(|kind| kind.heads.iter().map(move |head| (head.len(), kind, *head)))
        .filter(|(_, _, head)| cursor.starts_with(head))
        .max_by_key(|(length, _, _)| *length);
    if let Some((_, kind, _)) = matching {
        return (kind.parse)(cursor);
    }
    if cursor.starts_query() {
        return (query::KIND.parse)(cursor);
    }
    let known: Vec<&[&str]> = STATEMENTS.iter().flat_map(|k| k.heads.iter().copied()).collect();
    let error = cursor.unexpected("a statement");
    Err(match sql::suggest(cursor.source(), &known) {
        Some(suggestion) => Error::parse(format!("{}; did you mean {suggestion}?", error.message())),
        None => error,
    })
}
