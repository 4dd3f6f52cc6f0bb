//! Compute nodes and the front end that knows them.
//!
//! ```text
//!   compute node ── report: who I am, how I am ──▶ front end: Membership ──▶ queries are spread over serving nodes
//!                ◀── orders: your id, the store ──                     └──▶ SHOW COMPUTE NODES
//! ```
//! A Stream Load runs on a node and is committed by the front end. A node reports several times a second; one that stays silent is lost, and whatever it worked on fails or is repeated.
//! Reports are JSON over HTTP on the front end's `rpc_port`; parts of queries are gRPC on the node's.

pub(crate) mod compute_node;
mod load_service;
pub(crate) mod membership;
pub(crate) mod protocol;
mod remote_front;
pub(crate) mod reports;
