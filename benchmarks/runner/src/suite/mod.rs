//! What is measured: one file per suite, and the crash table that two of them share.

pub(crate) mod crash;
pub(crate) mod group_by;
pub(crate) mod load;
pub(crate) mod tpch;
