//! CREATE TABLE … AS: columns from a query, and its rows, in one commit. Called by `create_table.rs`.
//!
//! The rows are written before the table exists, so a failed query leaves nothing behind and nobody sees an empty table.
//! Test: sql-tests/statement/create_table_as_select.test

use super::create_table::columns::check_distinct;
use super::create_table::{NewTable, Target, define};
use crate::reply::{Done, Reply};
use crate::session::Session;
use crate::time_limit::hold;
use base::ids::{ColumnId, DbId, PartitionId, TableId, Version};
use base::{Error, ErrorKind, Result};
use catalog::{
    Bounds, Column, NewFile, Object, Partition, PartitionMeta, PartitionTarget, Table, TableMeta, TableWrite, WriteMode,
};
use engine::write::sources;
use engine::{PlannedQuery, SessionInfo, WritePlan, Written};
use sql::table_clause::TableClauses;
use sql::{Hint, ast};
use std::sync::Arc;
use storage::WriteOptions;

/// The statement's parts that are not its name.
pub(super) struct Definition {
    /// Empty to keep the query's names.
    pub(super) columns: Vec<String>,
    pub(super) query: Box<ast::Query>,
    pub(super) clauses: TableClauses,
}

/// Runs the statement, with the variables that hints set.
pub(super) async fn run(
    session: &mut Session,
    target: Target,
    definition: Definition,
    hints: &[Hint],
) -> Result<Reply> {
    let before = session.variables.clone();
    let result = match super::set::apply_hints(session, hints) {
        Ok(()) => create(session, target, definition).await,
        Err(e) => Err(e),
    };
    session.variables = before;
    result
}

async fn create(session: &mut Session, target: Target, definition: Definition) -> Result<Reply> {
    session.set_state("planning");
    let snapshot = session.snapshot();
    let db = snapshot.database(&target.database)?.id;
    // The limit is for rows that clients read.
    let mut info = SessionInfo::clone(&session.info());
    info.variables.set_default("sql_select_limit")?;
    let planned = session.server.engine.plan(definition.query, snapshot, Arc::new(info)).await?;
    let columns = columns(&planned, &definition.columns)?;
    let table = define(session, &target.name, columns, definition.clauses)?;
    session.set_state("writing");
    let written = write(session, &planned, provisional(&table, db, &target.name)).await?;
    session.set_state("committing");
    let (rows, if_not_exists, catalog) = (written.rows, target.if_not_exists, session.server.catalog.clone());
    let commit = move |files: Vec<NewFile>| async move {
        let committed = catalog.commit(move |draft| {
            if target.exists(draft.state())? {
                return Err(Error::new(ErrorKind::TableExists, "the table was created meanwhile"));
            }
            let db = draft.state().database(&target.database)?.id;
            let (table, partitions) = table.create(draft, db, target.name)?;
            let files = files.into_iter().map(|file| placed(file, &partitions)).collect::<Result<_>>()?;
            draft.write_table(TableWrite { table, files, mode: WriteMode::Append })
        });
        committed.await
    };
    match written.files.commit(commit).await {
        Ok(_) => Ok(Reply::Done(Done { affected_rows: rows, ..Done::default() })),
        Err(e) if if_not_exists && e.kind() == ErrorKind::TableExists => Ok(Reply::done()),
        Err(e) => Err(e),
    }
}

/// The table's columns: the query's types under the query's or the listed names.
///
/// # Errors
/// `ColumnCount`, `DuplicateColumn`; `Unsupported` for types that tables cannot hold.
fn columns(planned: &PlannedQuery, names: &[String]) -> Result<Vec<Column>> {
    let output = planned.columns();
    if !names.is_empty() && names.len() != output.len() {
        let message = format!("the column list has {} names, the query {} columns", names.len(), output.len());
        return Err(Error::new(ErrorKind::ColumnCount, message));
    }
    let column = |(i, output): (usize, &engine::OutputColumn)| {
        let name = names.get(i).unwrap_or(&output.name);
        base::names::check_column(name)?;
        let ty = storage::schema::sql_type(&output.field).ok_or_else(|| {
            let error = Error::unsupported("a column of this type cannot be stored");
            error.with("column", name).with("type", output.field.data_type())
        })?;
        let id = ColumnId(i as u64 + 1);
        // Whether a value can be NULL is a fact about this query, not about rows that come later.
        Ok(Column { id, name: name.clone(), ty, nullable: true, default: None, comment: String::new() })
    };
    let columns: Vec<Column> = output.iter().enumerate().map(column).collect::<Result<_>>()?;
    check_distinct(columns.iter().map(|c| c.name.as_str()))?;
    Ok(columns)
}

/// The table as the writer needs to see it before it exists: ids are given in the commit, so it has id 0, which also
/// stands in the paths of its first files, and its partitions are numbered in their order.
fn provisional(table: &NewTable, db: DbId, name: &str) -> Arc<Table> {
    let version = Version(0);
    let partition = |(i, (name, bounds)): (usize, &(String, Bounds))| {
        let id = PartitionId(i as u64);
        let meta = PartitionMeta { id, name: name.clone(), bounds: bounds.clone() };
        let files = Default::default();
        (id, Arc::new(Partition { meta, data_version: version, phys_version: version, data_time_ms: 0, files }))
    };
    Arc::new(Table {
        meta: Arc::new(TableMeta {
            id: TableId(0),
            db,
            name: name.to_string(),
            comment: String::new(),
            columns: table.columns.clone(),
            next_column_id: table.next_column_id,
            object: Object::Table(table.layout.clone()),
            created_ms: 0,
        }),
        version,
        data_version: version,
        updated_ms: 0,
        partitions: table.partitions.iter().enumerate().map(partition).collect(),
        mv: None,
    })
}

async fn write(session: &Session, planned: &PlannedQuery, table: Arc<Table>) -> Result<Written> {
    let server = &session.server;
    let active = server.catalog.begin_write();
    let plan = WritePlan {
        sources: sources(&table, None, planned.columns().len())?,
        table,
        strict: true,
        options: WriteOptions::default(),
        writer: active.id(),
        now_us: session.info().facts().local_now()?.and_utc().timestamp_micros(),
    };
    hold(session.insert_limit(), server.engine.write(planned, plan, active)).await
}

/// A file of the provisional table in the partition that the table now has.
fn placed(file: NewFile, partitions: &[PartitionId]) -> Result<NewFile> {
    let target = match file.target {
        PartitionTarget::Existing(PartitionId(i)) => {
            let id = usize::try_from(i).ok().and_then(|i| partitions.get(i));
            PartitionTarget::Existing(*id.ok_or_else(|| Error::internal("a new partition is gone").with("index", i))?)
        }
        automatic => automatic,
    };
    Ok(NewFile { target, ..file })
}
