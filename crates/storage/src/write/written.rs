//! Durable files that belong to nothing yet: committed, or deleted again.

use base::store::Store;
use base::{Error, ErrorKind, Result};
use catalog::{ActiveWrite, NewFile};
use tokio::runtime::Handle;

/// What a write has produced. Dropping it deletes the files, unless a commit has taken them.
#[derive(Debug)]
pub struct WrittenFiles {
    store: Store,
    files: Vec<NewFile>,
    /// Keeps the sweep away until the files are committed or deleted.
    write: Option<ActiveWrite>,
}

impl WrittenFiles {
    /// Takes care of files that another node has written.
    pub fn new(store: Store, files: Vec<NewFile>) -> Self {
        WrittenFiles { store, files, write: None }
    }

    /// Says which write the files belong to; it goes on until they are committed or deleted.
    #[must_use]
    pub fn of(mut self, write: ActiveWrite) -> Self {
        self.write = Some(write);
        self
    }

    /// Adds files that another node has written.
    pub fn extend(&mut self, files: Vec<NewFile>) {
        self.files.extend(files);
    }

    pub fn files(&self) -> &[NewFile] {
        &self.files
    }

    /// The files, which are not deleted any more when they are dropped.
    pub fn into_files(mut self) -> Vec<NewFile> {
        std::mem::take(&mut self.files)
    }

    /// Gives the files to `commit`, which makes them part of a table. It runs to its end even if the caller goes away:
    /// only then it is known whether the files are in use.
    ///
    /// # Errors
    /// Those of `commit`. The files are then deleted, except after `OutcomeUnknown`.
    pub async fn commit<T, F>(mut self, commit: impl FnOnce(Vec<NewFile>) -> F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let (store, files, write) = (self.store.clone(), std::mem::take(&mut self.files), self.write.take());
        let paths = paths(&files);
        let commit = commit(files);
        let finished = tokio::spawn(async move {
            let _write = write;
            let result = commit.await;
            if result.as_ref().is_err_and(|e| e.kind() != ErrorKind::OutcomeUnknown) {
                discard(&store, paths);
            }
            result
        });
        finished.await.unwrap_or_else(|e| {
            Err(Error::new(ErrorKind::OutcomeUnknown, "a commit was interrupted, its outcome is unknown").caused_by(e))
        })
    }
}

impl Drop for WrittenFiles {
    fn drop(&mut self) {
        discard(&self.store, paths(&self.files));
    }
}

fn paths(files: &[NewFile]) -> Vec<String> {
    files.iter().map(|f| f.file.path.clone()).collect()
}

/// Deletes files of a write that was not committed, in the background; what remains is swept at the next start.
fn discard(store: &Store, paths: Vec<String>) {
    if paths.is_empty() {
        return;
    }
    let store = store.clone();
    if let Ok(runtime) = Handle::try_current() {
        runtime.spawn(async move {
            if let Err(e) = store.delete(paths).await {
                tracing::warn!(error = %e, "files of an abandoned write not deleted; the next start sweeps them");
            }
        });
    }
}
