//! The bytes of native tables: immutable Parquet files on the shared store.
//!
//! ```text
//!   rows ─▶ write::TableWriter ─ route to partition ─ sort ─ encode ─▶ files ─▶ catalog commit
//!   files of a snapshot ─▶ read::fetch and decode / the engine's scan
//!   background: compact (many small files → few), gc (files no version needs)
//! ```
//! [`layout`] is the only place that knows paths; [`schema`] the only one that maps SQL types to Arrow.

pub mod compact;
pub mod gc;
pub mod layout;
pub mod read;
pub mod schema;
#[cfg(test)]
mod tests;
pub mod write;

pub use write::{TableWriter, WriteOptions, WrittenFiles};
