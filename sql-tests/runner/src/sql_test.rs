//! Runs a `.test` file: sqllogictest records over MySQL sessions. `sql-tests/README.md` lists what is supported.

use crate::server::Server;
use crate::session::{Answer, Failure, Session};
use crate::test_file::{FileResult, TestFile};
use crate::text::{difference, line_matches, substitute};
use sqllogictest::{Connection, DefaultColumnType, QueryExpect, Record, RetryConfig, SortMode, StatementExpect};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How long an `eventually` query may take to come true.
pub(crate) const EVENTUALLY: Duration = Duration::from_secs(30);
pub(crate) const EVENTUALLY_PAUSE: Duration = Duration::from_millis(100);

/// Runs the file's records in order; a failed record does not end the file.
pub(crate) async fn run(file: &TestFile, server: &mut Server, result: &mut FileResult) {
    let path = file.path.display().to_string();
    let records = match sqllogictest::parse_with_name::<DefaultColumnType>(&file.text, path.as_str()) {
        Ok(records) => records,
        Err(e) => {
            result.checks += 1;
            result.failures.push(format!("  {e}"));
            return;
        }
    };
    let mut run = Run { file, server, sessions: HashMap::new(), variables: HashMap::new() };
    for record in records {
        let line = line_of(&record);
        let checked = match run.record(record).await {
            Ok(checked) => checked,
            Err(text) => {
                result.failures.push(format!("  {path}:{line}: {text}"));
                true
            }
        };
        result.checks += usize::from(checked);
    }
    for (_, session) in run.sessions {
        session.close().await;
    }
}

struct Run<'a> {
    file: &'a TestFile,
    server: &'a mut Server,
    sessions: HashMap<Connection, Session>,
    variables: HashMap<String, String>,
}

impl Run<'_> {
    /// Runs one record; whether it checked anything.
    async fn record(&mut self, record: Record<DefaultColumnType>) -> Result<bool, String> {
        match record {
            Record::Statement { connection, sql, expected, retry, .. } => {
                let sql = substitute(&sql, &self.variables);
                let mut deadline = Deadline::new(retry.as_ref(), false);
                while let Err(why) = self.statement(&connection, &sql, &expected).await {
                    deadline.pause_or(why).await?;
                }
                Ok(true)
            }
            Record::Query { connection, sql, expected, retry, .. } => {
                let sql = substitute(&sql, &self.variables);
                let eventually = matches!(&expected, QueryExpect::Results { label: Some(l), .. } if l == "eventually");
                let mut deadline = Deadline::new(retry.as_ref(), eventually);
                while let Err(why) = self.query(&connection, &sql, &expected).await {
                    deadline.pause_or(why).await?;
                }
                Ok(true)
            }
            Record::Let { connection, variables, sql, .. } => {
                let sql = substitute(&sql, &self.variables);
                self.bind(&connection, &variables, &sql).await?;
                Ok(false)
            }
            Record::System { command, .. } => self.control(command.trim()).await.map(|()| true),
            Record::Sleep { .. } => Err("tests do not sleep; use `eventually`".to_string()),
            Record::Include { .. } | Record::Control(_) | Record::Condition(_) | Record::Halt { .. } => {
                Err("include, control, skipif, onlyif and halt are not supported".to_string())
            }
            _ => Ok(false),
        }
    }

    /// `system ok` with one of the words below; nothing is given to a shell.
    async fn control(&mut self, command: &str) -> Result<(), String> {
        if !self.file.alone {
            return Err("only files in crash/ or with a `# server:` line may restart the server".to_string());
        }
        self.sessions.clear();
        match command {
            "restart" => self.server.kill_and_restart().await,
            "stop and start" => self.server.stop_and_restart().await,
            other => Err(format!("unknown command {other:?}; there are `restart` and `stop and start`")),
        }
    }

    async fn send(&mut self, connection: &Connection, sql: &str) -> Result<Answer, Failure> {
        if !self.sessions.contains_key(connection) {
            let mut session = Session::open(self.server.query_port, Some(&self.file.database)).await?;
            if matches!(connection, Connection::Named(name) if name.starts_with("prepared")) {
                session.use_prepared_protocol();
            }
            self.sessions.insert(connection.clone(), session);
        }
        let session = self.sessions.get_mut(connection).expect("the session was inserted above if it was missing");
        let answer = session.run(sql).await;
        if matches!(answer, Err(Failure::Connection(_))) {
            self.sessions.remove(connection);
        }
        answer
    }

    async fn statement(
        &mut self,
        connection: &Connection,
        sql: &str,
        expected: &StatementExpect,
    ) -> Result<(), String> {
        match (self.send(connection, sql).await, expected) {
            (Ok(_), StatementExpect::Ok) => Ok(()),
            (Ok(answer), StatementExpect::Count(expected)) => {
                let count = match answer {
                    Answer::Done { affected } => affected,
                    Answer::Rows { rows, .. } => rows.len() as u64,
                };
                (count == *expected)
                    .then_some(())
                    .ok_or_else(|| format!("{count} rows, expected {expected}\n{}", quote(sql)))
            }
            (Ok(_), StatementExpect::Error(e)) => Err(format!("succeeded, expected the error {e}\n{}", quote(sql))),
            (Err(failure), StatementExpect::Error(e)) => expect_error(&failure, e, sql),
            (Err(failure), _) => Err(format!("{failure}\n{}", quote(sql))),
        }
    }

    async fn query(
        &mut self,
        connection: &Connection,
        sql: &str,
        expected: &QueryExpect<DefaultColumnType>,
    ) -> Result<(), String> {
        let answer = self.send(connection, sql).await;
        let QueryExpect::Results { types, sort_mode, label, results, .. } = expected else {
            let QueryExpect::Error(e) = expected else { return Err("unknown expectation".to_string()) };
            return match answer {
                Ok(_) => Err(format!("succeeded, expected the error {e}\n{}", quote(sql))),
                Err(failure) => expect_error(&failure, e, sql),
            };
        };
        let (columns, rows) = match answer.map_err(|failure| format!("{failure}\n{}", quote(sql)))? {
            Answer::Rows { columns, rows } => (columns, rows),
            Answer::Done { .. } => return Err(format!("no result set\n{}", quote(sql))),
        };
        if columns.len() != types.len() {
            return Err(format!("{} columns, expected {}: {columns:?}\n{}", columns.len(), types.len(), quote(sql)));
        }
        let mut expected: Vec<String> = results.iter().map(|line| substitute(line, &self.variables)).collect();
        let mut actual: Vec<String> = rows.iter().map(|row| row.join(" ")).collect();
        match sort_mode {
            Some(SortMode::RowSort) => {
                expected.sort_unstable();
                actual.sort_unstable();
            }
            Some(SortMode::ValueSort) => return Err("valuesort is not supported, use rowsort".to_string()),
            Some(SortMode::NoSort) | None => {}
        }
        match label.as_deref() {
            Some("names") => actual.insert(0, columns.join(" ")),
            Some("eventually") | None => {}
            Some(other) => return Err(format!("unknown word {other:?} after the column types")),
        }
        let equal = expected.len() == actual.len() && expected.iter().zip(&actual).all(|(e, a)| line_matches(e, a));
        equal.then_some(()).ok_or_else(|| format!("wrong result\n{}{}", quote(sql), difference(&expected, &actual)))
    }

    /// `let a, b` binds the single row of a query to variables.
    async fn bind(&mut self, connection: &Connection, names: &[String], sql: &str) -> Result<(), String> {
        match self.send(connection, sql).await {
            Ok(Answer::Rows { rows, .. }) if rows.len() == 1 && rows[0].len() == names.len() => {
                self.variables.extend(names.iter().cloned().zip(rows[0].iter().cloned()));
                Ok(())
            }
            Ok(answer) => Err(format!("expected one row of {} values, got {answer:?}\n{}", names.len(), quote(sql))),
            Err(failure) => Err(format!("{failure}\n{}", quote(sql))),
        }
    }
}

