//! One MySQL session whose results are text.

use mysql_async::consts::ColumnType;
use mysql_async::prelude::Queryable;
use mysql_async::{Column, Conn, OptsBuilder, Params, Row, Value};
use std::fmt;

/// A statement's answer.
#[derive(Debug)]
pub enum Answer {
    Rows { columns: Vec<String>, rows: Vec<Vec<String>> },
    Done { affected: u64 },
}

/// Why a statement failed.
#[derive(Debug)]
pub enum Failure {
    /// The server answered with an error: `(errno) (sqlstate) message`.
    Server(String),
    /// The connection broke; the session cannot be used any more.
    Connection(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Server(text) => f.write_str(text),
            Failure::Connection(text) => write!(f, "connection lost: {text}"),
        }
    }
}

impl From<mysql_async::Error> for Failure {
    fn from(error: mysql_async::Error) -> Self {
        match error {
            mysql_async::Error::Server(e) => Failure::Server(format!("({}) ({}) {}", e.code, e.state, e.message)),
            other => Failure::Connection(other.to_string()),
        }
    }
}

pub struct Session {
    conn: Conn,
    /// Statements go through the prepared-statement protocol, whose rows are binary.
    prepared: bool,
}

impl Session {
    pub async fn open(port: u16, database: Option<&str>) -> Result<Session, Failure> {
        let options = OptsBuilder::default()
            .ip_or_hostname("127.0.0.1")
            .tcp_port(port)
            .user(Some("root"))
            .db_name(database)
            .prefer_socket(false);
        Ok(Session { conn: Conn::new(options).await?, prepared: false })
    }

    pub fn use_prepared_protocol(&mut self) {
        self.prepared = true;
    }

    pub async fn run(&mut self, sql: &str) -> Result<Answer, Failure> {
        if self.prepared {
            let (sql, parameters) = split_parameters(sql)?;
            let mut result = self.conn.exec_iter(sql, parameters).await?;
            let columns = result.columns();
            let rows: Vec<Row> = result.collect().await?;
            let affected = result.affected_rows();
            drop(result);
            return Ok(answer(columns.as_deref(), rows, affected));
        }
        let mut result = self.conn.query_iter(sql).await?;
        let columns = result.columns();
        let rows: Vec<Row> = result.collect().await?;
        let affected = result.affected_rows();
        result.drop_result().await?;
        Ok(answer(columns.as_deref(), rows, affected))
    }

    pub async fn close(self) {
        // The server may already have closed its side.
        self.conn.disconnect().await.ok();
    }
}

/// Takes the values of `?` from a last line `-- with [1, "text", 1.5, null]`.
fn split_parameters(sql: &str) -> Result<(&str, Params), Failure> {
    let Some((sql, json)) = sql.rsplit_once("\n-- with ") else { return Ok((sql, Params::Empty)) };
    let values: Vec<serde_json::Value> = serde_json::from_str(json)
        .map_err(|e| Failure::Server(format!("not a JSON array of parameters: {json}: {e}")))?;
    let value = |value: serde_json::Value| match value {
        serde_json::Value::Null => Value::NULL,
        serde_json::Value::Number(n) => n.as_i64().map_or_else(|| Value::Double(n.as_f64().unwrap_or(0.0)), Value::Int),
        serde_json::Value::String(text) => Value::Bytes(text.into_bytes()),
        other => Value::Bytes(other.to_string().into_bytes()),
    };
    Ok((sql, Params::Positional(values.into_iter().map(value).collect())))
}

fn answer(columns: Option<&[Column]>, rows: Vec<Row>, affected: u64) -> Answer {
    match columns {
        Some(columns) if !columns.is_empty() => {
            let names = columns.iter().map(|c| c.name_str().into_owned()).collect();
            let text = |row: Row| row.unwrap().into_iter().zip(columns).map(|(v, c)| value_text(&v, c)).collect();
            Answer::Rows { columns: names, rows: rows.into_iter().map(text).collect() }
        }
        _ => Answer::Done { affected },
    }
}

/// A value as test files write it: `NULL`, `(empty)`, control characters escaped.
fn value_text(value: &Value, column: &Column) -> String {
    let text = match value {
        Value::NULL => return "NULL".to_string(),
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::Int(v) => v.to_string(),
        Value::UInt(v) => v.to_string(),
        Value::Float(v) => v.to_string(),
        Value::Double(v) => v.to_string(),
        Value::Date(y, mo, d, h, mi, s, us) => {
            let date = format!("{y:04}-{mo:02}-{d:02}");
            match (column.column_type(), us) {
                (ColumnType::MYSQL_TYPE_DATE, _) => date,
                (_, 0) => format!("{date} {h:02}:{mi:02}:{s:02}"),
                (_, us) => format!("{date} {h:02}:{mi:02}:{s:02}.{us:06}"),
            }
        }
        Value::Time(negative, d, h, mi, s, us) => {
            let sign = if *negative { "-" } else { "" };
            let fraction = if *us == 0 { String::new() } else { format!(".{us:06}") };
            format!("{sign}{:02}:{mi:02}:{s:02}{fraction}", d * 24 + u32::from(*h))
        }
    };
    if text.is_empty() {
        return "(empty)".to_string();
    }
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t")
}
