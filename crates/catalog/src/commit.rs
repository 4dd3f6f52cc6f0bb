//! The catalog handle and its committer: the only place metadata changes.
//!
//! Commits queue up; the committer runs their closures one after the other on the newest state, writes all their
//! changes as one record, and publishes the new state when the record is durable. A closure that fails leaves no trace.

use crate::draft::Draft;
use crate::journal::{self, Appended, Batch, Journal};
use crate::load::RunningLoads;
use crate::state::{Snapshot, State};
use arc_swap::ArcSwap;
use base::clock::Clock;
use base::metrics::Metric;
use base::store::Store;
use base::{Error, ErrorKind, Result};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

static COMMITS: Metric = Metric::counter("catalog_commits_total", "Commits that became durable.");
static RECORDS: Metric =
    Metric::counter("catalog_records_total", "Journal records written; one may hold several commits.");

/// Commits in one journal record at the most.
const GROUP_MAX: usize = 512;
const QUEUE_MAX: usize = 4096;

#[derive(Debug, Clone)]
pub struct CatalogOptions {
    pub clock: Clock,
    /// Records after which a checkpoint is written.
    pub checkpoint_records: u64,
}

/// A handle to the metadata; clones share it.
#[derive(Clone)]
pub struct Catalog {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    current: ArcSwap<State>,
    /// States that readers may still hold, oldest first.
    published: Mutex<VecDeque<(u64, Weak<State>)>>,
    queue: mpsc::Sender<Job>,
    changed: watch::Sender<u64>,
    /// The state of a record whose outcome is unknown; published if the record turns out to be written.
    pending: Mutex<Option<Snapshot>>,
    pub(crate) running: RunningLoads,
    next_txn: AtomicU64,
    pub(crate) clock: Clock,
    store: Store,
}

type Edit = Box<dyn FnOnce(&mut Draft) -> Result<()> + Send>;

struct Job {
    edit: Edit,
    done: oneshot::Sender<Result<Snapshot>>,
}

impl Catalog {
    /// Reads the newest state and takes the lead: from here on every other process is fenced.
    ///
    /// # Errors
    /// `Corrupt`, `Unavailable`, `Fenced` if another process takes the lead at the same moment.
    pub async fn open(store: Store, options: CatalogOptions) -> Result<Self> {
        let (mut journal, mut state) = Journal::open(store.clone()).await?;
        let lead = Batch {
            epoch: state.epoch + 1,
            writer: journal.writer().to_string(),
            time_ms: options.clock.now_ms(),
            next_txn: state.next_txn.max(1),
            changes: Vec::new(),
        };
        if let Appended::Unknown(e) = journal.append(state.seq + 1, &lead).await? {
            return Err(e);
        }
        let seq = state.seq + 1;
        state = lead.replay(state, seq)?;
        state.next_id = state.next_id.max(10_000);
        let (queue, jobs) = mpsc::channel(QUEUE_MAX);
        let next_txn = AtomicU64::new(state.next_txn);
        let state = Arc::new(state);
        let shared = Arc::new(Shared {
            published: Mutex::new(VecDeque::from([(state.seq, Arc::downgrade(&state))])),
            changed: watch::Sender::new(state.seq),
            current: ArcSwap::new(state),
            queue,
            pending: Mutex::new(None),
            running: RunningLoads::default(),
            next_txn,
            clock: options.clock,
            store,
        });
        let committer = Committer { shared: Arc::downgrade(&shared), journal, fenced: false };
        tokio::spawn(committer.run(jobs));
        tokio::spawn(checkpoints(Arc::downgrade(&shared), options.checkpoint_records));
        Ok(Catalog { shared })
    }

    /// The newest committed state. Holding it keeps its files.
    pub fn snapshot(&self) -> Snapshot {
        self.shared.current.load_full()
    }

    /// This leader's number; part of the names of the files it writes.
    pub fn epoch(&self) -> u64 {
        self.shared.current.load().epoch
    }

    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Runs `edit` on the newest state and makes its changes durable. Returns what `edit` returned and the state.
    ///
    /// `edit` may run while other commits are written, never concurrently with another edit; it must not block.
    ///
    /// # Errors
    /// What `edit` returned (nothing happened then); `Fenced`; `Unavailable` when the outcome is unknown: files named in
    /// the changes must then be left alone.
    pub async fn commit<T: Send + 'static>(
        &self,
        edit: impl FnOnce(&mut Draft) -> Result<T> + Send + 'static,
    ) -> Result<(T, Snapshot)> {
        let result = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&result);
        let edit: Edit = Box::new(move |draft| {
            *slot.lock() = Some(edit(draft)?);
            Ok(())
        });
        let (done, committed) = oneshot::channel();
        let stopped = || Error::new(ErrorKind::Unavailable, "the catalog has stopped");
        self.shared.queue.send(Job { edit, done }).await.map_err(|_| stopped())?;
        let snapshot = committed.await.map_err(|_| stopped())??;
        let value = result.lock().take().expect("a successful edit has left its value");
        Ok((value, snapshot))
    }

    /// Tells of each new state by its record number.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changed.subscribe()
    }

    /// The oldest record whose state some reader still holds.
    pub fn oldest_held_seq(&self) -> u64 {
        let mut published = self.shared.published.lock();
        while published.len() > 1 && published.front().is_some_and(|(_, s)| s.strong_count() == 0) {
            published.pop_front();
        }
        // Also dead ones in the middle, so that the queue does not grow while one old reader lasts.
        if published.len() > 64 {
            published.retain(|(_, s)| s.strong_count() > 0);
        }
        published.front().map_or(0, |(seq, _)| *seq)
    }

    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(crate) fn new_txn(&self) -> u64 {
        self.shared.next_txn.fetch_add(1, Ordering::Relaxed)
    }
}

