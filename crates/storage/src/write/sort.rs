//! Rows of a row group in sort key order.

use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::{SortColumn, SortOptions, concat_batches, lexsort_to_indices, take_record_batch};
use base::{Error, Result};

/// Joins the batches and sorts them by the given columns, NULL first.
pub(super) fn sorted(batches: &[RecordBatch], key: &[usize]) -> Result<RecordBatch> {
    let failed = |e| Error::internal("could not sort rows").caused_by(e);
    let schema = batches.first().map(RecordBatch::schema).ok_or_else(|| Error::internal("no rows to sort"))?;
    let joined = concat_batches(&schema, batches).map_err(failed)?;
    if key.is_empty() || is_sorted(&joined, key)? {
        return Ok(joined);
    }
    let order = order(&joined, key)?;
    take_record_batch(&joined, &order).map_err(failed)
}

fn order(batch: &RecordBatch, key: &[usize]) -> Result<UInt32Array> {
    let options = Some(SortOptions { descending: false, nulls_first: true });
    let columns: Vec<SortColumn> =
        key.iter().map(|i| SortColumn { values: ArrayRef::clone(batch.column(*i)), options }).collect();
    lexsort_to_indices(&columns, None).map_err(|e| Error::internal("could not sort rows").caused_by(e))
}

/// Data often arrives in order; finding that out is far cheaper than sorting.
fn is_sorted(batch: &RecordBatch, key: &[usize]) -> Result<bool> {
    let columns: Vec<ArrayRef> = key.iter().map(|i| ArrayRef::clone(batch.column(*i))).collect();
    let options = vec![SortOptions { descending: false, nulls_first: true }; columns.len()];
    let comparators = columns.iter().zip(options).map(|(c, o)| arrow::array::make_comparator(c, c, o));
    let comparators: Vec<_> = comparators
        .collect::<std::result::Result<_, _>>()
        .map_err(|e| Error::internal("could not compare rows").caused_by(e))?;
    let in_order = |row: usize| {
        let first_difference = comparators.iter().map(|c| c(row - 1, row)).find(|o| o.is_ne());
        first_difference.is_none_or(std::cmp::Ordering::is_lt)
    };
    Ok((1..batch.num_rows()).all(in_order))
}
