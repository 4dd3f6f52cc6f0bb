//! Deals the files out to workers. Each worker keeps one server for its files; files that need a server of their own
//! get a fresh one.

use crate::server::Server;
use crate::session::Session;
use crate::test_file::{FileResult, Format, TestFile};
use crate::{http_test, sql_test};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Settings of every test server: refreshes on change start soon, so that tests wait less.
const SETTINGS: &[&str] = &["mv_refresh_debounce_ms=50"];
/// Bounds a test that hangs; `eventually` waits 30 s at the most, and few files do so more than twice.
const FILE_TIMEOUT: Duration = Duration::from_secs(240);

/// Of each file, when there are several: the first failure often causes the others.
const FAILURES_SHOWN: usize = 8;

/// Runs all files and prints one line per file as it ends, with the failures below it.
pub(crate) async fn run_all(files: Vec<TestFile>, viewmill: &Path, nodes: usize, jobs: usize) -> Vec<FileResult> {
    let total = files.len();
    let queue = Arc::new(Mutex::new(files.into_iter().rev().collect::<Vec<_>>()));
    let results = Arc::new(Mutex::new(Vec::new()));
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..jobs.clamp(1, total) {
        workers.spawn(work(Arc::clone(&queue), Arc::clone(&results), viewmill.to_path_buf(), nodes, total));
    }
    while let Some(ended) = workers.join_next().await {
        if let Err(e) = ended {
            record(
                &results,
                total,
                FileResult { path: "a worker".into(), checks: 1, failures: vec![e.to_string()] },
                None,
            );
        }
    }
    std::mem::take(&mut results.lock().unwrap_or_else(PoisonError::into_inner))
}

async fn work(
    queue: Arc<Mutex<Vec<TestFile>>>,
    results: Arc<Mutex<Vec<FileResult>>>,
    viewmill: PathBuf,
    nodes: usize,
    total: usize,
) {
    let mut shared: Option<Server> = None;
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let Some(file) = next else { break };
        let begun = Instant::now();
        let result = run_on_server(&file, &mut shared, &viewmill, nodes).await;
        record(&results, total, result, Some(begun.elapsed()));
    }
    if let Some(server) = shared {
        server.end().await;
    }
}

fn record(results: &Mutex<Vec<FileResult>>, total: usize, result: FileResult, took: Option<Duration>) {
    let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
    let verdict = if result.failures.is_empty() { "ok  " } else { "FAIL" };
    let took = took.map_or(0.0, |t| t.as_secs_f64());
    let done = results.len() + 1;
    println!("[{done:>3}/{total}] {verdict} {} ({} checks, {took:.1} s)", result.path, result.checks);
    let shown = if total == 1 { result.failures.len() } else { FAILURES_SHOWN };
    for failure in result.failures.iter().take(shown) {
        println!("{}", failure.trim_end());
    }
    if result.failures.len() > shown {
        println!("  … and {} more; run this file alone to see all", result.failures.len() - shown);
    }
    results.push(result);
}

async fn run_on_server(file: &TestFile, shared: &mut Option<Server>, viewmill: &Path, nodes: usize) -> FileResult {
    let kept = if file.alone { None } else { shared.take() };
    let mut server = match kept {
        Some(server) => server,
        None => match start(viewmill, &file.settings, nodes).await {
            Ok(server) => server,
            Err(why) => return FileResult { path: file.name.clone(), checks: 1, failures: vec![format!("  {why}")] },
        },
    };
    let mut result = match tokio::time::timeout(FILE_TIMEOUT, run_in_database(file, &mut server)).await {
        Ok(result) => result,
        Err(_) => {
            let failure = format!("  {}: not done within {FILE_TIMEOUT:?}", file.path.display());
            FileResult { path: file.name.clone(), checks: 1, failures: vec![failure] }
        }
    };
    match server.obituary() {
        Some(text) => result.failures.push(format!("  {text}")),
        None if !file.alone => *shared = Some(server),
        None => server.end().await,
    }
    result
}

async fn start(viewmill: &Path, own: &[String], nodes: usize) -> Result<Server, String> {
    let settings: Vec<String> = SETTINGS.iter().map(|s| (*s).to_string()).chain(own.iter().cloned()).collect();
    Server::start_cluster(viewmill, &settings, nodes).await
}

/// Creates the file's database, runs the file, drops the database.
async fn run_in_database(file: &TestFile, server: &mut Server) -> FileResult {
    let mut result = FileResult { path: file.name.clone(), checks: 0, failures: Vec::new() };
    if let Err(e) = admin(server, &format!("CREATE DATABASE `{}`", file.database)).await {
        result.checks = 1;
        result.failures.push(format!("  {}: could not create the test's database: {e}", file.path.display()));
        return result;
    }
    match file.format {
        Format::Sql => sql_test::run(file, server, &mut result).await,
        Format::Http => http_test::run(file, server, &mut result).await,
    }
    if let Err(e) = admin(server, &format!("DROP DATABASE IF EXISTS `{}` FORCE", file.database)).await {
        result.failures.push(format!("  {}: could not drop the test's database: {e}", file.path.display()));
    }
    result
}

async fn admin(server: &Server, sql: &str) -> Result<(), String> {
    let mut session = Session::open(server.query_port, None).await.map_err(|e| e.to_string())?;
    session.run(sql).await.map_err(|e| e.to_string())?;
    session.close().await;
    Ok(())
}
