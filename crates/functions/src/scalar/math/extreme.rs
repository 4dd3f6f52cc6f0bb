//! `greatest` and `least`: NULL if any argument is NULL, values of mixed types compared in their common type.

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray};
use datafusion::arrow::compute::kernels::cmp;
use datafusion::arrow::compute::kernels::zip::zip;
use datafusion::arrow::compute::nullif;
use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;

use crate::call::Call;
use crate::define::Def;
use crate::scalar::value_type::{common_type, to_type};

pub(super) fn functions() -> Vec<Def> {
    vec![
        Def::of(
            "greatest",
            1..=usize::MAX,
            |known| Ok(common_type(&known.types)),
            |call| choose(call, |a, b| Ok(cmp::gt_eq(a, b)?)),
        ),
        Def::of(
            "least",
            1..=usize::MAX,
            |known| Ok(common_type(&known.types)),
            |call| choose(call, |a, b| Ok(cmp::lt_eq(a, b)?)),
        ),
    ]
}

fn choose(call: &Call, keeps: fn(&ArrayRef, &ArrayRef) -> Result<BooleanArray>) -> Result<ColumnarValue> {
    let mut chosen = to_type(&call.expanded(0)?, call.return_type())?;
    for index in 1..call.len() {
        let other = to_type(&call.expanded(index)?, call.return_type())?;
        // NULL where either is NULL; `zip` then takes the other side, so NULLs are put back afterwards.
        let kept = keeps(&chosen, &other)?;
        let unknown = BooleanArray::from(
            kept.nulls().map_or_else(|| vec![false; kept.len()], |nulls| nulls.iter().map(|known| !known).collect()),
        );
        chosen = nullif(&zip(&kept, &chosen, &other)?, &unknown)?;
    }
    call.finish(chosen)
}
