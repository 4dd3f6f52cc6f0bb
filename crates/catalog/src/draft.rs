//! A change set in the making: a private copy of the newest state, edited by one writer inside [`crate::Catalog::commit`].

use crate::Datum;
use crate::change::{Change, FileEdit};
use crate::model::partition::{Bounds, DataFile, PartitionMeta, Partitioning};
use crate::model::table::Table;
use crate::state::State;
use base::clock::UnixMs;
use base::ids::{PartitionId, TableId};
use base::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Sees its own edits through [`Draft::state`].
pub struct Draft {
    pub(crate) state: State,
    pub(crate) changes: Vec<Change>,
    pub(crate) now_ms: UnixMs,
}

impl Draft {
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The commit's time: one instant for everything in it.
    pub fn now_ms(&self) -> UnixMs {
        self.now_ms
    }

    /// An id that was never used for a database, table, partition or task.
    pub fn new_id(&mut self) -> u64 {
        self.state.next_id += 1;
        self.state.next_id - 1
    }

    /// # Errors
    /// As the change does; the whole commit is then abandoned.
    pub fn apply(&mut self, change: Change) -> Result<()> {
        self.state.apply(&change, self.now_ms)?;
        self.changes.push(change);
        Ok(())
    }

    /// Makes written files part of a table, creating automatic partitions as needed.
    ///
    /// # Errors
    /// `Conflict` if the table or a partition was dropped since the files were written.
    pub fn write_table(&mut self, write: TableWrite) -> Result<()> {
        let table = self.table(write.table)?;
        let mut edits: BTreeMap<PartitionId, FileEdit> = BTreeMap::new();
        let edit = |edits: &mut BTreeMap<PartitionId, FileEdit>, id: PartitionId| {
            edits.entry(id).or_insert_with(|| FileEdit { partition: id, add: Vec::new(), remove: Vec::new() });
        };
        match &write.mode {
            WriteMode::Append => {}
            WriteMode::Overwrite => {
                for partition in table.partitions.values() {
                    edit(&mut edits, partition.meta.id);
                }
            }
            WriteMode::OverwritePartitions(ids) => {
                for id in ids {
                    edit(&mut edits, *id);
                }
            }
        }
        for (id, e) in &mut edits {
            let partition = table.partitions.get(id).ok_or_else(|| {
                Error::new(ErrorKind::Conflict, "a partition to be overwritten was dropped meanwhile").with("id", id)
            })?;
            e.remove = partition.files.iter().map(|f| f.path.clone()).collect();
        }
        let mut known = None;
        for new in write.files {
            let id = match new.target {
                PartitionTarget::Existing(id) => id,
                PartitionTarget::Automatic(bounds) => {
                    let known = known.get_or_insert_with(|| KnownPartitions::of(&table));
                    self.automatic_partition(&table, &bounds, known)?
                }
            };
            edit(&mut edits, id);
            if let Some(e) = edits.get_mut(&id) {
                e.add.push(new.file);
            }
        }
        let edits = edits.into_values().filter(|e| !e.add.is_empty() || !e.remove.is_empty()).collect::<Vec<_>>();
        if edits.is_empty() {
            return Ok(());
        }
        self.apply(Change::Files { table: write.table, edits, rows_changed: true })
    }

    fn table(&self, id: TableId) -> Result<Arc<Table>> {
        let found = self.state.table_by_id(id).cloned();
        found.ok_or_else(|| Error::new(ErrorKind::Conflict, "the table was dropped meanwhile").with("id", id))
    }

    /// The partition with these bounds, made if it is not there: two loads may both have seen its first row.
    fn automatic_partition(
        &mut self,
        table: &Table,
        bounds: &Bounds,
        known: &mut KnownPartitions,
    ) -> Result<PartitionId> {
        if let Some(id) = known.by_bounds.get(bounds) {
            return Ok(*id);
        }
        let layout = table.meta.layout().ok_or_else(|| Error::internal("only tables have partitions"))?;
        let name = automatic_name(&layout.partitioning, bounds);
        let taken = |name: &str| known.names.contains(name);
        let name = if taken(&name) {
            // Different values may lose their difference when punctuation is removed.
            (2..).map(|n| format!("{name}_{n}")).find(|n| !taken(n)).expect("an unbounded range has a free number")
        } else {
            name
        };
        let id = PartitionId(self.new_id());
        known.names.insert(name.clone());
        known.by_bounds.insert(bounds.clone(), id);
        let partition = PartitionMeta { id, name, bounds: bounds.clone() };
        self.apply(Change::AddPartition { table: table.meta.id, partition })?;
        Ok(id)
    }
}

/// A table's partitions while a write adds some: a write may have thousands of files.
struct KnownPartitions {
    by_bounds: HashMap<Bounds, PartitionId>,
    names: HashSet<String>,
}

impl KnownPartitions {
    fn of(table: &Table) -> Self {
        let metas = || table.partitions.values().map(|p| &p.meta);
        KnownPartitions {
            by_bounds: metas().map(|m| (m.bounds.clone(), m.id)).collect(),
            names: metas().map(|m| m.name.clone()).collect(),
        }
    }
}

/// Files to be added to a table in one commit.
#[derive(Debug, Clone, PartialEq)]
pub struct TableWrite {
    pub table: TableId,
    pub files: Vec<NewFile>,
    pub mode: WriteMode,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewFile {
    pub target: PartitionTarget,
    pub file: DataFile,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum PartitionTarget {
    Existing(PartitionId),
    /// Created in the commit if it does not exist then.
    Automatic(Bounds),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteMode {
    Append,
    /// The new files replace all rows of the table.
    Overwrite,
    /// The new files replace all rows of these partitions.
    OverwritePartitions(Vec<PartitionId>),
}

/// StarRocks' names: `p20140106`, `p2014010605`, `p201401`, `p2014`, `pBeijing`, `p20220401_Houston`.
fn automatic_name(partitioning: &Partitioning, bounds: &Bounds) -> String {
    match bounds {
        Bounds::Range { lower: Some(lower), .. } => {
            let digits: String = lower.to_string().chars().filter(char::is_ascii_digit).collect();
            let length = match partitioning {
                Partitioning::DateTrunc { unit, .. } => match unit {
                    crate::TimeUnit::Hour => 10,
                    crate::TimeUnit::Day => 8,
                    crate::TimeUnit::Month => 6,
                    crate::TimeUnit::Year => 4,
                },
                _ => digits.len(),
            };
            format!("p{}", &digits[..length.min(digits.len())])
        }
        Bounds::List(tuples) => {
            let part = |v: &Datum| v.to_string().chars().filter(|c| c.is_alphanumeric()).collect::<String>();
            let tuple = tuples.first().map(|t| t.iter().map(part).collect::<Vec<_>>().join("_")).unwrap_or_default();
            format!("p{tuple}")
        }
        _ => "pNULL".to_string(),
    }
}
