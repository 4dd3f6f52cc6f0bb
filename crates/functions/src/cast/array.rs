//! Whole arrays to the type a kernel wants. NULL where a value cannot be cast.

use std::sync::Arc;

use datafusion::arrow::array::cast::AsArray;
use datafusion::arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringViewArray, StringViewBuilder,
    TimestampMicrosecondArray,
};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use datafusion::common::Result;

use super::{
    bigint_from_double, datetime_from_number, parse_bigint, parse_date_days, parse_datetime_us, parse_double,
    push_date, push_datetime, push_decimal, push_double, push_float,
};
use crate::calendar::{day_of, midnight};
use crate::define::{DATETIME, is_text};

/// Arrow's own cast for everything without a MySQL rule; what does not fit is NULL.
fn arrow_cast(array: &dyn Array, target: &DataType) -> Result<ArrayRef> {
    Ok(cast_with_options(array, target, &CastOptions { safe: true, ..Default::default() })?)
}

fn as_views(array: &dyn Array) -> Result<StringViewArray> {
    match array.data_type() {
        DataType::Utf8View => Ok(array.as_string_view().clone()),
        _ => Ok(arrow_cast(array, &DataType::Utf8View)?.as_string_view().clone()),
    }
}

/// Texts, dates, numbers as dates (`20240131`) to moments.
pub fn to_datetimes(array: &dyn Array) -> Result<TimestampMicrosecondArray> {
    match array.data_type() {
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            Ok(array.as_primitive::<TimestampMicrosecondType>().clone().with_timezone_opt::<Arc<str>>(None))
        }
        DataType::Timestamp(_, _) => {
            Ok(arrow_cast(array, &DATETIME)?.as_primitive::<TimestampMicrosecondType>().clone())
        }
        DataType::Date32 => Ok(array.as_primitive::<Date32Type>().unary(midnight)),
        DataType::Date64 => to_datetimes(&arrow_cast(array, &DataType::Date32)?),
        other if is_text(other) => Ok(as_views(array)?.iter().map(|text| text.and_then(parse_datetime_us)).collect()),
        other if is_number(other) => Ok(to_bigints(array)?.iter().map(|n| n.and_then(datetime_from_number)).collect()),
        _ => Ok(TimestampMicrosecondArray::new_null(array.len())),
    }
}

/// As [`to_datetimes`], the time dropped.
pub fn to_dates(array: &dyn Array) -> Result<Date32Array> {
    match array.data_type() {
        DataType::Date32 => Ok(array.as_primitive::<Date32Type>().clone()),
        other if is_text(other) => Ok(as_views(array)?.iter().map(|text| text.and_then(parse_date_days)).collect()),
        _ => Ok(to_datetimes(array)?.unary(day_of)),
    }
}

/// Texts, booleans, decimals to doubles; dates to numbers like 20240131.
pub fn to_doubles(array: &dyn Array) -> Result<Float64Array> {
    match array.data_type() {
        DataType::Float64 => Ok(array.as_primitive::<Float64Type>().clone()),
        DataType::Decimal128(_, scale) => {
            Ok(array.as_primitive::<Decimal128Type>().unary(|unscaled| double_of_decimal(unscaled, *scale)))
        }
        other if is_text(other) => Ok(as_views(array)?.iter().map(|text| text.and_then(parse_double)).collect()),
        DataType::Date32 | DataType::Timestamp(_, _) => Ok(to_bigints(array)?.unary(|number| number as f64)),
        other if is_number(other) => Ok(arrow_cast(array, &DataType::Float64)?.as_primitive::<Float64Type>().clone()),
        _ => Ok(Float64Array::new_null(array.len())),
    }
}

/// The nearest double: Arrow's cast rounds twice where the digits exceed a double's.
fn double_of_decimal(unscaled: i128, scale: i8) -> f64 {
    const EXACT_MAX: u128 = 1 << 53;
    if unscaled.unsigned_abs() <= EXACT_MAX && (0..=22).contains(&scale) {
        return unscaled as f64 / 10_f64.powi(i32::from(scale));
    }
    format!("{unscaled}e{}", -i32::from(scale)).parse().unwrap_or(f64::NAN)
}

