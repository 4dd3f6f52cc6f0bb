//! Compute nodes that belong to the cluster, alive or not: what must be known of them after a restart.

use base::clock::UnixMs;
use base::ids::NodeId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A compute node by the address under which others reach it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    pub id: NodeId,
    pub host: String,
    pub rpc_port: u16,
    pub added_ms: UnixMs,
}

impl Node {
    pub fn is_at(&self, host: &str, rpc_port: u16) -> bool {
        self.host == host && self.rpc_port == rpc_port
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.rpc_port)
    }
}