/// When to stop repeating a record that does not hold yet.
struct Deadline {
    until: Option<Instant>,
    attempts_left: usize,
    pause: Duration,
}

impl Deadline {
    fn new(retry: Option<&RetryConfig>, eventually: bool) -> Deadline {
        match retry {
            _ if eventually => Deadline {
                until: Some(Instant::now() + EVENTUALLY),
                attempts_left: usize::MAX,
                pause: EVENTUALLY_PAUSE,
            },
            Some(retry) => Deadline { until: None, attempts_left: retry.attempts, pause: retry.backoff },
            None => Deadline { until: None, attempts_left: 0, pause: Duration::ZERO },
        }
    }

    /// Waits before the next attempt, or gives `why` back if there is none.
    async fn pause_or(&mut self, why: String) -> Result<(), String> {
        if self.attempts_left == 0 || self.until.is_some_and(|until| Instant::now() > until) {
            return Err(why);
        }
        self.attempts_left -= 1;
        tokio::time::sleep(self.pause).await;
        Ok(())
    }
}

fn expect_error(failure: &Failure, expected: &sqllogictest::ExpectedError, sql: &str) -> Result<(), String> {
    match failure {
        Failure::Server(text) if expected.is_match(text, None) => Ok(()),
        _ => Err(format!("the error is {failure}\n    expected {expected}\n{}", quote(sql))),
    }
}

fn quote(sql: &str) -> String {
    sql.lines().map(|line| format!("    | {line}\n")).collect()
}

fn line_of(record: &Record<DefaultColumnType>) -> u32 {
    match record {
        Record::Statement { loc, .. }
        | Record::Query { loc, .. }
        | Record::Let { loc, .. }
        | Record::System { loc, .. }
        | Record::Include { loc, .. }
        | Record::Sleep { loc, .. }
        | Record::Halt { loc } => loc.line(),
        _ => 0,
    }
}
