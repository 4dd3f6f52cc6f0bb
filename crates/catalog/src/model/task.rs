//! Tasks and their runs: what the scheduler must remember.

use base::clock::UnixMs;
use base::ids::{DbId, TableId, TaskId, Version};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The refresh job of a materialized view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    pub id: TaskId,
    /// `mv-<id>`.
    pub name: String,
    pub db: DbId,
    pub mv: TableId,
    pub created_ms: UnixMs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunState {
    Pending,
    Running,
    Success,
    Failed,
    /// Nothing had changed.
    Skipped,
}

impl RunState {
    pub fn is_final(self) -> bool {
        !matches!(self, RunState::Pending | RunState::Running)
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RunState::Pending => "PENDING",
            RunState::Running => "RUNNING",
            RunState::Success => "SUCCESS",
            RunState::Failed => "FAILED",
            RunState::Skipped => "SKIPPED",
        })
    }
}

/// One execution of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRun {
    /// Orders runs; unique.
    pub id: u64,
    /// What REFRESH MATERIALIZED VIEW returns.
    pub query_id: String,
    pub task: TaskId,
    pub task_name: String,
    pub db: DbId,
    pub database: String,
    pub mv: TableId,
    pub definition: String,
    pub state: RunState,
    pub created_ms: UnixMs,
    pub started_ms: Option<UnixMs>,
    pub finished_ms: Option<UnixMs>,
    pub error_code: i64,
    pub error_message: String,
    /// Asked for with FORCE.
    pub force: bool,
    /// By a user, as opposed to schedule or trigger.
    pub manual: bool,
    pub rows: u64,
    /// Names of the partitions that were written.
    pub partitions: Vec<String>,
    /// Base tables and their partitions that had changed.
    pub base_partitions: Vec<(String, Vec<String>)>,
    /// 0 for the first try.
    pub attempt: u32,
    /// The bases' versions on which a run failed; empty otherwise.
    #[serde(default)]
    pub failed_on: BTreeMap<TableId, Version>,
    /// It failed for a reason that may pass, so it is worth repeating on the same versions.
    #[serde(default)]
    pub retryable: bool,
}
