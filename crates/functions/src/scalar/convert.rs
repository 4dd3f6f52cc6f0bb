//! The casts and operators that the planner writes into plans by name: `vm_to_double`, `vm_div`, `vm_not_zero` ...
//!
//! They are MySQL's lenient versions of what SQL writes as `CAST`, `/`, `DIV`, `%` and as a condition. Invalid texts
//! give NULL, division by zero gives NULL.

use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;

use super::value_type::{LARGEINT, digits, rounded_quotient};
use crate::call::{Call, Column};
use crate::cast;
use crate::define::{DATETIME, Def, Known, TEXT};

pub(super) fn functions() -> Vec<Def> {
    vec![
        Def::new("vm_to_double", 1..=1, DataType::Float64, |call| {
            convert(call, |array| Ok(Arc::new(cast::to_doubles(array)?)))
        }),
        Def::new("vm_to_bigint", 1..=1, DataType::Int64, |call| {
            convert(call, |array| Ok(Arc::new(cast::to_bigints(array)?)))
        }),
        Def::new("vm_to_datetime", 1..=1, DATETIME, |call| {
            convert(call, |array| Ok(Arc::new(cast::to_datetimes(array)?)))
        })
        .monotonic(0),
        text_function(),
        condition_function(),
        Def::of("vm_div", 2..=2, |known| Ok(quotient_type(known)), div).aliases(&["divide"]),
        Def::of("vm_int_div", 2..=2, |known| Ok(whole_quotient_type(known)), int_div),
        Def::of("vm_mod", 2..=2, |known| Ok(remainder_type(known)), |call| modulo(call, |a, b| a % b, |a, b| a % b))
            .aliases(&["mod", "fmod"]),
        Def::of(
            "pmod",
            2..=2,
            |known| Ok(remainder_type(known)),
            |call| modulo(call, i128::rem_euclid, |a, b| ((a % b) + b) % b),
        ),
    ]
}

/// `vm_to_text(any)`: what a client would see, for `CAST(x AS CHAR)`.
pub(super) fn text_function() -> Def {
    Def::new("vm_to_text", 1..=1, TEXT, |call| convert(call, |array| Ok(Arc::new(cast::to_texts(array)?))))
}

/// `vm_not_zero(any)`: a value as a condition.
pub(super) fn condition_function() -> Def {
    Def::new("vm_not_zero", 1..=1, DataType::Boolean, |call| {
        convert(call, |array| Ok(Arc::new(cast::to_truths(array)?)))
    })
}

fn convert(call: &Call, to: fn(&ArrayRef) -> Result<ArrayRef>) -> Result<ColumnarValue> {
    let (array, _) = call.raw(0)?;
    call.finish(to(&array)?)
}

/// Numbers with a fixed number of digits: integers and decimals, of which at least one is a decimal.
fn exact(types: &[DataType]) -> Option<[(u8, u8); 2]> {
    let pair = [digits(&types[0])?, digits(&types[1])?];
    types.iter().any(|data_type| matches!(data_type, DataType::Decimal128(_, _))).then_some(pair)
}

/// `/`: DECIMAL keeps at least six more digits than the dividend has, everything else is DOUBLE.
fn quotient_type(known: &Known) -> DataType {
    match exact(&known.types) {
        Some([(_, scale), _]) => DataType::Decimal128(38, quotient_scale(scale)),
        None => DataType::Float64,
    }
}

fn quotient_scale(scale: u8) -> i8 {
    let scale = match scale {
        0..=6 => scale + 6,
        7..=11 => 12,
        _ => scale,
    };
    scale as i8
}

fn whole_quotient_type(known: &Known) -> DataType {
    if known.types.contains(&LARGEINT) { LARGEINT } else { DataType::Int64 }
}

