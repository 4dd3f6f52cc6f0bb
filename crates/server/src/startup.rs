//! Puts a server together and takes it apart again: the only place that knows all parts.
//!
//! ```text
//!   store ─▶ catalog ─▶ engine (functions, system tables) ─▶ refresher ─▶ background ─▶ MySQL and HTTP ports
//! ```
//! Stopping goes the other way: ports first, then running work within `graceful_exit_timeout_second`, then the rest.

use crate::background::Background;
use crate::cluster::membership::{Membership, MembershipHandle};
use crate::cluster::protocol::StoreAccess;
use crate::cluster::reports;
use crate::mysql::{self, Settings};
use crate::process_list::ProcessList;
use crate::server::{GlobalVariables, Parts, Ports, Server};
use crate::session::SessionFactory;
use crate::{http, information_schema};
use base::clock::Clock;
use base::config::Config;
use base::limits::MemoryShares;
use base::session_variable::SessionVariables;
use base::store::Store;
use base::{Error, ErrorKind, Result};
use catalog::{Catalog, CatalogOptions};
use engine::distribute::Distribution;
use engine::table::system::SystemTable;
use engine::{Engine, EngineBuilder};
use mv::{Refresher, RefresherOptions};
use parking_lot::RwLock;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What a process that clients talk to does itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Single,
    /// Large queries are left to compute nodes.
    FrontEnd,
}

#[derive(Debug, Clone)]
pub struct ServerOptions {
    pub role: Role,
    pub config: Config,
    /// Holds everything unless `storage_url` is set; then only scratch files.
    pub data_dir: PathBuf,
}

/// Nodes keep their connections open for reports.
const NODES_CLOSE_TIMEOUT: Duration = Duration::from_millis(500);
/// What a compute node needs to open the bucket.
const BUCKET_KEYS: &[&str] = &[
    "storage_url",
    "aws_s3_endpoint",
    "aws_s3_region",
    "aws_s3_access_key",
    "aws_s3_secret_key",
    "aws_s3_enable_path_style_access",
];

/// A server that accepts clients.
pub struct RunningServer {
    query_port: u16,
    http_port: u16,
    shutdown: CancellationToken,
    /// Of the port for nodes, which running queries and loads need to the end.
    shutdown_nodes: CancellationToken,
    mysql: JoinHandle<()>,
    http: JoinHandle<()>,
    /// Takes reports of compute nodes.
    reports: Option<JoinHandle<()>>,
    scheduler: JoinHandle<()>,
    background: Background,
}

/// Starts a server; it serves when this returns.
///
/// # Errors
/// `Conflict` if another server uses the directory; `Unavailable` for a store or port that cannot be used.
pub async fn run_server(options: ServerOptions) -> Result<RunningServer> {
    let ServerOptions { role, config, data_dir } = options;
    crate::sockets::raise_limit();
    // Ports first: a port in use must not cost a take-over of the store.
    let mysql_listener = listen(&config, "query_port").await?;
    let http_listener = listen(&config, "http_port").await?;
    let rpc_listener = if role == Role::FrontEnd { Some(listen(&config, "rpc_port").await?) } else { None };
    let (query_port, http_port) = (port(&mysql_listener)?, port(&http_listener)?);
    let rpc_port = rpc_listener.as_ref().map(port).transpose()?;
    let store = Store::open(&config, &data_dir)?;
    let scratch_dir = scratch(&data_dir)?;
    let clock = Clock::system();
    let catalog_options =
        CatalogOptions { clock: clock.clone(), checkpoint_records: config.integer("checkpoint_records") };
    let catalog = Catalog::open(store.clone(), catalog_options).await?;
    let processes = Arc::new(ProcessList::new(clock));
    let global_variables = global_variables(&config, query_port);
    let system_tables = information_schema::all(&catalog, &processes, &config, &global_variables);
    let membership = match role {
        Role::Single => None,
        Role::FrontEnd => Some(Membership::start(catalog.clone(), store_access(&config, &data_dir)?)),
    };
    let engine = engine(&config, &store, &scratch_dir, system_tables, membership.as_ref())?;
    let refresher_options = RefresherOptions::from_config(&config);
    let (refresher, scheduler) = Refresher::start(catalog.clone(), engine.clone(), refresher_options);
    let background = Background::start(&catalog, &engine, &config, &scratch_dir);
    let ports = Ports { query: query_port, http: http_port, rpc: rpc_port };
    let parts =
        Parts { config, catalog, engine, refresher, processes, global_variables, scratch_dir, ports, membership };
    let server = Server::new(parts);
    let (shutdown, shutdown_nodes) = (CancellationToken::new(), CancellationToken::new());
    let settings = Settings {
        connections_max: server.config.integer("qe_max_connection") as usize,
        drain_timeout: drain_timeout(&server.config),
    };
    let frontend = Arc::new(SessionFactory::new(Arc::clone(&server)));
    let mysql = tokio::spawn(mysql::serve(mysql_listener, frontend, settings, shutdown.clone()));
    let http = tokio::spawn(http::serve(http_listener, Arc::clone(&server), shutdown.clone()));
    let reports = rpc_listener.zip(server.membership.clone()).map(|(listener, membership)| {
        tokio::spawn(reports::serve(listener, Arc::clone(&server), membership, shutdown_nodes.clone()))
    });
    tracing::info!(query_port, http_port, rpc_port, store = store.url(), "viewmill is ready");
    Ok(RunningServer { query_port, http_port, shutdown, shutdown_nodes, mysql, http, reports, scheduler, background })
}

