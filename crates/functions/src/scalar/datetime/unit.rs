//! Units of time, as in `INTERVAL 1 DAY`, `date_trunc('day', ..)` and `timestampdiff(DAY, ..)`.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err, plan_err};

use crate::calendar::{DAY, HOUR, MINUTE, SECOND, add_months, day_of, midnight, moment};
use crate::call::Call;
use crate::define::{DATE, DATETIME, Known};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// How long a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    Micros(i64),
    Months(i32),
}

const NAMES: [(&str, Unit); 10] = [
    ("microsecond", Unit::Microsecond),
    ("millisecond", Unit::Millisecond),
    ("second", Unit::Second),
    ("minute", Unit::Minute),
    ("hour", Unit::Hour),
    ("day", Unit::Day),
    ("week", Unit::Week),
    ("month", Unit::Month),
    ("quarter", Unit::Quarter),
    ("year", Unit::Year),
];

impl Unit {
    pub(super) fn parse(name: &str) -> Option<Unit> {
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, unit)| *unit)
    }

    pub(super) fn length(self) -> Length {
        match self {
            Unit::Microsecond => Length::Micros(1),
            Unit::Millisecond => Length::Micros(1_000),
            Unit::Second => Length::Micros(SECOND),
            Unit::Minute => Length::Micros(MINUTE),
            Unit::Hour => Length::Micros(HOUR),
            Unit::Day => Length::Micros(DAY),
            Unit::Week => Length::Micros(7 * DAY),
            Unit::Month => Length::Months(1),
            Unit::Quarter => Length::Months(3),
            Unit::Year => Length::Months(12),
        }
    }

    /// Day or longer: a DATE stays a DATE.
    pub(super) fn keeps_dates(self) -> bool {
        match self.length() {
            Length::Micros(micros) => micros >= DAY,
            Length::Months(_) => true,
        }
    }

    /// `micros` moved by `count` units; `None` outside the years 0 to 9999.
    pub(super) fn shift(self, micros: i64, count: i64) -> Option<i64> {
        match self.length() {
            Length::Micros(length) => moment(micros.checked_add(count.checked_mul(length)?)?),
            Length::Months(length) => {
                let day = add_months(day_of(micros), count.checked_mul(i64::from(length))?)?;
                moment(midnight(day) + micros.rem_euclid(DAY))
            }
        }
    }

    /// DATE for a DATE argument if the unit keeps dates, else DATETIME.
    pub(super) fn result_type(self, argument: &DataType) -> DataType {
        if *argument == DATE && self.keeps_dates() { DATE } else { DATETIME }
    }
}

/// The unit named by a constant argument, while planning.
pub(super) fn known_unit(known: &Known, index: usize, function: &str) -> Result<Unit> {
    match known.text(index).map(|name| (name, Unit::parse(name))) {
        Some((_, Some(unit))) => Ok(unit),
        Some((name, None)) => plan_err!("{}", unknown(function, name)),
        None => plan_err!("{function} needs a constant unit as argument {}", index + 1),
    }
}

/// The unit named by a constant argument, while executing.
pub(super) fn call_unit(call: &Call, index: usize, function: &str) -> Result<Unit> {
    let text = call.text(index)?;
    match text.constant() {
        Some(Some(name)) => match Unit::parse(name) {
            Some(unit) => Ok(unit),
            None => exec_err!("{}", unknown(function, name)),
        },
        _ => exec_err!("{function} needs a constant unit as argument {}", index + 1),
    }
}

fn unknown(function: &str, name: &str) -> String {
    let units: Vec<&str> = NAMES.iter().rev().map(|(name, _)| *name).collect();
    format!("{function} does not know the unit '{name}'; use one of {}", units.join(", "))
}
