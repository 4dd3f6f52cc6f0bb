//! The log of commits in the shared store, and its checkpoints.
//!
//! ```text
//! meta/log/00000000000000000042          one record: all changes of one group of commits
//! meta/checkpoint/00000000000000000040   the whole state after record 40
//! ```
//! A record is written only if its number is free. Whoever writes it owns the commit; a leader that finds its number
//! taken by somebody else has lost the lead ([`ErrorKind::Fenced`](base::ErrorKind::Fenced)) and must not write again.
//! The same holds on a directory and on S3.

mod record;

use crate::state::{Image, State};
use base::clock::UnixMs;
use base::store::{Created, Store};
use base::{Error, ErrorKind, Result};
use bytes::Bytes;
pub(crate) use record::{Batch, decode, encode};
use std::time::Duration;

const LOG: &str = "meta/log";
const CHECKPOINT: &str = "meta/checkpoint";
const CHECKPOINTS_KEPT: usize = 2;
/// Waits between tries of a write that the store did not answer.
const RETRY_WAITS_MS: [u64; 5] = [50, 200, 500, 1000, 2000];

/// The journal of one leader.
pub(crate) struct Journal {
    store: Store,
    /// Tells our records from those of another process with the same number.
    writer: String,
    /// A record whose outcome is unknown; it must be settled before another is written.
    unsettled: Option<(u64, Bytes)>,
}

/// What became of a record.
pub(crate) enum Appended {
    Durable,
    /// The store did not answer; the record may or may not be there.
    Unknown(Error),
}

impl Journal {
    /// Reads the newest state. Takes the lead only with the first [`Journal::append`].
    pub(crate) async fn open(store: Store) -> Result<(Self, State)> {
        let mut state = newest_checkpoint(&store).await?.unwrap_or_default();
        let mut numbers: Vec<u64> = store.list(LOG).await?.iter().filter_map(|o| number(o.location.as_ref())).collect();
        numbers.sort_unstable();
        let covered = state.seq;
        for seq in numbers.into_iter().filter(|n| *n > covered) {
            if seq != state.seq + 1 {
                return Err(
                    Error::new(ErrorKind::Corrupt, "a metadata record is missing").with("record", state.seq + 1)
                );
            }
            let batch: Batch = read(&store, &log_path(seq)).await?;
            state = batch.replay(state, seq)?;
        }
        let writer = uuid::Uuid::new_v4().to_string();
        Ok((Journal { store, writer, unsettled: None }, state))
    }

    pub(crate) fn writer(&self) -> &str {
        &self.writer
    }

    /// Settles a record whose outcome was unknown: on `Ok` nothing is open any more.
    ///
    /// # Errors
    /// `Fenced`, or `Unavailable` if the store still does not answer.
    pub(crate) async fn settle(&mut self) -> Result<()> {
        let Some((seq, bytes)) = self.unsettled.clone() else { return Ok(()) };
        match self.write(seq, &bytes).await? {
            Appended::Durable => {
                self.unsettled = None;
                Ok(())
            }
            Appended::Unknown(e) => Err(e),
        }
    }

    /// Writes the record `seq`.
    ///
    /// # Errors
    /// `Fenced` when another leader has written that number.
    pub(crate) async fn append(&mut self, seq: u64, batch: &Batch) -> Result<Appended> {
        let bytes = encode(batch)?;
        let outcome = self.write(seq, &bytes).await?;
        if matches!(outcome, Appended::Unknown(_)) {
            self.unsettled = Some((seq, bytes));
        }
        Ok(outcome)
    }

    async fn write(&self, seq: u64, bytes: &Bytes) -> Result<Appended> {
        let path = log_path(seq);
        let mut last = Error::internal("no try was made");
        for wait_ms in RETRY_WAITS_MS {
            match self.store.create(&path, bytes.clone()).await {
                Ok(Created::New) => return Ok(Appended::Durable),
                // An earlier try may have succeeded without an answer.
                Ok(Created::Exists) => match self.store.get(&path).await {
                    Ok(Some(found)) if found == *bytes => return Ok(Appended::Durable),
                    Ok(_) => {
                        let error = Error::new(ErrorKind::Fenced, "another viewmill server has taken over this store");
                        return Err(error.with("record", seq));
                    }
                    Err(e) => last = e,
                },
                Err(e) => last = e,
            }
            tracing::warn!(seq, error = %last, "metadata record not written yet");
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        }
        let message =
            "the metadata store does not answer, the outcome of the commit is unknown; ask for the label's state";
        Ok(Appended::Unknown(Error::new(ErrorKind::Unavailable, message).caused_by(last)))
    }
}

/// Stores `state` as a checkpoint and removes what older checkpoints made superfluous.
pub(crate) async fn write_checkpoint(store: &Store, state: &State) -> Result<()> {
    store.put(&format!("{CHECKPOINT}/{:020}", state.seq), encode(&Image::from(state))?).await?;
    let mut checkpoints: Vec<u64> =
        store.list(CHECKPOINT).await?.iter().filter_map(|o| number(o.location.as_ref())).collect();
    checkpoints.sort_unstable_by(|a, b| b.cmp(a));
    // The oldest kept checkpoint must still find every record after it.
    let Some(oldest_kept) = checkpoints.get(CHECKPOINTS_KEPT - 1).copied() else { return Ok(()) };
    let old = checkpoints.iter().filter(|n| **n < oldest_kept).map(|n| format!("{CHECKPOINT}/{n:020}"));
    let logs = store.list(LOG).await?;
    let superfluous =
        logs.iter().filter_map(|o| number(o.location.as_ref())).filter(|n| *n <= oldest_kept).map(log_path);
    store.delete(old.chain(superfluous).collect::<Vec<_>>()).await
}

async fn newest_checkpoint(store: &Store) -> Result<Option<State>> {
    let listed = store.list(CHECKPOINT).await?;
    let Some(newest) = listed.iter().filter_map(|o| number(o.location.as_ref())).max() else { return Ok(None) };
    let image: Image = read(store, &format!("{CHECKPOINT}/{newest:020}")).await?;
    Ok(Some(State::from(image)))
}

async fn read<T: serde::de::DeserializeOwned>(store: &Store, path: &str) -> Result<T> {
    let bytes = store.get(path).await?;
    let bytes = bytes.ok_or_else(|| Error::new(ErrorKind::Corrupt, "a metadata object is gone").with("path", path))?;
    decode(&bytes).map_err(|e| e.with("path", path))
}

fn log_path(seq: u64) -> String {
    format!("{LOG}/{seq:020}")
}

fn number(path: &str) -> Option<u64> {
    path.rsplit('/').next()?.parse().ok()
}

/// Milliseconds that a checkpoint may be late after its record count was reached.
pub(crate) const CHECKPOINT_POLL_MS: UnixMs = 500;
