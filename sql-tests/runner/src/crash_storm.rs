//! `sql-tests crash-storm`: clients load and insert while the server is killed at random moments.
//!
//! After every restart: an acknowledged batch is there exactly once; a batch whose answer never came is there as a whole
//! or not at all, and its label tells which. No batch is refused. Compaction, file deletion and checkpoints run all the
//! time, and at the end a materialized view must agree with its base table.

use crate::http_client::{self, Request};
use crate::server::Server;
use crate::session::{Answer, Failure, Session};
use crate::sql_test::{EVENTUALLY, EVENTUALLY_PAUSE};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const CLIENTS: u64 = 4;
const ROWS_MAX: u64 = 40;
/// Background work as often as possible, so that kills meet it.
const SETTINGS: &[&str] =
    &["compaction_interval_ms=100", "compaction_min_files=3", "gc_interval_ms=100", "checkpoint_records=7"];

/// What a client knows about a batch it sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Acknowledged,
    Refused,
    /// The connection broke before an answer came.
    Unknown,
}

/// Who sent which batch; the label and the rows follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Batch {
    client: u64,
    number: u64,
}

impl Batch {
    fn label(self) -> String {
        format!("c{}-b{}", self.client, self.number)
    }

    fn rows(self) -> u64 {
        1 + Random::new(self.client * 1_000_003 + self.number).below(ROWS_MAX)
    }

    /// Even clients use Stream Load, odd ones INSERT.
    fn by_http(self) -> bool {
        self.client.is_multiple_of(2)
    }

    fn row(self, n: u64) -> (u64, u64, u64, String) {
        (self.client, self.number, n, format!("2024-{:02}-01", 1 + (self.number + n) % 3))
    }
}

#[derive(Debug, Clone, Copy)]
struct Ports {
    http: u16,
    query: u16,
}

impl Ports {
    fn of(server: &Server) -> Ports {
        Ports { http: server.http_port, query: server.query_port }
    }
}

/// Runs the storm; false if a promise was broken.
pub(crate) async fn run(viewmill: &Path, rounds: u64, seed: u64) -> Result<bool, String> {
    println!("crash storm: {rounds} rounds, seed {seed}");
    let settings: Vec<String> = SETTINGS.iter().map(|s| (*s).to_string()).collect();
    let mut server = Server::start(viewmill, &settings).await?;
    prepare(&server).await?;
    let mut random = Random::new(seed);
    let mut sent: BTreeMap<Batch, Outcome> = BTreeMap::new();
    let mut broken = Vec::new();
    for round in 1..=rounds {
        let delay = Duration::from_millis(30 + random.below(1500));
        let outcomes = storm(&mut server, &sent, delay).await?;
        let unknown = outcomes.values().filter(|o| **o == Outcome::Unknown).count();
        println!("round {round}: {} batches, {unknown} without an answer, killed after {delay:?}", outcomes.len());
        sent.extend(outcomes);
        broken.extend(check(&server, &mut sent).await?.into_iter().map(|why| format!("round {round}: {why}")));
    }
    if let Err(why) = check_view(&server).await {
        broken.push(why);
    }
    if !sent.values().any(|outcome| *outcome == Outcome::Acknowledged) {
        broken.push("no batch was acknowledged, so nothing was tested".to_string());
    }
    for why in &broken {
        println!("BROKEN {why}");
    }
    server.end().await;
    let failed = usize::from(!broken.is_empty());
    println!("{} passed, {failed} failed", 1 - failed);
    Ok(broken.is_empty())
}

async fn prepare(server: &Server) -> Result<(), String> {
    for sql in [
        "CREATE DATABASE storm",
        "CREATE TABLE storm.t (client INT, batch INT, n INT, d DATE) PARTITION BY date_trunc('month', d)",
        "CREATE MATERIALIZED VIEW storm.m REFRESH ASYNC AS SELECT client, count(*) AS c, sum(n) AS s FROM storm.t GROUP BY client",
    ] {
        query(server, sql).await?;
    }
    Ok(())
}

/// Lets the clients work for `delay`, kills and restarts the server, returns what the clients know.
async fn storm(
    server: &mut Server,
    sent: &BTreeMap<Batch, Outcome>,
    delay: Duration,
) -> Result<BTreeMap<Batch, Outcome>, String> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        let first = sent.keys().filter(|b| b.client == client).map(|b| b.number + 1).max().unwrap_or(0);
        let first = Batch { client, number: first };
        clients.spawn(send_batches(first, Ports::of(server), Arc::clone(&stop)));
    }
    tokio::time::sleep(delay).await;
    server.kill_and_restart().await?;
    stop.store(true, Ordering::Relaxed);
    let mut outcomes = BTreeMap::new();
    while let Some(ended) = clients.join_next().await {
        outcomes.extend(ended.map_err(|e| format!("a client failed: {e}"))?);
    }
    Ok(outcomes)
}

/// Sends batch after batch until one gets no answer.
async fn send_batches(first: Batch, ports: Ports, stop: Arc<AtomicBool>) -> Vec<(Batch, Outcome)> {
    let mut outcomes = Vec::new();
    let mut batch = first;
    while !stop.load(Ordering::Relaxed) {
        let (outcome, why) = send(batch, ports).await;
        outcomes.push((batch, outcome));
        match outcome {
            Outcome::Acknowledged => {}
            Outcome::Refused => println!("{batch:?} was refused: {why}"),
            Outcome::Unknown => break,
        }
        batch.number += 1;
    }
    outcomes
}

