//! A peer engine in a Python process of its own (`benchmarks/peers.py`).

use crate::contestant::Rows;
use crate::sample::Sample;
use crate::{Options, data};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

pub(crate) struct Peer {
    pub(crate) version: String,
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// The engine's files; removed with the peer.
    _folder: tempfile::TempDir,
}

impl Peer {
    /// Starts `duckdb` or `clickhouse` on an empty folder beside the benchmark data.
    pub(crate) fn start(options: &Options, name: &str) -> Result<Peer, String> {
        let folder = tempfile::Builder::new().prefix(name).tempdir_in(&options.data);
        let folder = folder.map_err(|e| format!("no folder for {name}: {e}"))?;
        let mut process = Command::new(&options.python)
            .arg(data::benchmarks_folder().join("peers.py"))
            .arg(name)
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("could not start {name}: {e}"))?;
        let input = process.stdin.take().ok_or("the peer has no standard input")?;
        let output = BufReader::new(process.stdout.take().ok_or("the peer has no standard output")?);
        let mut peer = Peer { version: String::new(), process, input, output, _folder: folder };
        let hello = peer.read()?;
        peer.version = hello["version"].as_str().unwrap_or(name).to_string();
        Ok(peer)
    }

    /// Runs a statement and drops its rows.
    pub(crate) fn execute(&mut self, sql: &str) -> Result<Sample, String> {
        self.send(sql, false).map(|(sample, _)| sample)
    }

    pub(crate) fn query(&mut self, sql: &str) -> Result<(Sample, Rows), String> {
        self.send(sql, true)
    }

    fn send(&mut self, sql: &str, rows: bool) -> Result<(Sample, Rows), String> {
        let request = json!({ "sql": sql, "rows": rows });
        writeln!(self.input, "{request}").map_err(|e| format!("{} is gone: {e}", self.version))?;
        let reply = self.read()?;
        let seconds = |name: &str| reply[name].as_f64().ok_or_else(|| format!("no {name} in {reply}"));
        let sample = Sample { wall_s: seconds("wall")?, cpu_s: seconds("cpu")? };
        let text = |value: &Value| value.as_str().map(str::to_string);
        let row = |row: &Value| row.as_array().into_iter().flatten().map(text).collect();
        Ok((sample, reply["rows"].as_array().into_iter().flatten().map(row).collect()))
    }

    fn read(&mut self) -> Result<Value, String> {
        let mut line = String::new();
        let read = self.output.read_line(&mut line).map_err(|e| format!("{} is gone: {e}", self.version))?;
        if read == 0 {
            return Err("the peer ended; its message is above".to_string());
        }
        let reply: Value = serde_json::from_str(&line).map_err(|e| format!("not JSON ({e}): {line}"))?;
        match reply["error"].as_str() {
            Some(error) => Err(error.to_string()),
            None => Ok(reply),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended already.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
