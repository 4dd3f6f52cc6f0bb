//! Deletes files that nobody needs.
//!
//! Two ways a file becomes garbage: a commit replaced it (the catalog lists it until it is deleted here), or a process
//! died before committing it (found by [`sweep`] at start, by its leader epoch). Neither guesses by age.

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

/// Deletes replaced files that no reader holds any more. Returns how many.
pub async fn collect(catalog: &Catalog) -> Result<usize> {
    let paths: Vec<String> = {
        let snapshot = catalog.snapshot();
        let held = catalog.oldest_held_seq();
        let free = snapshot.garbage().filter(|g| g.since_seq <= held);
        free.take(ROUND_FILES_MAX).map(|g| g.path.clone()).collect()
    };
    if paths.is_empty() {
        return Ok(0);
    }
    catalog.store().delete(paths.clone()).await?;
    let count = paths.len();
    // A crash before this commit leaves names of files that are gone; deleting them again does no harm.
    catalog.commit(move |draft| draft.apply(Change::Collected(paths))).await?;
    DELETED.add(count as i64);
    Ok(count)
}

/// Deletes files that earlier leaders wrote and never committed. Returns how many.
pub async fn sweep(catalog: &Catalog) -> Result<usize> {
    let listed = catalog.store().list(layout::DATA).await?;
    let orphans: Vec<String> = {
        // Taken after listing: a file committed in between by this leader has this epoch and is not looked at.
        let snapshot = catalog.snapshot();
        let used: HashSet<&str> = snapshot.files().chain(snapshot.garbage().map(|g| g.path.as_str())).collect();
        let epoch = catalog.epoch();
        let paths = listed.iter().map(|o| o.location.as_ref());
        let old = paths.filter(|p| layout::epoch_of(p).is_some_and(|e| e < epoch));
        old.filter(|p| !used.contains(p)).map(str::to_string).collect()
    };
    let count = orphans.len();
    if count > 0 {
        tracing::info!(count, "deleting files of loads that an earlier process did not finish");
        catalog.store().delete(orphans).await?;
        DELETED.add(count as i64);
    }
    Ok(count)
}
