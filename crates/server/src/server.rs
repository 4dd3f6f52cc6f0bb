//! What all sessions and requests of one process share.

use crate::cluster::membership::Membership;
use crate::mysql::PasswordHash;
use crate::process_list::ProcessList;
use base::clock::UnixMs;
use base::config::Config;
use base::session_variable::SessionVariables;
use catalog::Catalog;
use engine::Engine;
use load::stream_load::CatalogFront;
use mv::Refresher;
use parking_lot::RwLock;
use std::path::PathBuf;
use std::sync::Arc;

/// The user that exists from the start.
pub const ROOT: &str = "root";

/// The variables that new sessions start with.
pub type GlobalVariables = Arc<RwLock<SessionVariables>>;

pub struct Server {
    pub config: Config,
    pub catalog: Catalog,
    pub engine: Engine,
    pub refresher: Refresher,
    pub loads: CatalogFront,
    pub processes: Arc<ProcessList>,
    /// What new sessions start with; changed by SET GLOBAL.
    pub global_variables: GlobalVariables,
    /// For local files that are not data: error logs of loads, spilled rows.
    pub scratch_dir: PathBuf,
    pub root_password: PasswordHash,
    pub ports: Ports,
    /// The compute nodes; `None` if this process does everything itself.
    pub(crate) membership: Option<Arc<Membership>>,
    pub started_ms: UnixMs,
}

/// The ports in use.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    pub query: u16,
    pub http: u16,
    /// For the other nodes of a cluster.
    pub rpc: Option<u16>,
}

/// The parts a server is made of.
pub struct Parts {
    pub config: Config,
    pub catalog: Catalog,
    pub engine: Engine,
    pub refresher: Refresher,
    pub processes: Arc<ProcessList>,
    pub global_variables: GlobalVariables,
    pub scratch_dir: PathBuf,
    pub ports: Ports,
    pub(crate) membership: Option<Arc<Membership>>,
}

impl Server {
    pub fn new(parts: Parts) -> Arc<Self> {
        let started_ms = parts.catalog.clock().now_ms();
        let root_password = PasswordHash::of(parts.config.text("root_password"));
        Arc::new(Server {
            config: parts.config,
            loads: CatalogFront::new(parts.catalog.clone()),
            catalog: parts.catalog,
            engine: parts.engine,
            refresher: parts.refresher,
            processes: parts.processes,
            global_variables: parts.global_variables,
            scratch_dir: parts.scratch_dir,
            root_password,
            ports: parts.ports,
            membership: parts.membership,
            started_ms,
        })
    }
}
