//! Parts of a moment as numbers: `year`, `hour`, `dayofweek`, `week` ...

use datafusion::arrow::datatypes::{DataType, Int32Type};
use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;

use super::preimage;
use crate::calendar::{EPOCH_TO_DAYS, WeekMode, civil, clock, day_of, day_of_year, weekday};
use crate::call::Call;
use crate::define::Def;

pub(super) fn functions() -> Vec<Def> {
    let part = |name, kernel| Def::new(name, 1..=1, DataType::Int32, kernel);
    vec![
        part("year", |call| extract(call, |at| civil(day_of(at)).year)).monotonic(0).preimage(preimage::of_year),
        part("quarter", |call| extract(call, |at| (civil(day_of(at)).month - 1) / 3 + 1)),
        part("month", |call| extract(call, |at| civil(day_of(at)).month)),
        part("day", |call| extract(call, |at| civil(day_of(at)).day)).aliases(&["dayofmonth"]),
        // Sunday is 1.
        part("dayofweek", |call| extract(call, |at| (weekday(day_of(at)) + 1) % 7 + 1)).aliases(&["day_of_week"]),
        // Monday is 1.
        part("dayofweek_iso", |call| extract(call, |at| weekday(day_of(at)) + 1)).aliases(&["day_of_week_iso"]),
        // Monday is 0.
        part("weekday", |call| extract(call, |at| weekday(day_of(at)))),
        part("dayofyear", |call| extract(call, |at| day_of_year(day_of(at)))).aliases(&["day_of_year"]),
        part("weekofyear", |call| extract(call, |at| WeekMode::ISO.year_and_week(day_of(at)).1)).aliases(&["week_iso"]),
        part("hour", |call| extract(call, |at| clock(at).hour)),
        part("minute", |call| extract(call, |at| clock(at).minute)),
        part("second", |call| extract(call, |at| clock(at).second)),
        part("microsecond", |call| extract(call, |at| clock(at).micro)),
        part("to_days", |call| extract(call, |at| day_of(at) + EPOCH_TO_DAYS)).monotonic(0),
        Def::new("week", 1..=2, DataType::Int32, |call| week(call, |mode, day| mode.year_and_week(day).1))
            .aliases(&["week_of_year"]),
        Def::new("yearweek", 1..=2, DataType::Int32, |call| {
            week(call, |mode, day| {
                let (year, week) = mode.without_week_zero().year_and_week(day);
                year * 100 + week
            })
        }),
    ]
}

fn extract(call: &Call, part: impl Fn(i64) -> i32) -> Result<ColumnarValue> {
    let moments = call.datetime(0)?;
    call.values::<Int32Type>(|row| moments.get(row).map(&part))
}

fn week(call: &Call, part: impl Fn(WeekMode, i32) -> i32) -> Result<ColumnarValue> {
    let days = call.date(0)?;
    let modes = call.has(1).then(|| call.int(1)).transpose()?;
    call.values::<Int32Type>(|row| {
        let mode = modes.as_ref().map_or(Some(0), |modes| modes.get(row))?;
        Some(part(WeekMode::new(mode), days.get(row)?))
    })
}
