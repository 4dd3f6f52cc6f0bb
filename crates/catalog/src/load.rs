//! Loads under labels: exactly one successful load per label and database, while it runs and afterwards.
//!
//! ```text
//!   begin ─▶ OpenLoad ── commit(files) ─▶ Load without error   label kept
//!               │  └──── fail(error) ──▶ Load with error       label free again
//!               └─ dropped: label free again, nothing recorded
//! ```
//! A commit whose outcome is unknown keeps its label until the store answers.

use crate::change::Change;
use crate::commit::Catalog;
use crate::draft::{Draft, TableWrite};
use crate::state::Snapshot;
use base::clock::UnixMs;
use base::ids::{DbId, TableId, TxnId};
use base::{Error, ErrorKind, Result};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub use crate::model::load::{Load, LoadCounts, LoadKind};

/// What a load is and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadRequest {
    pub label: String,
    pub kind: LoadKind,
    pub db: DbId,
    pub database: String,
    pub table: TableId,
    pub table_name: String,
    pub user: String,
}

/// Progress of a running load, for `information_schema.loads` and `SHOW PROCESSLIST`.
#[derive(Debug, Default)]
pub struct LoadProgress {
    pub rows: AtomicU64,
    pub bytes: AtomicU64,
}

/// A load that runs now.
#[derive(Debug, Clone)]
pub struct RunningLoad {
    pub txn: TxnId,
    pub request: LoadRequest,
    pub created_ms: UnixMs,
    pub progress: Arc<LoadProgress>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelState {
    Running,
    Finished,
}

#[derive(Debug, Default)]
pub(crate) struct RunningLoads {
    by_label: Mutex<BTreeMap<(DbId, String), RunningLoad>>,
}

impl Catalog {
    /// Reserves the label.
    ///
    /// # Errors
    /// `LabelExists`: ask [`Catalog::label_state`] whether it is running or finished; `Invalid` for an illegal label.
    pub fn begin_load(&self, request: LoadRequest) -> Result<OpenLoad> {
        base::names::check_label(&request.label)?;
        let key = (request.db, request.label.clone());
        let mut running = self.shared().running.by_label.lock();
        if running.contains_key(&key) || self.committed_label(request.db, &request.label).is_some() {
            return Err(label_exists(&request.label));
        }
        let load = RunningLoad {
            txn: TxnId(self.new_txn()),
            request,
            created_ms: self.clock().now_ms(),
            progress: Arc::default(),
        };
        running.insert(key, load.clone());
        Ok(OpenLoad { catalog: self.clone(), load })
    }

    pub fn label_state(&self, db: DbId, label: &str) -> Option<LabelState> {
        if self.shared().running.by_label.lock().contains_key(&(db, label.to_string())) {
            return Some(LabelState::Running);
        }
        self.committed_label(db, label)
    }

    /// A label whose commit the store has not answered yet counts as running.
    fn committed_label(&self, db: DbId, label: &str) -> Option<LabelState> {
        // Before the snapshot: what is settled in between is in the snapshot.
        let pending = self.shared().pending();
        if self.snapshot().labelled(db, label).is_some() {
            return Some(LabelState::Finished);
        }
        pending.filter(|state| state.labelled(db, label).is_some()).map(|_| LabelState::Running)
    }

    pub fn running_loads(&self) -> Vec<RunningLoad> {
        self.shared().running.by_label.lock().values().cloned().collect()
    }
}

/// A load that holds its label. Dropping it gives the label back.
#[derive(Debug)]
pub struct OpenLoad {
    catalog: Catalog,
    load: RunningLoad,
}

impl OpenLoad {
    pub fn txn(&self) -> TxnId {
        self.load.txn
    }

    pub fn label(&self) -> &str {
        &self.load.request.label
    }

    pub fn progress(&self) -> &Arc<LoadProgress> {
        &self.load.progress
    }

    /// Makes the files visible and the label used, in one commit. Durable on return.
    ///
    /// # Errors
    /// As [`Catalog::commit`]: after anything but `OutcomeUnknown` nothing was committed and the files can be deleted.
    /// `LabelExists` if an earlier load under this label, given up by its client, was committed after all.
    pub async fn commit(self, write: TableWrite, counts: LoadCounts, tracking_url: Option<String>) -> Result<Snapshot> {
        self.commit_with(write, counts, tracking_url, |_| Ok(())).await
    }

    /// [`OpenLoad::commit`] with further changes in the same commit.
    pub async fn commit_with(
        self,
        write: TableWrite,
        counts: LoadCounts,
        tracking_url: Option<String>,
        more: impl FnOnce(&mut Draft) -> Result<()> + Send + 'static,
    ) -> Result<Snapshot> {
        let mut load = self.finished(counts, None, tracking_url);
        let committed = self.catalog.commit(move |draft| {
            // Reserving is not enough: a commit lives on when the load that waited for it has given its label back.
            if draft.state().labelled(load.db, &load.label).is_some() {
                return Err(label_exists(&load.label));
            }
            // A table that was dropped must not be written, nor a label be kept for it.
            draft.write_table(write)?;
            more(draft)?;
            load.finished_ms = draft.now_ms();
            draft.apply(Change::PutLoad(load))
        });
        committed.await.map(|((), snapshot)| snapshot)
    }

    /// Records the failure for `information_schema.loads`; the label is free again.
    pub async fn fail(self, error: &Error, counts: LoadCounts, tracking_url: Option<String>) {
        let mut load = self.finished(counts, Some(error.to_string()), tracking_url);
        let recorded = self.catalog.commit(move |draft| {
            load.finished_ms = draft.now_ms();
            // The database may be gone; then nobody can ask for its loads.
            if draft.state().database_by_id(load.db).is_none() {
                return Ok(());
            }
            draft.apply(Change::PutLoad(load))
        });
        if let Err(e) = recorded.await {
            tracing::warn!(error = %e, "failed load not recorded");
        }
    }

    fn finished(&self, counts: LoadCounts, error: Option<String>, tracking_url: Option<String>) -> Load {
        let LoadRequest { label, kind, db, database, table, table_name, user } = self.load.request.clone();
        Load {
            txn: self.load.txn,
            label,
            kind,
            db,
            database,
            table,
            table_name,
            user,
            error,
            counts,
            created_ms: self.load.created_ms,
            finished_ms: self.load.created_ms,
            tracking_url,
        }
    }
}

fn label_exists(label: &str) -> Error {
    Error::new(ErrorKind::LabelExists, format!("Label [{label}] has already been used."))
}

impl Drop for OpenLoad {
    fn drop(&mut self) {
        let key = (self.load.request.db, self.load.request.label.clone());
        self.catalog.shared().running.by_label.lock().remove(&key);
    }
}

impl LoadProgress {
    pub fn add(&self, rows: u64, bytes: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}
