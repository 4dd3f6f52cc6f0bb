//! Functions that keep integers and decimals exact: `abs`, `negative`, `positive`, `ceil`, `floor`.

use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;

use crate::call::Call;
use crate::cast::bigint_from_double;
use crate::define::{Def, Known};

pub(super) fn functions() -> Vec<Def> {
    vec![
        Def::of(
            "abs",
            1..=1,
            |known| Ok(signed_type(known)),
            |call| map(call, i128::checked_abs, i64::checked_abs, f64::abs),
        ),
        Def::of(
            "negative",
            1..=1,
            |known| Ok(signed_type(known)),
            |call| map(call, i128::checked_neg, i64::checked_neg, |x| -x),
        ),
        Def::of("positive", 1..=1, |known| Ok(signed_type(known)), |call| map(call, Some, Some, |x| x)),
        Def::new("ceil", 1..=1, DataType::Int64, |call| whole(call, f64::ceil, 1)).aliases(&["ceiling", "dceil"]),
        Def::new("floor", 1..=1, DataType::Int64, |call| whole(call, f64::floor, 0)).aliases(&["dfloor"]),
    ]
}

/// Decimals keep their type, integers become BIGINT, everything else DOUBLE.
fn signed_type(known: &Known) -> DataType {
    match &known.types[0] {
        decimal @ DataType::Decimal128(_, _) => decimal.clone(),
        integer if integer.is_integer() || *integer == DataType::Boolean => DataType::Int64,
        _ => DataType::Float64,
    }
}

fn map(
    call: &Call,
    decimal: fn(i128) -> Option<i128>,
    integer: fn(i64) -> Option<i64>,
    double: fn(f64) -> f64,
) -> Result<ColumnarValue> {
    match call.return_type() {
        DataType::Decimal128(_, scale) => {
            let numbers = call.decimal(0, u8::try_from(*scale).unwrap_or(0))?;
            call.decimals(|row| decimal(numbers.get(row)?))
        }
        DataType::Int64 => {
            let numbers = call.int(0)?;
            call.values::<Int64Type>(|row| integer(numbers.get(row)?))
        }
        _ => {
            let numbers = call.double(0)?;
            call.values::<Float64Type>(|row| numbers.get(row).map(double))
        }
    }
}

/// To BIGINT; `up` is 1 if a rest moves a decimal to the next larger integer.
fn whole(call: &Call, double: fn(f64) -> f64, up: i128) -> Result<ColumnarValue> {
    match call.argument_type(0) {
        DataType::Decimal128(_, scale) => {
            let scale = u8::try_from(scale).unwrap_or(0);
            let numbers = call.decimal(0, scale)?;
            let unit = 10_i128.pow(u32::from(scale));
            call.values::<Int64Type>(|row| {
                let number = numbers.get(row)?;
                let has_rest = number.rem_euclid(unit) != 0;
                i64::try_from(number.div_euclid(unit) + if has_rest { up } else { 0 }).ok()
            })
        }
        integer if integer.is_integer() => {
            let numbers = call.int(0)?;
            call.values::<Int64Type>(|row| numbers.get(row))
        }
        _ => {
            let numbers = call.double(0)?;
            call.values::<Int64Type>(|row| bigint_from_double(double(numbers.get(row)?)))
        }
    }
}
