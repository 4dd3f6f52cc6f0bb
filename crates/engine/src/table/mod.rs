//! Tables as DataFusion sees them.

pub(crate) mod delete_vector;
pub(crate) mod field_id;
pub(crate) mod native_scan;
pub(crate) mod native_sink;
pub(crate) mod native_source;
mod prune;
mod statistics;
pub mod system;
