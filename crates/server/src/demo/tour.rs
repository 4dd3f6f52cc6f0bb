//! The steps of the demo, in order; each prints what it did.

use super::script;
use super::stream_load;
use base::{Error, ErrorKind, Result};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder, Value};
use std::io::Write;
use std::time::{Duration, Instant};

const REFRESH_WAIT: Duration = Duration::from_secs(300);
const POLL_EVERY: Duration = Duration::from_millis(100);
/// Each question is asked once to warm up and so often for the time that is printed, the median.
const RUNS: usize = 9;
const ROWS_SHOWN: usize = 5;

/// Where the server of the demo listens.
#[derive(Debug, Clone)]
pub struct Server {
    /// A name or address that this machine can connect to.
    pub host: String,
    pub query_port: u16,
    pub http_port: u16,
    /// Of the user root.
    pub password: String,
}

impl Server {
    pub(super) fn http_url(&self) -> String {
        match self.host.contains(':') {
            true => format!("http://[{}]:{}", self.host, self.http_port),
            false => format!("http://{}:{}", self.host, self.http_port),
        }
    }
}

type Rows = Vec<Vec<Option<String>>>;

/// Creates, loads, materializes, compares. Safe to repeat on the same data directory.
///
/// # Errors
/// Whatever the server answered to the step that failed; `Internal` if table and view disagree.
pub async fn run(server: &Server, out: &mut (dyn Write + Send)) -> Result<()> {
    say(out, "Viewmill demo: a year of invented traffic accidents in New York\n")?;
    let mut db = connect(server).await?;

    say(out, &format!("1. Create the database {} and the table {}", script::DATABASE, script::TABLE))?;
    ask(&mut db, &format!("CREATE DATABASE IF NOT EXISTS {}", script::DATABASE)).await?;
    ask(&mut db, &format!("USE {}", script::DATABASE)).await?;
    ask(&mut db, script::CREATE_TABLE).await?;

    say(out, "2. Stream Load: the accidents as CSV, by HTTP PUT")?;
    load(server, out).await?;

    say(out, &format!("3. Create the materialized view {}: accidents per day and vehicle type", script::VIEW))?;
    ask(&mut db, script::CREATE_VIEW).await?;
    wait_for_refresh(&mut db).await?;
    let groups = ask(&mut db, &format!("SELECT count(*) FROM {}", script::VIEW)).await?;
    let rows = ask(&mut db, &format!("SELECT count(*) FROM {}", script::TABLE)).await?;
    say(out, &format!("   Refreshed: {} rows made of {}\n", single(&groups), single(&rows)))?;

    say(out, "4. The same question to both: which vehicle types had most accidents in which month?")?;
    compare(&mut db, out).await?;
    say(out, &how_to_connect(server))?;
    // The connection is of no further use; the server drops it either way.
    let _ = db.disconnect().await;
    Ok(())
}

async fn load(server: &Server, out: &mut (dyn Write + Send)) -> Result<()> {
    let started = Instant::now();
    let response = stream_load::load(server).await?;
    let elapsed = started.elapsed();
    say(out, &response.pretty())?;
    match response.status() {
        "Success" => {
            let megabytes = response.number("LoadBytes") as f64 / 1e6;
            let loaded = response.number("NumberLoadedRows");
            let filtered = response.number("NumberFilteredRows");
            say(
                out,
                &format!(
                    "   {loaded} rows in {:.2} s ({:.0} MB/s); {filtered} malformed record filtered, as planned\n",
                    elapsed.as_secs_f64(),
                    megabytes / elapsed.as_secs_f64(),
                ),
            )
        }
        "Label Already Exists" => say(out, "   An earlier run loaded this label: nothing is loaded twice\n"),
        status => {
            let error = Error::new(ErrorKind::Unavailable, "the stream load failed");
            Err(error.with("status", status).with("message", response.message()))
        }
    }
}

/// The view's creation has submitted a refresh; it runs in the background.
async fn wait_for_refresh(db: &mut Conn) -> Result<()> {
    let deadline = Instant::now() + REFRESH_WAIT;
    loop {
        let rows = ask(db, script::VIEW_STATUS).await?;
        let column = |i: usize| rows.first().and_then(|r| r.get(i)).and_then(Option::as_deref).unwrap_or_default();
        let failed = |message: &str| Err(Error::new(ErrorKind::Unavailable, message).with("view", script::VIEW));
        match (column(0), column(2)) {
            ("false", _) => return failed("the view is inactive").map_err(|e| e.with("reason", column(1))),
            (_, "SUCCESS" | "SKIPPED") => return Ok(()),
            (_, "FAILED") => return failed("the refresh failed").map_err(|e| e.with("reason", column(3))),
            _ if Instant::now() > deadline => return failed("the first refresh takes too long"),
            _ => tokio::time::sleep(POLL_EVERY).await,
        }
    }
}

