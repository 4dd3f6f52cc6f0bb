//! Work that goes on beside clients: compaction and garbage collection. All of it can be stopped at any moment and
//! begun again.

use base::clock::{Clock, UnixMs};
use base::config::Config;
use base::{ErrorKind, Result};
use catalog::{Catalog, Column};
use datafusion::arrow::array::ArrayRef;
use engine::Engine;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};
use storage::compact::{self, CompactOptions};
use storage::gc;
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
        tasks.spawn(collect_for_ever(catalog.clone(), every("gc_interval_ms")));
        let kept = Duration::from_secs(config.integer("load_error_log_reserve_hours") * 3600);
        tasks.spawn(expire_error_logs(scratch_dir.join("load_errors"), kept, catalog.clock().clone()));
        Background { tasks }
    }

    pub(crate) async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

async fn compact_for_ever(catalog: Catalog, engine: Engine, options: CompactOptions, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        while let Some(job) = compact::pick(&catalog.snapshot(), &options) {
            let table = job.table;
            let missing = |column: &Column, rows: usize| default_array(&engine, column, rows);
            match compact::run(&catalog, job, &options, missing).await {
                Ok(()) => {}
                // The next round sees the table as it is then.
                Err(e) if e.kind() == ErrorKind::Conflict => break,
                Err(e) => {
                    tracing::warn!(%table, error = %e, "compaction failed");
                    break;
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

async fn collect_for_ever(catalog: Catalog, every: Duration) {
    if let Err(e) = gc::sweep(&catalog).await {
        tracing::warn!(error = %e, "files of earlier processes not swept; the next start tries again");
    }
    loop {
        tokio::time::sleep(every).await;
        if let Err(e) = gc::collect(&catalog).await {
            tracing::warn!(error = %e, "garbage not collected");
        }
    }
}

async fn expire_error_logs(folder: PathBuf, kept: Duration, clock: Clock) {
    const EVERY: Duration = Duration::from_secs(600);
    loop {
        let (folder, oldest_ms) = (folder.clone(), clock.now_ms() - kept.as_millis() as i64);
        // Errors leave the file for the next round.
        let _ = tokio::task::spawn_blocking(move || remove_older(&folder, oldest_ms)).await;
        tokio::time::sleep(EVERY).await;
    }
}

fn remove_older(folder: &Path, oldest_ms: UnixMs) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let modified = entry.metadata()?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        if (modified.as_millis() as i64) < oldest_ms {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
