//! The log of commits in the shared store, and its checkpoints.
//!
//! ```text
//! meta/log/00000000000000000042          one record: all changes of one group of commits
//! meta/checkpoint/00000000000000000040   the whole state after record 40
//! ```
//! A record is written only if its number is free. Whoever writes it owns the commit; a leader that finds its number
//! taken by somebody else has lost the lead ([`ErrorKind::Fenced`](base::ErrorKind::Fenced)) and must not write again.
//! The same holds on a directory and on S3.
//!
//! The number that a displaced leader tries next is always that of its successor's first record, the successor's *lead*.
//! Checkpoints make records superfluous, but leads are kept, so that number is never free again.

mod checkpoint;
mod record;

use crate::state::State;
use base::store::{Created, Store};
use base::{Error, ErrorKind, Result};
use bytes::Bytes;
pub(crate) use checkpoint::{Covered, write as write_checkpoint};
pub(crate) use record::{Batch, decode, encode};
use std::time::{Duration, Instant};

const LOG: &str = "meta/log";
const CHECKPOINT: &str = "meta/checkpoint";
/// Records read at once at a start.
const RECORDS_AT_ONCE: usize = 256;
/// Waits before the tries of a write that the store did not answer.
const RETRY_WAITS_MS: [u64; 6] = if cfg!(test) { [0; 6] } else { [0, 50, 200, 500, 1000, 2000] };
/// Only so many leads are kept; a leader that was idle for so long looks whether there were more.
const IDLE_MAX: Duration = Duration::from_secs(60);

/// The journal of one leader.
pub(crate) struct Journal {
    store: Store,
    /// Tells our records from those of another process with the same number.
    writer: String,
    /// A record whose outcome is unknown; it must be settled before another is written.
    unsettled: Option<(u64, Bytes)>,
    fenced: bool,
    /// When we last were sure to lead; `None` before the first record.
    led: Option<Instant>,
    /// Bytes of the records read and written.
    logged: u64,
}

/// What became of a record.
pub(crate) enum Appended {
    Durable,
    /// The store did not answer; the record may or may not be there.
    Unknown(Error),
}

impl Journal {
    /// Reads the newest state, and tells what of it a checkpoint covers. Takes the lead only with the first
    /// [`Journal::append`].
    pub(crate) async fn open(store: Store) -> Result<(Self, State, Covered)> {
        let (mut state, bytes) = checkpoint::newest(&store).await?.unwrap_or_default();
        let covered = Covered { seq: state.seq, bytes, logged: 0 };
        let mut numbers = checkpoint::numbers(&store, LOG).await?;
        numbers.retain(|n| *n > covered.seq);
        numbers.sort_unstable();
        let mut logged = 0;
        for seqs in numbers.chunks(RECORDS_AT_ONCE) {
            let paths: Vec<String> = seqs.iter().copied().map(log_path).collect();
            let records = store.get_all(&paths).await?;
            for ((seq, path), record) in seqs.iter().zip(&paths).zip(records) {
                if *seq != state.seq + 1 {
                    let error = Error::new(ErrorKind::Corrupt, "a metadata record is missing");
                    return Err(error.with("record", state.seq + 1));
                }
                let (batch, bytes): (Batch, u64) = decoded(record, path)?;
                logged += bytes;
                state = batch.replay(state, *seq)?;
            }
        }
        let writer = uuid::Uuid::new_v4().to_string();
        Ok((Journal { store, writer, unsettled: None, fenced: false, led: None, logged }, state, covered))
    }

    pub(crate) fn writer(&self) -> &str {
        &self.writer
    }

    pub(crate) fn logged(&self) -> u64 {
        self.logged
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.unsettled.is_none() || self.fenced
    }

