//! Newtypes for numbers that must not be mixed up.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

/// Who writes a file: a leader, and one of its statements, loads or background jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriterId {
    pub epoch: u64,
    pub write: u64,
}

id! {
    DbId;
    /// Of a table, view or materialized view; never reused.
    TableId;
    PartitionId;
    /// Of a column within its table; written into Parquet as the field id; never reused.
    ColumnId;
    /// Of a load, insert or refresh.
    TxnId;
    TaskId;
    /// Of a compute node.
    NodeId;
    /// A table's version; each commit takes it one further.
    Version;
}
