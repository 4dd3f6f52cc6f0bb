//! From syntax trees to something that runs.

pub mod explain;
pub mod expression;
pub(crate) mod failure_wire;
pub mod query;
mod scalar_subquery;
