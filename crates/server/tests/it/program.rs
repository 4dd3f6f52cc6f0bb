//! The program under test, as a child process.

use mysql_async::{Conn, OptsBuilder};
use serde_json::Value;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) struct Program {
    child: Child,
    pub(crate) query_port: u16,
    pub(crate) http_port: u16,
}

impl Program {
    /// Starts a server on the directory and waits until it serves.
    pub(crate) async fn start(data_dir: &Path) -> Self {
        let (query_port, http_port) = (free_port(), free_port());
        let child = Command::new(env!("CARGO_BIN_EXE_viewmill"))
            .arg("server")
            .arg("--data-dir")
            .arg(data_dir)
            .args(["--set", &format!("query_port={query_port}"), "--set", &format!("http_port={http_port}")])
            // Small bounds, so that everything in the background happens all the time.
            .args([
                "--set",
                "compaction_interval_ms=50",
                "--set",
                "gc_interval_ms=50",
                "--set",
                "checkpoint_records=16",
            ])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut program = Program { child, query_port, http_port };
        let started = Instant::now();
        while reqwest::get(program.url("/api/health")).await.is_err() {
            assert!(program.child.try_wait().unwrap().is_none(), "the server ended at its start");
            assert!(started.elapsed() < Duration::from_secs(30), "the server does not serve");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        program
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.http_port)
    }

    pub(crate) async fn connect(&self) -> Conn {
        let options = OptsBuilder::default().ip_or_hostname("127.0.0.1").tcp_port(self.query_port).user(Some("root"));
        Conn::new(options).await.unwrap()
    }

    /// SIGKILL: nothing gets a chance to be written.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One Stream Load; `None` if no answer came.
pub(crate) async fn stream_load(url: String, label: &str, body: String) -> Option<Value> {
    let request = reqwest::Client::new().put(url).basic_auth("root", Some("")).header("label", label);
    let response = request.header("column_separator", ",").body(body).send().await.ok()?;
    response.json().await.ok()
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
