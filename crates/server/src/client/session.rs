//! The connection of `viewmill sql`: runs one statement and streams its result into a format.

use super::Options;
use super::format::{Cell, Column, ColumnKind, ResultFormat, Summary};
use super::progress::Progress;
use mysql_async::consts::ColumnType;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, OptsBuilder, Value};
use std::io::{self, IsTerminal, Write};

/// How many rows go by between looks at the clock.
const ROWS_PER_LOOK: u64 = 1024;

/// A server's address and, once needed, a connection to it.
pub(super) struct Session {
    opts: Opts,
    address: String,
    conn: Option<Conn>,
}

/// What ended a statement early.
pub(super) enum Failure {
    /// The server refused it; the connection still works.
    Refused(String),
    /// No connection, or it broke; `ERROR …` for people.
    Disconnected(String),
    Output(io::Error),
}

impl From<io::Error> for Failure {
    fn from(e: io::Error) -> Self {
        Failure::Output(e)
    }
}

impl Session {
    pub(super) fn new(options: &Options) -> Self {
        let opts = OptsBuilder::default()
            .ip_or_hostname(options.host.clone())
            .tcp_port(options.port)
            .user(Some(options.user.clone()))
            .pass(options.password.clone())
            .db_name(options.database.clone())
            // Without these two the driver first asks the server for a socket file and for limits.
            .prefer_socket(false)
            .max_allowed_packet(Some(base::limits::MYSQL_PACKET_BYTES_MAX))
            .wait_timeout(Some(28_800))
            .stmt_cache_size(0);
        Session { opts: opts.into(), address: format!("{}:{}", options.host, options.port), conn: None }
    }

    /// Connects unless connected.
    pub(super) async fn connect(&mut self) -> Result<&mut Conn, Failure> {
        if self.conn.is_none() {
            let connected = Conn::new(self.opts.clone()).await;
            self.conn = Some(connected.map_err(|e| match e {
                mysql_async::Error::Server(e) => Failure::Disconnected(e.to_string()),
                e => {
                    let cause = cause(&e);
                    Failure::Disconnected(format!("ERROR 2003 (HY000): could not connect to {}: {cause}", self.address))
                }
            })?);
        }
        Ok(self.conn.as_mut().expect("the line above connected"))
    }

    /// Runs one statement and prints its result.
    pub(super) async fn execute(
        &mut self,
        statement: &str,
        format: &mut dyn ResultFormat,
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        let opts = self.opts.clone();
        let conn = self.connect().await?;
        let result = stream(conn, &opts, statement, format, out).await;
        result.map_err(|e| match e {
            StreamError::Output(e) => Failure::Output(e),
            StreamError::Sql(mysql_async::Error::Server(e)) => Failure::Refused(e.to_string()),
            StreamError::Sql(e) => {
                self.conn = None;
                let cause = cause(&e);
                Failure::Disconnected(format!("ERROR 2013 (HY000): lost the connection during the statement: {cause}"))
            }
        })
    }

    pub(super) async fn close(self) {
        if let Some(conn) = self.conn {
            // The server ends the session either way.
            let _ = conn.disconnect().await;
        }
    }
}

enum StreamError {
    Sql(mysql_async::Error),
    Output(io::Error),
}

impl From<io::Error> for StreamError {
    fn from(e: io::Error) -> Self {
        StreamError::Output(e)
    }
}

impl From<mysql_async::Error> for StreamError {
    fn from(e: mysql_async::Error) -> Self {
        StreamError::Sql(e)
    }
}

async fn stream(
    conn: &mut Conn,
    opts: &Opts,
    statement: &str,
    format: &mut dyn ResultFormat,
    out: &mut dyn Write,
) -> Result<(), StreamError> {
    let id = conn.id();
    let mut progress = Progress::start();
    let mut result = progress.watch(conn.query_iter(statement), opts, id).await?;
    let columns: Vec<Column> = result.columns_ref().iter().map(describe).collect();
    if columns.is_empty() {
        progress.clear();
        let summary =
            Summary { rows: result.affected_rows(), warnings: result.warnings(), elapsed: progress.elapsed() };
        result.drop_result().await?;
        format.done(out, &summary)?;
        return Ok(out.flush()?);
    }
    // Rows that scroll by are progress enough.
    let rows_are_seen = io::stdout().is_terminal();
    format.begin(out, columns)?;
    let mut rows = 0;
    // A sort or an aggregation sends its columns at once and its first row late.
    let mut next = progress.watch(result.next(), opts, id).await?;
    if rows_are_seen {
        progress.clear();
    }
    while let Some(row) = next {
        let cells: Vec<Cell<'_>> = (0..row.len()).map(|i| row.as_ref(i).and_then(bytes)).collect();
        format.row(out, &cells)?;
        rows += 1;
        if !rows_are_seen && rows % ROWS_PER_LOOK == 0 {
            progress.rows(rows);
        }
        next = result.next().await?;
    }
    progress.clear();
    let summary = Summary { rows, warnings: result.warnings(), elapsed: progress.elapsed() };
    result.drop_result().await?;
    format.end(out, &summary)?;
    Ok(out.flush()?)
}

/// The driver's message without its own wrapping.
fn cause(e: &mysql_async::Error) -> String {
    e.to_string().trim_start_matches("Input/output error: ").to_string()
}

fn bytes(value: &Value) -> Cell<'_> {
    match value {
        Value::Bytes(bytes) => Some(bytes),
        // The text protocol sends nothing but text and NULL.
        _ => None,
    }
}

fn describe(column: &mysql_async::Column) -> Column {
    use ColumnType as T;
    let kind = match column.column_type() {
        T::MYSQL_TYPE_TINY | T::MYSQL_TYPE_SHORT | T::MYSQL_TYPE_INT24 | T::MYSQL_TYPE_LONG => ColumnKind::Number,
        T::MYSQL_TYPE_LONGLONG | T::MYSQL_TYPE_FLOAT | T::MYSQL_TYPE_DOUBLE | T::MYSQL_TYPE_YEAR => ColumnKind::Number,
        T::MYSQL_TYPE_DECIMAL | T::MYSQL_TYPE_NEWDECIMAL => ColumnKind::Number,
        T::MYSQL_TYPE_JSON => ColumnKind::Json,
        _ => ColumnKind::Text,
    };
    Column { name: column.name_str().into_owned(), kind }
}
