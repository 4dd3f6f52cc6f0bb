//! Decides when views are refreshed and starts the runs.
//!
//! One loop wakes at commits, at due times and when a run ends. All it must not forget is in the catalog (runs, cuts);
//! what it keeps in memory (next ticks, runs at work) can be worked out again after a restart.

use crate::due::{Dues, View};
use crate::housekeeping::{Retention, forget};
use crate::revival::Revivals;
use crate::task_run::{self, Wish};
use crate::{refresh, run};
use base::clock::UnixMs;
use base::config::Config;
use base::ids::TableId;
use base::metrics::Metric;
use base::{Error, ErrorKind, Result};
use catalog::{Catalog, RunState, State, Table, TaskRun};
use engine::Engine;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

static RUNNING: Metric = Metric::gauge("mv_task_runs_running", "Refreshes that run now.");

/// Longest sleep of the loop: bounds how late it sees a moved clock.
const SLEEP_MS_MAX: i64 = 1_000;
const HOUSEKEEPING_MS: i64 = 60_000;
/// Shortest time between two turns that commits ask for.
const TURN_PAUSE: Duration = Duration::from_millis(50);

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
    pub fn start(catalog: Catalog, engine: Engine, options: RefresherOptions) -> (Self, JoinHandle<()>) {
        let (events, happened) = mpsc::unbounded_channel();
        let scheduler = Scheduler {
            catalog: catalog.clone(),
            engine,
            dues: Dues::new(catalog.clock().now_ms(), options.debounce_ms, options.retry_base_ms),
            options,
            events: events.clone(),
            revivals: Revivals::default(),
            running: BTreeMap::new(),
            swept_ms: 0,
        };
        let handle = tokio::spawn(scheduler.run(happened));
        (Refresher { catalog, events }, handle)
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

/// What the scheduler is told.
#[derive(Debug)]
enum Event {
    /// Nobody executes this run any more.
    Ended { mv: TableId, run: u64 },
    /// A user wants the view's runs to end.
    Cancel { mv: TableId, done: oneshot::Sender<Result<()>> },
}

/// A run at work.
#[derive(Debug)]
struct Execution {
    run: u64,
    handle: JoinHandle<()>,
}

/// Tells the scheduler that nobody executes a run any more, however that came about.
struct Ending {
    events: mpsc::UnboundedSender<Event>,
    mv: TableId,
    run: u64,
}

impl Drop for Ending {
    fn drop(&mut self) {
        // The scheduler may be gone.
        let _ = self.events.send(Event::Ended { mv: self.mv, run: self.run });
    }
}

struct Scheduler {
    catalog: Catalog,
    engine: Engine,
    options: RefresherOptions,
    events: mpsc::UnboundedSender<Event>,
    dues: Dues,
    revivals: Revivals,
    running: BTreeMap<TableId, Execution>,
    swept_ms: UnixMs,
}

impl Scheduler {
    async fn run(mut self, mut happened: mpsc::UnboundedReceiver<Event>) {
        let mut changes = self.catalog.changes();
        loop {
            let turned = Instant::now();
            let wake_ms = self.turn().await;
            let sleep = Duration::from_millis(wake_ms.clamp(1, SLEEP_MS_MAX) as u64);
            tokio::select! {
                changed = changes.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    // A burst of commits costs a few turns, not one for each.
                    tokio::time::sleep_until(turned + TURN_PAUSE).await;
                }
                event = happened.recv() => match event {
                    Some(Event::Ended { mv, run }) => self.ended(mv, run),
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
        self.requeue().await;
        let now_ms = self.catalog.clock().now_ms();
        let snapshot = self.catalog.snapshot();
        let mut next_ms = now_ms + SLEEP_MS_MAX;
        self.forget_others(&snapshot);
        for mv in snapshot.tasks().filter_map(|t| snapshot.table_by_id(t.mv)) {
            let (Some(definition), Some(state)) = (mv.meta.materialized(), &mv.mv) else { continue };
            if !state.is_active() {
                self.revivals.attend((&self.catalog, &self.engine), mv, &snapshot, self.options.concurrency);
                continue;
            }
            let view = View {
                id: mv.meta.id,
                created_ms: mv.meta.created_ms,
                scheme: &definition.refresh.scheme,
                state,
                cut: refresh::cut(definition, &snapshot),
                newest: snapshot.runs_of(mv.meta.id).next().map(Arc::as_ref),
            };
            match self.dues.next(&view, now_ms) {
                Some(due) if due.at_ms <= now_ms => self.request(mv, due.attempt, now_ms).await,
                Some(due) => next_ms = next_ms.min(due.at_ms),
                None => {}
            }
        }
        drop(snapshot);
        self.start_pending().await;
        // Also if the clock was set back.
        if !(0..HOUSEKEEPING_MS).contains(&(now_ms - self.swept_ms)) {
            self.swept_ms = now_ms;
            if let Err(e) = forget(&self.catalog, &self.options.retention).await {
                tracing::warn!(error = %e, "old task runs and loads not removed");
            }
        }
        next_ms - now_ms
    }

    fn ended(&mut self, mv: TableId, run: u64) {
        // A cancelled run may have been followed by another one already.
        if self.running.get(&mv).is_some_and(|e| e.run == run) {
            self.running.remove(&mv);
        }
    }

    /// Lets runs wait again that are RUNNING in the catalog only.
    async fn requeue(&self) {
        let executed: BTreeSet<u64> = self.running.values().map(|e| e.run).collect();
        if task_run::strays(&self.catalog.snapshot(), &executed).next().is_none() {
            return;
        }
        let requeued = self.catalog.commit(move |draft| task_run::requeue(draft, &executed));
        if let Err(e) = requeued.await {
            tracing::warn!(error = %e, "interrupted refreshes not queued again");
        }
    }

    /// Stops the view's runs. One that has reached its commit may still succeed.
    async fn cancel(&mut self, mv: TableId) -> Result<()> {
        if let Some(execution) = self.running.remove(&mv) {
            execution.handle.abort();
            // Aborted or ended: either way it does nothing any more.
            let _ = execution.handle.await;
        }
        self.catalog.commit(move |draft| task_run::cancel(draft, mv)).await.map(|_| ())
    }

    /// Forgets views that are gone or have changed between active and inactive.
    fn forget_others(&mut self, state: &State) {
        let active = |id| state.table_by_id(id).and_then(|t| t.mv.as_ref()).map(|s| s.is_active());
        self.dues.keep(|id| active(id) == Some(true));
        self.revivals.keep(|id| active(id) == Some(false));
    }

    async fn request(&mut self, mv: &Table, attempt: u32, now_ms: UnixMs) {
        let id = mv.meta.id;
        let wish = Wish { query_id: new_query_id(), force: false, manual: false, attempt };
        match self.catalog.commit(move |draft| task_run::request(draft, id, wish)).await {
            Ok(_) => self.dues.requested(id, now_ms),
            // It stays due.
            Err(e) => tracing::warn!(mv = mv.meta.name, error = %e, "refresh not requested"),
        }
    }

    /// Starts waiting runs while there is room, views before the views on them.
    async fn start_pending(&mut self) {
        let snapshot = self.catalog.snapshot();
        for waiting in snapshot.unfinished_runs().filter(|r| r.state == RunState::Pending) {
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

    fn spawn(&mut self, task_run: TaskRun) {
        let (catalog, engine, events) = (self.catalog.clone(), self.engine.clone(), self.events.clone());
        let (failures_max, mv, run) = (self.options.failures_max, task_run.mv, task_run.id);
        let ending = Ending { events, mv, run };
        let handle = tokio::spawn(async move {
            let _ending = ending;
            run::execute(&catalog, &engine, task_run, failures_max).await;
        });
        self.running.insert(mv, Execution { run, handle });
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

/// A new id for a run, as REFRESH MATERIALIZED VIEW returns it.
pub fn new_query_id() -> String {
    uuid::Uuid::now_v7().to_string()
}
