//! The server under test: MySQL for statements, curl for Stream Load, `/proc` for its CPU seconds.

use crate::Options;
use crate::contestant::Rows;
use crate::sample::Sample;
use crate::wire::Wire;
use serde_json::Value;
use sql_tests::server::Server;
use sql_tests::session::{Answer, Session};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::process::Command;

/// The kernel counts a process's CPU time in these.
const TICKS_PER_SECOND: f64 = 100.0;
/// The defaults; test servers spread everything.
const CLUSTER_SETTINGS: [&str; 2] = ["distribute_min_mb=32", "distribute_task_kb=16384"];
const DATABASE: &str = "bench";
/// A server is at rest if it needs no more CPU than this for so long; longer than the time between two compactions.
const SETTLED: Duration = Duration::from_secs(6);
const SETTLED_CPU_S: f64 = 0.05;

pub(crate) struct Viewmill {
    server: Server,
    session: Session,
    wire: Wire,
}

impl Viewmill {
    pub(crate) async fn start(options: &Options) -> Result<Viewmill, String> {
        let settings = if options.nodes > 0 { CLUSTER_SETTINGS.map(String::from).to_vec() } else { Vec::new() };
        let server = Server::start_cluster(&options.viewmill, &settings, options.nodes).await?;
        let mut session = Session::open(server.query_port, None).await.map_err(|e| e.to_string())?;
        for sql in [format!("CREATE DATABASE {DATABASE}"), format!("USE {DATABASE}"), "SET query_timeout = 3600".into()]
        {
            session.run(&sql).await.map_err(|e| format!("{e}: {sql}"))?;
        }
        let wire = Wire::connect(server.query_port, DATABASE).await?;
        Ok(Viewmill { server, session, wire })
    }

    pub(crate) async fn execute(&mut self, sql: &str) -> Result<Sample, String> {
        self.query(sql).await.map(|(sample, _)| sample)
    }

    /// How long the answer takes to arrive; what a client makes of the rows is not counted.
    pub(crate) async fn arrival(&mut self, sql: &str) -> Result<Sample, String> {
        let (wall, cpu) = (Instant::now(), self.cpu_s()?);
        self.wire.receive(sql).await.map_err(|e| format!("{e}\n{sql}"))?;
        Ok(Sample { wall_s: wall.elapsed().as_secs_f64(), cpu_s: self.cpu_s()? - cpu })
    }

    /// Waits until what follows a load is done: compaction would be measured with the queries.
    pub(crate) async fn settle(&self) -> Result<(), String> {
        let mut before = self.cpu_s()?;
        loop {
            tokio::time::sleep(SETTLED).await;
            let now = self.cpu_s()?;
            if now - before <= SETTLED_CPU_S {
                return Ok(());
            }
            before = now;
        }
    }

    pub(crate) async fn query(&mut self, sql: &str) -> Result<(Sample, Rows), String> {
        let (wall, cpu) = (Instant::now(), self.cpu_s()?);
        let answer = self.session.run(sql).await.map_err(|e| format!("{e}\n{sql}"))?;
        let sample = Sample { wall_s: wall.elapsed().as_secs_f64(), cpu_s: self.cpu_s()? - cpu };
        let text = |value: String| match value.as_str() {
            "NULL" => None,
            "(empty)" => Some(String::new()),
            _ => Some(value),
        };
        match answer {
            Answer::Rows { rows, .. } => {
                Ok((sample, rows.into_iter().map(|row| row.into_iter().map(text).collect()).collect()))
            }
            Answer::Done { .. } => Ok((sample, Rows::new())),
        }
    }

    /// Loads a CSV file with curl; returns the number of rows loaded.
    pub(crate) async fn stream_load(
        &mut self,
        table: &str,
        file: &Path,
        headers: &[(&str, &str)],
    ) -> Result<(Sample, u64), String> {
        let url = format!("http://127.0.0.1:{}/api/{DATABASE}/{table}/_stream_load", self.server.http_port);
        let mut command = Command::new("curl");
        command.args(["-sS", "--location-trusted", "-u", "root:", "-XPUT", "-T"]).arg(file);
        for (name, value) in headers {
            command.args(["-H", &format!("{name}: {value}")]);
        }
        let (wall, cpu) = (Instant::now(), self.cpu_s()?);
        let output = command.arg(&url).output().await.map_err(|e| format!("could not run curl: {e}"))?;
        let sample = Sample { wall_s: wall.elapsed().as_secs_f64(), cpu_s: self.cpu_s()? - cpu };
        let text = String::from_utf8_lossy(&output.stdout);
        let reply: Value = serde_json::from_str(&text)
            .map_err(|_| format!("no answer from {url}: {text}{}", String::from_utf8_lossy(&output.stderr)))?;
        match (reply["Status"].as_str(), reply["NumberLoadedRows"].as_u64()) {
            (Some("Success"), Some(rows)) => Ok((sample, rows)),
            _ => Err(format!("the load into {table} failed: {reply}")),
        }
    }

    /// The largest resident size so far, in MiB.
    pub(crate) fn peak_memory_mb(&self) -> Result<f64, String> {
        let status = self.proc_file("status")?;
        let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).ok_or("no VmHWM in /proc")?;
        let kib = line.trim().trim_end_matches(" kB").trim();
        kib.parse::<f64>().map(|kib| kib / 1024.0).map_err(|_| format!("{kib:?} is not a number"))
    }

    pub(crate) async fn end(self) {
        self.session.close().await;
        self.server.end().await;
    }

    fn cpu_s(&self) -> Result<f64, String> {
        let stat = self.proc_file("stat")?;
        // The name in parentheses may hold spaces; the fields after it do not.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<f64>().ok()).ok_or("unexpected /proc/stat");
        Ok((ticks(11)? + ticks(12)?) / TICKS_PER_SECOND)
    }

    fn proc_file(&self, name: &str) -> Result<String, String> {
        let pid = self.server.pid().ok_or("the server has ended")?;
        std::fs::read_to_string(format!("/proc/{pid}/{name}")).map_err(|e| format!("/proc/{pid}/{name}: {e}"))
    }
}
