//! Writes whose files no commit has taken yet: their files look abandoned and are not.

use crate::commit::Catalog;
use base::ids::WriterId;
use parking_lot::Mutex;
use std::collections::BTreeSet;

#[derive(Debug, Default)]
pub(crate) struct ActiveWrites(Mutex<BTreeSet<u64>>);

/// A write that goes on, wherever its files are written. Files of a write that has ended without a commit are deleted by
/// the next sweep.
#[derive(Debug)]
pub struct ActiveWrite {
    catalog: Catalog,
    id: WriterId,
}

impl Catalog {
    pub fn begin_write(&self) -> ActiveWrite {
        let id = WriterId { epoch: self.epoch(), write: self.new_txn() };
        self.shared().writes.0.lock().insert(id.write);
        ActiveWrite { catalog: self.clone(), id }
    }

    /// The writes that go on now. If a commit's outcome is unknown, nobody can tell: `None`.
    pub fn active_writes(&self) -> Option<BTreeSet<u64>> {
        // In this order: what is settled in between was active a moment ago.
        let active = self.shared().writes.0.lock().clone();
        self.shared().pending().is_none().then_some(active)
    }
}

impl ActiveWrite {
    /// What its files are named after.
    pub fn id(&self) -> WriterId {
        self.id
    }
}

impl Drop for ActiveWrite {
    fn drop(&mut self) {
        self.catalog.shared().writes.0.lock().remove(&self.id.write);
    }
}
