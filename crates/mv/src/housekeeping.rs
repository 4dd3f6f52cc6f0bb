//! Forgets old task runs and loads.

use base::Result;
use catalog::change::Change;
use catalog::{Catalog, RunState, State};
use std::collections::HashSet;

/// What to keep.
#[derive(Debug, Clone)]
pub(crate) struct Retention {
    pub(crate) run_ms: i64,
    pub(crate) runs_max: usize,
    pub(crate) load_ms: i64,
    pub(crate) loads_max: usize,
}

/// Removes what is too old or too much, in one commit; none if there is nothing.
pub(crate) async fn forget(catalog: &Catalog, retention: &Retention) -> Result<()> {
    let snapshot = catalog.snapshot();
    let now_ms = catalog.clock().now_ms();
    let runs = old_runs(&snapshot, retention, now_ms);
    let loads = snapshot.loads_to_forget(retention.loads_max, now_ms - retention.load_ms);
    drop(snapshot);
    if runs.is_empty() && loads.is_empty() {
        return Ok(());
    }
    let committed = catalog.commit(move |draft| {
        draft.apply(Change::ForgetTaskRuns(runs))?;
        draft.apply(Change::ForgetLoads(loads))
    });
    committed.await.map(|_| ())
}

/// Finished runs beyond the bounds; each view keeps its newest so that its last refresh can always be seen.
fn old_runs(state: &State, retention: &Retention, now_ms: i64) -> Vec<u64> {
    let mut seen = HashSet::new();
    let newest: HashSet<u64> =
        state.task_runs().rev().filter(|r| r.state != RunState::Pending && seen.insert(r.mv)).map(|r| r.id).collect();
    let surplus = state.task_run_count().saturating_sub(retention.runs_max);
    let runs = state.task_runs().enumerate();
    runs.filter(|(i, r)| *i < surplus || r.created_ms < now_ms - retention.run_ms)
        .filter(|(_, r)| r.state.is_final() && !newest.contains(&r.id))
        .map(|(_, r)| r.id)
        .collect()
}
