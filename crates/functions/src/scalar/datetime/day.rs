//! Functions from and to whole days: `date`, `timestamp`, `last_day`, `next_day`, `makedate`, `from_days`, `dayname`
//! ...

use datafusion::arrow::datatypes::{Date32Type, TimestampMicrosecondType};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::ColumnarValue;

use super::preimage;
use super::truncate::period;
use super::unit::{Unit, known_unit};
use crate::calendar::{
    DAY_NAMES, EPOCH_TO_DAYS, MONTH_NAMES, civil, day, day_of, days_from_civil, midnight, moment, weekday,
};
use crate::call::Call;
use crate::cast::parse_time_us;
use crate::define::{DATE, DATETIME, Def, TEXT};

pub(super) fn functions() -> Vec<Def> {
    vec![
        Def::new("date", 1..=1, DATE, to_date)
            .monotonic(0)
            .preimage(preimage::of_date)
            .aliases(&["to_date", "vm_to_date"]),
        Def::new("timestamp", 1..=2, DATETIME, timestamp),
        Def::of(
            "last_day",
            1..=2,
            |known| match known.types.len() {
                2 => match known_unit(known, 1, "last_day")? {
                    Unit::Month | Unit::Quarter | Unit::Year => Ok(DATE),
                    _ => plan_err!("last_day knows the units month, quarter and year"),
                },
                _ => Ok(DATE),
            },
            last_day,
        ),
        Def::new("next_day", 2..=2, DATE, |call| neighbour(call, 1)),
        Def::new("previous_day", 2..=2, DATE, |call| neighbour(call, -1)),
        Def::new("makedate", 2..=2, DATE, makedate),
        Def::new("from_days", 1..=1, DATE, |call| {
            let days = call.int(0)?;
            call.values::<Date32Type>(|row| day(days.get(row)?.checked_sub(i64::from(EPOCH_TO_DAYS))?))
        }),
        Def::new("dayname", 1..=1, TEXT, |call| {
            let days = call.date(0)?;
            call.slices(|row| days.get(row).map(|days| DAY_NAMES[weekday(days) as usize]))
        }),
        Def::new("monthname", 1..=1, TEXT, |call| {
            let days = call.date(0)?;
            call.slices(|row| days.get(row).map(|days| MONTH_NAMES[civil(days).month as usize - 1]))
        }),
    ]
}

fn to_date(call: &Call) -> Result<ColumnarValue> {
    let (array, _) = call.raw(0)?;
    call.finish(std::sync::Arc::new(crate::cast::to_dates(array.as_ref())?))
}

/// `timestamp(x)` is a cast to DATETIME, `timestamp(x, time)` adds a time to it.
fn timestamp(call: &Call) -> Result<ColumnarValue> {
    let moments = call.datetime(0)?;
    let times = call.has(1).then(|| call.text(1)).transpose()?;
    call.values::<TimestampMicrosecondType>(|row| {
        let at = moments.get(row)?;
        match &times {
            Some(times) => moment(at + parse_time_us(times.get(row)?)?),
            None => Some(at),
        }
    })
}

fn last_day(call: &Call) -> Result<ColumnarValue> {
    let days = call.date(0)?;
    let units = call.has(1).then(|| call.text(1)).transpose()?;
    call.values::<Date32Type>(|row| {
        let unit = match &units {
            Some(units) => Unit::parse(units.get(row)?)?,
            None => Unit::Month,
        };
        let at = midnight(days.get(row)?);
        // The last month of the calendar has no next one, but every month has a first day 31 days apart at most.
        match period(at, unit) {
            Some((_, next)) => Some(day_of(next) - 1),
            None => day(i64::from(days_from_civil(9999, 12, 31))),
        }
    })
}

/// The nearest day after (`step` 1) or before (-1) with the weekday that argument 1 names: `Monday`, `Mon`, `Mo`.
fn neighbour(call: &Call, step: i32) -> Result<ColumnarValue> {
    let days = call.date(0)?;
    let names = call.text(1)?;
    call.values::<Date32Type>(|row| {
        let name = names.get(row)?;
        let wanted = DAY_NAMES
            .iter()
            .position(|full| [full.len(), 3, 2].iter().any(|letters| full[..*letters].eq_ignore_ascii_case(name)))?
            as i32;
        let from = days.get(row)?;
        let distance = ((wanted - weekday(from)) * step + 6).rem_euclid(7) + 1;
        day(i64::from(from + distance * step))
    })
}

/// Day `n` of a year; n may pass the end of the year. NULL unless n is positive.
fn makedate(call: &Call) -> Result<ColumnarValue> {
    let (years, days) = (call.int(0)?, call.int(1)?);
    call.values::<Date32Type>(|row| {
        let year = years.get(row).filter(|year| (0..=9999).contains(year))? as i32;
        let year = if year < 100 { crate::cast::full_year(year) } else { year };
        let number = days.get(row).filter(|number| *number > 0)?;
        day(i64::from(days_from_civil(year, 1, 1)).checked_add(number - 1)?)
    })
}
