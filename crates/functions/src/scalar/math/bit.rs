//! Bits of BIGINT: `bitand`, `bitor`, `bitxor`, `bitnot`, shifts. The operators `&`, `|`, `^`, `~` mean the same.

use datafusion::arrow::datatypes::{DataType, Int32Type, Int64Type};
use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;

use crate::call::Call;
use crate::define::Def;

pub(super) fn functions() -> Vec<Def> {
    let two = |name, kernel| Def::new(name, 2..=2, DataType::Int64, kernel);
    vec![
        two("bitand", |call| combine(call, |a, b| a & b)),
        two("bitor", |call| combine(call, |a, b| a | b)),
        two("bitxor", |call| combine(call, |a, b| a ^ b)),
        // Only the lowest six bits of the distance count.
        two("bit_shift_left", |call| combine(call, |a, b| a.wrapping_shl(b as u32))),
        two("bit_shift_right", |call| combine(call, |a, b| a.wrapping_shr(b as u32))),
        two("bit_shift_right_logical", |call| combine(call, |a, b| (a as u64).wrapping_shr(b as u32) as i64)),
        Def::new("bitnot", 1..=1, DataType::Int64, |call| {
            let numbers = call.int(0)?;
            call.values::<Int64Type>(|row| numbers.get(row).map(|number| !number))
        }),
        Def::new("bit_count", 1..=1, DataType::Int32, |call| {
            let numbers = call.int(0)?;
            call.values::<Int32Type>(|row| numbers.get(row).map(|number| number.count_ones() as i32))
        }),
    ]
}

fn combine(call: &Call, of: impl Fn(i64, i64) -> i64) -> Result<ColumnarValue> {
    let (a, b) = (call.int(0)?, call.int(1)?);
    call.values::<Int64Type>(|row| Some(of(a.get(row)?, b.get(row)?)))
}
