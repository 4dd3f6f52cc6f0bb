//! One consistent version of all metadata, immutable and shared.

use crate::model::database::Database;
use crate::model::load::Load;
use crate::model::node::Node;
use crate::model::table::Table;
use crate::model::task::{Task, TaskRun};
use base::clock::UnixMs;
use base::ids::{DbId, NodeId, TableId, TaskId, TxnId};
use base::{Error, ErrorKind, Result};
use imbl::{OrdMap, OrdSet, Vector};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A state that a reader holds; its files are kept while it does.
pub type Snapshot = Arc<State>;

/// Everything that is committed. Cloning shares structure.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// The journal record that made this state.
    pub seq: u64,
    /// The leader that wrote it.
    pub epoch: u64,
    pub(crate) next_id: u64,
    pub(crate) next_txn: u64,
    pub(crate) databases: OrdMap<DbId, Arc<Database>>,
    pub(crate) database_names: OrdMap<String, DbId>,
    pub(crate) tables: OrdMap<TableId, Arc<Table>>,
    pub(crate) table_names: OrdMap<(DbId, String), TableId>,
    pub(crate) loads: OrdMap<TxnId, Arc<Load>>,
    pub(crate) labels: OrdMap<(DbId, String), TxnId>,
    pub(crate) tasks: OrdMap<TaskId, Arc<Task>>,
    pub(crate) task_runs: OrdMap<u64, Arc<TaskRun>>,
    pub(crate) runs_by_mv: OrdSet<(TableId, u64)>,
    /// Runs that wait or work.
    pub(crate) unfinished_runs: OrdSet<u64>,
    pub(crate) nodes: OrdMap<NodeId, Arc<Node>>,
    pub(crate) garbage: Vector<Garbage>,
    /// Records with which leaders began, oldest first; see [`crate::journal`].
    pub(crate) leads: Vector<u64>,
    /// The newest failed load of each label.
    pub(crate) failed_labels: OrdMap<(DbId, String), TxnId>,
}

/// A lead is needed while the leader before it may still live. Nobody knows for how long that is, so many are kept, and
/// a leader that was idle looks for itself whether it was displaced by more leaders than these.
const LEADS_MAX: usize = 1_000;

/// A file that no table uses since a record; deleted once no reader can need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Garbage {
    pub path: String,
    pub since_seq: u64,
}

impl State {
    /// # Errors
    /// `UnknownDatabase`.
    pub fn database(&self, name: &str) -> Result<&Arc<Database>> {
        let found = self.database_names.get(name).and_then(|id| self.databases.get(id));
        found.ok_or_else(|| Error::new(ErrorKind::UnknownDatabase, format!("Unknown database '{name}'")))
    }

    pub fn database_by_id(&self, id: DbId) -> Option<&Arc<Database>> {
        self.databases.get(&id)
    }

    /// By name.
    pub fn databases(&self) -> impl Iterator<Item = &Arc<Database>> {
        self.database_names.values().filter_map(|id| self.databases.get(id))
    }

    /// A table, view or materialized view.
    ///
    /// # Errors
    /// `UnknownDatabase`, `UnknownTable`.
    pub fn table(&self, database: &str, name: &str) -> Result<&Arc<Table>> {
        let db = self.database(database)?.id;
        self.find_table(db, name)
            .ok_or_else(|| Error::new(ErrorKind::UnknownTable, format!("Table '{database}.{name}' doesn't exist")))
    }

    pub fn find_table(&self, db: DbId, name: &str) -> Option<&Arc<Table>> {
        self.table_names.get(&(db, name.to_string())).and_then(|id| self.tables.get(id))
    }

    pub fn table_by_id(&self, id: TableId) -> Option<&Arc<Table>> {
        self.tables.get(&id)
    }

    /// Whether the table was there once; false also for one that is yet to be created.
    pub fn was_dropped(&self, id: TableId) -> bool {
        id.0 < self.next_id && !self.tables.contains_key(&id)
    }

