//! What exists and what is committed: databases, tables, partitions, files, labels, tasks.
//!
//! ```text
//!   readers ── snapshot() ──▶ Arc<State>            immutable, shared, pins its files while held
//!   writers ── commit(|draft| …) ──▶ committer ──▶ journal record (durable) ──▶ new State published
//! ```
//! [`Catalog::commit`] is the only way metadata changes. Everything a reader needs to see one consistent version of
//! every table is in one [`State`].

mod active_writes;
pub mod change;
pub mod commit;
pub mod datum;
mod draft;
mod journal;
pub mod load;
pub mod model;
pub mod state;
#[cfg(test)]
mod tests;

pub use active_writes::ActiveWrite;
pub use commit::{Catalog, CatalogOptions};
pub use datum::Datum;
pub use draft::{Draft, NewFile, PartitionTarget, TableWrite, WriteMode};
pub use model::column::{Column, DefaultValue, SqlType};
pub use model::database::Database;
pub use model::materialized_view::{Base, MvDefinition, MvState, Refresh, RefreshScheme};
pub use model::node::Node;
pub use model::partition::{Bounds, ColumnStats, DataFile, Partition, PartitionMeta, Partitioning, TimeUnit};
pub use model::table::{Layout, Object, Table, TableMeta};
pub use model::task::{RunState, Task, TaskRun};
pub use state::{Snapshot, State};
