//! Task runs: asking for a refresh and what becomes of it. Edits of a draft, nothing else.

use crate::refresh::{self, Cut};
use base::ids::TableId;
use base::{Error, ErrorKind, Result};
use catalog::change::Change;
use catalog::{Draft, MvState, RunState, State, Table, TaskRun};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Who wants a refresh, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    pub query_id: String,
    /// Even if nothing changed.
    pub force: bool,
    /// By a user.
    pub manual: bool,
    /// 0 for the first try.
    pub attempt: u32,
}

/// Adds a PENDING run, or joins the one that already waits. Returns the run.
///
/// # Errors
/// `WrongObject` if the table is no materialized view, `Invalid` if it is inactive.
pub fn request(draft: &mut Draft, mv: TableId, wish: Wish) -> Result<TaskRun> {
    let state = draft.state();
    let table =
        state.table_by_id(mv).cloned().ok_or_else(|| Error::new(ErrorKind::Conflict, "the view was dropped"))?;
    let definition = table.meta.materialized().ok_or_else(|| {
        Error::new(ErrorKind::WrongObject, format!("'{}' is not a materialized view", state.full_name(&table)))
    })?;
    if let Some(reason) = table.mv.as_ref().and_then(|s| s.inactive_reason.clone()) {
        let message = format!(
            "Refresh materialized view failed because [{}] is not active. You can try to active it with ALTER MATERIALIZED \
             VIEW {} ACTIVE; reason: {reason}",
            table.meta.name, table.meta.name
        );
        return Err(Error::invalid(message));
    }
    if let Some(waiting) = pending(state, mv) {
        let mut joined = (*waiting).clone();
        joined.force |= wish.force;
        joined.manual |= wish.manual;
        draft.apply(Change::PutTaskRun(joined.clone()))?;
        return Ok(joined);
    }
    let database = state.database_by_id(table.meta.db).map_or(String::new(), |d| d.name.clone());
    let task = state.task(definition.task).ok_or_else(|| Error::internal("a view has lost its task"))?;
    let run = TaskRun {
        id: 0,
        query_id: wish.query_id,
        task: task.id,
        task_name: task.name.clone(),
        db: table.meta.db,
        database,
        mv,
        definition: format!("insert overwrite `{}` {}", table.meta.name, definition.query),
        state: RunState::Pending,
        created_ms: draft.now_ms(),
        started_ms: None,
        finished_ms: None,
        error_code: 0,
        error_message: String::new(),
        force: wish.force,
        manual: wish.manual,
        rows: 0,
        partitions: Vec::new(),
        base_partitions: Vec::new(),
        attempt: wish.attempt,
        failed_on: Cut::new(),
        retryable: false,
    };
    let run = TaskRun { id: draft.new_id(), ..run };
    draft.apply(Change::PutTaskRun(run.clone()))?;
    Ok(run)
}

/// The run of a view that waits for its turn.
pub(crate) fn pending(state: &State, mv: TableId) -> Option<Arc<TaskRun>> {
    state.runs_of(mv).find(|r| r.state == RunState::Pending).cloned()
}

/// Takes a PENDING run to RUNNING; `None` if it is not pending any more.
pub(crate) fn start(draft: &mut Draft, id: u64) -> Result<Option<TaskRun>> {
    let Some(run) = draft.state().task_run(id).filter(|r| r.state == RunState::Pending) else { return Ok(None) };
    let run = TaskRun { state: RunState::Running, started_ms: Some(draft.now_ms()), ..(**run).clone() };
    draft.apply(Change::PutTaskRun(run.clone()))?;
    Ok(Some(run))
}

