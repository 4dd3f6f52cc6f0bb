//! `date_trunc(unit, moment)`: the start of the second, minute, ... year a moment lies in.
//!
//! The most used function of dashboards, so it works on whole arrays: a remainder for units of fixed length, and for
//! months, quarters and years the bounds of the last seen period, which in sorted data rarely change.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, Date32Array, TimestampMicrosecondArray};
use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;

use super::preimage;
use super::unit::{Length, Unit, call_unit, known_unit};
use crate::calendar::{DAY, HOUR, MINUTE, SECOND, add_months, civil, day_of, days_from_civil, midnight};
use crate::call::Call;
use crate::define::{DATE, Def};

pub(super) fn functions() -> Vec<Def> {
    vec![
        Def::of(
            "date_trunc",
            2..=2,
            |known| Ok(known_unit(known, 0, "date_trunc")?.result_type(&known.types[1])),
            date_trunc,
        )
        .monotonic(1)
        .preimage(preimage::of_date_trunc),
    ]
}

fn date_trunc(call: &Call) -> Result<ColumnarValue> {
    let unit = call_unit(call, 0, "date_trunc")?;
    let moments = call.datetime(1)?;
    let truncated = truncate(&moments.array, unit);
    let array: ArrayRef = if *call.return_type() == DATE {
        Arc::new(truncated.unary::<_, datafusion::arrow::datatypes::Date32Type>(day_of) as Date32Array)
    } else {
        Arc::new(truncated)
    };
    call.finish(array)
}

/// Slots under a NULL hold any number, hence the wrapping arithmetic.
fn truncate(moments: &TimestampMicrosecondArray, unit: Unit) -> TimestampMicrosecondArray {
    // One arm per length, so that the divisor is a constant in the loop.
    match unit {
        Unit::Microsecond => moments.clone(),
        Unit::Millisecond => moments.unary(|at| at.wrapping_sub(at.rem_euclid(1_000))),
        Unit::Second => moments.unary(|at| at.wrapping_sub(at.rem_euclid(SECOND))),
        Unit::Minute => moments.unary(|at| at.wrapping_sub(at.rem_euclid(MINUTE))),
        Unit::Hour => moments.unary(|at| at.wrapping_sub(at.rem_euclid(HOUR))),
        Unit::Day => moments.unary(|at| at.wrapping_sub(at.rem_euclid(DAY))),
        // 1970-01-01 was the fourth day of its week.
        Unit::Week => moments.unary(|at| at.wrapping_sub(at.wrapping_add(3 * DAY).rem_euclid(7 * DAY))),
        Unit::Month | Unit::Quarter | Unit::Year => truncate_months(moments, unit),
    }
}

fn truncate_months(moments: &TimestampMicrosecondArray, unit: Unit) -> TimestampMicrosecondArray {
    let mut period = 0..0;
    let starts = moments.values().iter().map(|at| {
        if !period.contains(at) {
            period = months_around(*at, unit);
        }
        period.start
    });
    TimestampMicrosecondArray::new(starts.collect(), moments.nulls().cloned())
}

fn months_around(at: i64, unit: Unit) -> std::ops::Range<i64> {
    let months = match unit.length() {
        Length::Months(months) => months,
        Length::Micros(_) => 1,
    };
    let date = civil(day_of(at));
    let start = days_from_civil(date.year, (date.month - 1) / months * months + 1, 1);
    let end = add_months(start, i64::from(months)).map_or(midnight(start), midnight);
    midnight(start)..end
}

/// The period of a unit around a moment: its start, and the start of the next. `None` at the end of the calendar.
pub(super) fn period(at: i64, unit: Unit) -> Option<(i64, i64)> {
    let start = truncate(&TimestampMicrosecondArray::from(vec![at]), unit).value(0);
    Some((start, unit.shift(start, 1)?))
}
