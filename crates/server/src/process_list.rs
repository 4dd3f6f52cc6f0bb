//! Who is connected and what each connection runs: for `SHOW PROCESSLIST`, `KILL`, COM_STATISTICS and shutdown.
//!
//! A listener registers a connection and keeps the [`Registration`]; sessions hold a [`ProcessHandle`] to say which
//! user, database and statement they are at. Killing only raises a token: the connection's task acts on it.

use base::clock::{Clock, UnixMs};
use base::{Error, ErrorKind, Result};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use tokio_util::sync::CancellationToken;

/// Statement text that is kept per connection; the rest of a longer one is not shown.
const INFO_BYTES_MAX: usize = 64 << 10;

/// Every connection of this server process; clones are the same list.
#[derive(Debug, Clone)]
pub struct ProcessList {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    clock: Clock,
    started_ms: UnixMs,
    id_next: AtomicU32,
    questions: AtomicU64,
    entries: Mutex<BTreeMap<u32, Arc<Entry>>>,
}

#[derive(Debug)]
struct Entry {
    id: u32,
    host: String,
    connected_ms: UnixMs,
    connection: CancellationToken,
    now: Mutex<Now>,
}

#[derive(Debug)]
struct Now {
    user: String,
    database: Option<String>,
    command: &'static str,
    state: &'static str,
    info: Option<String>,
    since_ms: UnixMs,
    statement: Option<CancellationToken>,
}

/// One row of `SHOW PROCESSLIST`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pub id: u32,
    pub user: String,
    /// `address:port` of the client.
    pub host: String,
    pub database: Option<String>,
    /// `Sleep`, `Query`, `Execute` and so on, in MySQL's words.
    pub command: &'static str,
    /// Seconds since the command or the pause began.
    pub time_seconds: u64,
    pub state: &'static str,
    /// The statement's text while one runs.
    pub info: Option<String>,
    pub connected_ms: UnixMs,
}

/// Totals for COM_STATISTICS and `SHOW STATUS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    pub uptime_seconds: u64,
    /// Connections open now.
    pub connections: usize,
    /// Commands received since the start.
    pub questions: u64,
}

impl ProcessList {
    pub fn new(clock: Clock) -> Self {
        let started_ms = clock.now_ms();
        let entries = Mutex::new(BTreeMap::new());
        let (id_next, questions) = (AtomicU32::new(1), AtomicU64::new(0));
        ProcessList { shared: Arc::new(Shared { clock, started_ms, id_next, questions, entries }) }
    }

    /// Gives a new connection its id, which no open connection has and is never 0.
    pub fn register(&self, host: String) -> Registration {
        let shared = &self.shared;
        let now_ms = shared.clock.now_ms();
        let now = Now {
            user: "unauthenticated user".to_string(),
            database: None,
            command: "Connect",
            state: "login",
            info: None,
            since_ms: now_ms,
            statement: None,
        };
        let mut entries = shared.entries.lock();
        let id = loop {
            let id = shared.id_next.fetch_add(1, Ordering::Relaxed);
            if id != 0 && !entries.contains_key(&id) {
                break id;
            }
        };
        let connection = CancellationToken::new();
        let entry = Arc::new(Entry { id, host, connected_ms: now_ms, connection, now: Mutex::new(now) });
        entries.insert(id, Arc::clone(&entry));
        Registration(ProcessHandle { entry, shared: Arc::clone(shared) })
    }

    /// Every connection, ordered by id.
    pub fn snapshot(&self) -> Vec<Process> {
        let entries: Vec<Arc<Entry>> = self.shared.entries.lock().values().cloned().collect();
        let now_ms = self.shared.clock.now_ms();
        entries.iter().map(|entry| entry.describe(now_ms)).collect()
    }

    /// Ends the connection and what it runs.
    ///
    /// # Errors
    /// `UnknownThread` if no connection has this id.
    pub fn kill_connection(&self, id: u32) -> Result<()> {
        self.find(id)?.connection.cancel();
        Ok(())
    }

    /// Interrupts the statement that the connection runs, if it runs one.
    ///
    /// # Errors
    /// `UnknownThread` if no connection has this id.
    pub fn kill_query(&self, id: u32) -> Result<()> {
        if let Some(statement) = &self.find(id)?.now.lock().statement {
            statement.cancel();
        }
        Ok(())
    }

    /// Ends every connection.
    pub fn kill_all(&self) {
        for entry in self.shared.entries.lock().values() {
            entry.connection.cancel();
        }
    }

    pub fn totals(&self) -> Totals {
        let uptime_ms = self.shared.clock.now_ms() - self.shared.started_ms;
        Totals {
            uptime_seconds: u64::try_from(uptime_ms / 1000).unwrap_or(0),
            connections: self.shared.entries.lock().len(),
            questions: self.shared.questions.load(Ordering::Relaxed),
        }
    }

    fn find(&self, id: u32) -> Result<Arc<Entry>> {
        let entry = self.shared.entries.lock().get(&id).cloned();
        entry.ok_or_else(|| Error::new(ErrorKind::UnknownThread, format!("Unknown thread id: {id}")))
    }
}

