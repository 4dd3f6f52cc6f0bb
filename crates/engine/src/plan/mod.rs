//! From syntax trees to something that runs.

pub mod explain;
pub mod expression;
pub mod query;
