//! CREATE TABLE with columns, LIKE another table, or AS a query (`create_table_as.rs`).
//! Test: sql-tests/statement/create_table_clauses.test, sql-tests/statement/create_table_errors.test

pub(super) mod columns;
pub(super) mod layout;
pub(super) mod properties;

use super::definition_target::{self, Verb, resolve};
use super::partition_clause::Named;
use super::{Statement, StatementKind, create_table_as};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::ids::{DbId, PartitionId, TableId};
use base::{Error, ErrorKind, Result};
use catalog::change::Change;
use catalog::{Column, Draft, Layout, Object, PartitionMeta, Partitioning, State, TableMeta};
use columns::Defaults;
use sql::create_table::{CreateTable, CreateTableBody};
use sql::table_clause::{ColumnDef, TableClauses};
use sql::{Cursor, Hint, ObjectName};
use std::sync::Arc;

pub(super) const KIND: StatementKind = StatementKind {
    heads: &[&["CREATE", "TABLE"], &["CREATE", "EXTERNAL", "TABLE"], &["CREATE", "TEMPORARY", "TABLE"]],
    parse,
};

struct Create {
    create: CreateTable,
    hints: Vec<Hint>,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    let create = CreateTable::parse(cursor)?;
    Ok(Box::new(Create { create, hints: cursor.hints().to_vec() }))
}

/// Where a table is to be created.
pub(super) struct Target {
    pub(super) database: String,
    pub(super) name: String,
    pub(super) if_not_exists: bool,
}

#[async_trait]
impl Statement for Create {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let create = self.create;
        if create.external {
            return Err(Error::unsupported("external tables are not supported, use an external catalog"));
        }
        if create.temporary {
            return Err(Error::unsupported("temporary tables are not supported yet"));
        }
        let (database, name) = resolve(session, &create.name)?;
        base::names::check_table(&name)?;
        let target = Target { database, name, if_not_exists: create.if_not_exists };
        if target.exists(&session.snapshot())? {
            return Ok(Reply::done());
        }
        if !self.hints.is_empty() && !matches!(create.body, CreateTableBody::Query { .. }) {
            session.note_without_effect("a hint in CREATE TABLE without a query");
        }
        match create.body {
            CreateTableBody::Columns { columns, indexes } => {
                if let Some(index) = indexes.first() {
                    return Err(Error::unsupported("indexes are not supported yet").with("index", &index.name));
                }
                let table = with_columns(session, &target.name, &columns, create.clauses)?;
                commit(session, target, table).await
            }
            CreateTableBody::Like(source) => {
                let table = like(session, &target, &source, &create.clauses)?;
                commit(session, target, table).await
            }
            CreateTableBody::Query { columns, query, .. } => {
                let definition = create_table_as::Definition { columns, query, clauses: create.clauses };
                create_table_as::run(session, target, definition, &self.hints).await
            }
        }
    }
}

impl Target {
    /// Whether nothing is to be done because IF NOT EXISTS finds something of that name.
    ///
    /// # Errors
    /// `UnknownDatabase`; `TableExists` without IF NOT EXISTS.
    pub(super) fn exists(&self, state: &State) -> Result<bool> {
        let db = state.database(&self.database)?.id;
        match state.find_table(db, &self.name) {
            None => Ok(false),
            Some(_) if self.if_not_exists => Ok(true),
            Some(_) => Err(Error::new(ErrorKind::TableExists, format!("Table '{}' already exists", self.name))),
        }
    }
}

/// A table that a statement defines and that has no ids yet.
pub(super) struct NewTable {
    pub(super) comment: String,
    pub(super) columns: Vec<Column>,
    pub(super) next_column_id: u64,
    pub(super) layout: Layout,
    pub(super) partitions: Vec<Named>,
}

impl NewTable {
    /// Creates the table and its partitions; returns their ids, the partitions' in their order.
    ///
    /// # Errors
    /// `TableExists`.
    pub(super) fn create(self, draft: &mut Draft, db: DbId, name: String) -> Result<(TableId, Vec<PartitionId>)> {
        let table = TableId(draft.new_id());
        draft.apply(Change::PutTable(Arc::new(TableMeta {
            id: table,
            db,
            name,
            comment: self.comment,
            columns: self.columns,
            next_column_id: self.next_column_id,
            object: Object::Table(self.layout),
            created_ms: draft.now_ms(),
        })))?;
        let mut ids = Vec::with_capacity(self.partitions.len());
        for (name, bounds) in self.partitions {
            let id = PartitionId(draft.new_id());
            draft.apply(Change::AddPartition { table, partition: PartitionMeta { id, name, bounds } })?;
            ids.push(id);
        }
        Ok((table, ids))
    }
}

async fn commit(session: &Session, target: Target, table: NewTable) -> Result<Reply> {
    let created = session.server.catalog.commit(move |draft| {
        if target.exists(draft.state())? {
            return Ok(());
        }
        let db = draft.state().database(&target.database)?.id;
        table.create(draft, db, target.name).map(|_| ())
    });
    created.await?;
    Ok(Reply::done())
}

fn with_columns(session: &mut Session, name: &str, defs: &[ColumnDef], clauses: TableClauses) -> Result<NewTable> {
    let now = session.info().facts().local_now()?;
    let columns = columns::define(defs, Defaults { engine: &session.server.engine, now })?;
    define(session, name, columns, clauses)
}

/// A table of these columns, with warnings for clauses that have no effect.
pub(super) fn define(
    session: &mut Session,
    name: &str,
    columns: Vec<Column>,
    clauses: TableClauses,
) -> Result<NewTable> {
    let declared = layout::declare(name, &columns, &clauses)?;
    for note in &declared.notes {
        session.note_without_effect(note);
    }
    Ok(NewTable {
        comment: clauses.comment.map(|c| c.value).unwrap_or_default(),
        next_column_id: columns.len() as u64 + 1,
        columns,
        layout: declared.layout,
        partitions: declared.partitions,
    })
}

/// A table of the same definition, without rows. Partitions that appear with rows are not copied.
fn like(session: &Session, target: &Target, source: &ObjectName, clauses: &TableClauses) -> Result<NewTable> {
    if *clauses != TableClauses::default() {
        return Err(Error::unsupported("CREATE TABLE … LIKE takes no other clauses yet, use ALTER TABLE afterwards"));
    }
    let (database, name) = session.resolve(source)?;
    let snapshot = session.snapshot();
    let source = definition_target::table(&snapshot, &database, &name, Verb::CopyLayout)?;
    let layout = definition_target::layout(&source)?.clone();
    let partitions = match layout.partitioning {
        Partitioning::None => vec![(target.name.clone(), catalog::Bounds::All)],
        Partitioning::DateTrunc { .. } | Partitioning::List { automatic: true, .. } => Vec::new(),
        Partitioning::Range { .. } | Partitioning::List { automatic: false, .. } => {
            source.partitions.values().map(|p| (p.meta.name.clone(), p.meta.bounds.clone())).collect()
        }
    };
    Ok(NewTable {
        comment: source.meta.comment.clone(),
        columns: source.meta.columns.clone(),
        next_column_id: source.meta.next_column_id,
        layout,
        partitions,
    })
}
