//! The things a catalog holds, as plain values; no I/O.

pub mod column;
pub mod database;
pub mod load;
pub mod materialized_view;
pub mod node;
pub mod partition;
pub mod table;
pub mod task;
