//! What all sessions and requests of one process share.

use crate::mysql::PasswordHash;
use crate::process_list::ProcessList;
use base::config::Config;
use base::session_variable::SessionVariables;
use catalog::Catalog;
use engine::Engine;
use mv::Refresher;
use parking_lot::RwLock;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

/// The user that exists from the start.
pub const ROOT: &str = "root";

/// The variables that new sessions start with.
pub type GlobalVariables = Arc<RwLock<SessionVariables>>;

pub struct Server {
    pub config: Config,
    pub catalog: Catalog,
    pub engine: Engine,
    pub refresher: Refresher,
    pub processes: Arc<ProcessList>,
    /// What new sessions start with; changed by SET GLOBAL.
    pub global_variables: GlobalVariables,
    /// For local files that are not data: error logs of loads, spilled rows.
    pub scratch_dir: PathBuf,
    pub root_password: PasswordHash,
    http_port: AtomicU16,
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
}

impl Server {
    pub fn new(parts: Parts) -> Arc<Self> {
        let root_password = PasswordHash::of(parts.config.text("root_password"));
        Arc::new(Server {
            config: parts.config,
            catalog: parts.catalog,
            engine: parts.engine,
            refresher: parts.refresher,
            processes: parts.processes,
            global_variables: parts.global_variables,
            scratch_dir: parts.scratch_dir,
            root_password,
            http_port: AtomicU16::new(0),
        })
    }

    /// The port HTTP listens on, known once it is bound.
    pub fn http_port(&self) -> u16 {
        self.http_port.load(Ordering::Relaxed)
    }

    pub fn set_http_port(&self, port: u16) {
        self.http_port.store(port, Ordering::Relaxed);
    }
}
