//! What compute nodes and the front end tell each other.

use base::clock::UnixMs;
use base::ids::NodeId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) const REPORT_PATH: &str = "/cluster/report";
/// How often a node reports.
pub(crate) const REPORT_EVERY: Duration = Duration::from_millis(250);
/// A node that has been silent for so long is lost: several reports did not come.
pub(crate) const SILENCE_MAX: Duration = Duration::from_millis(1500);
/// Nodes and front end must be the same program: plans travel between them.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a compute node says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Report {
    /// Differs from run to run of the program.
    pub(crate) process: String,
    /// The name under which others reach it; `None`: the address its reports come from.
    pub(crate) host: Option<String>,
    pub(crate) rpc_port: u16,
    pub(crate) http_port: u16,
    pub(crate) version: String,
    pub(crate) started_ms: UnixMs,
    pub(crate) cores: usize,
    pub(crate) memory_limit_bytes: u64,
    pub(crate) memory_used_bytes: u64,
    /// False until it has opened the store, and again once it is stopping.
    pub(crate) serves: bool,
}

/// The front end's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Orders {
    pub(crate) node: NodeId,
    pub(crate) store: StoreAccess,
    /// The node was dropped from the cluster and has to stop.
    pub(crate) leave: bool,
}

/// Where all nodes find the data. Secrets travel here, so ports of the cluster belong on a network of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum StoreAccess {
    /// A directory that every node sees under this path.
    Directory(PathBuf),
    /// Configuration keys of a bucket.
    Bucket(BTreeMap<String, String>),
}