    /// Of one database, by name.
    pub fn tables_in(&self, db: DbId) -> impl Iterator<Item = &Arc<Table>> {
        let from = (db, String::new());
        let names = self.table_names.range(from..).take_while(move |((d, _), _)| *d == db);
        names.filter_map(|(_, id)| self.tables.get(id))
    }

    pub fn tables(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.tables.values()
    }

    /// `database.table` for messages.
    pub fn full_name(&self, table: &Table) -> String {
        let database = self.databases.get(&table.meta.db).map_or("?", |d| d.name.as_str());
        format!("{database}.{}", table.meta.name)
    }

    /// The finished load that holds a label.
    pub fn labelled(&self, db: DbId, label: &str) -> Option<&Arc<Load>> {
        self.labels.get(&(db, label.to_string())).and_then(|txn| self.loads.get(txn))
    }

    /// The newest load that failed under a label.
    pub fn failed_load(&self, db: DbId, label: &str) -> Option<&Arc<Load>> {
        self.failed_labels.get(&(db, label.to_string())).and_then(|txn| self.loads.get(txn))
    }

    /// Loads to forget: those that finished before `oldest_ms`, and the oldest of more than `count_max` successful and of
    /// more than `count_max` failed ones. Failed loads hold no label, so however many there are, they cost none.
    pub fn loads_to_forget(&self, count_max: usize, oldest_ms: UnixMs) -> Vec<TxnId> {
        let failures = self.loads.values().filter(|l| l.error.is_some()).count();
        let mut surplus_failed = failures.saturating_sub(count_max);
        let mut surplus = (self.loads.len() - failures).saturating_sub(count_max);
        let forget = |load: &&Arc<Load>| {
            let surplus = if load.error.is_some() { &mut surplus_failed } else { &mut surplus };
            let too_many = *surplus > 0;
            *surplus = surplus.saturating_sub(1);
            too_many || load.finished_ms < oldest_ms
        };
        self.loads.values().filter(forget).map(|l| l.txn).collect()
    }

    /// Finished loads, oldest first.
    pub fn loads(&self) -> impl DoubleEndedIterator<Item = &Arc<Load>> {
        self.loads.values()
    }

    pub fn tasks(&self) -> impl Iterator<Item = &Arc<Task>> {
        self.tasks.values()
    }

    pub fn task(&self, id: TaskId) -> Option<&Arc<Task>> {
        self.tasks.get(&id)
    }

    /// Oldest first.
    pub fn task_runs(&self) -> impl DoubleEndedIterator<Item = &Arc<TaskRun>> {
        self.task_runs.values()
    }

    pub fn task_run(&self, id: u64) -> Option<&Arc<TaskRun>> {
        self.task_runs.get(&id)
    }

    pub fn task_run_count(&self) -> usize {
        self.task_runs.len()
    }

    /// The newest runs of one view first.
    pub fn runs_of(&self, mv: TableId) -> impl Iterator<Item = &Arc<TaskRun>> {
        let ids = self.runs_by_mv.range((mv, 0)..=(mv, u64::MAX)).rev();
        ids.filter_map(|(_, id)| self.task_runs.get(id))
    }

    /// Runs that wait or work, oldest first.
    pub fn unfinished_runs(&self) -> impl Iterator<Item = &Arc<TaskRun>> {
        self.unfinished_runs.iter().filter_map(|id| self.task_runs.get(id))
    }

    /// Compute nodes, in the order in which they joined.
    pub fn nodes(&self) -> impl Iterator<Item = &Arc<Node>> {
        self.nodes.values()
    }

    pub fn garbage(&self) -> impl Iterator<Item = &Garbage> {
        self.garbage.iter()
    }

    /// Every data file that this state needs.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let partitions = self.tables.values().flat_map(|t| t.partitions.values());
        partitions.flat_map(|p| p.files.iter().map(|f| f.path.as_str()))
    }
}

