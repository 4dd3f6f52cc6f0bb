//! `round(x[, d])` (half away from zero) and `truncate(x, d)`. DECIMAL stays DECIMAL, integers become BIGINT, the rest
//! is DOUBLE; `round(x)` of a DOUBLE is BIGINT, as in StarRocks.

use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;

use crate::call::Call;
use crate::cast::bigint_from_double;
use crate::define::{Def, Known};

/// More digits than these change nothing.
const DIGITS_MAX: i64 = 38;

pub(super) fn functions() -> Vec<Def> {
    vec![
        Def::of(
            "round",
            1..=2,
            |known| match rounded_type(known) {
                DataType::Float64 if known.types.len() == 1 => Ok(DataType::Int64),
                other => Ok(other),
            },
            |call| round(call, Mode::HalfAway),
        )
        .aliases(&["dround"]),
        Def::of("truncate", 1..=2, |known| Ok(rounded_type(known)), |call| round(call, Mode::TowardZero)),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    HalfAway,
    TowardZero,
}

/// A constant number of digits shortens the scale of a DECIMAL.
fn rounded_type(known: &Known) -> DataType {
    match &known.types[0] {
        DataType::Decimal128(precision, old) => {
            let digits = match known.types.len() {
                1 => Some(0),
                _ => known.int(1),
            };
            let scale = digits.map_or(*old, |digits| digits.clamp(0, i64::from(*old)) as i8);
            // Rounding up may add a digit in front.
            let precision = (i16::from(*precision) - i16::from(*old) + i16::from(scale) + 1).clamp(1, 38) as u8;
            DataType::Decimal128(precision, scale)
        }
        integer if integer.is_integer() || *integer == DataType::Boolean => DataType::Int64,
        _ => DataType::Float64,
    }
}

fn round(call: &Call, mode: Mode) -> Result<ColumnarValue> {
    let digits = call.has(1).then(|| call.int(1)).transpose()?;
    let digits = |row| match &digits {
        Some(digits) => digits.get(row).map(|digits| digits.clamp(-DIGITS_MAX, DIGITS_MAX) as i32),
        None => Some(0),
    };
    match (call.argument_type(0), call.return_type()) {
        (DataType::Decimal128(_, from), DataType::Decimal128(_, to)) => {
            let (from, to) = (i32::from(from), i32::from(*to));
            let numbers = call.decimal(0, u8::try_from(from).unwrap_or(0))?;
            call.decimals(|row| {
                let rounded = round_exact(numbers.get(row)?, from - digits(row)?, mode)?;
                Some(rounded / 10_i128.checked_pow((from - to).unsigned_abs())?)
            })
        }
        (integer, DataType::Int64) if integer.is_integer() || integer == DataType::Boolean => {
            let numbers = call.int(0)?;
            call.values::<Int64Type>(|row| {
                i64::try_from(round_exact(i128::from(numbers.get(row)?), -digits(row)?, mode)?).ok()
            })
        }
        (_, DataType::Int64) => {
            let numbers = call.double(0)?;
            call.values::<Int64Type>(|row| bigint_from_double(numbers.get(row)?.round()))
        }
        _ => {
            let numbers = call.double(0)?;
            call.values::<Float64Type>(|row| Some(round_double(numbers.get(row)?, digits(row)?, mode)))
        }
    }
}

/// Makes the last `places` digits of a number zeros.
fn round_exact(number: i128, places: i32, mode: Mode) -> Option<i128> {
    if places <= 0 {
        return Some(number);
    }
    let Some(unit) = 10_i128.checked_pow(places.unsigned_abs()) else {
        return Some(0);
    };
    let rest = number % unit;
    let away = mode == Mode::HalfAway && rest.abs() >= unit - rest.abs();
    (number - rest).checked_add(if away { unit * number.signum() } else { 0 })
}

/// Scales, rounds and scales back, as MySQL does; a number too large to scale has no digits to lose.
fn round_double(number: f64, digits: i32, mode: Mode) -> f64 {
    let unit = 10_f64.powi(digits.abs());
    let scaled = if digits < 0 { number / unit } else { number * unit };
    if !scaled.is_finite() {
        return number;
    }
    let rounded = match mode {
        Mode::HalfAway => scaled.round(),
        Mode::TowardZero => scaled.trunc(),
    };
    if digits < 0 { rounded * unit } else { rounded / unit }
}
