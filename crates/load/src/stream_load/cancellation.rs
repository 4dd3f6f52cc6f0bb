//! Running loads that a user may end by their label.

use base::ids::DbId;
use base::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

type Key = (DbId, String);

/// Loads that can still be ended; clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Cancellations {
    running: Arc<Mutex<BTreeMap<Key, oneshot::Sender<()>>>>,
}

/// A load's place among those that can be ended.
#[derive(Debug)]
pub(super) struct Cancellable {
    all: Cancellations,
    key: Key,
    asked: oneshot::Receiver<()>,
}

impl Cancellations {
    pub(super) fn register(&self, db: DbId, label: &str) -> Cancellable {
        let (ask, asked) = oneshot::channel();
        let key = (db, label.to_string());
        self.lock().insert(key.clone(), ask);
        Cancellable { all: self.clone(), key, asked }
    }

    /// Ends the load; false if none runs under this label, or if it is being committed.
    pub(super) fn cancel(&self, db: DbId, label: &str) -> bool {
        let ask = self.lock().remove(&(db, label.to_string()));
        ask.is_some_and(|ask| ask.send(()).is_ok())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, oneshot::Sender<()>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cancellable {
    /// Resolves when the load shall end, to the reason.
    pub(super) async fn asked(&mut self) -> Error {
        // The sender is gone only when it has sent: the load holds its label.
        let _ = (&mut self.asked).await;
        cancelled()
    }

    /// From here on the load cannot be ended any more.
    ///
    /// # Errors
    /// The reason, if it was to end at the last moment: whoever asked was told that it does.
    pub(super) fn close(self) -> Result<()> {
        self.all.lock().remove(&self.key).map(|_| ()).ok_or_else(cancelled)
    }
}

fn cancelled() -> Error {
    Error::new(ErrorKind::Interrupted, "user cancel")
}

impl Drop for Cancellable {
    fn drop(&mut self) {
        self.all.lock().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_commits_or_is_cancelled_but_not_both() {
        let all = Cancellations::default();
        let load = all.register(DbId(1), "l");
        assert!(!all.cancel(DbId(2), "l"));
        assert!(all.cancel(DbId(1), "l") && !all.cancel(DbId(1), "l"));
        assert_eq!(load.close().unwrap_err().message(), "user cancel");
        let load = all.register(DbId(1), "l");
        load.close().unwrap();
        assert!(!all.cancel(DbId(1), "l"));
    }
}
