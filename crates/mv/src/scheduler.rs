//! Decides when views are refreshed and starts the runs.
//!
//! One loop wakes at commits, at due times and when a run ends. All it must not forget is in the catalog (runs, cuts);
//! what it keeps in memory (next ticks, retry times) can be worked out again after a restart.

use crate::housekeeping::{Retention, forget};
use crate::revival::activate;
use crate::task_run::{self, Wish};
use crate::{refresh, run, schedule};
use base::clock::UnixMs;
use base::config::Config;
use base::ids::TableId;
use base::metrics::Metric;
use base::{Error, ErrorKind, Result};
use catalog::change::Change;
use catalog::{Catalog, MvDefinition, MvState, RefreshScheme, RunState, Snapshot, State, Table, TaskRun};
use engine::Engine;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

static RUNS: Metric = Metric::counter("mv_task_runs_total", "Refreshes that ended.");
static FAILED: Metric = Metric::counter("mv_task_runs_failed_total", "Refreshes that ended with an error.");
static RUNNING: Metric = Metric::gauge("mv_task_runs_running", "Refreshes that run now.");

/// Longest sleep of the loop: bounds how late it sees a moved clock.
const SLEEP_MS_MAX: i64 = 1_000;
const HOUSEKEEPING_MS: i64 = 60_000;
/// Pause before an inactive view is tried again for the first time.
const REVIVAL_WAIT_MS: i64 = 2_000;
/// Retries of a refresh that failed for a passing reason.
const ATTEMPTS_MAX: u32 = 3;

#[derive(Debug, Clone)]
pub struct RefresherOptions {
    pub concurrency: usize,
    pub debounce_ms: i64,
    pub retry_base_ms: i64,
    pub failures_max: u32,
    retention: Retention,
}

impl RefresherOptions {
    pub fn from_config(config: &Config) -> Self {
        RefresherOptions {
            concurrency: config.integer("task_runs_concurrency") as usize,
            debounce_ms: config.integer("mv_refresh_debounce_ms") as i64,
            retry_base_ms: config.integer("mv_refresh_retry_base_ms") as i64,
            failures_max: config.integer("max_task_consecutive_fail_count") as u32,
            retention: Retention {
                run_ms: config.integer("task_runs_ttl_second") as i64 * 1000,
                runs_max: config.integer("task_runs_max_history_number") as usize,
                load_ms: config.integer("label_keep_max_second") as i64 * 1000,
                loads_max: config.integer("label_keep_max_num") as usize,
            },
        }
    }
}

/// Refreshes views. Clones share it.
#[derive(Debug, Clone)]
pub struct Refresher {
    catalog: Catalog,
    events: mpsc::UnboundedSender<Event>,
}

impl Refresher {
    /// Starts the scheduler. The handle ends it when aborted; runs that are not committed then never happened.
    pub async fn start(catalog: Catalog, engine: Engine, options: RefresherOptions) -> Result<(Self, JoinHandle<()>)> {
        requeue(&catalog).await?;
        let (events, happened) = mpsc::unbounded_channel();
        let scheduler = Scheduler {
            catalog: catalog.clone(),
            engine,
            options,
            events: events.clone(),
            started_ms: catalog.clock().now_ms(),
            ticks: BTreeMap::new(),
            changed_since: BTreeMap::new(),
            retries: BTreeMap::new(),
            revivals: BTreeMap::new(),
            running: BTreeMap::new(),
            swept_ms: 0,
        };
        let handle = tokio::spawn(scheduler.run(happened));
        Ok((Refresher { catalog, events }, handle))
    }

    /// Asks for a refresh; it runs as soon as there is room. Returns the run.
    ///
    /// # Errors
    /// As [`task_run::request`].
    pub async fn request(&self, mv: TableId, wish: Wish) -> Result<TaskRun> {
        self.catalog.commit(move |draft| task_run::request(draft, mv, wish)).await.map(|(run, _)| run)
    }

    /// Ends the waiting and running refreshes of a view. Its rows stay as they are.
    pub async fn cancel(&self, mv: TableId) -> Result<()> {
        let stopping = || Error::new(ErrorKind::Interrupted, "the server is stopping");
        let (done, cancelled) = oneshot::channel();
        self.events.send(Event::Cancel { mv, done }).map_err(|_| stopping())?;
        cancelled.await.map_err(|_| stopping())?
    }

