//! The common type of values of different types, as StarRocks finds it for `if`, `coalesce`, `greatest` ..., and the
//! cast to it: a text if any value is a text, the wider number otherwise.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;

use crate::cast;
use crate::define::{DATE, DATETIME, TEXT, is_text};

/// LARGEINT.
pub(super) const LARGEINT: DataType = DataType::Decimal128(38, 0);

/// The type that holds values of all the types.
pub(super) fn common_type<'a>(types: impl IntoIterator<Item = &'a DataType>) -> DataType {
    let all: Vec<&DataType> = types.into_iter().filter(|data_type| **data_type != DataType::Null).collect();
    match all.split_first() {
        None => TEXT,
        Some((first, rest)) => rest.iter().fold(as_result(first), |common, other| widen(&common, &as_result(other))),
    }
}

/// The type in which two values are compared: a text meets a number as DOUBLE and a date as DATETIME.
pub(super) fn comparison_type(a: &DataType, b: &DataType) -> DataType {
    match (is_text(a), is_text(b)) {
        (true, false) if b.is_numeric() || *b == DataType::Boolean => DataType::Float64,
        (false, true) if a.is_numeric() || *a == DataType::Boolean => DataType::Float64,
        (true, false) if b.is_temporal() => DATETIME,
        (false, true) if a.is_temporal() => DATETIME,
        _ => common_type([a, b]),
    }
}

fn as_result(data_type: &DataType) -> DataType {
    if is_text(data_type) { TEXT } else { data_type.clone() }
}

fn widen(a: &DataType, b: &DataType) -> DataType {
    if a == b {
        return a.clone();
    }
    let number = |data_type: &DataType| data_type.is_numeric() || *data_type == DataType::Boolean;
    match (a, b) {
        (a, b) if a.is_nested() || b.is_nested() => {
            if a.is_nested() {
                a.clone()
            } else {
                b.clone()
            }
        }
        (a, b) if is_temporal(a) && is_temporal(b) => DATETIME,
        (a, b) if !number(a) || !number(b) => TEXT,
        (a, b) if a.is_floating() || b.is_floating() => DataType::Float64,
        (a, b) => match (digits(a), digits(b)) {
            (Some(a), Some(b)) if a.1 == 0 && b.1 == 0 => integer(a.0.max(b.0)),
            (Some(a), Some(b)) => decimal(a, b),
            _ => DataType::Float64,
        },
    }
}

fn is_temporal(data_type: &DataType) -> bool {
    *data_type == DATE || *data_type == DATETIME
}

/// Digits before and after the point.
pub(super) fn digits(data_type: &DataType) -> Option<(u8, u8)> {
    match data_type {
        DataType::Boolean => Some((1, 0)),
        DataType::Int8 => Some((3, 0)),
        DataType::Int16 => Some((5, 0)),
        DataType::Int32 => Some((10, 0)),
        DataType::Int64 => Some((19, 0)),
        DataType::Decimal128(precision, scale) => {
            let scale = u8::try_from(*scale).unwrap_or(0);
            Some((precision.saturating_sub(scale), scale))
        }
        _ => None,
    }
}

fn integer(digits: u8) -> DataType {
    match digits {
        0..=3 => DataType::Int8,
        4..=5 => DataType::Int16,
        6..=10 => DataType::Int32,
        11..=19 => DataType::Int64,
        _ => LARGEINT,
    }
}

/// Too many digits for a DECIMAL become a DOUBLE.
fn decimal(a: (u8, u8), b: (u8, u8)) -> DataType {
    let (whole, scale) = (a.0.max(b.0), a.1.max(b.1));
    if whole + scale > 38 { DataType::Float64 } else { DataType::Decimal128(whole + scale, scale as i8) }
}

/// A quotient of unscaled decimals, half away from zero; `None` for a division by zero.
pub(super) fn rounded_quotient(dividend: i128, divisor: i128) -> Option<i128> {
    let quotient = dividend.checked_div(divisor)?;
    let rest = dividend.checked_rem(divisor)?;
    let up = rest.unsigned_abs() >= divisor.unsigned_abs() - rest.unsigned_abs();
    let away = if (dividend < 0) == (divisor < 0) { 1 } else { -1 };
    Some(if up { quotient + away } else { quotient })
}

/// Casts leniently to a type that [`common_type`] or [`comparison_type`] chose.
pub(super) fn to_type(array: &ArrayRef, target: &DataType) -> Result<ArrayRef> {
    if array.data_type() == target {
        return Ok(Arc::clone(array));
    }
    Ok(match target {
        DataType::Utf8View => Arc::new(cast::to_texts(array)?),
        DataType::Float64 => Arc::new(cast::to_doubles(array)?),
        DataType::Int64 => Arc::new(cast::to_bigints(array)?),
        DataType::Date32 => Arc::new(cast::to_dates(array)?),
        target if *target == DATETIME => Arc::new(cast::to_datetimes(array)?),
        target => cast_with_options(array, target, &CastOptions { safe: true, ..Default::default() })?,
    })
}
