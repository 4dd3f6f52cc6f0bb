//! Compute nodes and the front end that knows them.
//!
//! ```text
//!   compute node ── report: who I am, how I am ──▶ front end: Membership ──▶ queries are spread over serving nodes
//!                ◀── orders: your id, the store ──                     └──▶ SHOW COMPUTE NODES
//! ```
//! A node reports several times a second; one that stays silent is lost, and whatever it worked on fails or is repeated.
//! Reports are JSON over HTTP on the front end's `rpc_port`; parts of queries are gRPC on the node's.

pub(crate) mod compute_node;
pub(crate) mod membership;
pub(crate) mod protocol;
pub(crate) mod reports;
