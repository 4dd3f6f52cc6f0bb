//! The compute nodes as the front end knows them.

use super::protocol::{Orders, Report, SILENCE_MAX, StoreAccess, VERSION};
use base::clock::UnixMs;
use base::ids::NodeId;
use base::{Error, ErrorKind, Result};
use catalog::change::Change;
use catalog::{Catalog, Node};
use engine::distribute::{ComputeNode, ComputeNodes, Url};
use futures::FutureExt;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How often silent nodes are looked for.
const CHECK_EVERY: Duration = Duration::from_millis(100);
/// If this process stood still for longer, silence proves nothing.
const PAUSE_MIN: Duration = Duration::from_millis(500);
/// A node whose connections fail gets no work for so long, even if it goes on reporting.
const SUSPECTED_FOR: Duration = Duration::from_secs(5);

/// Which nodes there are and which of them take work.
pub(crate) struct Membership {
    catalog: Catalog,
    store: StoreAccess,
    heard: Mutex<Heard>,
    /// Loads that were sent on.
    loads: AtomicUsize,
    /// Raised whenever a node may have been lost.
    changed: watch::Sender<()>,
}

/// What nodes have said since this process started.
#[derive(Default)]
struct Heard {
    members: BTreeMap<NodeId, Member>,
    /// Processes that were told to leave.
    dropped: HashSet<String>,
}

struct Member {
    url: Url,
    report: Report,
    at: Instant,
    at_ms: UnixMs,
    alive: bool,
    /// Dropped from the cluster; it ends once its work is done.
    leaves: bool,
    suspected_until: Option<Instant>,
}

/// A node for people.
pub(crate) struct NodeStatus {
    pub(crate) node: Arc<Node>,
    pub(crate) report: Option<Report>,
    pub(crate) last_report_ms: Option<UnixMs>,
    pub(crate) alive: bool,
    /// Why it takes no work; empty if it does.
    pub(crate) reason: String,
}

impl Membership {
    pub(crate) fn start(catalog: Catalog, store: StoreAccess) -> Arc<Self> {
        let membership = Arc::new(Membership {
            catalog,
            store,
            heard: Mutex::default(),
            loads: AtomicUsize::new(0),
            changed: watch::Sender::new(()),
        });
        tokio::spawn(watch_silence(Arc::downgrade(&membership)));
        membership
    }

    /// Takes note of a report that came from `peer`.
    ///
    /// # Errors
    /// `WrongValue` for a node that cannot be reached under the name it gives, `Unavailable` if it cannot be recorded.
    pub(crate) async fn report(&self, report: Report, peer: &str) -> Result<Orders> {
        let host = report.host.clone().unwrap_or_else(|| peer.to_string());
        let url = node_url(&host, report.rpc_port)?;
        let known = self.catalog.snapshot().nodes().find(|n| n.is_at(&host, report.rpc_port)).map(|n| n.id);
        let leave = self.is_leaving(&report.process);
        let node = match known {
            Some(id) => id,
            None if leave => NodeId(0),
            None => self.add(&host, report.rpc_port).await?,
        };
        if !leave {
            self.heard(node, url, report);
        }
        Ok(Orders { node, store: self.store.clone(), leave })
    }

    fn heard(&self, node: NodeId, url: Url, report: Report) {
        let at_ms = self.catalog.clock().now_ms();
        let mut heard = self.heard.lock();
        let before = heard.members.get(&node);
        let same_process = before.is_some_and(|m| m.report.process == report.process);
        if !before.is_some_and(|m| m.alive) || !same_process {
            tracing::info!(%url, serves = report.serves, "a compute node reports");
        }
        let suspected_until = before.filter(|_| same_process).and_then(|m| m.suspected_until);
        let member = Member { url, report, at: Instant::now(), at_ms, alive: true, leaves: false, suspected_until };
        heard.members.insert(node, member);
    }

    /// Whether the process was told to leave; while it finishes its work it is alive.
    fn is_leaving(&self, process: &str) -> bool {
        let mut heard = self.heard.lock();
        for member in heard.members.values_mut().filter(|m| m.leaves && m.report.process == process) {
            member.at = Instant::now();
        }
        heard.dropped.contains(process)
    }

    /// Adds a node that may not have reported yet; one that is there stays.
    pub(crate) async fn add(&self, host: &str, rpc_port: u16) -> Result<NodeId> {
        node_url(host, rpc_port)?;
        let host = host.to_string();
        let added = self.catalog.commit(move |draft| {
            if let Some(known) = draft.state().nodes().find(|n| n.is_at(&host, rpc_port)) {
                return Ok(known.id);
            }
            let node = Node { id: NodeId(draft.new_id()), host, rpc_port, added_ms: draft.now_ms() };
            let id = node.id;
            draft.apply(Change::PutNode(node)).map(|()| id)
        });
        added.await.map(|(id, _)| id)
    }

    /// Takes a node out of the cluster; its process stops once its work is done.
    ///
    /// # Errors
    /// `Invalid` if there is no such node.
    pub(crate) async fn drop_node(&self, host: &str, rpc_port: u16) -> Result<()> {
        let name = host.to_string();
        let dropped = self.catalog.commit(move |draft| {
            let known = draft.state().nodes().find(|n| n.is_at(&name, rpc_port)).map(|n| n.id);
            let id = known.ok_or_else(|| {
                let message = "compute node does not exist, see SHOW COMPUTE NODES";
                Error::invalid(message).with("node", format!("{name}:{rpc_port}"))
            })?;
            draft.apply(Change::DropNode(id)).map(|()| id)
        });
        let (id, _) = dropped.await?;
        let mut heard = self.heard.lock();
        let process = heard.members.get_mut(&id).map(|member| {
            member.leaves = true;
            member.report.process.clone()
        });
        heard.dropped.extend(process);
        Ok(())
    }

