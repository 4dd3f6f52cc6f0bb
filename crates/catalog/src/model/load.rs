//! Loads: what is remembered of a Stream Load or INSERT under its label.

use base::clock::UnixMs;
use base::ids::{DbId, TableId, TxnId};
use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoadKind {
    Stream,
    Insert,
}

impl fmt::Display for LoadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LoadKind::Stream => "STREAM LOAD",
            LoadKind::Insert => "INSERT",
        })
    }
}

/// What a load counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadCounts {
    pub rows_loaded: u64,
    pub rows_filtered: u64,
    pub rows_unselected: u64,
    pub bytes: u64,
}

impl LoadCounts {
    pub fn rows_total(&self) -> u64 {
        self.rows_loaded + self.rows_filtered + self.rows_unselected
    }
}

/// A finished load. Only a successful one holds its label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    pub txn: TxnId,
    pub label: String,
    pub kind: LoadKind,
    pub db: DbId,
    pub database: String,
    pub table: TableId,
    pub table_name: String,
    pub user: String,
    /// `None` for success.
    pub error: Option<String>,
    pub counts: LoadCounts,
    pub created_ms: UnixMs,
    pub finished_ms: UnixMs,
    /// Where the rejected rows can be read.
    pub tracking_url: Option<String>,
}