impl Entry {
    fn describe(&self, now_ms: UnixMs) -> Process {
        let now = self.now.lock();
        Process {
            id: self.id,
            user: now.user.clone(),
            host: self.host.clone(),
            database: now.database.clone(),
            command: now.command,
            time_seconds: u64::try_from((now_ms - now.since_ms) / 1000).unwrap_or(0),
            state: now.state,
            info: now.info.clone(),
            connected_ms: self.connected_ms,
        }
    }
}

/// A connection's place in the list; dropping it removes the connection.
#[derive(Debug)]
pub struct Registration(ProcessHandle);

impl Deref for Registration {
    type Target = ProcessHandle;

    fn deref(&self) -> &ProcessHandle {
        &self.0
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.0.shared.entries.lock().remove(&self.0.entry.id);
    }
}

/// Lets a session and its connection say what they are at.
#[derive(Debug, Clone)]
pub struct ProcessHandle {
    entry: Arc<Entry>,
    shared: Arc<Shared>,
}

impl ProcessHandle {
    pub fn id(&self) -> u32 {
        self.entry.id
    }

    /// `address:port` of the client.
    pub fn host(&self) -> &str {
        &self.entry.host
    }

    pub fn set_user(&self, user: &str) {
        self.entry.now.lock().user = user.to_string();
    }

    /// The database that unqualified names belong to now.
    pub fn set_database(&self, database: Option<&str>) {
        self.entry.now.lock().database = database.map(str::to_string);
    }

    /// Where the running statement stands, for example `executing`, `sending`, `waiting for the refresh`.
    pub fn set_state(&self, state: &'static str) {
        self.entry.now.lock().state = state;
    }

    /// Marks the connection as waiting for its client's next command.
    pub fn set_idle(&self) {
        self.change("Sleep", "", None, None);
    }

    /// Says that a command runs, until the guard is dropped. Its token is raised by `KILL`.
    pub fn begin(&self, command: &'static str, info: Option<&str>) -> Running {
        self.shared.questions.fetch_add(1, Ordering::Relaxed);
        let token = self.entry.connection.child_token();
        self.change(command, "executing", info.map(shortened), Some(token.clone()));
        Running { process: self.clone(), token }
    }

    /// Resolves when the whole connection shall end.
    pub async fn killed(&self) {
        self.entry.connection.cancelled().await;
    }

    pub fn is_killed(&self) -> bool {
        self.entry.connection.is_cancelled()
    }

    fn change(
        &self,
        command: &'static str,
        state: &'static str,
        info: Option<String>,
        statement: Option<CancellationToken>,
    ) {
        let since_ms = self.shared.clock.now_ms();
        let mut now = self.entry.now.lock();
        (now.command, now.state, now.info, now.statement, now.since_ms) = (command, state, info, statement, since_ms);
    }
}

/// A command that runs; the connection is idle again when this is dropped.
#[derive(Debug)]
pub struct Running {
    process: ProcessHandle,
    token: CancellationToken,
}

impl Running {
    /// Raised by `KILL` of the statement or of its connection.
    pub fn token(&self) -> &CancellationToken {
        &self.token
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.process.set_idle();
    }
}

fn shortened(text: &str) -> String {
    text[..text.floor_char_boundary(INFO_BYTES_MAX)].to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> (ProcessList, Clock) {
        let clock = Clock::manual(1_000_000);
        (ProcessList::new(clock.clone()), clock)
    }

    #[test]
    fn a_connection_is_listed_with_what_it_runs() {
        let (list, clock) = list();
        let process = list.register("127.0.0.1:5".to_string());
        process.set_user("root");
        process.set_database(Some("demo"));
        let running = process.begin("Query", Some("select 1"));
        clock.advance_ms(2_500);
        let row = list.snapshot().remove(0);
        assert_eq!((row.id, row.user.as_str(), row.database.as_deref()), (1, "root", Some("demo")));
        assert_eq!((row.command, row.time_seconds, row.info.as_deref()), ("Query", 2, Some("select 1")));
        drop(running);
        let row = list.snapshot().remove(0);
        assert_eq!((row.command, row.time_seconds, row.info), ("Sleep", 0, None));
        drop(process);
        assert_eq!(list.snapshot(), []);
        assert_eq!(list.totals(), Totals { uptime_seconds: 2, connections: 0, questions: 1 });
    }

    #[test]
    fn killing_a_query_leaves_the_connection() {
        let (list, _) = list();
        let process = list.register("h".to_string());
        list.kill_query(process.id()).unwrap();
        let running = process.begin("Query", None);
        assert!(!running.token().is_cancelled(), "a kill before the statement does not count");
        list.kill_query(process.id()).unwrap();
        assert!(running.token().is_cancelled() && !process.is_killed());
        drop(running);
        let running = process.begin("Query", None);
        list.kill_connection(process.id()).unwrap();
        assert!(running.token().is_cancelled() && process.is_killed());
    }

    #[test]
    fn an_unknown_id_is_1094() {
        let (list, _) = list();
        let error = list.kill_connection(7).unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::UnknownThread, "Unknown thread id: 7"));
    }

    #[test]
    fn long_statements_are_cut_between_characters() {
        let text = "é".repeat(INFO_BYTES_MAX);
        assert_eq!(shortened(&text).len(), INFO_BYTES_MAX);
        assert_eq!(shortened(&format!("x{text}")).len(), INFO_BYTES_MAX - 1);
    }
}
