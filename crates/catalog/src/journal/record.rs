//! A journal record's bytes: magic, format, checksum, JSON.

use crate::change::Change;
use crate::state::State;
use base::clock::UnixMs;
use base::{Error, ErrorKind, Result};
use bytes::{BufMut, Bytes, BytesMut};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const MAGIC: &[u8; 4] = b"VMJ1";

/// The changes of one group of commits.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Batch {
    pub(crate) epoch: u64,
    pub(crate) writer: String,
    pub(crate) time_ms: UnixMs,
    pub(crate) next_txn: u64,
    pub(crate) changes: Vec<Change>,
}

impl Batch {
    /// The state after this record.
    pub(crate) fn replay(&self, mut state: State, seq: u64) -> Result<State> {
        state.seq = seq;
        state.epoch = self.epoch;
        state.next_txn = state.next_txn.max(self.next_txn);
        for change in &self.changes {
            state.apply(change, self.time_ms).map_err(|e| {
                Error::new(ErrorKind::Corrupt, "a metadata record does not fit its predecessor")
                    .with("record", seq)
                    .caused_by(e)
            })?;
        }
        Ok(state)
    }
}

pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Bytes> {
    let json = serde_json::to_vec(value).map_err(|e| Error::internal("could not encode metadata").caused_by(e))?;
    let mut out = BytesMut::with_capacity(json.len() + 8);
    out.put_slice(MAGIC);
    out.put_u32_le(crc32fast::hash(&json));
    out.put_slice(&json);
    Ok(out.freeze())
}

pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let corrupt = |why: &str| Error::new(ErrorKind::Corrupt, format!("a metadata object is damaged: {why}"));
    let (head, json) = bytes.split_at_checked(8).ok_or_else(|| corrupt("too short"))?;
    if &head[..4] != MAGIC {
        return Err(corrupt("not a Viewmill record of a known format"));
    }
    let stored = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
    if stored != crc32fast::hash(json) {
        return Err(corrupt("checksum does not match"));
    }
    serde_json::from_slice(json).map_err(|e| corrupt("not in the expected form").caused_by(e))
}