/// Texts and numbers to BIGINT, fractions cut off; dates to numbers like 20240131.
pub fn to_bigints(array: &dyn Array) -> Result<Int64Array> {
    match array.data_type() {
        DataType::Int64 => Ok(array.as_primitive::<Int64Type>().clone()),
        other if is_text(other) => Ok(as_views(array)?.iter().map(|text| text.and_then(parse_bigint)).collect()),
        DataType::Float32 | DataType::Float64 => {
            Ok(to_doubles(array)?.iter().map(|number| number.and_then(bigint_from_double)).collect())
        }
        DataType::Decimal128(_, scale) => {
            let unit = 10_i128.pow(u32::try_from(*scale).unwrap_or(0));
            let unscaled = array.as_primitive::<Decimal128Type>();
            Ok(unscaled.iter().map(|number| number.and_then(|number| i64::try_from(number / unit).ok())).collect())
        }
        DataType::Date32 => Ok(array.as_primitive::<Date32Type>().unary(|days| digits_of(midnight(days)) / 1_000_000)),
        DataType::Timestamp(_, _) => Ok(to_datetimes(array)?.unary(digits_of)),
        other if is_number(other) => Ok(arrow_cast(array, &DataType::Int64)?.as_primitive::<Int64Type>().clone()),
        _ => Ok(Int64Array::new_null(array.len())),
    }
}

/// 20240131053000 for 2024-01-31 05:30:00.
fn digits_of(micros: i64) -> i64 {
    let date = crate::calendar::civil(day_of(micros));
    let time = crate::calendar::clock(micros);
    let date = i64::from(date.year) * 10_000 + i64::from(date.month) * 100 + i64::from(date.day);
    date * 1_000_000 + i64::from(time.hour) * 10_000 + i64::from(time.minute) * 100 + i64::from(time.second)
}

/// Any value as the text a client would see.
pub fn to_texts(array: &dyn Array) -> Result<StringViewArray> {
    match array.data_type() {
        other if is_text(other) => as_views(array),
        DataType::Date32 => Ok(print(array.as_primitive::<Date32Type>().iter(), push_date)),
        DataType::Timestamp(_, _) => Ok(print(to_datetimes(array)?.iter(), push_datetime)),
        DataType::Float64 => Ok(print(array.as_primitive::<Float64Type>().iter(), push_double)),
        DataType::Float32 => Ok(print(array.as_primitive::<Float32Type>().iter(), push_float)),
        DataType::Decimal128(_, scale) => {
            let unscaled = array.as_primitive::<Decimal128Type>().iter();
            Ok(print(unscaled, |out, number| push_decimal(out, number, *scale)))
        }
        DataType::Boolean => Ok(print(array.as_boolean().iter(), |out, truth| out.push(if truth { '1' } else { '0' }))),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
            let bytes = arrow_cast(array, &DataType::BinaryView)?;
            let lossy = bytes.as_binary_view().iter().map(|value| value.map(String::from_utf8_lossy));
            Ok(lossy.collect())
        }
        _ => as_views(array),
    }
}

fn print<T>(values: impl ExactSizeIterator<Item = Option<T>>, push: impl Fn(&mut String, T)) -> StringViewArray {
    let mut builder = StringViewBuilder::with_capacity(values.len());
    let mut buffer = String::new();
    for value in values {
        match value {
            Some(value) => {
                buffer.clear();
                push(&mut buffer, value);
                builder.append_value(&buffer);
            }
            None => builder.append_null(),
        }
    }
    builder.finish()
}

/// Any value as a condition: a number is true unless it is 0, a text is the number it spells.
pub fn to_truths(array: &dyn Array) -> Result<BooleanArray> {
    match array.data_type() {
        DataType::Boolean => Ok(array.as_boolean().clone()),
        DataType::Decimal128(_, _) => {
            Ok(BooleanArray::from_unary(array.as_primitive::<Decimal128Type>(), |unscaled| unscaled != 0))
        }
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            Ok(BooleanArray::from_unary(&to_bigints(array)?, |number| number != 0))
        }
        _ => Ok(BooleanArray::from_unary(&to_doubles(array)?, |number| number != 0.0)),
    }
}

fn is_number(data_type: &DataType) -> bool {
    data_type.is_numeric() || *data_type == DataType::Boolean
}
