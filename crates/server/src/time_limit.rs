//! How long a statement may take: which variable limits it, and what its client is told.
//!
//! Sessions limit the work; the MySQL layer limits the sending, so that a client that does not read holds no snapshot.

use base::session_variable::SessionVariables;
use base::{Error, ErrorKind, Result};
use std::time::Duration;
use tokio::time::Instant;

/// The limit of one running statement.
#[derive(Debug, Clone, Copy)]
pub struct TimeLimit {
    variable: &'static str,
    duration: Duration,
    deadline: Instant,
}

impl TimeLimit {
    /// Of a query that begins now; `None` for ever.
    pub fn of_query(variables: &SessionVariables) -> Option<Self> {
        let limits = [
            ("max_execution_time", Duration::from_millis(variables.integer("max_execution_time"))),
            ("query_timeout", Duration::from_secs(variables.integer("query_timeout"))),
        ];
        let (variable, duration) = limits.into_iter().filter(|(_, d)| !d.is_zero()).min_by_key(|(_, d)| *d)?;
        Self::new(variable, duration, Instant::now())
    }

    /// Of an INSERT or CREATE TABLE AS that began at `began`; `None` for ever.
    pub fn of_insert(variables: &SessionVariables, began: Instant) -> Option<Self> {
        let duration = Duration::from_secs(variables.integer("insert_timeout"));
        if duration.is_zero() { None } else { Self::new("insert_timeout", duration, began) }
    }

    /// `None` if the deadline lies further ahead than time can be counted.
    fn new(variable: &'static str, duration: Duration, began: Instant) -> Option<Self> {
        Some(TimeLimit { variable, duration, deadline: began.checked_add(duration)? })
    }

    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// What the client of a statement is told that took too long.
    pub fn error(&self) -> Error {
        let what = match self.variable {
            "insert_timeout" => "Insert reached its timeout, nothing was inserted",
            _ => "Query reached its timeout, maximum statement execution time exceeded",
        };
        let error = Error::new(ErrorKind::Timeout, format!("{what}; raise {}", self.variable));
        error.with("seconds", self.duration.as_secs_f64())
    }
}

/// Does `work` as long as the limit allows.
///
/// # Errors
/// `Timeout`; what was done until then is dropped.
pub async fn hold<T>(limit: Option<TimeLimit>, work: impl Future<Output = Result<T>>) -> Result<T> {
    match limit {
        Some(limit) => tokio::time::timeout_at(limit.deadline, work).await.unwrap_or_else(|_| Err(limit.error())),
        None => work.await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_limit_is_named() {
        for (ms, seconds, named) in [
            ("500", "300", "max_execution_time (seconds: 0.5)"),
            ("5000", "2", "query_timeout (seconds: 2)"),
            ("500", "0", "max_execution_time"),
            ("0", "7", "query_timeout"),
        ] {
            let mut variables = SessionVariables::default();
            variables.set("max_execution_time", ms).unwrap();
            variables.set("query_timeout", seconds).unwrap();
            let error = TimeLimit::of_query(&variables).unwrap().error().to_string();
            assert!(error.contains(&format!("raise {named}")), "{error}");
        }
    }

    #[test]
    fn a_limit_beyond_time_is_none() {
        let mut variables = SessionVariables::default();
        let longest = i64::MAX.to_string();
        for name in ["query_timeout", "insert_timeout"] {
            variables.set(name, &longest).unwrap();
        }
        assert!(TimeLimit::of_query(&variables).is_none());
        assert!(TimeLimit::of_insert(&variables, Instant::now()).is_none());
        variables.set("insert_timeout", "1").unwrap();
        assert!(TimeLimit::of_insert(&variables, Instant::now()).is_some());
    }
}