    /// Settles a record whose outcome was unknown: on `Ok` nothing is open any more.
    ///
    /// # Errors
    /// `Fenced`, or `OutcomeUnknown` if the store still does not answer.
    pub(crate) async fn settle(&mut self) -> Result<()> {
        if self.fenced {
            return Err(fenced());
        }
        let Some((seq, bytes)) = self.unsettled.clone() else { return Ok(()) };
        match self.write(seq, &bytes, true).await? {
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
    /// `Fenced` when another leader has written that number, `Exhausted` when the disk is full: the record is not there.
    pub(crate) async fn append(&mut self, seq: u64, batch: &Batch) -> Result<Appended> {
        if self.fenced {
            return Err(fenced());
        }
        let bytes = encode(batch)?;
        let outcome = self.write(seq, &bytes, false).await?;
        if matches!(outcome, Appended::Unknown(_)) {
            self.unsettled = Some((seq, bytes));
        }
        Ok(outcome)
    }

    #[cfg(test)]
    pub(crate) fn idle_for(&mut self, time: Duration) {
        self.led = self.led.and_then(|led| led.checked_sub(time));
    }

    /// `unanswered`: an earlier try may have written the record.
    async fn write(&mut self, seq: u64, bytes: &Bytes, mut unanswered: bool) -> Result<Appended> {
        let mut last = Error::internal("no try was made");
        for wait_ms in RETRY_WAITS_MS {
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            match self.try_write(seq, bytes).await {
                Ok(()) => {
                    self.led = Some(Instant::now());
                    self.logged += bytes.len() as u64;
                    return Ok(Appended::Durable);
                }
                Err(e) if e.kind() == ErrorKind::Fenced => {
                    self.fenced = true;
                    if unanswered {
                        // The record's number is somebody else's now, but who knows what they have read before.
                        return Ok(Appended::Unknown(unknown(e)));
                    }
                    return Err(e);
                }
                Err(e) if e.kind() == ErrorKind::Exhausted && !unanswered => return Err(e),
                Err(e) => last = e,
            }
            unanswered = true;
            tracing::warn!(seq, error = %last, "metadata record not written yet");
        }
        Ok(Appended::Unknown(unknown(last)))
    }

    /// On `Ok` the record is durable and ours. Any error but `Fenced` and `Exhausted` leaves that open.
    async fn try_write(&self, seq: u64, bytes: &Bytes) -> Result<()> {
        let path = log_path(seq);
        if self.store.create(&path, bytes.clone()).await? == Created::Exists {
            // An earlier try may have succeeded without an answer.
            let Some(found) = self.store.get(&path).await? else {
                // S3 says "exists" also of a conflict with a request that is not finished.
                return Err(Error::new(ErrorKind::Unavailable, "the record is there and is not").with("record", seq));
            };
            if found != *bytes {
                return Err(fenced().with("record", seq));
            }
        }
        if self.led.is_some_and(|led| led.elapsed() < IDLE_MAX) {
            return Ok(());
        }
        // If the number was free because others have led and trimmed the log, their checkpoint is there.
        match checkpoint::newest_number(&self.store).await? {
            Some(newest) if newest >= seq => Err(fenced().with("checkpoint", newest)),
            _ => Ok(()),
        }
    }
}

async fn read<T: serde::de::DeserializeOwned>(store: &Store, path: &str) -> Result<(T, u64)> {
    decoded(store.get(path).await?, path)
}

fn decoded<T: serde::de::DeserializeOwned>(bytes: Option<Bytes>, path: &str) -> Result<(T, u64)> {
    let bytes = bytes.ok_or_else(|| Error::new(ErrorKind::Corrupt, "a metadata object is gone").with("path", path))?;
    Ok((decode(&bytes).map_err(|e| e.with("path", path))?, bytes.len() as u64))
}

fn fenced() -> Error {
    Error::new(ErrorKind::Fenced, "another viewmill server has taken over this store")
}

fn unknown(cause: Error) -> Error {
    let message = "the metadata store does not answer, the outcome of the commit is unknown; ask for the label's state";
    Error::new(ErrorKind::OutcomeUnknown, message).caused_by(cause)
}

fn log_path(seq: u64) -> String {
    format!("{LOG}/{seq:020}")
}

fn number(path: &str) -> Option<u64> {
    path.rsplit('/').next()?.parse().ok()
}