/// A state as a checkpoint stores it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Image {
    seq: u64,
    epoch: u64,
    next_id: u64,
    next_txn: u64,
    databases: Vec<Arc<Database>>,
    tables: Vec<Arc<Table>>,
    loads: Vec<Arc<Load>>,
    tasks: Vec<Arc<Task>>,
    task_runs: Vec<Arc<TaskRun>>,
    #[serde(default)]
    nodes: Vec<Arc<Node>>,
    garbage: Vec<Garbage>,
    #[serde(default)]
    leads: Vector<u64>,
}

impl From<&State> for Image {
    fn from(s: &State) -> Self {
        Image {
            seq: s.seq,
            epoch: s.epoch,
            next_id: s.next_id,
            next_txn: s.next_txn,
            databases: s.databases.values().cloned().collect(),
            tables: s.tables.values().cloned().collect(),
            loads: s.loads.values().cloned().collect(),
            tasks: s.tasks.values().cloned().collect(),
            task_runs: s.task_runs.values().cloned().collect(),
            nodes: s.nodes.values().cloned().collect(),
            garbage: s.garbage.iter().cloned().collect(),
            leads: s.leads.clone(),
        }
    }
}

impl From<Image> for State {
    fn from(image: Image) -> Self {
        let mut s = State {
            seq: image.seq,
            epoch: image.epoch,
            next_id: image.next_id,
            next_txn: image.next_txn,
            garbage: image.garbage.into_iter().collect(),
            leads: image.leads,
            nodes: image.nodes.into_iter().map(|n| (n.id, n)).collect(),
            ..State::default()
        };
        for database in image.databases {
            s.insert_database(database);
        }
        for table in image.tables {
            s.insert_table(table);
        }
        for load in image.loads {
            s.insert_load(load);
        }
        s.tasks = image.tasks.into_iter().map(|t| (t.id, t)).collect();
        for run in image.task_runs {
            s.insert_task_run(run);
        }
        s
    }
}

impl State {
    pub(crate) fn insert_database(&mut self, database: Arc<Database>) {
        self.database_names.insert(database.name.clone(), database.id);
        self.databases.insert(database.id, database);
    }

    pub(crate) fn insert_table(&mut self, table: Arc<Table>) {
        self.table_names.insert((table.meta.db, table.meta.name.clone()), table.meta.id);
        self.tables.insert(table.meta.id, table);
    }

    pub(crate) fn insert_load(&mut self, load: Arc<Load>) {
        let key = (load.db, load.label.clone());
        let labels = if load.error.is_none() { &mut self.labels } else { &mut self.failed_labels };
        labels.insert(key, load.txn);
        self.loads.insert(load.txn, load);
    }

    /// Notes the first record of a new leader.
    pub(crate) fn new_leader(&mut self, seq: u64) {
        self.leads.push_back(seq);
        while self.leads.len() > LEADS_MAX {
            self.leads.pop_front();
        }
    }

    pub(crate) fn insert_task_run(&mut self, run: Arc<TaskRun>) {
        self.runs_by_mv.insert((run.mv, run.id));
        if run.state.is_final() {
            self.unfinished_runs.remove(&run.id);
        } else {
            self.unfinished_runs.insert(run.id);
        }
        self.task_runs.insert(run.id, run);
    }

    pub(crate) fn forget_task_run(&mut self, id: u64) {
        if let Some(run) = self.task_runs.remove(&id) {
            self.runs_by_mv.remove(&(run.mv, id));
            self.unfinished_runs.remove(&id);
        }
    }

    /// Keeps ids of a change from being given out again.
    pub(crate) fn saw_id(&mut self, id: u64) {
        self.next_id = self.next_id.max(id + 1);
    }

    pub(crate) fn discard_file(&mut self, path: &str, since_seq: u64) {
        self.garbage.push_back(Garbage { path: path.to_string(), since_seq });
    }

    /// Milliseconds of the newest commit to any of these tables, for freshness figures.
    pub fn newest_update_ms(&self, tables: impl Iterator<Item = TableId>) -> Option<UnixMs> {
        tables.filter_map(|id| self.tables.get(&id)).map(|t| t.updated_ms).max()
    }
}
