//! The catalog handle and its committer: the only place metadata changes.
//!
//! Commits queue up; the committer runs their closures one after the other on the newest state, writes all their
//! changes as one record, and publishes the new state when the record is durable. A closure that fails leaves no trace.

use crate::active_writes::ActiveWrites;
use crate::draft::Draft;
use crate::journal::{self, Appended, Batch, Covered, Journal};
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
/// How often an unknown outcome is asked for while nobody commits.
const SETTLE_EVERY: Duration = Duration::from_millis(if cfg!(test) { 10 } else { 2_000 });
/// How often it is looked whether a checkpoint is due.
const CHECKPOINT_POLL: Duration = Duration::from_millis(500);
const CHECKPOINT_RETRY: Duration = Duration::from_secs(10);

#[derive(Debug, Clone)]
pub struct CatalogOptions {
    pub clock: Clock,
    /// Records after which a checkpoint is written, if they are as large as the last one.
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
    pub(crate) writes: ActiveWrites,
    next_txn: AtomicU64,
    /// Bytes of the records that were read and written.
    logged: AtomicU64,
    pub(crate) clock: Clock,
    store: Store,
}

/// Numbers that an earlier leader may have given out after its last record. Nodes that it gave them to may still come with
/// them, so they are not given out again.
const TXNS_UNRECORDED_MAX: u64 = 1 << 20;

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
        let (mut journal, mut state, covered) = Journal::open(store.clone()).await?;
        let lead = Batch {
            epoch: state.epoch + 1,
            writer: journal.writer().to_string(),
            time_ms: options.clock.now_ms(),
            next_txn: if state.epoch == 0 { 1 } else { state.next_txn + TXNS_UNRECORDED_MAX },
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
            writes: ActiveWrites::default(),
            next_txn,
            logged: AtomicU64::new(journal.logged()),
            clock: options.clock,
            store,
        });
        let committer = Committer { shared: Arc::downgrade(&shared), journal };
        tokio::spawn(committer.run(jobs));
        tokio::spawn(checkpoints(Arc::downgrade(&shared), covered, options.checkpoint_records));
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
    /// `edit` may run while other commits are written, never concurrently with another edit; it must not block. Once
    /// this future has been polled, the commit may happen even if the future is dropped.
    ///
    /// # Errors
    /// `OutcomeUnknown`: files named in the changes must be left alone. After any other error nothing has happened: what
    /// `edit` returned; `Fenced`; `Exhausted` when the disk is full; `Unavailable` when the store does not answer.
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
        let stopped = |kind| Error::new(kind, "the catalog has stopped");
        self.shared.queue.send(Job { edit, done }).await.map_err(|_| stopped(ErrorKind::Unavailable))?;
        let snapshot = committed.await.map_err(|_| stopped(ErrorKind::OutcomeUnknown))??;
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
}

impl Committer {
    async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut group = Vec::new();
        loop {
            let received = jobs.recv_many(&mut group, GROUP_MAX);
            let count = if self.journal.is_settled() {
                received.await
            } else if let Ok(count) = tokio::time::timeout(SETTLE_EVERY, received).await {
                count
            } else {
                if let Some(shared) = self.shared.upgrade() {
                    // An error is told to those who commit; whoever waits for a label asks again.
                    let _ = self.ready(&shared).await;
                }
                continue;
            };
            if count == 0 {
                return;
            }
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
        let (mut waiting, mut failed) = (Vec::new(), Vec::new());
        for job in group {
            let mut draft = Draft { state: state.clone(), changes: Vec::new(), now_ms };
            match run_edit(job.edit, &mut draft) {
                Ok(()) => {
                    state = draft.state;
                    changes.append(&mut draft.changes);
                    waiting.push(job.done);
                }
                Err(e) => failed.push((job.done, e)),
            }
        }
        if changes.is_empty() {
            for done in waiting {
                let _ = done.send(Ok(Arc::clone(&base)));
            }
            for (done, e) in failed {
                let _ = done.send(Err(e));
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
                shared.logged.store(self.journal.logged(), Ordering::Relaxed);
                COMMITS.add(waiting.len() as i64);
                RECORDS.add(1);
                Ok(state)
            }
            Ok(Appended::Unknown(e)) => {
                shared.pending.lock().replace(state);
                Err(e)
            }
            Err(e) => Err(e),
        };
        for done in waiting {
            let _ = done.send(match &outcome {
                Ok(state) => Ok(Arc::clone(state)),
                Err(e) => Err(Error::new(e.kind(), e.to_string())),
            });
        }
        // An edit may have failed because of another one of the group: that is true only now.
        for (done, e) in failed {
            let _ = done.send(Err(if outcome.is_ok() { e } else { not_written() }));
        }
    }

    /// Settles what an unanswered write left open, so that the next record builds on the truth.
    ///
    /// # Errors
    /// `Fenced`, `Unavailable`: nothing can be written now.
    async fn ready(&mut self, shared: &Shared) -> Result<()> {
        self.journal.settle().await.map_err(|e| match e.kind() {
            ErrorKind::OutcomeUnknown => not_written().caused_by(e),
            _ => e,
        })?;
        let mut pending = shared.pending.lock();
        if let Some(state) = pending.take() {
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

    /// What is committed if the record whose outcome is unknown turns out to be written.
    pub(crate) fn pending(&self) -> Option<Snapshot> {
        self.pending.lock().clone()
    }
}

fn not_written() -> Error {
    Error::new(ErrorKind::Unavailable, "the metadata store does not answer, nothing was written; try again")
}

fn run_edit(edit: Edit, draft: &mut Draft) -> Result<()> {
    std::panic::catch_unwind(AssertUnwindSafe(|| edit(draft)))
        .unwrap_or_else(|_| Err(Error::internal("a commit failed unexpectedly, see the server's log")))
}

async fn checkpoints(shared: Weak<Shared>, mut covered: Covered, records_min: u64) {
    loop {
        tokio::time::sleep(CHECKPOINT_POLL).await;
        let Some(shared) = shared.upgrade() else { return };
        let logged = shared.logged.load(Ordering::Relaxed);
        let state = shared.current.load_full();
        if !covered.is_old(state.seq, logged, records_min) {
            continue;
        }
        match journal::write_checkpoint(&shared.store, &state).await {
            Ok(bytes) => covered = Covered { seq: state.seq, bytes, logged },
            Err(e) if e.kind() == ErrorKind::Fenced => return,
            // The log alone is enough to recover; it is tried again, but a large state is not encoded all the time.
            Err(e) => {
                tracing::warn!(error = %e, seq = state.seq, "checkpoint not written");
                drop((shared, state));
                tokio::time::sleep(CHECKPOINT_RETRY).await;
            }
        }
    }
}