impl RunningServer {
    pub fn query_port(&self) -> u16 {
        self.query_port
    }

    pub fn http_port(&self) -> u16 {
        self.http_port
    }

    /// Serves until SIGTERM or SIGINT, then stops.
    pub async fn wait(self) -> Result<()> {
        stop_signal().await?;
        tracing::info!("stopping: no new work, running work may finish");
        self.stop().await;
        Ok(())
    }

    /// Stops accepting work, lets running work finish within the configured time, then ends.
    pub async fn stop(self) {
        self.shutdown.cancel();
        // A task that panicked has logged it.
        let _ = tokio::join!(self.mysql, self.http);
        self.shutdown_nodes.cancel();
        if let Some(reports) = self.reports {
            let _ = tokio::time::timeout(NODES_CLOSE_TIMEOUT, reports).await;
        }
        self.scheduler.abort();
        self.background.stop().await;
        tracing::info!("stopped");
    }
}

/// Waits for SIGTERM or SIGINT.
pub(crate) async fn stop_signal() -> Result<()> {
    let failed = |e| Error::internal("could not wait for signals").caused_by(e);
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// How compute nodes reach the store.
fn store_access(config: &Config, data_dir: &Path) -> Result<StoreAccess> {
    if !config.text("storage_url").is_empty() {
        let keys = BUCKET_KEYS.iter().map(|key| (key.to_string(), config.text(key).to_string()));
        return Ok(StoreAccess::Bucket(keys.collect()));
    }
    let directory = data_dir.canonicalize().map_err(|e| {
        let error = Error::new(ErrorKind::Unavailable, "could not open the data directory");
        error.with("directory", data_dir.display()).caused_by(e)
    })?;
    Ok(StoreAccess::Directory(directory))
}

fn engine(
    config: &Config,
    store: &Store,
    scratch_dir: &Path,
    system_tables: Vec<Arc<dyn SystemTable>>,
    membership: Option<&Arc<Membership>>,
) -> Result<Engine> {
    let functions = functions::all();
    let mut builder = EngineBuilder::new(store.clone())
        .memory_bytes(MemoryShares::new(config).query_bytes)
        .write_memory_bytes(MemoryShares::new(config).load_bytes)
        .spill(scratch_dir.join("spill"), config.integer("spill_max_mb") << 20)
        .functions(functions.scalar, functions.aggregate)
        .system_tables(system_tables);
    if config.integer("parallelism") > 0 {
        builder = builder.parallelism(config.integer("parallelism") as usize);
    }
    if let Some(membership) = membership {
        builder = builder.distribution(Distribution {
            nodes: Arc::new(MembershipHandle(Arc::clone(membership))),
            token: config.text("auth_token").to_string(),
            bytes_min: (config.integer("distribute_min_mb") << 20) as usize,
            bytes_per_partition: (config.integer("distribute_task_kb") << 10) as usize,
        });
    }
    builder.build()
}

/// A directory for files that need not survive: emptied of spilled rows at every start. Only the holder of the store's
/// lock may call this: to another process of this directory the rows are not lost yet.
pub(crate) fn scratch(data_dir: &Path) -> Result<PathBuf> {
    let scratch = data_dir.join("scratch");
    let failed = |e: std::io::Error| {
        let error = Error::new(ErrorKind::Unavailable, "could not create the scratch directory");
        error.with("directory", scratch.display()).caused_by(e)
    };
    match std::fs::remove_dir_all(scratch.join("spill")) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(failed(e)),
        _ => {}
    }
    for folder in ["spill", "load_errors"] {
        std::fs::create_dir_all(scratch.join(folder)).map_err(failed)?;
    }
    Ok(scratch)
}

fn global_variables(config: &Config, query_port: u16) -> GlobalVariables {
    let mut variables = SessionVariables::default();
    variables.set_fact("version", config.text("mysql_server_version"));
    variables.set_fact("innodb_version", config.text("mysql_server_version"));
    variables.set_fact("version_comment", concat!("Viewmill ", env!("CARGO_PKG_VERSION")));
    variables.set_fact("port", &query_port.to_string());
    Arc::new(RwLock::new(variables))
}

fn drain_timeout(config: &Config) -> Duration {
    Duration::from_secs(config.integer("graceful_exit_timeout_second"))
}

pub(crate) async fn listen(config: &Config, key: &'static str) -> Result<TcpListener> {
    let address = format!("{}:{}", config.text("bind_address"), config.integer(key));
    TcpListener::bind(&address).await.map_err(|e| {
        let error = Error::new(ErrorKind::Unavailable, "could not listen, choose another address or port");
        error.with("key", key).with("address", &address).caused_by(e)
    })
}

pub(crate) fn port(listener: &TcpListener) -> Result<u16> {
    listener.local_addr().map(|a| a.port()).map_err(|e| Error::internal("a listener has no address").caused_by(e))
}
