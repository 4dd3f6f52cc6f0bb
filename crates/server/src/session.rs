//! One client's session: its database, variables and warnings; statement text in, reply out.

use crate::mysql::{ClientSession, Frontend, Login, SALT_BYTES, SessionStatus};
use crate::process_list::{ProcessHandle, ProcessList};
use crate::reply::{Reply, ResultColumn, Rows};
use crate::server::{ROOT, Server};
use crate::statement;
use crate::time_limit::{TimeLimit, hold};
use async_trait::async_trait;
use base::names::{DEFAULT_CATALOG, INFORMATION_SCHEMA};
use base::session_variable::SessionVariables;
use base::{Error, ErrorKind, Result};
use catalog::{Snapshot, Table};
use datafusion::scalar::ScalarValue;
use engine::SessionInfo;
use futures::StreamExt;
use sql::{Cursor, Hint, ObjectName, Pipes};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// Who asks, and what they have set.
pub struct Session {
    pub server: Arc<Server>,
    pub user: String,
    /// The client's address without port.
    pub host: String,
    pub connection_id: u64,
    pub database: Option<String>,
    pub variables: SessionVariables,
    pub user_variables: BTreeMap<String, ScalarValue>,
    pub in_transaction: bool,
    /// Rows were written since BEGIN, and stay written.
    pub wrote_in_transaction: bool,
    warnings: Vec<Warning>,
    /// Warnings of the statement before the running one, for SHOW WARNINGS.
    shown_warnings: Vec<Warning>,
    process: Option<ProcessHandle>,
    query_id: String,
    last_query_id: String,
    row_count: i64,
    /// Counts the rows of the newest result as they are sent.
    found_rows: Arc<AtomicU64>,
    /// When the running statement began.
    began: Instant,
    /// What the running statement may take.
    limit: Option<TimeLimit>,
}

/// A line of SHOW WARNINGS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// `Note`, `Warning` or `Error`.
    pub level: &'static str,
    pub code: u16,
    pub message: String,
}

impl Session {
    /// A session for a request that comes without a MySQL connection.
    pub fn detached(server: &Arc<Server>, user: &str, host: &str) -> Self {
        Session {
            server: Arc::clone(server),
            user: user.to_string(),
            host: host.to_string(),
            connection_id: 0,
            database: None,
            variables: server.global_variables.read().clone(),
            user_variables: BTreeMap::new(),
            in_transaction: false,
            wrote_in_transaction: false,
            warnings: Vec::new(),
            shown_warnings: Vec::new(),
            process: None,
            query_id: String::new(),
            last_query_id: String::new(),
            row_count: -1,
            found_rows: Arc::default(),
            began: Instant::now(),
            limit: None,
        }
    }

    pub fn snapshot(&self) -> Snapshot {
        self.server.catalog.snapshot()
    }

    /// The session's facts for one statement.
    pub fn info(&self) -> Arc<SessionInfo> {
        Arc::new(SessionInfo {
            user: self.user.clone(),
            host: self.host.clone(),
            connection_id: self.connection_id,
            database: self.database.clone(),
            variables: self.variables.clone(),
            global_variables: self.server.global_variables.read().clone(),
            user_variables: self.user_variables.clone(),
            now_us: self.server.catalog.clock().now_us(),
            query_id: self.query_id.clone(),
            last_query_id: self.last_query_id.clone(),
            last_insert_id: 0,
            found_rows: self.found_rows.load(Ordering::Relaxed),
            row_count: self.row_count,
        })
    }

    /// `'user'@'host'` as definitions record their creator.
    pub fn identity(&self) -> String {
        format!("'{}'@'%'", self.user)
    }

    pub fn query_id(&self) -> &str {
        &self.query_id
    }

    /// What SHOW PROCESSLIST tells about the running statement.
    pub fn set_state(&self, state: &'static str) {
        if let Some(process) = &self.process {
            process.set_state(state);
        }
    }

    pub fn warn(&mut self, code: u16, message: impl Into<String>) {
        self.warnings.push(Warning { level: "Warning", code, message: message.into() });
    }

    /// Says that a clause was understood and has no effect.
    pub fn note_without_effect(&mut self, what: impl std::fmt::Display) {
        self.warn(1105, format!("{what} has no effect in Viewmill"));
    }

    /// The warnings of the previous statement, for SHOW WARNINGS.
    pub(crate) fn take_shown_warnings(&mut self) -> Vec<Warning> {
        std::mem::take(&mut self.shown_warnings)
    }

    /// Leaves warnings for the next SHOW WARNINGS: showing them does not clear them.
    pub(crate) fn keep_warnings(&mut self, warnings: Vec<Warning>) {
        self.warnings = warnings;
    }

