//! Checkpoints: the whole state in one object, and which records it makes superfluous.

use super::{CHECKPOINT, LOG, encode, log_path, number, read};
use crate::state::{Image, Snapshot, State};
use base::store::Store;
use base::{Error, Result};

const CHECKPOINTS_KEPT: usize = 2;
/// A checkpoint is due after so many times the least number of records, however small they are.
const RECORDS_FACTOR: u64 = 16;

/// The newest checkpoint, and when the next one is due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Covered {
    pub(crate) seq: u64,
    /// Its size.
    pub(crate) bytes: u64,
    /// Bytes of records that this process had read or written when it was made.
    pub(crate) logged: u64,
}

impl Covered {
    /// Whether the records since then cost a start as much as this checkpoint: then writing the next one costs about as
    /// much as writing the records did, however large the state is.
    pub(crate) fn is_old(&self, seq: u64, logged: u64, records_min: u64) -> bool {
        let records = seq.saturating_sub(self.seq);
        let long = logged.saturating_sub(self.logged) >= self.bytes || records / RECORDS_FACTOR >= records_min;
        records >= records_min && long
    }
}

/// Stores `state` as a checkpoint and removes what older checkpoints made superfluous. Returns its size.
///
/// # Errors
/// `Fenced` if another leader has written a later one.
pub(crate) async fn write(store: &Store, state: &Snapshot) -> Result<u64> {
    let mut checkpoints = numbers(store, CHECKPOINT).await?;
    if checkpoints.iter().any(|n| *n > state.seq) {
        return Err(super::fenced());
    }
    let image = Snapshot::clone(state);
    let encoded = tokio::task::spawn_blocking(move || encode(&Image::from(&*image))).await;
    let bytes = encoded.map_err(|e| Error::internal("encoding a checkpoint was interrupted").caused_by(e))??;
    let size = bytes.len() as u64;
    store.put(&path(state.seq), bytes).await?;
    checkpoints.retain(|n| *n != state.seq);
    checkpoints.push(state.seq);
    checkpoints.sort_unstable_by(|a, b| b.cmp(a));
    // The oldest kept checkpoint must still find every record after it.
    let Some(oldest_kept) = checkpoints.get(CHECKPOINTS_KEPT - 1).copied() else { return Ok(size) };
    let old = checkpoints.iter().filter(|n| **n < oldest_kept).map(|n| path(*n));
    // The first record of each leader stays: it is the fence of the one before.
    let records = numbers(store, LOG).await?.into_iter().filter(|n| *n <= oldest_kept && !state.leads.contains(n));
    if let Err(e) = store.delete(old.chain(records.map(log_path))).await {
        tracing::warn!(error = %e, "superfluous metadata not deleted; the next checkpoint tries again");
    }
    Ok(size)
}

/// The newest checkpoint's state and size.
pub(super) async fn newest(store: &Store) -> Result<Option<(State, u64)>> {
    let Some(seq) = newest_number(store).await? else { return Ok(None) };
    let (image, bytes): (Image, u64) = read(store, &path(seq)).await?;
    Ok(Some((State::from(image), bytes)))
}

pub(super) async fn newest_number(store: &Store) -> Result<Option<u64>> {
    Ok(numbers(store, CHECKPOINT).await?.into_iter().max())
}

pub(super) async fn numbers(store: &Store, folder: &str) -> Result<Vec<u64>> {
    Ok(store.list(folder).await?.iter().filter_map(|o| number(o.location.as_ref())).collect())
}

fn path(seq: u64) -> String {
    format!("{CHECKPOINT}/{seq:020}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_may_grow_to_the_checkpoints_size_and_to_sixteen_times_its_records() {
        let covered = Covered { seq: 100, bytes: 5_000, logged: 1_000 };
        for (seq, logged, old) in
            [(109, 99_000, false), (110, 5_999, false), (110, 6_000, true), (259, 1_100, false), (260, 1_100, true)]
        {
            assert_eq!(covered.is_old(seq, logged, 10), old, "record {seq}, {logged} bytes");
        }
    }
}
