//! `concat(a, ...)` is NULL if any argument is; `concat_ws(separator, a, ...)` skips NULLs.
//!
//! Loads join columns to texts on every row, so rows are built straight from the arguments' texts in one buffer.

use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;

use crate::call::Call;
use crate::define::{Def, TEXT};

pub(super) fn functions() -> Vec<Def> {
    vec![Def::new("concat", 1..=usize::MAX, TEXT, concat), Def::new("concat_ws", 1..=usize::MAX, TEXT, concat_ws)]
}

fn concat(call: &Call) -> Result<ColumnarValue> {
    let parts = (0..call.len()).map(|index| call.text(index)).collect::<Result<Vec<_>>>()?;
    call.texts(|row, out| {
        for part in &parts {
            out.push_str(part.get(row)?);
        }
        Some(())
    })
}

fn concat_ws(call: &Call) -> Result<ColumnarValue> {
    let separators = call.text(0)?;
    let parts = (1..call.len()).map(|index| call.text(index)).collect::<Result<Vec<_>>>()?;
    if let [a, b] = parts.as_slice()
        && let Some(Some(separator)) = separators.constant()
    {
        // The usual case: a date and a time.
        return call.texts(|row, out| {
            match (a.get(row), b.get(row)) {
                (Some(a), Some(b)) => out.extend([a, separator, b]),
                (Some(only), None) | (None, Some(only)) => out.push_str(only),
                (None, None) => {}
            }
            Some(())
        });
    }
    call.texts(|row, out| {
        let separator = separators.get(row)?;
        for (index, part) in parts.iter().filter_map(|part| part.get(row)).enumerate() {
            if index > 0 {
                out.push_str(separator);
            }
            out.push_str(part);
        }
        Some(())
    })
}