    /// The chosen database.
    ///
    /// # Errors
    /// `NoDatabase`.
    pub fn current_database(&self) -> Result<&str> {
        self.database.as_deref().ok_or_else(|| Error::new(ErrorKind::NoDatabase, "No database selected"))
    }

    /// Database and table of a name in a statement.
    ///
    /// # Errors
    /// `UnknownCatalog`, `NoDatabase`.
    pub fn resolve(&self, name: &ObjectName) -> Result<(String, String)> {
        check_catalog(name.catalog.as_deref())?;
        let database = match &name.database {
            Some(database) => database.clone(),
            None => self.current_database()?.to_string(),
        };
        Ok((database, name.name.clone()))
    }

    /// The database that a statement names (`db` or `catalog.db`), or the current one. It exists.
    ///
    /// # Errors
    /// `UnknownCatalog`, `NoDatabase`, `UnknownDatabase`.
    pub fn resolve_database(&self, name: Option<&ObjectName>) -> Result<String> {
        let Some(name) = name else { return self.current_database().map(str::to_string) };
        check_catalog(name.database.as_deref())?;
        if name.name.eq_ignore_ascii_case(INFORMATION_SCHEMA) {
            return Ok(INFORMATION_SCHEMA.to_string());
        }
        Ok(self.snapshot().database(&name.name)?.name.clone())
    }

    /// A table, view or materialized view that a statement names.
    ///
    /// # Errors
    /// As [`Session::resolve`]; `UnknownDatabase`, `UnknownTable`.
    pub fn find_table(&self, snapshot: &Snapshot, name: &ObjectName) -> Result<Arc<Table>> {
        let (database, name) = self.resolve(name)?;
        snapshot.table(&database, &name).cloned()
    }

    /// Changes the current database; accepts `db`, `catalog.db` and `catalog.`.
    pub fn choose_database(&mut self, name: &str) -> Result<()> {
        let (catalog, database) = match name.split_once('.') {
            Some((catalog, database)) => (Some(catalog), database),
            None => (None, name),
        };
        check_catalog(catalog)?;
        let database = if database.is_empty() {
            None
        } else if database.eq_ignore_ascii_case(INFORMATION_SCHEMA) {
            Some(INFORMATION_SCHEMA.to_string())
        } else {
            Some(self.snapshot().database(database)?.name.clone())
        };
        if let Some(process) = &self.process {
            process.set_database(database.as_deref());
        }
        self.database = database;
        Ok(())
    }

    fn begin_statement(&mut self) {
        self.began = Instant::now();
        self.last_query_id = std::mem::replace(&mut self.query_id, mv::new_query_id());
        self.shown_warnings = std::mem::take(&mut self.warnings);
        // The database may have been dropped by another session.
        if self.database.as_deref().is_some_and(|d| d != INFORMATION_SCHEMA && self.snapshot().database(d).is_err()) {
            self.database = None;
        }
    }

    fn parse(&self, sql: &str) -> Result<Box<dyn statement::Statement>> {
        let concat = self.variables.has_sql_mode("PIPES_AS_CONCAT") || self.variables.has_sql_mode("ANSI");
        let mut cursor = Cursor::with_pipes(sql, if concat { Pipes::Concat } else { Pipes::Or })?;
        statement::parse(&mut cursor)
    }

    /// How long rows may be written for the running INSERT, whose hints count.
    pub(crate) fn insert_limit(&self) -> Option<TimeLimit> {
        TimeLimit::of_insert(&self.variables, self.began)
    }

    async fn run_statement(&mut self, sql: &str) -> Result<Reply> {
        let statement = self.parse(sql)?;
        self.limit = None;
        if statement.is_query() {
            self.limit = TimeLimit::of_query(&hinted(&self.variables, statement.hints()));
        }
        let limit = self.limit;
        Ok(match hold(limit, statement.run(self)).await? {
            Reply::Rows(rows) => {
                // A counter of its own: the statement may ask for the rows of the one before it.
                self.found_rows = Arc::default();
                Reply::Rows(watched(rows, limit, Arc::clone(&self.found_rows)))
            }
            done => done,
        })
    }
}

/// The variables that limit a statement, before it applies its hints. Wrong ones are its own to refuse.
fn hinted<'a>(variables: &'a SessionVariables, hints: &[Hint]) -> Cow<'a, SessionVariables> {
    let mut variables = Cow::Borrowed(variables);
    for hint in hints {
        let Hint::SetVar(pairs) = hint else { continue };
        for (name, value) in pairs {
            let _ = variables.to_mut().set(name, value);
        }
    }
    variables
}

