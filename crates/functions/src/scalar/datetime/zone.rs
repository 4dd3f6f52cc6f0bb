//! Time zones by name (`Asia/Shanghai`), by offset (`+08:00`) or by the abbreviations StarRocks knows.

use std::str::FromStr;

use chrono::{DateTime, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;

use crate::calendar::{HOUR, MINUTE, SECOND};

pub(super) enum Zone {
    /// Microseconds east of UTC.
    Fixed(i64),
    Named(Tz),
}

impl Zone {
    pub(super) fn parse(name: &str) -> Option<Zone> {
        let sign = match name.as_bytes().first()? {
            b'+' => 1,
            b'-' => -1,
            _ => return Self::named(name),
        };
        let (hours, minutes) = name[1..].split_once(':')?;
        let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
        let valid = (0..=14).contains(&hours) && (0..60).contains(&minutes);
        valid.then(|| Zone::Fixed(sign * (hours * HOUR + minutes * MINUTE)))
    }

    fn named(name: &str) -> Option<Zone> {
        match name.to_ascii_uppercase().as_str() {
            "UTC" | "GMT" | "Z" | "SYSTEM" => Some(Zone::Fixed(0)),
            "CST" | "PRC" => Some(Zone::Fixed(8 * HOUR)),
            _ => Tz::from_str(name).ok().map(Zone::Named),
        }
    }

    /// The session's zone; UTC if there is none or its name is unknown.
    pub(super) fn of_session(name: Option<&str>) -> Zone {
        name.and_then(Zone::parse).unwrap_or(Zone::Fixed(0))
    }

    /// The local time at a moment of UTC.
    pub(super) fn local(&self, utc: i64) -> Option<i64> {
        match self {
            Zone::Fixed(east) => utc.checked_add(*east),
            Zone::Named(zone) => {
                let offset = zone.offset_from_utc_datetime(&naive(utc)?).fix();
                Some(utc + i64::from(offset.local_minus_utc()) * SECOND)
            }
        }
    }

    /// The moment of UTC at a local time. A time that occurs twice is the first, one that is skipped is taken with the
    /// offset before the gap.
    pub(super) fn utc(&self, local: i64) -> Option<i64> {
        match self {
            Zone::Fixed(east) => local.checked_sub(*east),
            Zone::Named(zone) => {
                let offset = zone.offset_from_local_datetime(&naive(local)?).earliest().map(|offset| offset.fix());
                let offset = match offset {
                    Some(offset) => offset,
                    None => zone.offset_from_local_datetime(&naive(local - 3 * HOUR)?).earliest()?.fix(),
                };
                Some(local - i64::from(offset.local_minus_utc()) * SECOND)
            }
        }
    }
}

fn naive(micros: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_micros(micros).map(|at| at.naive_utc())
}
