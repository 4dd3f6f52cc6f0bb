//! A compute node's process: reports to the front end, opens the store it is told, and works on parts of queries.
//!
//! It has no state that outlives it: a node that is lost is replaced by starting another.

use super::protocol::{Orders, REPORT_EVERY, REPORT_PATH, Report, StoreAccess, VERSION};
use super::remote_front::RemoteFront;
use super::reports::bearer;
use crate::http;
use crate::startup::{listen, port, scratch};
use base::clock::Clock;
use base::config::Config;
use base::limits::MemoryShares;
use base::store::Store;
use base::{Error, ErrorKind, Result};
use engine::distribute::QueryWorker;
use engine::{Engine, EngineBuilder};
use load::stream_load::{Settings, StreamLoader};
use parking_lot::Mutex;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long the front end may take to answer a report.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, Clone)]
pub(crate) struct ComputeNodeOptions {
    pub(crate) config: Config,
    /// `host:rpc_port`.
    pub(crate) front_end: String,
    /// For files that need not survive.
    pub(crate) data_dir: PathBuf,
}

/// A compute node that takes work.
pub(crate) struct RunningComputeNode {
    shutdown: CancellationToken,
    /// Raised when the front end wants the node to leave.
    dismissed: CancellationToken,
    reporter: Reporter,
    tasks: JoinHandle<Result<()>>,
    http: JoinHandle<()>,
    drain_timeout: Duration,
}

/// Starts a compute node; it takes work when this returns. Waits for the front end as long as that takes.
///
/// # Errors
/// `Unavailable` for ports or a store that cannot be used, `AccessDenied` if the front end has another token.
pub(crate) async fn run_compute_node(options: ComputeNodeOptions) -> Result<RunningComputeNode> {
    let ComputeNodeOptions { config, front_end, data_dir } = options;
    crate::sockets::raise_limit();
    let rpc_listener = listen(&config, "rpc_port").await?;
    let http_listener = listen(&config, "be_http_port").await?;
    let (rpc_port, http_port) = (port(&rpc_listener)?, port(&http_listener)?);
    let report = Report {
        process: Uuid::new_v4().to_string(),
        host: advertised(&config),
        rpc_port,
        http_port,
        version: VERSION.to_string(),
        started_ms: Clock::system().now_ms(),
        cores: cores(&config),
        memory_limit_bytes: MemoryShares::new(&config).query_bytes as u64,
        memory_used_bytes: 0,
        serves: false,
    };
    let reporter = Reporter::new(&front_end, config.text("auth_token"), report)?;
    let orders = reporter.join().await?;
    let scratch_dir = scratch(&data_dir)?;
    let engine = engine(&config, &orders.store, &scratch_dir)?;
    let shutdown = CancellationToken::new();
    let worker = QueryWorker::new(engine.clone(), config.text("auth_token"))?;
    let tasks = tokio::spawn(worker.serve(rpc_listener, shutdown.clone()));
    let front = RemoteFront::new(&front_end, config.text("auth_token"), orders.node)?;
    let logs = http::error_logs(&scratch_dir);
    let loader = StreamLoader::new(Arc::new(front), engine.clone(), Settings::new(&config), logs);
    let drain_timeout = Duration::from_secs(config.integer("graceful_exit_timeout_second"));
    let ports = (rpc_port, http_port);
    let serving =
        http::serve_compute_node(http_listener, ports, engine.clone(), loader, shutdown.clone(), drain_timeout);
    let http = tokio::spawn(serving);
    let dismissed = CancellationToken::new();
    reporter.start(engine, dismissed.clone())?;
    tracing::info!(node = %orders.node, rpc_port, be_http_port = http_port, "compute node is ready");
    Ok(RunningComputeNode { shutdown, dismissed, reporter, tasks, http, drain_timeout })
}

impl RunningComputeNode {
    /// Works until SIGTERM, SIGINT or the front end's order to leave, then stops.
    pub(crate) async fn wait(self) -> Result<()> {
        tokio::select! {
            stopped = crate::startup::stop_signal() => stopped?,
            () = self.dismissed.cancelled() => tracing::info!("this node was dropped from the cluster"),
        }
        tracing::info!("stopping: no new work, running work may finish");
        self.reporter.report.lock().serves = false;
        // The front end must have heard of it before the port closes.
        let _ = self.reporter.send().await;
        self.shutdown.cancel();
        let _ = tokio::time::timeout(self.drain_timeout, async { tokio::join!(self.tasks, self.http) }).await;
        tracing::info!("stopped");
        Ok(())
    }
}

