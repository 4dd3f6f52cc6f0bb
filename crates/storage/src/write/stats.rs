//! Least and greatest value and NULLs of a column, for pruning and for COUNT, MIN and MAX without reading.

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray};
use arrow::compute;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimeUnit, TimestampMicrosecondType,
};
use base::ids::ColumnId;
use catalog::{ColumnStats, Datum};

/// Longer text is cut for the lower bound and leaves no upper bound: metadata must stay small.
const TEXT_BYTES_MAX: usize = 64;

pub(super) fn of(id: ColumnId, array: &ArrayRef) -> ColumnStats {
    let (min, max, exact) = bounds(array);
    ColumnStats { id, nulls: array.null_count() as u64, min, max, exact }
}

/// The statistics of both parts together.
pub(super) fn merge(a: ColumnStats, b: ColumnStats, rows_a: u64, rows_b: u64) -> ColumnStats {
    let all_null = |s: &ColumnStats, rows: u64| s.nulls == rows;
    let (skip_a, skip_b) = (all_null(&a, rows_a), all_null(&b, rows_b));
    let pick = |x: Option<Datum>, y: Option<Datum>, larger: bool| match (x, y) {
        (Some(x), Some(y)) => Some(if (x > y) == larger { x } else { y }),
        // A part without a bound leaves the whole without one, unless it has no values.
        (x, None) if skip_b => x,
        (None, y) if skip_a => y,
        _ => None,
    };
    ColumnStats {
        id: a.id,
        nulls: a.nulls + b.nulls,
        exact: a.exact && b.exact,
        min: pick(a.min, b.min, false),
        max: pick(a.max, b.max, true),
    }
}

fn bounds(array: &ArrayRef) -> (Option<Datum>, Option<Datum>, bool) {
    match array.data_type() {
        DataType::Boolean => {
            let a = array.as_boolean();
            exact(compute::min_boolean(a).map(Datum::Bool), compute::max_boolean(a).map(Datum::Bool))
        }
        DataType::Int8 => primitive::<Int8Type>(array, |v| Datum::Int(v.into())),
        DataType::Int16 => primitive::<Int16Type>(array, |v| Datum::Int(v.into())),
        DataType::Int32 => primitive::<Int32Type>(array, |v| Datum::Int(v.into())),
        DataType::Int64 => primitive::<Int64Type>(array, |v| Datum::Int(v.into())),
        DataType::Decimal128(_, _) => primitive::<Decimal128Type>(array, Datum::Decimal),
        DataType::Date32 => primitive::<Date32Type>(array, Datum::Date),
        DataType::Timestamp(TimeUnit::Microsecond, _) => primitive::<TimestampMicrosecondType>(array, Datum::DateTime),
        DataType::Float32 => {
            let a = array.as_primitive::<Float32Type>();
            floats(a.iter().flatten().map(f64::from))
        }
        DataType::Float64 => {
            let a = array.as_primitive::<Float64Type>();
            floats(a.iter().flatten())
        }
        DataType::Utf8View => {
            let a = array.as_string_view();
            text(compute::min_string_view(a), compute::max_string_view(a))
        }
        _ => (None, None, false),
    }
}

fn primitive<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    datum: impl Fn(T::Native) -> Datum,
) -> (Option<Datum>, Option<Datum>, bool)
where
    T::Native: arrow::datatypes::ArrowNativeTypeOp,
{
    let a = array.as_primitive::<T>();
    exact(compute::min(a).map(&datum), compute::max(a).map(&datum))
}

fn exact(min: Option<Datum>, max: Option<Datum>) -> (Option<Datum>, Option<Datum>, bool) {
    (min, max, true)
}

/// NaN orders differently in different places and -0 equals 0, so float bounds are never claimed to be exact, and a
/// column with NaN has none.
fn floats(values: impl Iterator<Item = f64>) -> (Option<Datum>, Option<Datum>, bool) {
    let mut bounds: Option<(f64, f64)> = None;
    for v in values {
        if v.is_nan() {
            return (None, None, false);
        }
        bounds = Some(bounds.map_or((v, v), |(min, max)| (min.min(v), max.max(v))));
    }
    match bounds {
        Some((min, max)) if min.is_finite() && max.is_finite() => {
            (Some(Datum::Float(min)), Some(Datum::Float(max)), false)
        }
        _ => (None, None, false),
    }
}

fn text(min: Option<&str>, max: Option<&str>) -> (Option<Datum>, Option<Datum>, bool) {
    let long = |t: Option<&str>| t.is_some_and(|t| t.len() > TEXT_BYTES_MAX);
    let cut = |t: &str| t[..t.floor_char_boundary(TEXT_BYTES_MAX)].to_string();
    let exact = !long(min) && !long(max);
    let max = max.filter(|t| t.len() <= TEXT_BYTES_MAX);
    (min.map(|t| Datum::Text(cut(t))), max.map(|t| Datum::Text(t.to_string())), exact)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Float64Array, Int32Array, StringViewArray};
    use std::sync::Arc;

    fn stats(array: impl Array + 'static) -> ColumnStats {
        of(ColumnId(1), &(Arc::new(array) as ArrayRef))
    }

    #[test]
    fn bounds_are_true_or_absent() {
        let ints = stats(Int32Array::from(vec![Some(3), None, Some(-1)]));
        assert_eq!((ints.min, ints.max, ints.nulls, ints.exact), (Some(Datum::Int(-1)), Some(Datum::Int(3)), 1, true));
        let nan = stats(Float64Array::from(vec![1.0, f64::NAN]));
        assert_eq!((nan.min, nan.max, nan.exact), (None, None, false));
        let long = "é".repeat(100);
        let text = stats(StringViewArray::from(vec![long.as_str(), "a"]));
        assert_eq!((text.min, text.max, text.exact), (Some(Datum::Text("a".into())), None, false));
    }

    #[test]
    fn a_part_without_values_does_not_spoil_the_other() {
        let nulls = || stats(Int32Array::from(vec![None, None]));
        let some = || stats(Int32Array::from(vec![Some(5)]));
        let merged = merge(nulls(), some(), 2, 1);
        assert_eq!((merged.min, merged.max, merged.nulls), (Some(Datum::Int(5)), Some(Datum::Int(5)), 2));
        let unknown = ColumnStats { min: None, max: None, ..some() };
        assert_eq!(merge(unknown, some(), 1, 1).min, None);
    }
}
