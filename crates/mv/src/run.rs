//! One refresh: plan on a snapshot, write, and commit rows, cut and SUCCESS together; or record why that failed.

use crate::definition;
use crate::refresh::{self, Decision};
use crate::schedule;
use crate::task_run::{self, Failure};
use base::metrics::Metric;
use base::{Error, ErrorKind, Result};
use catalog::change::Change;
use catalog::{
    Catalog, Column, MvDefinition, MvState, NewFile, RunState, Snapshot, Table, TableWrite, TaskRun, WriteMode,
};
use engine::{Engine, PlannedQuery, Source, WriteOptions, WritePlan};
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

static RUNS: Metric = Metric::counter("mv_task_runs_total", "Refreshes that ended.");
static FAILED: Metric = Metric::counter("mv_task_runs_failed_total", "Refreshes that ended with an error.");

/// Tries to record a failure. After the last the run is left to the scheduler, which lets it wait again.
const RECORD_ATTEMPTS_MAX: u32 = 10;

/// Executes a RUNNING run to its end and records a failure, whatever the reason.
pub(crate) async fn execute(catalog: &Catalog, engine: &Engine, run: TaskRun, failures_max: u32) {
    let snapshot = catalog.snapshot();
    let cut = task_run::cut_of(&snapshot, run.mv);
    let result = caught(refresh(catalog, engine, snapshot, &run)).await;
    RUNS.add(1);
    let Err(error) = result else { return };
    FAILED.add(1);
    tracing::warn!(mv = %run.mv, run = run.query_id, error = %error, "refresh failed");
    record(catalog, run, Failure::new(&error, cut), failures_max).await;
}

/// Turns a panic into an error, so that it ends one refresh and not the view.
pub(crate) async fn caught<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let done = AssertUnwindSafe(work).catch_unwind().await;
    done.unwrap_or_else(|_| Err(Error::internal("the refresh failed unexpectedly, see the server's log")))
}

async fn record(catalog: &Catalog, run: TaskRun, failure: Failure, failures_max: u32) {
    const WAIT_BASE_MS: i64 = 500;
    for attempt in 1..=RECORD_ATTEMPTS_MAX {
        let (failed, failure) = (run.clone(), failure.clone());
        let recorded = catalog.commit(move |draft| task_run::fail(draft, &failed, failure, failures_max));
        let Err(e) = recorded.await else { return };
        tracing::warn!(mv = %run.mv, run = run.query_id, error = %e, "failed refresh not recorded");
        if e.kind() == ErrorKind::Fenced {
            return;
        }
        tokio::time::sleep(Duration::from_millis(schedule::retry_wait_ms(WAIT_BASE_MS, attempt) as u64)).await;
    }
}

/// Computes the rows on a snapshot and commits them.
///
/// # Errors
/// Whatever kept the refresh from happening; the view then is as it was before.
async fn refresh(catalog: &Catalog, engine: &Engine, snapshot: Snapshot, run: &TaskRun) -> Result<()> {
    let dropped = || Error::new(ErrorKind::Conflict, "the materialized view was dropped");
    let mv = Arc::clone(snapshot.table_by_id(run.mv).ok_or_else(dropped)?);
    let (Some(definition), Some(state)) = (mv.meta.materialized(), &mv.mv) else { return Err(dropped()) };
    if let Some(reason) = &state.inactive_reason {
        return Err(Error::invalid("the materialized view is inactive").with("reason", reason));
    }
    let cut = refresh::cut(definition, &snapshot);
    let mut done =
        TaskRun { base_partitions: refresh::changed_partitions(definition, state, &snapshot), ..run.clone() };
    let write = match refresh::decide(definition, state, &cut, run.force) {
        Decision::Nothing => None,
        Decision::Full { .. } => {
            let written = write(catalog, engine, &mv, definition, &snapshot).await?;
            done.rows = written.rows;
            Some(written)
        }
    };
    let cut_time_ms = snapshot.newest_update_ms(cut.keys().copied());
    let fresh_at_ms = run.started_ms;
    done.state = if write.is_some() { RunState::Success } else { RunState::Skipped };
    let columns = mv.meta.columns.clone();
    let catalog = catalog.clone();
    let commit = move |files: Option<Vec<NewFile>>| async move {
        let committed = catalog.commit(move |draft| {
            let now = draft.state().table_by_id(done.mv).cloned().ok_or_else(dropped)?;
            if draft.state().task_run(done.id).is_none_or(|known| known.state.is_final()) {
                return Err(Error::new(ErrorKind::Interrupted, "the refresh was cancelled"));
            }
            if now.meta.columns != columns {
                return Err(Error::new(ErrorKind::Conflict, "the materialized view was altered meanwhile"));
            }
            if let Some(files) = files {
                draft.write_table(TableWrite { table: done.mv, files, mode: WriteMode::Overwrite })?;
                let table = draft.state().table_by_id(done.mv).ok_or_else(dropped)?;
                done.partitions = table.partitions.values().map(|p| p.meta.name.clone()).collect();
            }
            let known = now.mv.as_deref().cloned().unwrap_or_default();
            let state = MvState { cut, cut_time_ms, fresh_at_ms, failures_in_a_row: 0, ..known };
            draft.apply(Change::PutMvState { table: done.mv, state })?;
            done.finished_ms = Some(draft.now_ms());
            draft.apply(Change::PutTaskRun(done))
        });
        committed.await.map(|_| ())
    };
    match write {
        Some(written) => written.files.commit(|files| commit(Some(files))).await,
        None => commit(None).await,
    }
}

async fn write(
    catalog: &Catalog,
    engine: &Engine,
    mv: &Arc<Table>,
    definition: &MvDefinition,
    snapshot: &Snapshot,
) -> Result<engine::Written> {
    let now_us = catalog.clock().now_us();
    let database = Some(definition.database.clone());
    let (planned, _) = definition::plan(engine, snapshot, &definition.query, database, now_us).await?;
    let sources = sources(mv, &planned)?;
    let active = catalog.begin_write();
    let plan = WritePlan {
        table: Arc::clone(mv),
        sources,
        strict: true,
        options: WriteOptions::default(),
        writer: active.id(),
        now_us,
    };
    engine.write(&planned, plan, active).await
}

/// Which column of the query each column of the view is. A `*` was expanded when the view was created: columns that base
/// tables got later are not in the view.
fn sources(mv: &Table, planned: &PlannedQuery) -> Result<Vec<Source>> {
    let columns = &mv.meta.columns;
    if planned.columns().len() == columns.len() {
        return Ok((0..columns.len()).map(Source::Query).collect());
    }
    let names: Vec<String> = planned.columns().iter().map(|c| base::names::fold_column(&c.name)).collect();
    let source = |column: &Column| {
        let position = names.iter().position(|n| *n == column.folded());
        position.map(Source::Query).ok_or_else(|| {
            let error =
                Error::invalid("the query no longer has a column of the view; drop the view and create it again");
            error.with("column", &column.name)
        })
    };
    columns.iter().map(source).collect()
}
