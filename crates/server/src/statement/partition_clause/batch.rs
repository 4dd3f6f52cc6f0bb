//! `START … END … EVERY …`: many partitions from one line, with StarRocks' names.

use super::value;
use base::{Error, Result, limits};
use catalog::{Column, Datum, SqlType, TimeUnit};
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};
use sql::partition::{Batch, Every, Unit};

/// Name, lower and upper bound of each partition, in order. The last one ends at END even if a step would go further.
///
/// # Errors
/// `Invalid` for bounds that are no values of the column, steps of the wrong kind, and too many partitions.
pub(super) fn expand(batch: &Batch, column: &Column) -> Result<Vec<(String, Datum, Datum)>> {
    let bound = |text: &str| value::read(text, column, "START … END", value::Kind::Bound);
    let (start, end) = (bound(&batch.start)?, bound(&batch.end)?);
    if start >= end {
        return Err(Error::invalid("START must be before END").with("start", &batch.start).with("end", &batch.end));
    }
    match (column.ty, batch.every) {
        (SqlType::Date | SqlType::DateTime, Every::Interval(count, unit)) => times(&start, &end, count, unit, column),
        (SqlType::Date | SqlType::DateTime, Every::Number(_)) => {
            Err(Error::invalid("EVERY needs an INTERVAL for a DATE or DATETIME column").with("column", &column.name))
        }
        (_, Every::Number(step)) => numbers(&start, &end, step.into()),
        (_, Every::Interval(..)) => {
            Err(Error::invalid("EVERY (INTERVAL …) needs a DATE or DATETIME column").with("column", &column.name))
        }
    }
}

fn numbers(start: &Datum, end: &Datum, step: i128) -> Result<Vec<(String, Datum, Datum)>> {
    let make: fn(i128) -> Datum = if matches!(start, Datum::Decimal(_)) { Datum::Decimal } else { Datum::Int };
    let (Datum::Int(start) | Datum::Decimal(start), Datum::Int(end) | Datum::Decimal(end)) = (start, end) else {
        return Err(Error::internal("bounds of an integer column are integers"));
    };
    let mut partitions = Vec::new();
    let mut lower = *start;
    while lower < *end {
        let upper = lower.saturating_add(step).min(*end);
        push(&mut partitions, (format!("p{lower}"), make(lower), make(upper)))?;
        lower = upper;
    }
    Ok(partitions)
}

fn times(start: &Datum, end: &Datum, count: u64, unit: Unit, column: &Column) -> Result<Vec<(String, Datum, Datum)>> {
    let out_of_range = || Error::invalid("a partition bound is out of range").with("column", &column.name);
    let (Some(mut lower), Some(end)) = (moment(start), moment(end)) else { return Err(out_of_range()) };
    if unit == Unit::Hour && column.ty == SqlType::Date {
        return Err(Error::invalid("partitions of hours need a DATETIME column").with("column", &column.name));
    }
    let mut partitions = Vec::new();
    while lower < end {
        let name = name(lower, unit)?;
        let upper = step(lower, count, unit).ok_or_else(out_of_range)?.min(end);
        push(&mut partitions, (name, datum(lower, column.ty), datum(upper, column.ty)))?;
        lower = upper;
    }
    Ok(partitions)
}

fn push(partitions: &mut Vec<(String, Datum, Datum)>, partition: (String, Datum, Datum)) -> Result<()> {
    if partitions.len() >= limits::PARTITIONS_CREATED_PER_LOAD_MAX {
        let error = Error::invalid("a statement can create only so many partitions; use a larger EVERY");
        return Err(error.with("at_most", limits::PARTITIONS_CREATED_PER_LOAD_MAX));
    }
    partitions.push(partition);
    Ok(())
}

fn name(lower: NaiveDateTime, unit: Unit) -> Result<String> {
    Ok(match unit {
        Unit::Hour => lower.format("p%Y%m%d%H").to_string(),
        Unit::Day => lower.format("p%Y%m%d").to_string(),
        Unit::Week => format!("p{}_{:02}", lower.year(), week_of_year(lower.date())),
        Unit::Month => lower.format("p%Y%m").to_string(),
        Unit::Year => lower.format("p%Y").to_string(),
        Unit::Second | Unit::Minute | Unit::Quarter => {
            let error = Error::invalid("EVERY takes an INTERVAL in HOUR, DAY, WEEK, MONTH or YEAR");
            return Err(error.with("unit", unit.name()));
        }
    })
}

/// Weeks begin on Monday; the first one of a year may be short.
fn week_of_year(date: NaiveDate) -> u32 {
    let first = date.with_ordinal(1).unwrap_or(date);
    (date.ordinal0() + first.weekday().num_days_from_monday()) / 7 + 1
}

/// The start of the next partition: weeks, months and years begin at their first moment, also after a first partition
/// that began later.
fn step(at: NaiveDateTime, count: u64, unit: Unit) -> Option<NaiveDateTime> {
    let small = u32::try_from(count).ok()?;
    let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN);
    match unit {
        Unit::Hour => at.checked_add_signed(TimeDelta::try_hours(i64::from(small))?),
        Unit::Day => at.checked_add_days(Days::new(count)),
        Unit::Week => {
            let monday = at.date().checked_sub_days(Days::new(at.weekday().num_days_from_monday().into()))?;
            monday.checked_add_days(Days::new(count.checked_mul(7)?)).map(midnight)
        }
        Unit::Month => at.date().with_day(1)?.checked_add_months(Months::new(small)).map(midnight),
        Unit::Year => {
            let months = small.checked_mul(12)?;
            at.date().with_ordinal(1)?.checked_add_months(Months::new(months)).map(midnight)
        }
        Unit::Second | Unit::Minute | Unit::Quarter => None,
    }
}

