//! A materialized view's definition and the state of its freshness.

use base::clock::UnixMs;
use base::ids::{ColumnId, TableId, TaskId, Version};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MvDefinition {
    /// The SELECT as the user wrote it.
    pub query: String,
    /// The database that bare names in the query belong to.
    pub database: String,
    pub refresh: Refresh,
    /// What the query reads, after expanding views.
    pub bases: Vec<Base>,
    /// It asks for the date or time, so its rows change while the base tables do not.
    pub time_dependent: bool,
    /// `'user'@'host'`.
    pub creator: String,
    pub task: TaskId,
}

/// A table, view or materialized view that a definition reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    pub table: TableId,
    pub database: String,
    pub name: String,
    /// The columns in use, so that dropping another one does no harm.
    pub columns: Vec<ColumnId>,
    /// For a view: its query when the definition was analysed.
    pub view_query: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refresh {
    /// Whether creation starts the first refresh.
    pub immediate: bool,
    pub scheme: RefreshScheme,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefreshScheme {
    Manual,
    /// After each commit on a base table.
    OnChange,
    /// At `start + n * every`.
    Every {
        start_ms: UnixMs,
        every_ms: i64,
        start_text: Option<String>,
        count: u64,
        unit: String,
    },
}

/// Changes with every refresh and status statement.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MvState {
    /// Empty while the view is active.
    pub inactive_reason: Option<String>,
    /// A user said INACTIVE: only a user can say ACTIVE.
    pub inactive_by_user: bool,
    /// Scheduling and triggering stop; the view stays active.
    pub paused: bool,
    /// Each base's `data_version` that the rows reflect.
    pub cut: BTreeMap<TableId, Version>,
    /// When the newest base data that the rows reflect was committed.
    pub cut_time_ms: Option<UnixMs>,
    /// Start of the last complete refresh, also one that found nothing to do.
    pub fresh_at_ms: Option<UnixMs>,
    pub failures_in_a_row: u32,
}

impl MvState {
    pub fn is_active(&self) -> bool {
        self.inactive_reason.is_none()
    }
}
