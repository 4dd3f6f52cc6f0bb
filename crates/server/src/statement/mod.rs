//! Statements: one file each, registered here by the words they begin with.
//!
//! A statement's file has its [`StatementKind`] (first words, parser) and its [`Statement`] (what it does). To add one,
//! write the file, list its kind in [`STATEMENTS`], and write its test below `sql-tests/statement`.

use crate::reply::{Reply, ResultColumn};
use crate::session::Session;
use async_trait::async_trait;
use base::{Error, Result};
use sql::Cursor;

pub(crate) mod rows;

mod alter_database;
mod alter_materialized_view;
mod alter_system;
mod alter_table;
mod alter_view;
mod cancel_refresh;
mod create_database;
mod create_external_catalog;
mod create_materialized_view;
mod create_table;
mod create_table_as;
mod create_view;
mod definition_target;
mod describe;
mod drop_database;
mod drop_materialized_view;
mod drop_table;
mod drop_view;
mod explain;
mod insert;
mod kill;
mod lock_tables;
mod mv_properties;
mod partition_clause;
mod query;
mod refresh_materialized_view;
mod set;
mod show_catalogs;
mod show_columns;
mod show_compute_nodes;
pub(crate) mod show_create;
mod show_data;
mod show_databases;
mod show_fixed;
mod show_frontend_config;
mod show_frontends;
mod show_grants;
mod show_materialized_views;
pub(crate) mod show_partitions;
mod show_processlist;
mod show_status;
mod show_table_status;
mod show_tables;
mod show_variables;
mod show_warnings;
mod transaction;
mod truncate_table;
mod unsupported;
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

    /// The hints of a query, which may change how long it may take.
    fn hints(&self) -> &[sql::Hint] {
        &[]
    }

    /// Whether `query_timeout` applies.
    fn is_query(&self) -> bool {
        false
    }
}

const STATEMENTS: &[StatementKind] = &[
    alter_database::KIND,
    alter_materialized_view::KIND,
    alter_system::KIND,
    alter_table::KIND,
    alter_view::KIND,
    cancel_refresh::KIND,
    create_database::KIND,
    create_external_catalog::KIND,
    create_materialized_view::KIND,
    create_table::KIND,
    create_view::KIND,
    describe::KIND,
    drop_database::KIND,
    drop_materialized_view::KIND,
    drop_table::KIND,
    drop_view::KIND,
    explain::KIND,
    insert::KIND,
    kill::KIND,
    lock_tables::KIND,
    query::KIND,
    refresh_materialized_view::KIND,
    set::KIND,
    show_catalogs::KIND,
    show_columns::KIND,
    show_compute_nodes::KIND,
    show_create::KIND,
    show_data::KIND,
    show_databases::KIND,
    show_fixed::KIND,
    show_frontend_config::KIND,
    show_frontends::KIND,
    show_grants::KIND,
    show_materialized_views::KIND,
    show_partitions::KIND,
    show_processlist::KIND,
    show_status::KIND,
    show_table_status::KIND,
    show_tables::KIND,
    show_variables::KIND,
    show_warnings::KIND,
    transaction::KIND,
    truncate_table::KIND,
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
    if let Some(refusal) = unsupported::refusal(cursor) {
        return Err(refusal);
    }
    let known: Vec<&[&str]> = STATEMENTS.iter().flat_map(|k| k.heads.iter().copied()).collect();
    let error = cursor.unexpected("a statement");
    Err(match sql::suggest(cursor.source(), &known) {
        // The error may name a word already.
        Some(suggestion) if !error.message().contains("did you mean") => {
            Error::parse(format!("{}; did you mean {suggestion}?", error.message()))
        }
        _ => error,
    })
}
