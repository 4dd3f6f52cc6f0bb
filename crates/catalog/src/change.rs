//! Every mutation of metadata: one variant, one way to apply it. Applying is deterministic, so that replaying the
//! journal gives the same state.

use crate::model::database::Database;
use crate::model::load::Load;
use crate::model::materialized_view::MvState;
use crate::model::node::Node;
use crate::model::partition::{DataFile, Partition, PartitionMeta};
use crate::model::table::{Table, TableMeta};
use crate::model::task::{Task, TaskRun};
use crate::state::State;
use base::clock::UnixMs;
use base::ids::{DbId, NodeId, PartitionId, TableId, TaskId, TxnId, Version};
use base::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::Arc;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Change {
    /// Creates or replaces.
    PutDatabase(Database),
    /// The database must be empty.
    DropDatabase(DbId),
    /// Creates, alters or renames.
    PutTable(Arc<TableMeta>),
    DropTable(TableId),
    AddPartition {
        table: TableId,
        partition: PartitionMeta,
    },
    DropPartition {
        table: TableId,
        partition: PartitionId,
    },
    PutPartition {
        table: TableId,
        partition: PartitionMeta,
    },
    Files {
        table: TableId,
        edits: Vec<FileEdit>,
        rows_changed: bool,
    },
    PutMvState {
        table: TableId,
        state: MvState,
    },
    PutLoad(Load),
    ForgetLoads(Vec<TxnId>),
    PutTask(Task),
    DropTask(TaskId),
    PutTaskRun(TaskRun),
    ForgetTaskRuns(Vec<u64>),
    PutNode(Node),
    DropNode(NodeId),
    /// These files are deleted from the store.
    Collected(Vec<String>),
}

/// Files that come and go in one partition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileEdit {
    pub partition: PartitionId,
    pub add: Vec<DataFile>,
    /// Paths.
    pub remove: Vec<String>,
}

impl State {
    /// Applies one change that belongs to the record `self.seq`, written at `now_ms`.
    ///
    /// # Errors
    /// `Conflict` or `Unknown…` when the change does not fit this state; the state is then half-changed and must be
    /// thrown away.
    pub(crate) fn apply(&mut self, change: &Change, now_ms: UnixMs) -> Result<()> {
        match change {
            Change::PutDatabase(database) => self.put_database(database),
            Change::DropDatabase(id) => self.drop_database(*id),
            Change::PutTable(meta) => self.put_table(meta, now_ms),
            Change::DropTable(id) => self.drop_table(*id),
            Change::AddPartition { table, partition } => {
                self.saw_id(partition.id.0);
                self.edit_table(*table, now_ms, |t, version| {
                    let fresh = Partition {
                        meta: partition.clone(),
                        data_version: version,
                        phys_version: version,
                        data_time_ms: now_ms,
                        files: Default::default(),
                    };
                    t.partitions.insert(partition.id, Arc::new(fresh));
                    Ok(())
                })
            }
            Change::PutPartition { table, partition } => self.edit_table(*table, now_ms, |t, _| {
                let known = t.partitions.get(&partition.id).ok_or_else(|| gone("partition", partition.id.0))?;
                let renamed = Partition { meta: partition.clone(), ..(**known).clone() };
                t.partitions.insert(partition.id, Arc::new(renamed));
                Ok(())
            }),
            Change::DropPartition { table, partition } => self.drop_partition(*table, *partition, now_ms),
            Change::Files { table, edits, rows_changed } => self.edit_files(*table, edits, *rows_changed, now_ms),
            Change::PutMvState { table, state } => {
                let known = self.tables.get(table).ok_or_else(|| gone("table", table.0))?;
                let changed = Table { mv: Some(Arc::new(state.clone())), ..(**known).clone() };
                self.tables.insert(*table, Arc::new(changed));
                Ok(())
            }
            Change::PutLoad(load) => {
                self.next_txn = self.next_txn.max(load.txn.0 + 1);
                self.insert_load(Arc::new(load.clone()));
                Ok(())
            }
            Change::ForgetLoads(txns) => {
                self.forget_loads(txns);
                Ok(())
            }
            Change::PutTask(task) => {
                self.saw_id(task.id.0);
                self.tasks.insert(task.id, Arc::new(task.clone()));
                Ok(())
            }
            Change::DropTask(id) => {
                self.tasks.remove(id);
                Ok(())
            }
            Change::PutTaskRun(run) => {
                self.saw_id(run.id);
                self.insert_task_run(Arc::new(run.clone()));
                Ok(())
            }
            Change::ForgetTaskRuns(ids) => {
                for id in ids {
                    self.forget_task_run(*id);
                }
                Ok(())
            }
            Change::PutNode(node) => {
                self.saw_id(node.id.0);
                self.nodes.insert(node.id, Arc::new(node.clone()));
                Ok(())
            }
            Change::DropNode(id) => {
                self.nodes.remove(id);
                Ok(())
            }
            Change::Collected(paths) => {
                let paths: HashSet<&str> = paths.iter().map(String::as_str).collect();
                self.garbage.retain(|g| !paths.contains(g.path.as_str()));
                Ok(())
            }
        }
    }

