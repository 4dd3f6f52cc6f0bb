//! The engine handle.

use crate::analyze::Kernels;
use crate::catalogs::SnapshotCatalogs;
use crate::session::SessionInfo;
use crate::table::system::SystemTable;
use base::Result;
use base::ids::TableId;
use base::names::DEFAULT_CATALOG;
use base::store::Store;
use catalog::Snapshot;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::{SessionState, SessionStateBuilder};
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

/// Under this URL query operators find the shared store.
pub(crate) static STORE_URL: LazyLock<ObjectStoreUrl> =
    LazyLock::new(|| ObjectStoreUrl::parse("viewmill://store/").expect("the constant is a URL"));

/// Plans and runs queries; clones share everything.
#[derive(Clone)]
pub struct Engine {
    pub(crate) parts: Arc<Parts>,
}

pub(crate) struct Parts {
    /// Functions, planners and rules; each statement's state starts as a copy.
    pub(crate) base: SessionState,
    pub(crate) kernels: Kernels,
    pub(crate) runtime: Arc<RuntimeEnv>,
    pub(crate) store: Store,
    pub(crate) system: Vec<Arc<dyn SystemTable>>,
    pub(crate) parallelism: usize,
}

/// What names mean in one statement: a snapshot and a session.
#[derive(Debug, Clone)]
pub struct SystemContext {
    pub snapshot: Snapshot,
    pub session: Arc<SessionInfo>,
}

/// A statement's scope: its context, what it found out while planning, and how deep in views it is.
#[derive(Clone)]
pub(crate) struct Scope {
    pub(crate) engine: Engine,
    pub(crate) context: SystemContext,
    /// Lines for EXPLAIN about scans.
    pub(crate) notes: Arc<Mutex<Vec<String>>>,
    /// Tables, materialized views and views that names were resolved to.
    pub(crate) tables: Arc<Mutex<BTreeSet<TableId>>>,
    pub(crate) views: Arc<Mutex<BTreeSet<TableId>>>,
    pub(crate) view_depth: usize,
}

impl std::fmt::Debug for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scope").field("seq", &self.context.snapshot.seq).finish_non_exhaustive()
    }
}

impl Engine {
    pub(crate) fn new(parts: Parts) -> Self {
        Engine { parts: Arc::new(parts) }
    }

    pub fn store(&self) -> &Store {
        &self.parts.store
    }

    pub fn system_tables(&self) -> &[Arc<dyn SystemTable>] {
        &self.parts.system
    }

    /// Threads that one query or load uses unless the session says otherwise.
    pub fn parallelism(&self) -> usize {
        self.parts.parallelism
    }

    /// Bytes of query memory in use.
    pub fn memory_in_use(&self) -> usize {
        self.parts.runtime.memory_pool.reserved()
    }

    pub(crate) fn scope(&self, snapshot: Snapshot, session: Arc<SessionInfo>) -> Scope {
        let context = SystemContext { snapshot, session };
        Scope { engine: self.clone(), context, notes: Arc::default(), tables: Arc::default(), views: Arc::default(), view_depth: 0 }
    }
}

impl Scope {
    /// A DataFusion session in which names mean what they mean in this scope.
    pub(crate) fn state(&self) -> Result<SessionState> {
        let session = &self.context.session;
        let parts = &self.engine.parts;
        let mut config = parts.base.config().clone();
        let database = session.database.clone().unwrap_or_default();
        config = config.with_default_catalog_and_schema(DEFAULT_CATALOG, database);
        let parallelism = match session.variables.integer("parallelism") {
            0 => parts.parallelism,
            n => n as usize,
        };
        config = config.with_target_partitions(parallelism).with_batch_size(session.variables.integer("batch_size") as usize);
        let zone = session.variables.get("time_zone")?;
        config.options_mut().execution.time_zone = Some(if zone == "SYSTEM" { "UTC".to_string() } else { zone.to_string() });
        let builder = SessionStateBuilder::new_from_existing(parts.base.clone())
            .with_config(config)
            .with_catalog_list(Arc::new(SnapshotCatalogs::new(self.clone())));
        Ok(builder.build())
    }
}