    /// Waits until a run has ended.
    ///
    /// # Errors
    /// The run's own error if it failed; `Conflict` if the view was dropped meanwhile.
    pub async fn wait(&self, run: u64) -> Result<Arc<TaskRun>> {
        let mut changes = self.catalog.changes();
        loop {
            let snapshot = self.catalog.snapshot();
            let known = snapshot.task_run(run).cloned();
            let known = known.ok_or_else(|| Error::new(ErrorKind::Conflict, "the materialized view was dropped"))?;
            if known.state == RunState::Failed {
                return Err(Error::invalid(format!("Refresh materialized view failed: {}", known.error_message)));
            }
            if known.state.is_final() {
                return Ok(known);
            }
            drop(snapshot);
            changes.changed().await.map_err(|_| Error::new(ErrorKind::Interrupted, "the server is stopping"))?;
        }
    }
}

/// Runs that a dead process left RUNNING did not commit; they wait again.
async fn requeue(catalog: &Catalog) -> Result<()> {
    let committed = catalog.commit(|draft| {
        let left: Vec<TaskRun> =
            draft.state().task_runs().filter(|r| r.state == RunState::Running).map(|r| (**r).clone()).collect();
        for run in left {
            draft.apply(Change::PutTaskRun(TaskRun { state: RunState::Pending, started_ms: None, ..run }))?;
        }
        Ok(())
    });
    committed.await.map(|_| ())
}

/// What the scheduler is told.
#[derive(Debug)]
enum Event {
    /// A run is over; `retry` is the attempt as which it is to be repeated.
    Ended { mv: TableId, retry: Option<u32> },
    /// A user wants the view's runs to end.
    Cancel { mv: TableId, done: oneshot::Sender<Result<()>> },
}

struct Scheduler {
    catalog: Catalog,
    engine: Engine,
    options: RefresherOptions,
    events: mpsc::UnboundedSender<Event>,
    started_ms: UnixMs,
    /// Next tick of views with EVERY.
    ticks: BTreeMap<TableId, UnixMs>,
    /// When a view that refreshes on change was first seen behind its bases.
    changed_since: BTreeMap<TableId, UnixMs>,
    /// When, and as which attempt, a failed refresh is repeated.
    retries: BTreeMap<TableId, (UnixMs, u32)>,
    /// When, and as which attempt, an inactive view is tried again.
    revivals: BTreeMap<TableId, (UnixMs, u32)>,
    running: BTreeMap<TableId, JoinHandle<()>>,
    swept_ms: UnixMs,
}