    fn put_database(&mut self, database: &Database) -> Result<()> {
        self.saw_id(database.id.0);
        if self.database_names.get(&database.name).is_some_and(|id| *id != database.id) {
            let message = format!("Can't create database '{}'; database exists", database.name);
            return Err(Error::new(ErrorKind::DatabaseExists, message));
        }
        if let Some(old) = self.databases.get(&database.id) {
            self.database_names.remove(&old.name);
        }
        self.insert_database(Arc::new(database.clone()));
        Ok(())
    }

    fn drop_database(&mut self, id: DbId) -> Result<()> {
        let database = self.databases.remove(&id).ok_or_else(|| gone("database", id.0))?;
        self.database_names.remove(&database.name);
        let loads: Vec<TxnId> = self.loads.values().filter(|l| l.db == id).map(|l| l.txn).collect();
        self.forget_loads(&loads);
        Ok(())
    }

    fn put_table(&mut self, meta: &Arc<TableMeta>, now_ms: UnixMs) -> Result<()> {
        self.saw_id(meta.id.0);
        let key = (meta.db, meta.name.clone());
        if self.table_names.get(&key).is_some_and(|id| *id != meta.id) {
            return Err(Error::new(ErrorKind::TableExists, format!("Table '{}' already exists", meta.name)));
        }
        let table = match self.tables.get(&meta.id) {
            Some(known) => {
                self.table_names.remove(&(known.meta.db, known.meta.name.clone()));
                Table { meta: Arc::clone(meta), version: Version(known.version.0 + 1), ..(**known).clone() }
            }
            None => Table {
                meta: Arc::clone(meta),
                version: Version(1),
                data_version: Version(1),
                updated_ms: now_ms,
                partitions: Default::default(),
                mv: meta.materialized().map(|_| Arc::default()),
            },
        };
        self.insert_table(Arc::new(table));
        Ok(())
    }

    fn drop_table(&mut self, id: TableId) -> Result<()> {
        let table = self.tables.remove(&id).ok_or_else(|| gone("table", id.0))?;
        self.table_names.remove(&(table.meta.db, table.meta.name.clone()));
        for file in table.partitions.values().flat_map(|p| p.files.iter()) {
            self.discard_file(&file.path, self.seq);
        }
        Ok(())
    }

    fn drop_partition(&mut self, table: TableId, partition: PartitionId, now_ms: UnixMs) -> Result<()> {
        let mut dropped = None;
        self.edit_table(table, now_ms, |t, version| {
            dropped = t.partitions.remove(&partition);
            t.data_version = version;
            Ok(())
        })?;
        let dropped = dropped.ok_or_else(|| gone("partition", partition.0))?;
        for file in &dropped.files {
            self.discard_file(&file.path, self.seq);
        }
        Ok(())
    }

    fn edit_files(&mut self, table: TableId, edits: &[FileEdit], rows_changed: bool, now_ms: UnixMs) -> Result<()> {
        self.edit_table(table, now_ms, |t, version| {
            for edit in edits {
                let known = t.partitions.get(&edit.partition).ok_or_else(|| gone("partition", edit.partition.0))?;
                let mut partition = (**known).clone();
                if !edit.remove.is_empty() {
                    let removed: HashSet<&str> = edit.remove.iter().map(String::as_str).collect();
                    let before = partition.files.len();
                    partition.files.retain(|f| !removed.contains(f.path.as_str()));
                    if before - partition.files.len() != removed.len() {
                        return Err(Error::new(ErrorKind::Conflict, "a file to be replaced is gone; try again"));
                    }
                }
                partition.files.extend(edit.add.iter().cloned().map(Arc::new));
                partition.phys_version = version;
                if rows_changed {
                    partition.data_version = version;
                    partition.data_time_ms = now_ms;
                }
                t.partitions.insert(edit.partition, Arc::new(partition));
            }
            if rows_changed {
                t.data_version = version;
            }
            Ok(())
        })?;
        for path in edits.iter().flat_map(|e| &e.remove) {
            self.discard_file(path, self.seq);
        }
        Ok(())
    }

    /// Takes a table one version further.
    fn edit_table(
        &mut self,
        id: TableId,
        now_ms: UnixMs,
        edit: impl FnOnce(&mut Table, Version) -> Result<()>,
    ) -> Result<()> {
        let known = self.tables.get(&id).ok_or_else(|| gone("table", id.0))?;
        let mut table = (**known).clone();
        table.version = Version(table.version.0 + 1);
        let version = table.version;
        edit(&mut table, version)?;
        // Compaction and new empty partitions change no rows.
        if table.data_version == version {
            table.updated_ms = now_ms;
        }
        self.tables.insert(id, Arc::new(table));
        Ok(())
    }

    fn forget_loads(&mut self, txns: &[TxnId]) {
        for txn in txns {
            if let Some(load) = self.loads.remove(txn) {
                let key = (load.db, load.label.clone());
                for labels in [&mut self.labels, &mut self.failed_labels] {
                    if labels.get(&key) == Some(txn) {
                        labels.remove(&key);
                    }
                }
            }
        }
    }
}

fn gone(what: &str, id: u64) -> Error {
    Error::new(ErrorKind::Conflict, format!("the {what} was dropped meanwhile")).with("id", id)
}
