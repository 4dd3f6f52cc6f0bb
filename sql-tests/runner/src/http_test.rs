//! Runs a `.http` file: requests to the server's HTTP port, statements over MySQL between them.

use crate::http_client;
use crate::http_file::{self, Action, Exchange};
use crate::server::Server;
use crate::session::{Answer, Session};
use crate::sql_test::{EVENTUALLY, EVENTUALLY_PAUSE};
use crate::test_file::{FileResult, TestFile};
use crate::text::{difference, line_matches, substitute};
use std::collections::HashMap;
use std::time::Instant;

/// Runs the file's steps in order; a failed step does not end the file.
pub(crate) async fn run(file: &TestFile, server: &mut Server, result: &mut FileResult) {
    let path = file.path.display();
    let steps = match http_file::parse(&file.text) {
        Ok(steps) => steps,
        Err(why) => {
            result.checks += 1;
            result.failures.push(format!("  {path}: {why}"));
            return;
        }
    };
    let mut variables = HashMap::new();
    for step in steps {
        result.checks += 1;
        let failures = match &step.action {
            Action::Request(exchange) => request(exchange, server, &mut variables).await,
            Action::Statement(sql) => one(step.line, statement(file, server, &substitute(sql, &variables)).await),
            Action::Query { sql, rows, eventually } => {
                let sql = substitute(sql, &variables);
                let rows: Vec<String> = rows.iter().map(|row| substitute(row, &variables)).collect();
                one(step.line, query(file, server, &sql, &rows, *eventually).await)
            }
            Action::Restart if !file.alone => {
                one(step.line, Err("only files with a server of their own restart it".into()))
            }
            Action::Restart => one(step.line, server.kill_and_restart().await),
        };
        result.failures.extend(failures.into_iter().map(|(line, why)| format!("  {path}:{line}: {why}")));
    }
}

fn one(line: usize, outcome: Result<(), String>) -> Vec<(usize, String)> {
    outcome.err().map(|why| (line, why)).into_iter().collect()
}

async fn request(
    exchange: &Exchange,
    server: &Server,
    variables: &mut HashMap<String, String>,
) -> Vec<(usize, String)> {
    let mut request = http_file::substituted(exchange, variables);
    if let Some(user) = &exchange.user {
        request.headers.push(("Authorization".to_string(), format!("Basic {}", base64(user.as_bytes()))));
    }
    let reply = http_client::send(server.http_port, &request).await;
    let mut failures = Vec::new();
    for (line, expectation) in &exchange.expectations {
        if let Err(why) = expectation.check(&reply, variables) {
            failures.push((*line, format!("{}: {why}", exchange.title)));
        }
    }
    failures
}

async fn statement(file: &TestFile, server: &Server, sql: &str) -> Result<(), String> {
    let failed = |e: crate::session::Failure| format!("{e}\n    | {sql}");
    let mut session = Session::open(server.query_port, Some(&file.database)).await.map_err(failed)?;
    session.run(sql).await.map_err(failed)?;
    session.close().await;
    Ok(())
}

async fn query(
    file: &TestFile,
    server: &Server,
    sql: &str,
    expected: &[String],
    eventually: bool,
) -> Result<(), String> {
    let begun = Instant::now();
    loop {
        let outcome = query_once(file, server, sql, expected).await;
        if outcome.is_ok() || !eventually || begun.elapsed() > EVENTUALLY {
            return outcome;
        }
        tokio::time::sleep(EVENTUALLY_PAUSE).await;
    }
}

async fn query_once(file: &TestFile, server: &Server, sql: &str, expected: &[String]) -> Result<(), String> {
    let failed = |e: crate::session::Failure| format!("{e}\n    | {sql}");
    let mut session = Session::open(server.query_port, Some(&file.database)).await.map_err(failed)?;
    let answer = session.run(sql).await.map_err(failed)?;
    session.close().await;
    let Answer::Rows { rows, .. } = answer else { return Err(format!("no result set\n    | {sql}")) };
    let actual: Vec<String> = rows.iter().map(|row| row.join(" ")).collect();
    let equal = expected.len() == actual.len() && expected.iter().zip(&actual).all(|(e, a)| line_matches(e, a));
    equal.then_some(()).ok_or_else(|| format!("wrong result\n    | {sql}\n{}", difference(expected, &actual)))
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0u32, |acc, b| (acc << 8) | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let sextet = (group >> (18 - 6 * i)) & 63;
            out.push(if i <= chunk.len() { char::from(ALPHABET[sextet as usize]) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_pads_to_groups_of_four() {
        for (text, code) in [("root:", "cm9vdDo="), ("a", "YQ=="), ("abc", "YWJj"), ("", "")] {
            assert_eq!(super::base64(text.as_bytes()), code);
        }
    }
}
