//! `rand([seed])`: numbers from 0 (included) to 1 (excluded), another one in every row.

use datafusion::arrow::datatypes::{DataType, Float64Type};
use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;
use uuid::Uuid;

use crate::call::Call;
use crate::define::Def;

pub(super) fn functions() -> Vec<Def> {
    vec![Def::new("rand", 0..=1, DataType::Float64, rand).aliases(&["random"]).volatile()]
}

/// With a seed the numbers are the same in every run; they start again with every batch, because functions keep no
/// state.
fn rand(call: &Call) -> Result<ColumnarValue> {
    let seeds = call.has(0).then(|| call.int(0)).transpose()?;
    // The random part of a version 4 UUID.
    let entropy = Uuid::new_v4().as_u64_pair().1;
    call.values::<Float64Type>(|row| {
        let seed = match &seeds {
            Some(seeds) => seeds.get(row)? as u64,
            None => entropy,
        };
        Some((mix(seed, row as u64) >> 11) as f64 / (1_u64 << 53) as f64)
    })
}

/// Number `index` of the sequence of a seed: a counter whose bits are mixed by multiplications and shifts.
fn mix(seed: u64, index: u64) -> u64 {
    let mut bits = seed.wrapping_add((index + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    for (shift, factor) in [(30, 0xbf58_476d_1ce4_e5b9), (27, 0x94d0_49bb_1331_11eb)] {
        bits = (bits ^ (bits >> shift)).wrapping_mul(factor);
    }
    bits ^ (bits >> 31)
}
