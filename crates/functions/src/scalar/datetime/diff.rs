//! Differences of moments: `datediff`, `timestampdiff`, `date_diff`, `years_diff` ... `milliseconds_diff`.

use datafusion::arrow::datatypes::{DataType, Int32Type, Int64Type};
use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;

use super::unit::{Length, Unit, call_unit, known_unit};
use crate::calendar::months_between;
use crate::call::Call;
use crate::define::Def;

/// The `<unit>_diff(a, b)` function of one unit: `a - b`.
macro_rules! diff {
    ($name:literal, $unit:ident) => {
        Def::new($name, 2..=2, DataType::Int64, |call| diff(call, Unit::$unit, 1, 0))
    };
}

pub(super) fn functions() -> Vec<Def> {
    vec![
        Def::new("datediff", 2..=2, DataType::Int32, |call| {
            let (a, b) = (call.date(0)?, call.date(1)?);
            call.values::<Int32Type>(|row| a.get(row)?.checked_sub(b.get(row)?))
        }),
        Def::of(
            "timestampdiff",
            3..=3,
            |known| known_unit(known, 0, "timestampdiff").map(|_| DataType::Int64),
            |call| diff(call, call_unit(call, 0, "timestampdiff")?, 1, 2),
        ),
        Def::of(
            "date_diff",
            3..=3,
            |known| known_unit(known, 0, "date_diff").map(|_| DataType::Int64),
            |call| diff(call, call_unit(call, 0, "date_diff")?, 2, 1),
        ),
        diff!("years_diff", Year),
        diff!("quarters_diff", Quarter),
        diff!("months_diff", Month),
        diff!("weeks_diff", Week),
        diff!("days_diff", Day),
        diff!("hours_diff", Hour),
        diff!("minutes_diff", Minute),
        diff!("seconds_diff", Second),
        diff!("milliseconds_diff", Millisecond),
        diff!("microseconds_diff", Microsecond),
    ]
}

/// Whole units from argument `from` to argument `to`, truncated toward zero.
fn diff(call: &Call, unit: Unit, from: usize, to: usize) -> Result<ColumnarValue> {
    let (from, to) = (call.datetime(from)?, call.datetime(to)?);
    call.values::<Int64Type>(|row| {
        let (from, to) = (from.get(row)?, to.get(row)?);
        Some(match unit.length() {
            Length::Micros(length) => to.checked_sub(from)? / length,
            Length::Months(length) => months_between(from, to) / i64::from(length),
        })
    })
}
