//! ALTER TABLE: all clauses of a statement in one commit. Only metadata changes: files keep their shape, and rows are read
//! by column id.
//! Test: sql-tests/statement/alter_table.test, sql-tests/statement/alter_table_rename.test, sql-tests/statement/alter_table_partition.test

mod column_type;
mod columns;
mod partitions;
mod rename;

use super::create_table::properties;
use super::definition_target::{Verb, resolve, table};
use super::truncate_table::truncate;
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::ids::TableId;
use base::{Error, ErrorKind, Result};
use catalog::change::Change;
use catalog::{Draft, Layout, Object, Table, TableMeta};
use chrono::NaiveDateTime;
use engine::Engine;
use sql::Cursor;
use sql::alter_table::{AlterTable, AlterTableAction as Action};
use std::sync::Arc;

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["ALTER", "TABLE"]], parse };

struct Alter {
    alter: AlterTable,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    Ok(Box::new(Alter { alter: AlterTable::parse(cursor)? }))
}

#[async_trait]
impl Statement for Alter {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let alter = self.alter;
        let (database, name) = resolve(session, &alter.name)?;
        let (engine, now) = (session.server.engine.clone(), session.info().facts().local_now()?);
        let altered = session.server.catalog.commit(move |draft| {
            let id = table(draft.state(), &database, &name, Verb::Alter)?.meta.id;
            let mut edit = Edit { draft, id, engine, now, notes: Vec::new() };
            for action in alter.actions {
                edit.apply(action)?;
            }
            let notes = edit.notes;
            mv::activation::settle(draft)?;
            Ok(notes)
        });
        let (notes, _) = altered.await?;
        for note in notes {
            session.note_without_effect(note);
        }
        Ok(Reply::done())
    }
}

/// One table's changes in a commit.
struct Edit<'a> {
    draft: &'a mut Draft,
    id: TableId,
    engine: Engine,
    /// The statement's moment in the session's zone.
    now: NaiveDateTime,
    /// Clauses that have no effect, for warnings.
    notes: Vec<String>,
}

impl Edit<'_> {
    fn apply(&mut self, action: Action) -> Result<()> {
        match action {
            Action::Rename(name) => rename::rename(self, &name),
            Action::SwapWith(other) => rename::swap(self, &other),
            Action::RenamePartition { from, to } => partitions::rename(self, &from, to),
            Action::AddPartition(clause) => partitions::add(self, &clause),
            Action::DropPartition(clause) => partitions::drop(self, clause),
            Action::TruncatePartition { names } => {
                let table = self.table()?;
                truncate(self.draft, &table, Some(&names))
            }
            Action::AddColumns { columns, place, rollup: None, properties } => {
                self.job_properties(&properties)?;
                columns::add(self, &columns, place.as_ref())
            }
            Action::DropColumn { name, rollup: None, properties } => {
                self.job_properties(&properties)?;
                columns::drop(self, &name)
            }
            Action::ModifyColumn { column, place, rollup: None, properties } => {
                self.job_properties(&properties)?;
                columns::modify(self, &column, place.as_ref())
            }
            Action::RenameColumn { from, to } => columns::rename(self, &from, to),
            Action::Comment(comment) => self.change(|meta, _| {
                meta.comment = comment;
                Ok(())
            }),
            Action::SetProperties(pairs) => {
                properties::check_set(&pairs, &mut self.notes)?;
                self.change(|_, layout| {
                    layout.properties.extend(pairs);
                    Ok(())
                })
            }
            other => Err(Error::unsupported(why_unsupported(&other))),
        }
    }

    /// The table as it is after the clauses so far.
    fn table(&self) -> Result<Arc<Table>> {
        let found = self.draft.state().table_by_id(self.id).cloned();
        found.ok_or_else(|| Error::new(ErrorKind::Conflict, "the table was dropped meanwhile"))
    }

    /// Changes the definition.
    fn change(&mut self, edit: impl FnOnce(&mut TableMeta, &mut Layout) -> Result<()>) -> Result<()> {
        let mut meta = TableMeta::clone(&self.table()?.meta);
        let Object::Table(mut layout) = meta.object.clone() else {
            return Err(Error::internal("only tables are altered as tables"));
        };
        edit(&mut meta, &mut layout)?;
        meta.object = Object::Table(layout);
        self.draft.apply(Change::PutTable(Arc::new(meta)))
    }

    /// Properties of the job that StarRocks starts for a column change; there is no job here.
    fn job_properties(&mut self, pairs: &[(String, String)]) -> Result<()> {
        for (key, value) in pairs {
            if key != "timeout" {
                return Err(Error::invalid(format!("Unknown properties: {{{key}={value}}}")));
            }
            self.notes.push("property timeout".to_string());
        }
        Ok(())
    }
}

fn why_unsupported(action: &Action) -> &'static str {
    match action {
        Action::AddRollup(_)
        | Action::DropRollup(_)
        | Action::RenameRollup { .. }
        | Action::AddColumns { .. }
        | Action::DropColumn { .. }
        | Action::ModifyColumn { .. } => "rollups are not supported yet, use a materialized view",
        Action::AddIndex(_) | Action::DropIndex(_) => "indexes are not supported yet",
        Action::ReplacePartition { .. } => "temporary partitions are not supported yet, use INSERT OVERWRITE",
        Action::ModifyPartition { .. } => "partitions have no properties of their own",
        Action::Distribute(_) => "the distribution of a table cannot be changed yet",
        Action::OrderBy { .. } => "the order of columns and the sort key cannot be changed yet",
        Action::AddField { .. } | Action::DropField { .. } => "STRUCT columns are not supported yet",
        Action::Compact { .. } => "compaction runs by itself and cannot be started by ALTER TABLE",
        _ => "this clause of ALTER TABLE is not supported yet",
    }
}
