//! Tables as DataFusion sees them.

mod field_id;
pub(crate) mod native_scan;
mod prune;
mod statistics;
pub mod system;
