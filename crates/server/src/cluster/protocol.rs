//! What compute nodes and the front end tell each other.

use base::Error;
use base::clock::UnixMs;
use base::ids::{DbId, NodeId, WriterId};
use base::session_variable::SessionVariables;
use catalog::load::LoadCounts;
use catalog::{NewFile, Table};
use load::stream_load::Begun;
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

pub(crate) const LOAD_PATH: &str = "/cluster/load";

/// A Stream Load that a node wants to run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LoadOpening {
    pub(crate) node: NodeId,
    pub(crate) database: String,
    pub(crate) table: String,
    pub(crate) label: String,
    /// As the client sent it.
    pub(crate) authorization: Option<String>,
}

/// A line of the answer, which stays open while the load runs.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum LoadLine {
    Begun(Box<Ticket>),
    Refused { error: Error, running: Option<bool> },
    Cancelled(Error),
}

/// What a node needs to write.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ticket {
    pub(crate) txn: u64,
    pub(crate) user: String,
    /// Session variables that are not at their defaults.
    pub(crate) variables: Vec<(String, String)>,
    /// Without files.
    pub(crate) table: Table,
    pub(crate) writer: WriterId,
    pub(crate) now_us: i64,
}

/// How a load ended.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum LoadEnd {
    Commit { db: DbId, label: String, files: Vec<NewFile>, counts: LoadCounts, tracking_url: Option<String> },
    Fail { error: Error, counts: LoadCounts, tracking_url: Option<String> },
}

impl Ticket {
    pub(crate) fn of(begun: &Begun) -> Self {
        let variables = begun.variables.iter().filter(|(variable, value)| variable.default != *value);
        Ticket {
            txn: begun.txn,
            user: begun.user.clone(),
            variables: variables.map(|(variable, value)| (variable.name.to_string(), value.to_string())).collect(),
            table: begun.table.without_files(),
            writer: begun.writer,
            now_us: begun.now_us,
        }
    }
}

/// Session variables that were told by their values; facts of the other process are not among them.
pub(crate) fn variables(told: Vec<(String, String)>) -> SessionVariables {
    let mut variables = SessionVariables::default();
    for (name, value) in told {
        // What cannot be set is a fact.
        let _ = variables.set(&name, &value);
    }
    variables
}