/// Whether the bounds are one period of a `date_trunc` table.
pub(super) fn is_period(lower: &Datum, upper: &Datum, unit: TimeUnit) -> bool {
    let (Some(lower), Some(upper)) = (moment(lower), moment(upper)) else { return false };
    let midnight = lower.time() == NaiveTime::MIN;
    let (aligned, step_unit) = match unit {
        TimeUnit::Hour => (lower.minute() == 0 && lower.second() == 0 && lower.nanosecond() == 0, Unit::Hour),
        TimeUnit::Day => (midnight, Unit::Day),
        TimeUnit::Month => (midnight && lower.day() == 1, Unit::Month),
        TimeUnit::Year => (midnight && lower.ordinal() == 1, Unit::Year),
    };
    aligned && step(lower, 1, step_unit) == Some(upper)
}

fn moment(value: &Datum) -> Option<NaiveDateTime> {
    let moment = match value {
        Datum::Date(days) => DateTime::from_timestamp(i64::from(*days) * 86_400, 0),
        Datum::DateTime(us) => DateTime::from_timestamp_micros(*us),
        _ => None,
    };
    moment.map(|m| m.naive_utc())
}

fn datum(moment: NaiveDateTime, ty: SqlType) -> Datum {
    let us = moment.and_utc().timestamp_micros();
    match ty {
        SqlType::Date => Datum::Date(us.div_euclid(86_400_000_000) as i32),
        _ => Datum::DateTime(us),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::ids::ColumnId;

    fn column(ty: SqlType) -> Column {
        Column { id: ColumnId(1), name: "c".into(), ty, nullable: true, default: None, comment: String::new() }
    }

    fn expanded(start: &str, end: &str, every: Every, ty: SqlType) -> Option<Vec<String>> {
        let batch = Batch { start: start.into(), end: end.into(), every };
        let partitions = expand(&batch, &column(ty)).ok()?;
        for pair in partitions.windows(2) {
            assert_eq!(pair[0].2, pair[1].1, "partitions touch");
        }
        Some(partitions.into_iter().map(|(name, lower, _)| format!("{name} {lower}")).collect())
    }

    #[test]
    fn names_and_bounds_follow_the_unit() {
        use Every::{Interval, Number};
        let (date, datetime) = (SqlType::Date, SqlType::DateTime);
        let cases: &[(&str, &str, Every, SqlType, &[&str])] = &[
            (
                "2024-02-28",
                "2024-03-01",
                Interval(1, Unit::Day),
                date,
                &["p20240228 2024-02-28", "p20240229 2024-02-29"],
            ),
            (
                "2024-01-01",
                "2024-01-04",
                Interval(2, Unit::Day),
                date,
                &["p20240101 2024-01-01", "p20240103 2024-01-03"],
            ),
            ("2024-01-15", "2024-03-01", Interval(1, Unit::Month), date, &["p202401 2024-01-15", "p202402 2024-02-01"]),
            ("2023-06-01", "2025-01-01", Interval(1, Unit::Year), date, &["p2023 2023-06-01", "p2024 2024-01-01"]),
            (
                "2020-03-25",
                "2020-04-06",
                Interval(1, Unit::Week),
                date,
                &["p2020_13 2020-03-25", "p2020_14 2020-03-30"],
            ),
            (
                "2021-01-01 22:00:00",
                "2021-01-02",
                Interval(1, Unit::Hour),
                datetime,
                &["p2021010122 2021-01-01 22:00:00", "p2021010123 2021-01-01 23:00:00"],
            ),
            ("0", "25", Number(10), SqlType::Int, &["p0 0", "p10 10", "p20 20"]),
        ];
        for (start, end, every, ty, expected) in cases {
            assert_eq!(expanded(start, end, *every, *ty).unwrap(), *expected, "{start} {end}");
        }
    }

    #[test]
    fn wrong_batches_are_refused() {
        use Every::{Interval, Number};
        for (start, end, every, ty) in [
            ("2024-01-02", "2024-01-01", Interval(1, Unit::Day), SqlType::Date),
            ("2024-01-01", "2024-01-02", Number(1), SqlType::Date),
            ("2024-01-01", "2024-01-02", Interval(1, Unit::Hour), SqlType::Date),
            ("2024-01-01", "2024-01-02", Interval(1, Unit::Minute), SqlType::DateTime),
            ("1", "2", Interval(1, Unit::Day), SqlType::Int),
            ("0", "5000", Number(1), SqlType::Int),
            ("a", "b", Number(1), SqlType::Int),
        ] {
            assert_eq!(expanded(start, end, every, ty), None, "{start} {end}");
        }
    }

    #[test]
    fn periods_begin_where_date_trunc_does() {
        let date = |text: &str| value::datum(text, SqlType::Date).unwrap();
        for (lower, upper, unit, expected) in [
            ("2024-02-01", "2024-03-01", TimeUnit::Month, true),
            ("2024-02-01", "2024-04-01", TimeUnit::Month, false),
            ("2024-02-02", "2024-03-02", TimeUnit::Month, false),
            ("2024-12-31", "2025-01-01", TimeUnit::Day, true),
            ("2024-01-01", "2025-01-01", TimeUnit::Year, true),
            ("2024-01-01", "2024-01-01", TimeUnit::Hour, false),
        ] {
            assert_eq!(is_period(&date(lower), &date(upper), unit), expected, "{lower} {upper} {unit}");
        }
    }
}