impl Scheduler {
    async fn run(mut self, mut happened: mpsc::UnboundedReceiver<Event>) {
        let mut changes = self.catalog.changes();
        loop {
            let wake_ms = self.turn().await;
            let sleep = Duration::from_millis(wake_ms.clamp(1, SLEEP_MS_MAX) as u64);
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                event = happened.recv() => match event {
                    Some(Event::Ended { mv, retry }) => self.ended(mv, retry),
                    Some(Event::Cancel { mv, done }) => {
                        // Whoever asked may have gone.
                        let _ = done.send(self.cancel(mv).await);
                    }
                    None => return,
                },
                () = tokio::time::sleep(sleep) => {}
            }
        }
    }

    /// Does what is due; returns the milliseconds until something is due again.
    async fn turn(&mut self) -> i64 {
        let now_ms = self.catalog.clock().now_ms();
        let snapshot = self.catalog.snapshot();
        let mut next_ms = now_ms + SLEEP_MS_MAX;
        let mvs: Vec<Arc<Table>> = snapshot.tables().filter(|t| t.mv.is_some()).cloned().collect();
        self.forget_dropped(&mvs);
        for mv in &mvs {
            let (Some(definition), Some(state)) = (mv.meta.materialized(), &mv.mv) else { continue };
            if !state.is_active() {
                self.revive(mv, definition, state, &snapshot, now_ms).await;
                continue;
            }
            let due_ms = self.due_ms(mv, definition, state, &snapshot, now_ms);
            match due_ms {
                Some((due, attempt)) if due <= now_ms => self.request(mv, attempt, now_ms).await,
                Some((due, _)) => next_ms = next_ms.min(due),
                None => {}
            }
        }
        drop((snapshot, mvs));
        self.start_pending().await;
        if now_ms - self.swept_ms >= HOUSEKEEPING_MS {
            self.swept_ms = now_ms;
            if let Err(e) = forget(&self.catalog, &self.options.retention).await {
                tracing::warn!(error = %e, "old task runs and loads not removed");
            }
        }
        next_ms - now_ms
    }

    fn ended(&mut self, mv: TableId, retry: Option<u32>) {
        self.running.remove(&mv);
        if let Some(attempt) = retry {
            let due_ms = self.catalog.clock().now_ms() + schedule::retry_wait_ms(self.options.retry_base_ms, attempt);
            self.retries.insert(mv, (due_ms, attempt));
        }
    }

    /// Stops the view's runs. One that has reached its commit may still succeed.
    async fn cancel(&mut self, mv: TableId) -> Result<()> {
        if let Some(handle) = self.running.remove(&mv) {
            handle.abort();
            // Aborted or ended: either way it does nothing any more.
            let _ = handle.await;
        }
        self.retries.remove(&mv);
        self.changed_since.remove(&mv);
        self.catalog.commit(move |draft| task_run::cancel(draft, mv)).await.map(|_| ())
    }

    fn forget_dropped(&mut self, mvs: &[Arc<Table>]) {
        let known: BTreeSet<TableId> = mvs.iter().map(|t| t.meta.id).collect();
        self.ticks.retain(|id, _| known.contains(id));
        self.changed_since.retain(|id, _| known.contains(id));
        self.retries.retain(|id, _| known.contains(id));
        self.revivals.retain(|id, _| known.contains(id));
    }

    /// When the view must be refreshed next, and as which attempt.
    fn due_ms(
        &mut self,
        mv: &Table,
        definition: &MvDefinition,
        state: &MvState,
        snapshot: &State,
        now_ms: UnixMs,
    ) -> Option<(UnixMs, u32)> {
        let id = mv.meta.id;
        if state.paused {
            self.ticks.remove(&id);
            self.changed_since.remove(&id);
            self.retries.remove(&id);
            return None;
        }
        let newest = snapshot.runs_of(id).next();
        if newest.is_some_and(|r| !r.state.is_final()) {
            return None;
        }
        if let Some(retry) = self.retries.get(&id) {
            return Some(*retry);
        }
        match &definition.refresh.scheme {
            RefreshScheme::Manual => None,
            RefreshScheme::Every { start_ms, every_ms, .. } => {
                let since = newest.map_or(mv.meta.created_ms, |r| r.created_ms);
                // After a restart: ticks that passed while nobody watched are made up for once.
                let from = if self.ticks.contains_key(&id) || since >= self.started_ms { now_ms } else { since };
                let tick = *self.ticks.entry(id).or_insert_with(|| schedule::next_tick(*start_ms, *every_ms, from));
                Some((tick, 0))
            }
            RefreshScheme::OnChange => {
                if refresh::cut(definition, snapshot) == state.cut {
                    self.changed_since.remove(&id);
                    return None;
                }
                let bases = definition.bases.iter().map(|b| b.table);
                let changed_ms = snapshot.newest_update_ms(bases);
                // A permanent failure waits for the next change of the bases, not for the same one again.
                let tried = |r: &&Arc<TaskRun>| r.state == RunState::Failed && changed_ms <= r.started_ms;
                if newest.is_some_and(|r| tried(&r)) {
                    return None;
                }
                let first_ms = *self.changed_since.entry(id).or_insert(now_ms);
                Some((first_ms + self.options.debounce_ms, 0))
            }
        }
    }

    async fn request(&mut self, mv: &Table, attempt: u32, now_ms: UnixMs) {
        let id = mv.meta.id;
        self.retries.remove(&id);
        self.changed_since.remove(&id);
        if let Some(RefreshScheme::Every { start_ms, every_ms, .. }) = mv.meta.materialized().map(|d| &d.refresh.scheme)
        {
            self.ticks.insert(id, schedule::next_tick(*start_ms, *every_ms, now_ms));
        }
        let wish = Wish { query_id: new_query_id(), force: false, manual: false, attempt };
        let requested = self.catalog.commit(move |draft| task_run::request(draft, id, wish));
        if let Err(e) = requested.await {
            tracing::warn!(mv = mv.meta.name, error = %e, "refresh not requested");
        }
    }

    /// Starts waiting runs while there is room, views before the views on them.
    async fn start_pending(&mut self) {
        self.running.retain(|_, handle| !handle.is_finished());
        let snapshot = self.catalog.snapshot();
        let waiting: Vec<Arc<TaskRun>> =
            snapshot.task_runs().filter(|r| r.state == RunState::Pending).cloned().collect();
        for waiting in waiting {
            if self.running.len() >= self.options.concurrency {
                break;
            }
            if self.running.contains_key(&waiting.mv) || waits_for_base(&snapshot, waiting.mv) {
                continue;
            }
            let id = waiting.id;
            match self.catalog.commit(move |draft| task_run::start(draft, id)).await {
                Ok((Some(run), _)) => self.spawn(run),
                Ok((None, _)) => {}
                Err(e) => {
                    tracing::warn!(error = %e, "refresh not started");
                    break;
                }
            }
        }
        RUNNING.set(self.running.len() as i64);
    }

    fn spawn(&mut self, run: TaskRun) {
        let (catalog, engine, events) = (self.catalog.clone(), self.engine.clone(), self.events.clone());
        let (failures_max, mv) = (self.options.failures_max, run.mv);
        let handle = tokio::spawn(async move {
            let attempt = run.attempt + 1;
            let retryable = execute(&catalog, &engine, run, failures_max).await;
            let retry = (retryable && attempt <= ATTEMPTS_MAX).then_some(attempt);
            // The scheduler may be gone.
            let _ = events.send(Event::Ended { mv, retry });
        });
        self.running.insert(mv, handle);
    }

    /// Tries to make an inactive view active again when its bases may be back.
    async fn revive(
        &mut self,
        mv: &Arc<Table>,
        definition: &MvDefinition,
        state: &MvState,
        snapshot: &Snapshot,
        now_ms: UnixMs,
    ) {
        const WAIT_MS_MAX: i64 = 3_600_000;
        if state.inactive_by_user || state.inactive_reason.as_ref().is_some_and(|r| r.starts_with("mv consecutive")) {
            return;
        }
        let exist = definition.bases.iter().all(|b| snapshot.table(&b.database, &b.name).is_ok());
        if !exist {
            self.revivals.remove(&mv.meta.id);
            return;
        }
        // Not at once: whoever changed the base table may not be done.
        let (due_ms, attempt) = *self.revivals.entry(mv.meta.id).or_insert((now_ms + REVIVAL_WAIT_MS, 0));
        if due_ms > now_ms {
            return;
        }
        let wait = (1_000 << attempt.min(12)).min(WAIT_MS_MAX);
        self.revivals.insert(mv.meta.id, (now_ms + wait, attempt + 1));
        match activate(&self.catalog, &self.engine, mv).await {
            Ok(()) => {
                self.revivals.remove(&mv.meta.id);
                tracing::info!(mv = mv.meta.name, "materialized view is active again");
            }
            Err(e) => tracing::debug!(mv = mv.meta.name, error = %e, "materialized view stays inactive"),
        }
    }
}