/// Sends one batch; with the server's words, unless it took the batch.
async fn send(batch: Batch, ports: Ports) -> (Outcome, String) {
    let answer = if batch.by_http() { load(batch, ports.http).await } else { insert(batch, ports.query).await };
    match answer {
        Ok(()) => (Outcome::Acknowledged, String::new()),
        Err(Failure::Server(why)) => (Outcome::Refused, why),
        Err(Failure::Connection(why)) => (Outcome::Unknown, why),
    }
}

async fn load(batch: Batch, port: u16) -> Result<(), Failure> {
    let body: String = (0..batch.rows())
        .map(|n| batch.row(n))
        .map(|(client, number, n, day)| format!("{client},{number},{n},{day}\n"))
        .collect();
    let headers = [
        ("Authorization", "Basic cm9vdDo=".to_string()),
        ("label", batch.label()),
        ("column_separator", ",".to_string()),
    ];
    let request = Request {
        method: "PUT".to_string(),
        path: "/api/storm/t/_stream_load".to_string(),
        headers: headers.into_iter().map(|(name, value)| (name.to_string(), value)).collect(),
        body: body.into_bytes(),
        ..Request::default()
    };
    let reply = http_client::send(port, &request).await.map_err(Failure::Connection)?.text();
    let taken = reply.contains("\"Success\"");
    if taken { Ok(()) } else { Err(Failure::Server(reply.split_whitespace().collect::<Vec<_>>().join(" "))) }
}

async fn insert(batch: Batch, port: u16) -> Result<(), Failure> {
    let rows: Vec<String> = (0..batch.rows())
        .map(|n| batch.row(n))
        .map(|(client, number, n, day)| format!("({client}, {number}, {n}, '{day}')"))
        .collect();
    let sql = format!("INSERT INTO storm.t WITH LABEL `{}` VALUES {}", batch.label(), rows.join(", "));
    Session::open(port, None).await?.run(&sql).await.map(|_| ())
}

/// Compares the table with what clients know; unknown outcomes become known.
async fn check(server: &Server, sent: &mut BTreeMap<Batch, Outcome>) -> Result<Vec<String>, String> {
    let mut broken = Vec::new();
    let mut found = stored(server).await?;
    for (batch, outcome) in sent.iter_mut() {
        let rows = batch.rows();
        let expected = (rows, (0..rows).sum::<u64>());
        let got = found.remove(batch);
        match (*outcome, got) {
            (Outcome::Acknowledged, got) if got == Some(expected) => {}
            (Outcome::Refused, _) => broken.push(format!("{batch:?} was refused, nothing was wrong with it")),
            (Outcome::Unknown, None) => *outcome = resend(server, *batch, false, &mut broken).await,
            (Outcome::Unknown, got) if got == Some(expected) => {
                *outcome = resend(server, *batch, true, &mut broken).await;
            }
            (outcome, got) => {
                broken.push(format!("{batch:?} is {outcome:?}; (rows, sum) {got:?}, expected {expected:?}"))
            }
        }
    }
    broken.extend(found.keys().map(|batch| format!("{batch:?} is stored and was never sent")));
    if let Some(last) = sent.iter().rev().find(|(_, o)| **o == Outcome::Acknowledged).map(|(b, _)| *b) {
        resend(server, last, true, &mut broken).await;
    }
    Ok(broken)
}

/// Sends a batch again under its label: it must be refused if its rows are there, else it must be stored.
async fn resend(server: &Server, batch: Batch, is_stored: bool, broken: &mut Vec<String>) -> Outcome {
    let (outcome, why) = send(batch, Ports::of(server)).await;
    match (is_stored, outcome) {
        (true, Outcome::Refused) | (false, Outcome::Acknowledged) => {}
        _ => broken.push(format!("{batch:?} sent again, stored before: {is_stored}, now {outcome:?} {why}")),
    }
    Outcome::Acknowledged
}

/// Rows and the sum of `n` per batch.
async fn stored(server: &Server) -> Result<BTreeMap<Batch, (u64, u64)>, String> {
    let rows = query(server, "SELECT client, batch, count(*), sum(n) FROM storm.t GROUP BY client, batch").await?;
    let number = |text: &String| text.parse::<u64>().map_err(|_| format!("{text:?} is not a number"));
    let mut batches = BTreeMap::new();
    for row in &rows {
        let [client, batch, count, sum] = row.as_slice() else { return Err(format!("unexpected row {row:?}")) };
        batches.insert(Batch { client: number(client)?, number: number(batch)? }, (number(count)?, number(sum)?));
    }
    Ok(batches)
}

async fn check_view(server: &Server) -> Result<(), String> {
    let begun = Instant::now();
    loop {
        let base =
            query(server, "SELECT client, count(*), sum(n) FROM storm.t GROUP BY client ORDER BY client").await?;
        let view = query(server, "SELECT client, c, s FROM storm.m ORDER BY client").await?;
        if base == view {
            return Ok(());
        }
        if begun.elapsed() > EVENTUALLY {
            return Err(format!("the view has {view:?}, its base {base:?}"));
        }
        tokio::time::sleep(EVENTUALLY_PAUSE).await;
    }
}

async fn query(server: &Server, sql: &str) -> Result<Vec<Vec<String>>, String> {
    let failed = |e: Failure| format!("{e}\n    | {sql}");
    let mut session = Session::open(server.query_port, None).await.map_err(failed)?;
    let answer = session.run(sql).await.map_err(failed)?;
    session.close().await;
    match answer {
        Answer::Rows { rows, .. } => Ok(rows),
        Answer::Done { .. } => Ok(Vec::new()),
    }
}

/// SplitMix64: enough to vary delays and sizes, the same for the same seed.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Random {
        Random(seed)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}