/// `%`: integers stay integers, DECIMAL keeps the longer scale, everything else is DOUBLE.
fn remainder_type(known: &Known) -> DataType {
    match (exact(&known.types), digits(&known.types[0]), digits(&known.types[1])) {
        (Some([a, b]), _, _) => {
            let scale = a.1.max(b.1);
            DataType::Decimal128((a.0.max(b.0) + scale).min(38), scale as i8)
        }
        (None, Some(_), Some(_)) => DataType::Int64,
        _ => DataType::Float64,
    }
}

/// An exact argument as unscaled values.
struct Exact {
    values: Column<datafusion::arrow::array::Decimal128Array>,
    scale: u32,
}

impl Exact {
    fn of(call: &Call, index: usize) -> Result<Option<Exact>> {
        let Some((_, scale)) = digits(&call.argument_type(index)) else {
            return Ok(None);
        };
        Ok(Some(Exact { values: call.decimal(index, scale)?, scale: u32::from(scale) }))
    }

    /// The value with `scale` digits after the point, not fewer than it has.
    fn get(&self, row: usize, scale: u32) -> Option<i128> {
        self.values.get(row)?.checked_mul(10_i128.checked_pow(scale.checked_sub(self.scale)?)?)
    }
}

fn div(call: &Call) -> Result<ColumnarValue> {
    if let DataType::Decimal128(_, scale) = *call.return_type()
        && let (Some(a), Some(b)) = (Exact::of(call, 0)?, Exact::of(call, 1)?)
    {
        return call.decimals(|row| {
            let divisor = b.get(row, b.scale).filter(|divisor| *divisor != 0)?;
            let dividend = a.get(row, scale as u32 + b.scale)?;
            rounded_quotient(dividend, divisor)
        });
    }
    let (a, b) = (call.double(0)?, call.double(1)?);
    call.values::<Float64Type>(|row| {
        let divisor = b.get(row).filter(|divisor| *divisor != 0.0)?;
        Some(a.get(row)? / divisor)
    })
}

fn int_div(call: &Call) -> Result<ColumnarValue> {
    let whole = |row: usize, a: &Option<Exact>, b: &Option<Exact>| {
        let (Some(a), Some(b)) = (a, b) else {
            return None;
        };
        let scale = a.scale.max(b.scale);
        a.get(row, scale)?.checked_div(b.get(row, scale)?)
    };
    let (exact_a, exact_b) = (Exact::of(call, 0)?, Exact::of(call, 1)?);
    if *call.return_type() == LARGEINT {
        return call.decimals(|row| whole(row, &exact_a, &exact_b));
    }
    if exact_a.is_some() && exact_b.is_some() {
        return call.values::<Int64Type>(|row| whole(row, &exact_a, &exact_b).and_then(|n| i64::try_from(n).ok()));
    }
    let (a, b) = (call.double(0)?, call.double(1)?);
    call.values::<Int64Type>(|row| {
        let divisor = b.get(row).filter(|divisor| *divisor != 0.0)?;
        cast::bigint_from_double(a.get(row)? / divisor)
    })
}

fn modulo(call: &Call, exact: impl Fn(i128, i128) -> i128, double: impl Fn(f64, f64) -> f64) -> Result<ColumnarValue> {
    if *call.return_type() == DataType::Float64 {
        let (a, b) = (call.double(0)?, call.double(1)?);
        return call.values::<Float64Type>(|row| {
            let divisor = b.get(row).filter(|divisor| *divisor != 0.0)?;
            Some(double(a.get(row)?, divisor))
        });
    }
    if *call.return_type() == DataType::Int64 {
        let (a, b) = (call.int(0)?, call.int(1)?);
        return call.values::<Int64Type>(|row| {
            let divisor = b.get(row).filter(|divisor| *divisor != 0)?;
            Some(exact(i128::from(a.get(row)?), i128::from(divisor)) as i64)
        });
    }
    let (Some(a), Some(b)) = (Exact::of(call, 0)?, Exact::of(call, 1)?) else {
        return call.null();
    };
    let scale = a.scale.max(b.scale);
    call.decimals(|row| {
        let divisor = b.get(row, scale).filter(|divisor| *divisor != 0)?;
        Some(exact(a.get(row, scale)?, divisor))
    })
}
