//! Deletes files that nobody needs.
//!
//! Two ways a file becomes garbage: a commit replaced it (the catalog lists it until it is deleted here), or a process
//! died before committing it (found by [`sweep`], by the write in its name). Neither guesses by age.

use crate::layout;
use base::Result;
use base::metrics::Metric;
use catalog::Catalog;
use catalog::change::Change;
use std::collections::HashSet;

static DELETED: Metric =
    Metric::counter("storage_deleted_files_total", "Data files deleted because no version needs them.");

/// Files deleted in one round: one metadata record each round.
const ROUND_FILES_MAX: usize = 10_000;

/// Deletes replaced files, round by round.
#[derive(Debug, Default)]
pub struct Collector {
    /// Files that the catalog has forgotten and the store did not delete.
    left: Vec<String>,
}

impl Collector {
    /// Deletes files that no reader holds any more. Returns how many.
    ///
    /// # Errors
    /// Those of the commit: nothing is deleted then. `Unavailable` if some files could not be deleted; the next round
    /// tries them again, and if the process ends before, the sweep of the next start.
    pub async fn collect(&mut self, catalog: &Catalog) -> Result<usize> {
        let paths: Vec<String> = {
            let snapshot = catalog.snapshot();
            let held = catalog.oldest_held_seq();
            let free = snapshot.garbage().filter(|g| g.since_seq <= held);
            free.take(ROUND_FILES_MAX).map(|g| g.path.clone()).collect()
        };
        if paths.is_empty() && self.left.is_empty() {
            return Ok(0);
        }
        if !paths.is_empty() {
            // First the commit: to a leader that was displaced these files may look like garbage and be in use.
            let forgotten = paths.clone();
            catalog.commit(move |draft| draft.apply(Change::Collected(forgotten))).await?;
        }
        self.left.extend(paths);
        let all = std::mem::take(&mut self.left);
        let count = all.len();
        let result = catalog.store().delete_all(all).await.map_err(|(left, e)| {
            self.left = left;
            e
        });
        let deleted = count - self.left.len();
        DELETED.add(deleted as i64);
        remove_folders(catalog).await?;
        result.map(|()| deleted)
    }
}

/// Removes what is left of dropped tables once their files are deleted.
async fn remove_folders(catalog: &Catalog) -> Result<()> {
    let snapshot = catalog.snapshot();
    catalog.store().remove_empty_folders(layout::DATA, move |name| layout::was_dropped(name, &snapshot)).await
}

/// Deletes files of writes that ended without a commit: those of earlier leaders, and those whose node died or was frozen
/// while it wrote. Returns how many.
pub async fn sweep(catalog: &Catalog) -> Result<usize> {
    let before = catalog.active_writes();
    let listed = catalog.store().list(layout::DATA).await?;
    let (Some(before), Some(after)) = (before, catalog.active_writes()) else { return Ok(0) };
    let goes_on = |write: &u64| before.contains(write) || after.contains(write);
    let orphans: Vec<String> = {
        // Taken last: a write that is not active any more has its files in it, or never will.
        let snapshot = catalog.snapshot();
        let used: HashSet<&str> = snapshot.files().chain(snapshot.garbage().map(|g| g.path.as_str())).collect();
        let epoch = catalog.epoch();
        let abandoned = |path: &&str| {
            let writer = layout::writer_of(path);
            writer.is_some_and(|w| w.epoch < epoch || (w.epoch == epoch && !goes_on(&w.write))) && !used.contains(*path)
        };
        listed.iter().map(|o| o.location.as_ref()).filter(abandoned).map(str::to_string).collect()
    };
    let count = orphans.len();
    if count > 0 {
        tracing::info!(count, "deleting files of writes that did not finish");
        catalog.store().delete(orphans).await?;
        DELETED.add(count as i64);
    }
    remove_folders(catalog).await?;
    Ok(count)
}
