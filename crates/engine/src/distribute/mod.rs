//! Queries over several compute nodes.
//!
//! ```text
//!   physical plan ─ placement ─▶ reads little ──────────────────────────▶ runs here
//!                       └──────▶ stages, a task a node ─ codec, channels ─▶ worker ─ rows ─▶ here
//! ```
//! The library `datafusion-distributed` cuts plans into stages and moves rows between them; how it is used is known in this
//! folder only. What it does not do is done here: deleted rows, field ids and defaults travel with scans ([`codec`]), the
//! session's settings travel too ([`settings`]), a plan that would lose something is not sent ([`portable`]), and a node
//! that is lost makes the query fail at once, and be repeated if no row was sent yet ([`lost`]).

mod channels;
mod cluster;
mod codec;
mod display;
mod lost;
mod placement;
mod portable;
mod route;
mod settings;
mod single_task;
#[cfg(test)]
mod tests;
mod worker;

pub(crate) use cluster::Cluster;
pub(crate) use display::{stages, with_metrics};
pub(crate) use lost::{lost_node, node_lost};
pub(crate) use placement::Placement;
pub(crate) use route::Route;
pub use worker::QueryWorker;

use futures::future::BoxFuture;
use std::fmt::Debug;
use std::sync::Arc;
pub use url::Url;

/// A node that takes parts of queries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComputeNode {
    /// `http://host:port` of its rows' port.
    pub url: Url,
    pub cores: usize,
}

/// Who computes, as the front end knows it now.
pub trait ComputeNodes: Debug + Send + Sync {
    /// Nodes that are alive and take work, always in the same order.
    fn serving(&self) -> Vec<ComputeNode>;

    /// Resolves as soon as one of these nodes is no longer alive, with its URL.
    fn lost(&self, nodes: Vec<Url>) -> BoxFuture<'static, Url>;

    /// A connection to the node failed: no work goes there until it reports again.
    fn suspect(&self, node: &Url);
}

/// How queries are spread.
#[derive(Debug, Clone)]
pub struct Distribution {
    pub nodes: Arc<dyn ComputeNodes>,
    /// Shared by all nodes of the cluster; empty: nodes do not check who asks.
    pub token: String,
    /// Queries that read fewer stored bytes run where they were planned.
    pub bytes_min: usize,
    /// Stored bytes that one thread reads at the least.
    pub bytes_per_partition: usize,
}
