//! A journal record's bytes: magic, format, checksum, JSON.

use crate::change::Change;
use crate::state::State;
use base::clock::UnixMs;
use base::{Error, ErrorKind, Result};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const MAGIC: &[u8; 4] = b"VMJ1";
/// Magic and checksum.
const HEAD_BYTES: usize = 8;

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
        if state.epoch != self.epoch {
            state.epoch = self.epoch;
            state.new_leader(seq);
        }
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

/// In one buffer: a checkpoint may be large.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Bytes> {
    let mut out = vec![0; HEAD_BYTES];
    serde_json::to_writer(&mut out, value).map_err(|e| Error::internal("could not encode metadata").caused_by(e))?;
    let checksum = crc32fast::hash(&out[HEAD_BYTES..]);
    out[..4].copy_from_slice(MAGIC);
    out[4..HEAD_BYTES].copy_from_slice(&checksum.to_le_bytes());
    Ok(out.into())
}

pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let corrupt = |why: &str| Error::new(ErrorKind::Corrupt, format!("a metadata object is damaged: {why}"));
    let (head, json) = bytes.split_at_checked(HEAD_BYTES).ok_or_else(|| corrupt("too short"))?;
    if &head[..4] != MAGIC {
        return Err(corrupt("not a Viewmill record of a known format"));
    }
    let stored = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
    if stored != crc32fast::hash(json) {
        return Err(corrupt("checksum does not match"));
    }
    serde_json::from_slice(json).map_err(|e| corrupt("not in the expected form").caused_by(e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ColumnStats, Datum};
    use base::ids::ColumnId;

    #[test]
    fn bounds_of_floats_come_back_bit_by_bit() {
        let awkward = [0.1 + 0.2, 1.0 / 3.0, 5e-324, f64::MIN_POSITIVE, f64::MAX, -0.0, 123_456_789.123_456_79];
        let spread = (0..2_000_u64).map(|n| f64::from_bits(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        for value in awkward.into_iter().chain(spread).filter(|v| v.is_finite()) {
            let datum = || Some(Datum::Float(value));
            let stats = ColumnStats { id: ColumnId(1), nulls: 0, min: datum(), max: datum(), exact: false };
            let read: ColumnStats = decode(&encode(&stats).unwrap()).unwrap();
            for bound in [read.min, read.max] {
                let Some(Datum::Float(bound)) = bound else { panic!("{bound:?}") };
                assert_eq!(bound.to_bits(), value.to_bits(), "{value:e}");
            }
        }
    }
}