pub(crate) fn check_catalog(catalog: Option<&str>) -> Result<()> {
    match catalog {
        None => Ok(()),
        Some(name) if name.eq_ignore_ascii_case(DEFAULT_CATALOG) => Ok(()),
        Some(name) => Err(Error::new(ErrorKind::UnknownCatalog, format!("Unknown catalog '{name}'"))),
    }
}

/// The rows until the time is up, counted; then an error.
fn watched(rows: Rows, limit: Option<TimeLimit>, count: Arc<AtomicU64>) -> Rows {
    let batches = futures::stream::unfold(Some(rows.batches), move |batches| {
        let count = Arc::clone(&count);
        async move {
            let mut batches = batches?;
            match hold(limit, async { Ok(batches.next().await) }).await {
                Ok(Some(batch)) => {
                    count.fetch_add(batch.as_ref().map_or(0, |b| b.num_rows() as u64), Ordering::Relaxed);
                    Some((batch, Some(batches)))
                }
                Ok(None) => None,
                Err(e) => Some((Err(e), None)),
            }
        }
    });
    Rows { columns: rows.columns, batches: batches.boxed() }
}

#[async_trait]
impl ClientSession for Session {
    async fn use_database(&mut self, name: &str) -> Result<()> {
        self.choose_database(name)
    }

    async fn execute(&mut self, sql: &str) -> Result<Reply> {
        self.begin_statement();
        let reply = self.run_statement(sql).await;
        match &reply {
            Ok(Reply::Done(done)) => self.row_count = done.affected_rows as i64,
            Ok(Reply::Rows(_)) => self.row_count = -1,
            Err(e) => {
                let code = base::sql_code::of(e.kind()).errno;
                self.warnings.push(Warning { level: "Error", code, message: e.to_string() });
            }
        }
        let warnings = self.warnings.len().min(usize::from(u16::MAX)) as u16;
        reply.map(|reply| match reply {
            Reply::Done(done) => Reply::Done(crate::reply::Done { warnings, ..done }),
            rows => rows,
        })
    }

    async fn describe(&mut self, sql: &str) -> Result<Option<Vec<ResultColumn>>> {
        self.parse(sql)?.describe(self).await
    }

    async fn field_list(&mut self, table: &str) -> Result<Vec<ResultColumn>> {
        let database = self.current_database()?;
        let snapshot = self.snapshot();
        let table = snapshot.table(database, table)?;
        Ok(table.meta.columns.iter().map(|c| statement::rows::table_column(database, &table.meta, c)).collect())
    }

    async fn reset(&mut self) {
        self.variables = self.server.global_variables.read().clone();
        self.user_variables.clear();
        self.in_transaction = false;
        self.warnings.clear();
    }

    fn status(&self) -> SessionStatus {
        SessionStatus {
            autocommit: self.variables.bool("autocommit"),
            in_transaction: self.in_transaction,
            warnings: self.warnings.len().min(usize::from(u16::MAX)) as u16,
        }
    }

    fn wait_timeout(&self) -> Duration {
        Duration::from_secs(self.variables.integer("wait_timeout"))
    }

    fn write_timeout(&self) -> Duration {
        Duration::from_secs(self.variables.integer("net_write_timeout"))
    }

    fn time_limit(&self) -> Option<TimeLimit> {
        self.limit
    }
}

/// Makes sessions for MySQL connections.
pub struct SessionFactory {
    server: Arc<Server>,
}

impl SessionFactory {
    pub fn new(server: Arc<Server>) -> Self {
        SessionFactory { server }
    }
}

impl Frontend for SessionFactory {
    fn server_version(&self) -> String {
        self.server.config.text("mysql_server_version").to_string()
    }

    fn authenticate(&self, user: &str, peer: SocketAddr, salt: &[u8; SALT_BYTES], scramble: &[u8]) -> Result<()> {
        if user == ROOT && self.server.root_password.accepts(salt, scramble) {
            return Ok(());
        }
        let using = if scramble.is_empty() { "NO" } else { "YES" };
        let message = format!("Access denied for user '{user}'@'{}' (using password: {using})", peer.ip());
        Err(Error::new(ErrorKind::AccessDenied, message))
    }

    fn open(&self, login: Login) -> Box<dyn ClientSession> {
        let mut session = Session::detached(&self.server, &login.user, &login.peer.ip().to_string());
        session.connection_id = u64::from(login.process.id());
        if login.interactive {
            let timeout = session.variables.integer("interactive_timeout").to_string();
            session.variables.set_fact("wait_timeout", &timeout);
        }
        session.process = Some(login.process);
        Box::new(session)
    }

    fn processes(&self) -> &ProcessList {
        &self.server.processes
    }
}
