//! `time_slice(moment, n, 'unit'[, 'floor'|'ceil'])`: the start or end of the slice of n units a moment lies in. Slices
//! are counted from 0001-01-01 00:00:00, as in StarRocks.

use datafusion::arrow::datatypes::{Date32Type, TimestampMicrosecondType};
use datafusion::common::{Result, exec_err, plan_err};
use datafusion::logical_expr::ColumnarValue;

use super::unit::{Length, Unit, call_unit, known_unit};
use crate::calendar::{civil, day_of, days_from_civil, midnight};
use crate::call::Call;
use crate::define::{DATE, DATETIME, Def};

pub(super) fn functions() -> Vec<Def> {
    vec![
        Def::of("time_slice", 3..=4, |known| known_unit(known, 2, "time_slice").map(|_| DATETIME), time_slice),
        Def::of(
            "date_slice",
            3..=4,
            |known| match known_unit(known, 2, "date_slice")? {
                unit if unit.keeps_dates() => Ok(DATE),
                _ => plan_err!("date_slice cannot cut a date by hours, minutes or seconds"),
            },
            time_slice,
        ),
    ]
}

fn time_slice(call: &Call) -> Result<ColumnarValue> {
    let unit = call_unit(call, 2, "time_slice")?;
    let Some(count) = call.int(1)?.get(0).filter(|count| (1..=i64::from(i32::MAX)).contains(count)) else {
        return exec_err!("time_slice needs a positive number of units as argument 2");
    };
    let up = match call.has(3).then(|| call.text(3)).transpose()?.as_ref().and_then(|text| text.get(0)) {
        None => false,
        Some(boundary) if boundary.eq_ignore_ascii_case("floor") => false,
        Some(boundary) if boundary.eq_ignore_ascii_case("ceil") => true,
        Some(boundary) => return exec_err!("time_slice ends at 'floor' or 'ceil', not at '{boundary}'"),
    };
    let moments = call.datetime(0)?;
    let sliced = |row| {
        let start = slice_start(moments.get(row)?, count, unit)?;
        if up { unit.shift(start, count) } else { Some(start) }
    };
    if *call.return_type() == DATE {
        return call.values::<Date32Type>(|row| sliced(row).map(day_of));
    }
    call.values::<TimestampMicrosecondType>(sliced)
}

fn slice_start(at: i64, count: i64, unit: Unit) -> Option<i64> {
    let origin = midnight(days_from_civil(1, 1, 1));
    match unit.length() {
        Length::Micros(length) => Some(at - (at - origin).rem_euclid(length.checked_mul(count)?)),
        Length::Months(length) => {
            let date = civil(day_of(at));
            let months = i64::from(date.year - 1) * 12 + i64::from(date.month - 1);
            let slice = i64::from(length) * count;
            Unit::Month.shift(origin, months.div_euclid(slice) * slice)
        }
    }
}