impl std::fmt::Debug for Catalog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalog").field("seq", &self.shared.current.load().seq).finish_non_exhaustive()
    }
}

struct Committer {
    /// Weak, so that dropping the last handle ends the committer.
    shared: Weak<Shared>,
    journal: Journal,
    fenced: bool,
}

impl Committer {
    async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut group = Vec::new();
        while jobs.recv_many(&mut group, GROUP_MAX).await > 0 {
            self.commit_group(std::mem::take(&mut group)).await;
        }
    }

    async fn commit_group(&mut self, group: Vec<Job>) {
        let Some(shared) = self.shared.upgrade() else { return };
        if let Err(e) = self.ready(&shared).await {
            for job in group {
                // A receiver that has gone away does not care.
                let _ = job.done.send(Err(Error::new(e.kind(), e.to_string())));
            }
            return;
        }
        let base = shared.current.load_full();
        let now_ms = shared.clock.now_ms();
        let mut state = State { seq: base.seq + 1, ..(*base).clone() };
        let mut changes = Vec::new();
        let mut waiting = Vec::new();
        for job in group {
            let mut draft = Draft { state: state.clone(), changes: Vec::new(), now_ms };
            match run_edit(job.edit, &mut draft) {
                Ok(()) => {
                    state = draft.state;
                    changes.append(&mut draft.changes);
                    waiting.push(job.done);
                }
                Err(e) => {
                    let _ = job.done.send(Err(e));
                }
            }
        }
        if changes.is_empty() {
            for done in waiting {
                let _ = done.send(Ok(Arc::clone(&base)));
            }
            return;
        }
        let next_txn = shared.next_txn.load(Ordering::Relaxed);
        state.next_txn = state.next_txn.max(next_txn);
        let batch =
            Batch { epoch: state.epoch, writer: self.journal.writer().to_string(), time_ms: now_ms, next_txn, changes };
        let state = Arc::new(state);
        let outcome = match self.journal.append(state.seq, &batch).await {
            Ok(Appended::Durable) => {
                shared.publish(&state);
                COMMITS.add(waiting.len() as i64);
                RECORDS.add(1);
                Ok(state)
            }
            Ok(Appended::Unknown(e)) => {
                shared.pending.lock().replace(state);
                Err(e)
            }
            Err(e) => {
                self.fenced = e.kind() == ErrorKind::Fenced;
                Err(e)
            }
        };
        for done in waiting {
            let _ = done.send(match &outcome {
                Ok(state) => Ok(Arc::clone(state)),
                Err(e) => Err(Error::new(e.kind(), e.to_string())),
            });
        }
    }

    /// Settles what an unanswered write left open, so that the next record builds on the truth.
    async fn ready(&mut self, shared: &Shared) -> Result<()> {
        if self.fenced {
            return Err(Error::new(ErrorKind::Fenced, "another viewmill server has taken over this store"));
        }
        self.journal.settle().await.inspect_err(|e| self.fenced = e.kind() == ErrorKind::Fenced)?;
        if let Some(state) = shared.pending.lock().take() {
            shared.publish(&state);
        }
        Ok(())
    }
}

impl Shared {
    fn publish(&self, state: &Snapshot) {
        self.published.lock().push_back((state.seq, Arc::downgrade(state)));
        self.current.store(Arc::clone(state));
        self.changed.send_replace(state.seq);
    }
}

fn run_edit(edit: Edit, draft: &mut Draft) -> Result<()> {
    std::panic::catch_unwind(AssertUnwindSafe(|| edit(draft)))
        .unwrap_or_else(|_| Err(Error::internal("a commit failed unexpectedly, see the server's log")))
}

async fn checkpoints(shared: Weak<Shared>, every_records: u64) {
    let mut last = 0;
    loop {
        tokio::time::sleep(Duration::from_millis(journal::CHECKPOINT_POLL_MS as u64)).await;
        let Some(shared) = shared.upgrade() else { return };
        let state = shared.current.load_full();
        if state.seq < last + every_records {
            continue;
        }
        match journal::write_checkpoint(&shared.store, &state).await {
            Ok(()) => last = state.seq,
            // The log alone is enough to recover; the next round tries again.
            Err(e) => tracing::warn!(error = %e, seq = state.seq, "checkpoint not written"),
        }
    }
}