async fn compare(db: &mut Conn, out: &mut (dyn Write + Send)) -> Result<()> {
    if ask(db, script::ASK_TABLE).await? != ask(db, script::ASK_VIEW).await? {
        say(out, "   The table has changed since the view's last refresh: refresh it now")?;
        ask(db, script::REFRESH_VIEW).await?;
    }
    let (table_ms, from_table) = time(db, script::ASK_TABLE).await?;
    let (view_ms, from_view) = time(db, script::ASK_VIEW).await?;
    for row in from_table.iter().take(ROWS_SHOWN) {
        let cells: Vec<&str> = row.iter().map(|c| c.as_deref().unwrap_or("NULL")).collect();
        say(out, &format!("   {}", cells.join("  ")))?;
    }
    if from_table != from_view {
        return Err(Error::internal("the table and the view give different answers"));
    }
    let more = from_table.len().saturating_sub(ROWS_SHOWN);
    say(out, &format!("   and {more} rows more; both answers are the same"))?;
    say(out, &format!("   on the table: {table_ms:9.2} ms"))?;
    say(out, &format!("   on the view:  {view_ms:9.2} ms, {:.1} times as fast\n", table_ms / view_ms))
}

/// The median time of [`RUNS`] runs in milliseconds, and the answer.
async fn time(db: &mut Conn, question: &str) -> Result<(f64, Rows)> {
    let answer = ask(db, question).await?;
    let mut times_ms = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let started = Instant::now();
        ask(db, question).await?;
        times_ms.push(started.elapsed().as_secs_f64() * 1e3);
    }
    times_ms.sort_by(f64::total_cmp);
    Ok((times_ms[RUNS / 2], answer))
}

fn how_to_connect(server: &Server) -> String {
    let Server { host, query_port, http_port, .. } = server;
    let (database, http) = (script::DATABASE, server.http_url());
    let password = if server.password.is_empty() { "" } else { " -p" };
    let program = program();
    format!(
        "The server stays up. Connect to it (MySQL protocol on port {query_port}, HTTP on port {http_port}):\n\
         \x20  {program} sql --host {host} --port {query_port} --database {database}\n\
         \x20  mysql -h {host} -P {query_port} -u root{password} {database}\n\
         \x20  curl {http}/api/health\n\
         Stop it with Ctrl-C."
    )
}

/// How this program can be called from where it was started.
fn program() -> String {
    let Ok(path) = std::env::current_exe() else { return "viewmill".to_string() };
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(&path).display().to_string()
}

async fn connect(server: &Server) -> Result<Conn> {
    let opts = OptsBuilder::default()
        .ip_or_hostname(server.host.clone())
        .tcp_port(server.query_port)
        .user(Some("root"))
        .pass(Some(server.password.clone()))
        .prefer_socket(false);
    Conn::new(opts).await.map_err(|e| {
        let error = Error::new(ErrorKind::Unavailable, "could not connect to the server");
        error.with("host", &server.host).with("port", server.query_port).caused_by(e)
    })
}

/// Runs a statement; its rows as text.
async fn ask(db: &mut Conn, statement: &str) -> Result<Rows> {
    let rows: Vec<mysql_async::Row> = db.query(statement).await.map_err(|e| {
        let first_line = statement.lines().next().unwrap_or_default();
        Error::new(ErrorKind::Unavailable, "a statement of the demo failed").with("statement", first_line).caused_by(e)
    })?;
    let text = |value: Value| match value {
        Value::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        _ => None,
    };
    Ok(rows.into_iter().map(|row| row.unwrap().into_iter().map(text).collect()).collect())
}

fn single(rows: &Rows) -> &str {
    rows.first().and_then(|r| r.first()).and_then(Option::as_deref).unwrap_or("?")
}

fn say(out: &mut (dyn Write + Send), line: &str) -> Result<()> {
    writeln!(out, "{line}").map_err(|e| Error::internal("could not write the demo's output").caused_by(e))
}
