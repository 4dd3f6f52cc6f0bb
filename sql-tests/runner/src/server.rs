//! A Viewmill server on free ports and a directory of its own: one process, or a front end and compute nodes.

use crate::http_client;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};

/// A dev build on a busy machine starts in well under a second; this only bounds a hang.
const READY_TIMEOUT: Duration = Duration::from_secs(60);
const STOP_TIMEOUT: Duration = Duration::from_secs(40);
/// A port that was free may be taken by another process before the server listens on it.
const START_ATTEMPTS: usize = 3;

/// Of a cluster: every query that reads stored rows is spread, however few they are.
const CLUSTER_SETTINGS: &[&str] = &["distribute_min_mb=0", "distribute_task_kb=1"];

/// A running server; its directory goes with it.
pub struct Server {
    binary: PathBuf,
    settings: Vec<String>,
    folder: tempfile::TempDir,
    child: Child,
    /// Compute nodes; none if the server is one process.
    nodes: Vec<Child>,
    /// Where they report.
    rpc_port: Option<u16>,
    pub query_port: u16,
    pub http_port: u16,
}

impl Server {
    /// Starts a server on an empty directory and waits until it answers.
    pub async fn start(binary: &Path, settings: &[String]) -> Result<Server, String> {
        Self::start_cluster(binary, settings, 0).await
    }

    /// Starts a front end and so many compute nodes; with none, a single process.
    pub async fn start_cluster(binary: &Path, settings: &[String], nodes: usize) -> Result<Server, String> {
        let folder = tempfile::Builder::new().prefix("viewmill-test-").tempdir();
        let folder = folder.map_err(|e| format!("no temporary directory: {e}"))?;
        let rpc_port = if nodes > 0 { Some(free_port()?) } else { None };
        let (child, query_port, http_port) = spawn(binary, folder.path(), settings, rpc_port).await?;
        let (binary, settings) = (binary.to_path_buf(), settings.to_vec());
        let mut server = Server { binary, settings, folder, child, nodes: Vec::new(), rpc_port, query_port, http_port };
        for number in 0..nodes {
            let node = server.spawn_node(number)?;
            server.nodes.push(node);
        }
        server.wait_for_nodes().await?;
        Ok(server)
    }

    fn spawn_node(&self, number: usize) -> Result<Child, String> {
        let front_end = format!("127.0.0.1:{}", self.rpc_port.unwrap_or_default());
        let mut command = Command::new(&self.binary);
        command.args(["cn", "--fe", &front_end, "--set", "rpc_port=0", "--set", "be_http_port=0", "--data-dir"]);
        command.arg(self.folder.path().join(format!("node{number}")));
        command.args(self.settings.iter().flat_map(|setting| ["--set", setting]));
        launch(command, self.folder.path())
    }

    /// Until all compute nodes take work.
    async fn wait_for_nodes(&self) -> Result<(), String> {
        let ready = format!("\"online_backend_num\":{}", self.nodes.len());
        let begun = Instant::now();
        while self.rpc_port.is_some() && begun.elapsed() < READY_TIMEOUT {
            let health = http_client::get(self.http_port, "/api/health").await;
            if health.is_ok_and(|reply| String::from_utf8_lossy(&reply.body).contains(&ready)) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        match self.rpc_port {
            Some(_) => Err(format!("the compute nodes did not start:\n{}", log_tail(self.folder.path()))),
            None => Ok(()),
        }
    }

    /// SIGKILL, then a new process on the same directory.
    pub async fn kill_and_restart(&mut self) -> Result<(), String> {
        self.child.kill().await.map_err(|e| format!("could not kill the server: {e}"))?;
        self.restart().await
    }

    /// SIGTERM; the server must end by itself. Then a new process on the same directory.
    pub async fn stop_and_restart(&mut self) -> Result<(), String> {
        let pid = self.child.id().ok_or("the server has already ended")?;
        let sent = Command::new("kill").arg("-TERM").arg(pid.to_string()).status().await;
        sent.map_err(|e| format!("could not send SIGTERM: {e}"))?;
        let ended = tokio::time::timeout(STOP_TIMEOUT, self.child.wait()).await;
        let status = ended.map_err(|_| format!("the server did not end within {STOP_TIMEOUT:?} of SIGTERM"))?;
        let status = status.map_err(|e| format!("could not wait for the server: {e}"))?;
        if !status.success() {
            return Err(format!("the server ended with {status} on SIGTERM"));
        }
        self.restart().await
    }

    async fn restart(&mut self) -> Result<(), String> {
        let started = spawn(&self.binary, self.folder.path(), &self.settings, self.rpc_port).await?;
        (self.child, self.query_port, self.http_port) = started;
        self.wait_for_nodes().await
    }

    /// The last lines of the log, if the process has ended on its own.
    pub fn obituary(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok()??;
        Some(format!("the server ended with {status}; its last lines:\n{}", log_tail(self.folder.path())))
    }

    /// The process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Kills the server and removes its directory.
    pub async fn end(mut self) {
        // It may have ended already: then there is nothing to kill.
        self.child.kill().await.ok();
    }
}

async fn spawn(
    binary: &Path,
    folder: &Path,
    settings: &[String],
    rpc_port: Option<u16>,
) -> Result<(Child, u16, u16), String> {
    let mut last = String::new();
    for _ in 0..START_ATTEMPTS {
        let (query_port, http_port) = (free_port()?, free_port()?);
        let mut command = Command::new(binary);
        command.arg(if rpc_port.is_some() { "fe" } else { "server" }).arg("--data-dir").arg(folder.join("data"));
        command.args(["--set", &format!("query_port={query_port}"), "--set", &format!("http_port={http_port}")]);
        if let Some(port) = rpc_port {
            command.args(["--set", &format!("rpc_port={port}")]);
            command.args(CLUSTER_SETTINGS.iter().flat_map(|setting| ["--set", setting]));
        }
        for setting in settings {
            command.args(["--set", setting]);
        }
        let mut child = launch(command, folder)?;
        match wait_ready(&mut child, http_port).await {
            Ok(()) => return Ok((child, query_port, http_port)),
            Err(why) => last = format!("{why}\n{}", log_tail(folder)),
        }
    }
    Err(format!("the server did not start: {last}"))
}

/// Starts a process that writes to the log of the folder and ends with this one.
fn launch(mut command: Command, folder: &Path) -> Result<Child, String> {
    let log = std::fs::File::options().create(true).append(true).open(folder.join("log"));
    let log = log.map_err(|e| format!("could not open the server's log: {e}"))?;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
    command.spawn().map_err(|e| format!("could not start {:?}: {e}", command.as_std().get_program()))
}

async fn wait_ready(child: &mut Child, http_port: u16) -> Result<(), String> {
    let begun = Instant::now();
    while begun.elapsed() < READY_TIMEOUT {
        if let Ok(Some(status)) = child.try_wait() {
            return Err(format!("it ended with {status}"));
        }
        if http_client::get(http_port, "/api/health").await.is_ok_and(|reply| reply.status == 200) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err(format!("no answer at /api/health within {READY_TIMEOUT:?}"))
}

fn free_port() -> Result<u16, String> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr());
    Ok(listener.map_err(|e| format!("no free port: {e}"))?.port())
}

fn log_tail(folder: &Path) -> String {
    const LINES: usize = 25;
    let text = std::fs::read(folder.join("log")).map(|b| String::from_utf8_lossy(&b).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].iter().map(|l| format!("    | {l}\n")).collect()
}
