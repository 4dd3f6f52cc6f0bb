//! Seconds since 1970-01-01 UTC and time zones: `unix_timestamp(dt)`, `from_unixtime(s)`, `convert_tz`.
//!
//! A DATETIME is read and printed in the session's time zone.

use datafusion::arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;

use super::format;
use super::parse;
use super::zone::Zone;
use crate::calendar::{SECOND, moment};
use crate::call::Call;
use crate::cast::push_datetime;
use crate::define::{DATETIME, Def, TEXT};

pub(super) fn functions() -> Vec<Def> {
    vec![
        Def::new("unix_timestamp", 1..=2, DataType::Int64, unix_timestamp),
        Def::new("from_unixtime", 1..=3, TEXT, |call| from_unixtime(call, SECOND)),
        Def::new("from_unixtime_ms", 1..=3, TEXT, |call| from_unixtime(call, 1_000))
            .aliases(&["from_unixtime_milliseconds"]),
        Def::new("to_datetime", 1..=2, DATETIME, |call| to_datetime(call, Zone::of_session(call.time_zone())))
            .aliases(&["unixtime_to_datetime"]),
        Def::new("to_datetime_ntz", 1..=2, DATETIME, |call| to_datetime(call, Zone::Fixed(0)))
            .aliases(&["unixtime_to_datetime_ntz"]),
        Def::new("convert_tz", 3..=3, DATETIME, convert_tz),
    ]
}

/// Moments before 1970 give 0, as in MySQL.
fn unix_timestamp(call: &Call) -> Result<ColumnarValue> {
    let zone = Zone::of_session(call.time_zone());
    let seconds = |at: i64| zone.utc(at).map(|utc| utc.div_euclid(SECOND).max(0));
    if !call.has(1) {
        let moments = call.datetime(0)?;
        return call.values::<Int64Type>(|row| seconds(moments.get(row)?));
    }
    let (texts, patterns) = (call.text(0)?, call.text(1)?);
    let constant = patterns.constant().flatten().map(parse::Pattern::compile);
    call.values::<Int64Type>(|row| {
        let pattern = patterns.get(row)?;
        let text = texts.get(row)?;
        let at = match &constant {
            Some(compiled) => compiled.read(text),
            None => parse::Pattern::compile(pattern).read(text),
        };
        seconds(at?)
    })
}

/// `from_unixtime(number[, pattern[, zone]])`; numbers below 0 or beyond the year 9999 give NULL.
fn from_unixtime(call: &Call, unit: i64) -> Result<ColumnarValue> {
    let numbers = call.int(0)?;
    let patterns = call.has(1).then(|| call.text(1)).transpose()?;
    let zones = call.has(2).then(|| call.text(2)).transpose()?;
    let session = Zone::of_session(call.time_zone());
    let constant =
        patterns.as_ref().and_then(|patterns| patterns.constant().flatten()).and_then(format::Pattern::compile);
    call.texts(|row, out| {
        let number = numbers.get(row).filter(|number| *number >= 0)?;
        let utc = number.checked_mul(unit)?;
        let local = match &zones {
            Some(zones) => Zone::parse(zones.get(row)?)?.local(utc)?,
            None => session.local(utc)?,
        };
        let local = moment(local)?;
        match (&patterns, &constant) {
            (None, _) => push_datetime(out, local),
            (Some(_), Some(pattern)) => pattern.print(local, out),
            (Some(patterns), None) => format::Pattern::compile(patterns.get(row)?)?.print(local, out),
        }
        Some(())
    })
}

/// `to_datetime(number[, scale])`: scale 0, 3 or 6 is seconds, milliseconds or microseconds.
fn to_datetime(call: &Call, zone: Zone) -> Result<ColumnarValue> {
    let numbers = call.int(0)?;
    let scales = call.has(1).then(|| call.int(1)).transpose()?;
    call.values::<TimestampMicrosecondType>(|row| {
        let unit = match scales.as_ref().map_or(Some(0), |scales| scales.get(row))? {
            0 => SECOND,
            3 => 1_000,
            6 => 1,
            _ => return None,
        };
        moment(zone.local(numbers.get(row)?.checked_mul(unit)?)?)
    })
}

fn convert_tz(call: &Call) -> Result<ColumnarValue> {
    let (moments, from, to) = (call.datetime(0)?, call.text(1)?, call.text(2)?);
    let constant = |column: &crate::call::Column<_>| column.constant().flatten().and_then(Zone::parse);
    let (constant_from, constant_to) = (constant(&from), constant(&to));
    call.values::<TimestampMicrosecondType>(|row| {
        let at = moments.get(row)?;
        let utc = match &constant_from {
            Some(zone) => zone.utc(at)?,
            None => Zone::parse(from.get(row)?)?.utc(at)?,
        };
        let local = match &constant_to {
            Some(zone) => zone.local(utc)?,
            None => Zone::parse(to.get(row)?)?.local(utc)?,
        };
        moment(local)
    })
}
