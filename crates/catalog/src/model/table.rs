//! Tables, views and materialized views: definition and, for those with rows, the current version.

use super::column::Column;
use super::materialized_view::{MvDefinition, MvState};
use super::partition::{Partition, Partitioning};
use base::clock::UnixMs;
use base::ids::{ColumnId, DbId, PartitionId, TableId, Version};
use imbl::OrdMap;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a statement defines; changes rarely.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableMeta {
    pub id: TableId,
    pub db: DbId,
    pub name: String,
    pub comment: String,
    pub columns: Vec<Column>,
    /// The id the next added column gets.
    pub next_column_id: u64,
    pub object: Object,
    pub created_ms: UnixMs,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Object {
    Table(Layout),
    /// The query as the user wrote it, and the database its bare names belong to.
    View {
        query: String,
        database: String,
    },
    MaterializedView {
        layout: Layout,
        definition: Box<MvDefinition>,
    },
}

/// How rows are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    pub key_columns: Vec<ColumnId>,
    pub sort_key: Vec<ColumnId>,
    pub partitioning: Partitioning,
    /// `HASH(columns)` as declared; empty is RANDOM.
    pub bucket_columns: Vec<ColumnId>,
    pub buckets: Option<u64>,
    pub properties: BTreeMap<String, String>,
}

/// A table at one version. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    pub meta: Arc<TableMeta>,
    /// Counts every change.
    pub version: Version,
    /// The version that last changed rows.
    pub data_version: Version,
    /// When rows last changed.
    pub updated_ms: UnixMs,
    pub partitions: OrdMap<PartitionId, Arc<Partition>>,
    /// Of a materialized view.
    pub mv: Option<Arc<MvState>>,
}

impl Table {
    pub fn rows(&self) -> u64 {
        self.partitions.values().map(|p| p.rows()).sum()
    }

    pub fn bytes(&self) -> u64 {
        self.partitions.values().map(|p| p.bytes()).sum()
    }

    pub fn partition(&self, name: &str) -> Option<&Arc<Partition>> {
        self.partitions.values().find(|p| p.meta.name == name)
    }
}

impl Table {
    /// The table as a writer elsewhere needs it: definition and partitions.
    pub fn without_files(&self) -> Self {
        let bare = |p: &Arc<Partition>| Arc::new(Partition { files: Default::default(), ..Partition::clone(p) });
        Table { partitions: self.partitions.iter().map(|(id, p)| (*id, bare(p))).collect(), ..self.clone() }
    }
}

impl TableMeta {
    pub fn layout(&self) -> Option<&Layout> {
        match &self.object {
            Object::Table(layout) | Object::MaterializedView { layout, .. } => Some(layout),
            Object::View { .. } => None,
        }
    }

    pub fn materialized(&self) -> Option<&MvDefinition> {
        match &self.object {
            Object::MaterializedView { definition, .. } => Some(definition),
            _ => None,
        }
    }

    pub fn is_view(&self) -> bool {
        matches!(self.object, Object::View { .. })
    }

    pub fn column(&self, id: ColumnId) -> Option<&Column> {
        self.columns.iter().find(|c| c.id == id)
    }

    /// What error messages call it.
    pub fn kind_name(&self) -> &'static str {
        match self.object {
            Object::Table(_) => "table",
            Object::View { .. } => "view",
            Object::MaterializedView { .. } => "materialized view",
        }
    }
}
