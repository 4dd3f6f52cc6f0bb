//! The engine handle.

use crate::analyze::Kernels;
use crate::catalogs::SnapshotCatalogs;
use crate::distribute::Cluster;
use crate::session::SessionInfo;
use crate::table::system::SystemTable;
use crate::write_memory::WriteMemory;
use base::ids::TableId;
use base::names::DEFAULT_CATALOG;
use base::store::Store;
use base::{Error, Result};
use catalog::Snapshot;
use datafusion::common::internal_datafusion_err;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::{SessionState, TaskContext};
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use tokio::runtime::{Builder, Handle, Runtime};

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
    pub(crate) write_memory: WriteMemory,
    pub(crate) threads: Threads,
    /// The compute nodes; `None` if queries run here only.
    pub(crate) cluster: Option<Cluster>,
}

/// Threads of their own for queries: operators may keep a thread busy for long, and connections must be answered then too.
pub(crate) struct Threads(Option<Runtime>);

impl Threads {
    pub(crate) fn start(count: usize) -> Result<Self> {
        // Deep plans are walked recursively.
        const STACK_BYTES: usize = 8 << 20;
        let runtime = Builder::new_multi_thread()
            .worker_threads(count)
            .thread_name("query")
            .thread_stack_size(STACK_BYTES)
            .enable_all()
            .build()
            .map_err(|e| Error::internal("could not start threads for queries").caused_by(e))?;
        Ok(Threads(Some(runtime)))
    }

    pub(crate) fn handle(&self) -> &Handle {
        self.0.as_ref().expect("the runtime is there until the engine is dropped").handle()
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // Waiting for the threads is not allowed where an engine may be dropped.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
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

    /// The engine on whose node a task runs.
    pub(crate) fn of_task(task: &TaskContext) -> datafusion::common::Result<Engine> {
        let engine = task.session_config().get_extension::<Engine>();
        engine.map(|e| Engine::clone(&e)).ok_or_else(|| internal_datafusion_err!("a task runs outside an engine"))
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

    /// What everybody reserves from who buffers rows to be written.
    pub fn write_memory(&self) -> &WriteMemory {
        &self.parts.write_memory
    }

    /// Bytes of query memory in use.
    pub fn memory_in_use(&self) -> usize {
        self.parts.runtime.memory_pool.reserved()
    }

    pub(crate) fn scope(&self, snapshot: Snapshot, session: Arc<SessionInfo>) -> Scope {
        let context = SystemContext { snapshot, session };
        Scope {
            engine: self.clone(),
            context,
            notes: Arc::default(),
            tables: Arc::default(),
            views: Arc::default(),
            view_depth: 0,
        }
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
            0 => parts.cluster.as_ref().and_then(Cluster::parallelism).unwrap_or(parts.parallelism),
            n => n as usize,
        };
        config = config
            .with_target_partitions(parallelism)
            .with_batch_size(session.variables.integer("batch_size") as usize);
        let zone = session.variables.get("time_zone")?;
        config.options_mut().execution.time_zone =
            Some(if zone == "SYSTEM" { "UTC".to_string() } else { zone.to_string() });
        // A copy, not a rebuild: rebuilding would register functions and their aliases again in no particular order, and
        // an alias of DataFusion's could win over a function of ours.
        let mut state = parts.base.clone();
        config.set_extension(Arc::new(self.engine.clone()));
        *state.config_mut() = config;
        state.register_catalog_list(Arc::new(SnapshotCatalogs::new(self.clone())));
        Ok(state)
    }
}