/// Whether a view that this one reads is about to change: then this one would be out of date at once.
fn waits_for_base(state: &State, mv: TableId) -> bool {
    let Some(definition) = state.table_by_id(mv).and_then(|t| t.meta.materialized()) else { return false };
    definition.bases.iter().any(|b| {
        let unfinished = state.runs_of(b.table).next().is_some_and(|r| !r.state.is_final());
        unfinished || waits_for_base(state, b.table)
    })
}

/// Runs a RUNNING run to its end and records a failure. Tells whether repeating it may help.
async fn execute(catalog: &Catalog, engine: &Engine, task_run: TaskRun, failures_max: u32) -> bool {
    let result = run::run(catalog, engine, &task_run).await;
    RUNS.add(1);
    let Err(error) = result else { return false };
    FAILED.add(1);
    let (mv, retryable) = (task_run.mv, error.retryable());
    tracing::warn!(%mv, run = task_run.query_id, error = %error, "refresh failed");
    let recorded = catalog.commit(move |draft| task_run::fail(draft, &task_run, &error, failures_max));
    if let Err(e) = recorded.await {
        tracing::warn!(%mv, error = %e, "failed refresh not recorded");
    }
    retryable
}

/// A new id for a run, as REFRESH MATERIALIZED VIEW returns it.
pub fn new_query_id() -> String {
    uuid::Uuid::now_v7().to_string()
}