    /// Resolves when the node is no longer alive.
    pub(crate) async fn node_lost(&self, node: NodeId) {
        let mut changed = self.changed.subscribe();
        while self.heard.lock().members.get(&node).is_some_and(|m| m.alive) {
            // The sender lives as long as this.
            let _ = changed.changed().await;
        }
    }

    /// Where the next load goes: the nodes that take work, in turn. `host:port` of its HTTP.
    pub(crate) fn load_target(&self) -> Option<(Url, String)> {
        let heard = self.heard.lock();
        let serving: Vec<&Member> = heard.members.values().filter(|m| reason(m).is_empty()).collect();
        let next = self.loads.fetch_add(1, Ordering::Relaxed).checked_rem(serving.len())?;
        let member = serving[next];
        Some((member.url.clone(), format!("{}:{}", member.url.host_str()?, member.report.http_port)))
    }

    /// `host:port` of the HTTP of all nodes that are alive.
    pub(crate) fn http_addresses(&self) -> Vec<String> {
        let heard = self.heard.lock();
        let alive = heard.members.values().filter(|m| m.alive);
        alive.filter_map(|m| Some(format!("{}:{}", m.url.host_str()?, m.report.http_port))).collect()
    }

    /// All nodes of the cluster, in the order in which they joined.
    pub(crate) fn nodes(&self) -> Vec<NodeStatus> {
        let heard = self.heard.lock();
        let status = |node: &Arc<Node>| {
            let member = heard.members.get(&node.id);
            NodeStatus {
                node: Arc::clone(node),
                report: member.map(|m| m.report.clone()),
                last_report_ms: member.map(|m| m.at_ms),
                alive: member.is_some_and(|m| m.alive),
                reason: member.map_or_else(|| "it has not reported since the front end started".to_string(), reason),
            }
        };
        self.catalog.snapshot().nodes().map(status).collect()
    }

    /// Marks nodes that have been silent for too long.
    fn mark_silent(&self, paused: Duration) {
        let mut lost = false;
        let mut heard = self.heard.lock();
        for member in heard.members.values_mut() {
            // Reports that came while this process stood still are not read yet.
            member.at += paused;
            if member.alive && member.at.elapsed() > SILENCE_MAX {
                member.alive = false;
                lost = true;
                tracing::warn!(url = %member.url, "a compute node does not report any more");
            }
        }
        heard.members.retain(|_, member| member.alive || !member.leaves);
        drop(heard);
        if lost {
            self.changed.send_replace(());
        }
    }

    /// Resolves as soon as one of these nodes is no longer alive.
    pub(crate) async fn url_lost(&self, nodes: &[Url]) -> Url {
        let mut changed = self.changed.subscribe();
        loop {
            if let Some(url) = self.first_lost(nodes) {
                return url;
            }
            // The sender lives as long as this.
            let _ = changed.changed().await;
        }
    }

    fn first_lost(&self, nodes: &[Url]) -> Option<Url> {
        let heard = self.heard.lock();
        let alive: HashSet<&Url> = heard.members.values().filter(|m| m.alive).map(|m| &m.url).collect();
        nodes.iter().find(|url| !alive.contains(url)).cloned()
    }
}

/// Why a node takes no work.
fn reason(member: &Member) -> String {
    if !member.alive {
        return format!("no report for more than {} ms", SILENCE_MAX.as_millis());
    }
    if member.leaves {
        return "it was dropped from the cluster".to_string();
    }
    if member.report.version != VERSION {
        return format!("it runs version {}, the front end {VERSION}", member.report.version);
    }
    if !member.report.serves {
        return "it is starting or stopping".to_string();
    }
    if member.suspected_until.is_some_and(|until| until > Instant::now()) {
        return "connections to it failed a moment ago".to_string();
    }
    String::new()
}

impl ComputeNodes for MembershipHandle {
    fn serving(&self) -> Vec<ComputeNode> {
        let heard = self.0.heard.lock();
        let serving = heard.members.values().filter(|m| reason(m).is_empty());
        serving.map(|m| ComputeNode { url: m.url.clone(), cores: m.report.cores }).collect()
    }

    fn lost(&self, nodes: Vec<Url>) -> BoxFuture<'static, Url> {
        let membership = Arc::clone(&self.0);
        async move { membership.url_lost(&nodes).await }.boxed()
    }

    fn suspect(&self, node: &Url) {
        for member in self.0.heard.lock().members.values_mut().filter(|m| m.url == *node) {
            member.suspected_until = Some(Instant::now() + SUSPECTED_FOR);
        }
    }
}

/// The membership as the engine asks it.
#[derive(Clone)]
pub(crate) struct MembershipHandle(pub(crate) Arc<Membership>);

impl std::fmt::Debug for MembershipHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Membership").field(&self.serving()).finish()
    }
}

fn node_url(host: &str, rpc_port: u16) -> Result<Url> {
    let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_string() };
    Url::parse(&format!("http://{host}:{rpc_port}")).map_err(|e| {
        let error = Error::new(ErrorKind::WrongValue, "a compute node needs a host name or an address");
        error.with("host", host).caused_by(e)
    })
}

async fn watch_silence(membership: Weak<Membership>) {
    loop {
        let begun = Instant::now();
        tokio::time::sleep(CHECK_EVERY).await;
        let Some(membership) = membership.upgrade() else { return };
        let paused = begun.elapsed().saturating_sub(CHECK_EVERY);
        membership.mark_silent(if paused > PAUSE_MIN { paused } else { Duration::ZERO });
    }
}