/// Ends a view's waiting and running runs because a user said so; no failure of the view.
pub(crate) fn cancel(draft: &mut Draft, mv: TableId) -> Result<()> {
    let unfinished: Vec<TaskRun> =
        draft.state().runs_of(mv).filter(|r| !r.state.is_final()).map(|r| (**r).clone()).collect();
    // What a user did not want on these versions does not begin again by itself.
    let failed_on = cut_of(draft.state(), mv);
    for run in unfinished {
        draft.apply(Change::PutTaskRun(TaskRun {
            state: RunState::Failed,
            finished_ms: Some(draft.now_ms()),
            error_code: i64::from(base::sql_code::of(ErrorKind::Interrupted).errno),
            error_message: "the refresh was cancelled by a user".to_string(),
            failed_on: failed_on.clone(),
            ..run
        }))?;
    }
    Ok(())
}

/// The versions of a view's bases.
pub(crate) fn cut_of(state: &State, mv: TableId) -> Cut {
    let definition = state.table_by_id(mv).and_then(|t| t.meta.materialized());
    definition.map(|d| refresh::cut(d, state)).unwrap_or_default()
}

/// Runs that are RUNNING but that nobody executes wait again: they belong to a process that died, or their start or end
/// could not be recorded. `executed` are the runs of which the caller knows that they are at work.
pub(crate) fn requeue(draft: &mut Draft, executed: &BTreeSet<u64>) -> Result<()> {
    let strays: Vec<Arc<TaskRun>> = strays(draft.state(), executed).cloned().collect();
    for run in strays {
        draft.apply(Change::PutTaskRun(TaskRun { state: RunState::Pending, started_ms: None, ..(*run).clone() }))?;
    }
    Ok(())
}

/// RUNNING runs that are not among `executed`.
pub(crate) fn strays<'a>(state: &'a State, executed: &'a BTreeSet<u64>) -> impl Iterator<Item = &'a Arc<TaskRun>> {
    state.unfinished_runs().filter(|r| r.state == RunState::Running && !executed.contains(&r.id))
}

/// Why a run failed.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) code: u16,
    pub(crate) message: String,
    pub(crate) retryable: bool,
    /// The versions it was tried on.
    pub(crate) cut: Cut,
}

impl Failure {
    pub(crate) fn new(error: &Error, cut: Cut) -> Self {
        let code = base::sql_code::of(error.kind()).errno;
        Failure { code, message: error.to_string(), retryable: error.retryable(), cut }
    }
}

/// Ends a run with an error and counts it against the view; a run that has ended stays as it is.
pub(crate) fn fail(draft: &mut Draft, run: &TaskRun, failure: Failure, failures_max: u32) -> Result<()> {
    if draft.state().task_run(run.id).is_none_or(|known| known.state.is_final()) {
        return Ok(());
    }
    // A reason that may pass counts once, however often the refresh is repeated.
    let counts = run.attempt == 0 || !failure.retryable;
    let failed = TaskRun {
        state: RunState::Failed,
        finished_ms: Some(draft.now_ms()),
        error_code: i64::from(failure.code),
        error_message: failure.message,
        failed_on: failure.cut,
        retryable: failure.retryable,
        ..run.clone()
    };
    draft.apply(Change::PutTaskRun(failed))?;
    if !counts {
        return Ok(());
    }
    let Some(table) = draft.state().table_by_id(run.mv).cloned() else { return Ok(()) };
    let Some(known) = &table.mv else { return Ok(()) };
    let failures_in_a_row = known.failures_in_a_row + 1;
    let mut state = MvState { failures_in_a_row, ..(**known).clone() };
    if failures_in_a_row >= failures_max && state.is_active() {
        state.inactive_reason = Some(format!("mv consecutive failures: {}", table.meta.name));
    }
    draft.apply(Change::PutMvState { table: run.mv, state })?;
    crate::activation::settle(draft)
}

/// The run that tells about a view's last refresh: the newest one that has started, or else waits.
pub fn latest(state: &State, mv: &Table) -> Option<Arc<TaskRun>> {
    let mut runs = state.runs_of(mv.meta.id);
    let newest = runs.next()?;
    if newest.state != RunState::Pending {
        return Some(Arc::clone(newest));
    }
    Some(Arc::clone(runs.next().unwrap_or(newest)))
}