fn engine(config: &Config, access: &StoreAccess, scratch_dir: &Path) -> Result<Engine> {
    let store = match access {
        StoreAccess::Directory(root) => Store::join_local(root)?,
        StoreAccess::Bucket(keys) => {
            let mut config = config.clone();
            keys.iter().try_for_each(|(key, value)| config.set(key, value))?;
            Store::join_bucket(&config)?
        }
    };
    let functions = functions::all();
    EngineBuilder::new(store)
        .memory_bytes(MemoryShares::new(config).query_bytes)
        .write_memory_bytes(MemoryShares::new(config).load_bytes)
        .spill(scratch_dir.join("spill"), config.integer("spill_max_mb") << 20)
        .functions(functions.scalar, functions.aggregate)
        .parallelism(cores(config))
        .build()
}

fn cores(config: &Config) -> usize {
    match config.integer("parallelism") {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        n => n as usize,
    }
}

/// The name others reach this node under, if it is known here.
fn advertised(config: &Config) -> Option<String> {
    match (config.text("advertised_host"), config.text("bind_address")) {
        ("", "0.0.0.0" | "::" | "[::]") => None,
        ("", address) => Some(address.to_string()),
        (host, _) => Some(host.to_string()),
    }
}

/// Tells the front end of this node, again and again.
#[derive(Clone)]
struct Reporter {
    client: reqwest::Client,
    url: String,
    token: String,
    report: Arc<Mutex<Report>>,
}

impl Reporter {
    fn new(front_end: &str, token: &str, report: Report) -> Result<Self> {
        let client = reqwest::Client::builder().timeout(ANSWER_TIMEOUT).no_proxy().build();
        let client = client.map_err(|e| Error::internal("could not set up reports").caused_by(e))?;
        let url = format!("http://{front_end}{REPORT_PATH}");
        Ok(Reporter { client, url, token: token.to_string(), report: Arc::new(Mutex::new(report)) })
    }

    /// Reports until the front end answers.
    async fn join(&self) -> Result<Orders> {
        let mut told = false;
        loop {
            match self.send().await {
                Ok(orders) if orders.leave => {
                    return Err(Error::invalid("the front end has dropped this node"));
                }
                Ok(orders) => return Ok(orders),
                Err(e) if e.kind() == ErrorKind::Unavailable => {
                    if !std::mem::replace(&mut told, true) {
                        tracing::info!(front_end = %self.url, error = %e, "waiting for the front end");
                    }
                    tokio::time::sleep(REPORT_EVERY).await;
                }
                Err(e) => return Err(e),
            }
        }
    }

    /// Goes on reporting on a thread of its own: a node that is busy must not look dead.
    fn start(&self, engine: Engine, dismissed: CancellationToken) -> Result<()> {
        self.report.lock().serves = true;
        let this = self.clone();
        let failed = |e: std::io::Error| Error::internal("could not start the thread that reports").caused_by(e);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let run = async move {
            loop {
                this.report.lock().memory_used_bytes = engine.memory_in_use() as u64;
                match this.send().await {
                    // It goes on reporting while it finishes its work.
                    Ok(orders) if orders.leave => dismissed.cancel(),
                    Ok(_) => {}
                    Err(e) => tracing::debug!(error = %e, "a report did not reach the front end"),
                }
                tokio::time::sleep(REPORT_EVERY).await;
            }
        };
        let thread = std::thread::Builder::new().name("reports".to_string());
        thread.spawn(move || runtime.block_on(run)).map(|_| ()).map_err(failed)
    }

    async fn send(&self) -> Result<Orders> {
        let report = self.report.lock().clone();
        let unavailable = |e: reqwest::Error| {
            Error::new(ErrorKind::Unavailable, "the front end does not answer").with("url", &self.url).caused_by(e)
        };
        let request = self.client.post(&self.url).header(reqwest::header::AUTHORIZATION, bearer(&self.token));
        let answer = request.json(&report).send().await.map_err(unavailable)?;
        let status = answer.status();
        if status.is_success() {
            return answer.json().await.map_err(unavailable);
        }
        let kind =
            if status == reqwest::StatusCode::UNAUTHORIZED { ErrorKind::AccessDenied } else { ErrorKind::Unavailable };
        let text = answer.text().await.unwrap_or_default();
        Err(Error::new(kind, "the front end refused this node").with("status", status).with("answer", text))
    }
}
