//! Work that goes on beside clients: compaction and garbage collection. All of it can be stopped at any moment and
//! begun again.

use base::clock::{Clock, UnixMs};
use base::config::Config;
use base::{ErrorKind, Result};
use catalog::{Catalog, Column};
use datafusion::arrow::array::ArrayRef;
use engine::Engine;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, UNIX_EPOCH};
use storage::compact::{self, CompactOptions, Failures};
use storage::gc::{self, Collector};
use tokio::task::JoinSet;

/// Background tasks of a running server.
pub(crate) struct Background {
    tasks: JoinSet<()>,
}

impl Background {
    pub(crate) fn start(catalog: &Catalog, engine: &Engine, config: &Config, scratch_dir: &Path) -> Self {
        let mut tasks = JoinSet::new();
        let every = |key| Duration::from_millis(config.integer(key));
        let options = CompactOptions {
            files_min: config.integer("compaction_min_files") as usize,
            file_bytes_max: (config.integer("compaction_file_mb") as usize) << 20,
        };
        tasks.spawn(compact_for_ever(catalog.clone(), engine.clone(), options, every("compaction_interval_ms")));
        let sweep_every = Duration::from_secs(config.integer("gc_sweep_interval_second"));
        tasks.spawn(collect_for_ever(catalog.clone(), every("gc_interval_ms"), sweep_every));
        let kept = Duration::from_secs(config.integer("load_error_log_reserve_hours") * 3600);
        tasks.spawn(expire_error_logs(scratch_dir.join("load_errors"), kept, catalog.clock().clone()));
        Background { tasks }
    }

    pub(crate) async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

async fn compact_for_ever(catalog: Catalog, engine: Engine, options: CompactOptions, every: Duration) {
    let mut failures = Failures::default();
    loop {
        tokio::time::sleep(every).await;
        while let Some(job) = compact::pick(&catalog.snapshot(), &options, &failures, Instant::now()) {
            let (table, partition, engine) = (job.table, job.partition, engine.clone());
            let missing = move |column: &Column, rows: usize| default_array(&engine, column, rows);
            match compact::run(&catalog, job, &options, missing).await {
                Ok(()) => failures.succeeded(table, partition),
                // Nothing can be committed any more.
                Err(e) if e.kind() == ErrorKind::Fenced => return,
                Err(e) => {
                    failures.add(table, partition, Instant::now());
                    if e.kind() != ErrorKind::Conflict {
                        tracing::warn!(%table, %partition, error = %e, "compaction failed, others go on");
                    }
                }
            }
        }
    }
}

/// What rows of old files have in a column that was added later.
fn default_array(engine: &Engine, column: &Column, rows: usize) -> Result<ArrayRef> {
    let value = engine::write::added_column_value(engine, column)?;
    value.to_array_of_size(rows).map_err(|e| base::Error::internal("could not make a default value").caused_by(e))
}

async fn collect_for_ever(catalog: Catalog, every: Duration, sweep_every: Duration) {
    let mut collector = Collector::default();
    let mut swept: Option<Instant> = None;
    loop {
        if swept.is_none_or(|at| at.elapsed() >= sweep_every) {
            if let Err(e) = gc::sweep(&catalog).await {
                tracing::warn!(error = %e, "files of unfinished writes not swept; tried again later");
            }
            swept = Some(Instant::now());
        }
        tokio::time::sleep(every).await;
        if let Err(e) = collector.collect(&catalog).await {
            tracing::warn!(error = %e, "garbage not collected");
        }
    }
}

async fn expire_error_logs(folder: PathBuf, kept: Duration, clock: Clock) {
    const EVERY: Duration = Duration::from_secs(600);
    loop {
        let (folder, oldest_ms) = (folder.clone(), clock.now_ms() - kept.as_millis() as i64);
        let _ = tokio::task::spawn_blocking(move || remove_older(&folder, oldest_ms)).await;
        tokio::time::sleep(EVERY).await;
    }
}

/// What cannot be removed is left for the next round, and does not keep the rest.
fn remove_older(folder: &Path, oldest_ms: UnixMs) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let modified = entry.metadata().and_then(|m| m.modified());
        let modified = modified.map(|m| m.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as i64);
        if modified.is_ok_and(|modified_ms| modified_ms < oldest_ms) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
