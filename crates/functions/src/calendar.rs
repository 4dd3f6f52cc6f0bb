//! Calendar arithmetic on days and microseconds since 1970-01-01, for every date function.
//!
//! Proleptic Gregorian, no time zones, no allocation. Days are `i32`, moments are `i64` microseconds; both may be
//! negative. Values outside the years 0 to 9999 do not exist in SQL: [`moment`] and [`day`] turn them into `None`.

pub(crate) const SECOND: i64 = 1_000_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// 0000-01-01 as a day number.
pub(crate) const DAY_MIN: i32 = -719_528;
/// 9999-12-31 as a day number.
pub(crate) const DAY_MAX: i32 = 2_932_896;
/// What `to_days('1970-01-01')` is in MySQL.
pub(crate) const EPOCH_TO_DAYS: i32 = 719_528;

pub(crate) const MONTH_NAMES: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// Monday first.
pub(crate) const DAY_NAMES: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A day in year, month (1-12) and day of month (1-31).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i32,
    pub(crate) month: i32,
    pub(crate) day: i32,
}

/// The time of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clock {
    pub(crate) hour: i32,
    pub(crate) minute: i32,
    pub(crate) second: i32,
    pub(crate) micro: i32,
}

/// `micros` if it lies in the years 0 to 9999.
pub(crate) fn moment(micros: i64) -> Option<i64> {
    const MIN: i64 = DAY_MIN as i64 * DAY;
    const MAX: i64 = (DAY_MAX as i64 + 1) * DAY - 1;
    (MIN..=MAX).contains(&micros).then_some(micros)
}

/// `days` if it lies in the years 0 to 9999.
pub(crate) fn day(days: i64) -> Option<i32> {
    let days = i32::try_from(days).ok()?;
    (DAY_MIN..=DAY_MAX).contains(&days).then_some(days)
}

/// The day a moment falls on.
pub(crate) fn day_of(micros: i64) -> i32 {
    micros.div_euclid(DAY) as i32
}

/// Midnight of a day. Wraps for days that are none, which lie below NULL in an array.
pub(crate) fn midnight(days: i32) -> i64 {
    i64::from(days).wrapping_mul(DAY)
}

/// The day number of a valid year, month, day. March is the first month of the computation, so that the leap day is
/// last.
pub(crate) fn days_from_civil(year: i32, month: i32, day: i32) -> i32 {
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The inverse of [`days_from_civil`].
pub(crate) fn civil(days: i32) -> Civil {
    // Slots under a NULL hold any number, hence no overflow check.
    let shifted = days.wrapping_add(719_468);
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i32::from(month <= 2);
    Civil { year, month, day: day_of_year - (153 * month_from_march + 2) / 5 + 1 }
}

/// The day number, or `None` if there is no such day (month 13, 30 February, year 10000).
pub(crate) fn checked_days(year: i32, month: i32, day: i32) -> Option<i32> {
    let valid =
        (0..=9999).contains(&year) && (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
    valid.then(|| days_from_civil(year, month, day))
}

/// The microseconds of a time of day, or `None` if there is no such time.
pub(crate) fn checked_clock(hour: i32, minute: i32, second: i32, micro: i32) -> Option<i64> {
    let valid = (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..60).contains(&second)
        && (0..1_000_000).contains(&micro);
    valid.then(|| i64::from(hour) * HOUR + i64::from(minute) * MINUTE + i64::from(second) * SECOND + i64::from(micro))
}

pub(crate) fn clock(micros: i64) -> Clock {
    let time = micros.rem_euclid(DAY);
    Clock {
        hour: (time / HOUR) as i32,
        minute: (time / MINUTE % 60) as i32,
        second: (time / SECOND % 60) as i32,
        micro: (time % SECOND) as i32,
    }
}

pub(crate) fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub(crate) fn days_in_month(year: i32, month: i32) -> i32 {
    match month {
        2 => 28 + i32::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// 0 = Monday ... 6 = Sunday. 1970-01-01 was a Thursday.
pub(crate) fn weekday(days: i32) -> i32 {
    (days + 3).rem_euclid(7)
}

/// 1 on the first of January.
pub(crate) fn day_of_year(days: i32) -> i32 {
    days - days_from_civil(civil(days).year, 1, 1) + 1
}

/// Moves a day by whole months; a day that the target month does not have becomes its last day.
pub(crate) fn add_months(days: i32, months: i64) -> Option<i32> {
    let from = civil(days);
    let total = (i64::from(from.year) * 12 + i64::from(from.month) - 1).checked_add(months)?;
    let year = i32::try_from(total.div_euclid(12)).ok().filter(|year| (0..=9999).contains(year))?;
    let month = total.rem_euclid(12) as i32 + 1;
    Some(days_from_civil(year, month, from.day.min(days_in_month(year, month))))
}

/// Whole months from `from` to `to`, truncated toward zero; the day and the time of day must be reached again.
pub(crate) fn months_between(from: i64, to: i64) -> i64 {
    if to < from {
        return -months_between(to, from);
    }
    let (a, b) = (civil(day_of(from)), civil(day_of(to)));
    let months = i64::from(b.year - a.year) * 12 + i64::from(b.month - a.month);
    let reached = (b.day, to.rem_euclid(DAY)) >= (a.day, from.rem_euclid(DAY));
    months - i64::from(!reached)
}

/// How weeks are numbered: MySQL's modes 0 to 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WeekMode {
    monday_first: bool,
    /// Week 1 is the first with at least four days in the year; else the first that starts in the year.
    four_days: bool,
    /// Days before week 1 belong to the last week of the year before (1-53); else they are in week 0.
    no_week_zero: bool,
}

impl WeekMode {
    /// ISO 8601: mode 3.
    pub(crate) const ISO: WeekMode = WeekMode { monday_first: true, four_days: true, no_week_zero: true };

    /// Only the lowest three bits count, as in MySQL.
    pub(crate) fn new(mode: i64) -> WeekMode {
        let monday_first = mode & 1 != 0;
        WeekMode { monday_first, four_days: (mode & 4 != 0) != monday_first, no_week_zero: mode & 2 != 0 }
    }

    /// The same numbering without a week 0, which `yearweek` uses.
    pub(crate) fn without_week_zero(self) -> WeekMode {
        WeekMode { no_week_zero: true, ..self }
    }

    /// The first day of week 1 of a year.
    pub(crate) fn week_one(self, year: i32) -> i32 {
        let new_year = days_from_civil(year, 1, 1);
        let into_week = if self.monday_first { weekday(new_year) } else { (weekday(new_year) + 1) % 7 };
        let starts_before = if self.four_days { into_week <= 3 } else { into_week == 0 };
        new_year - into_week + if starts_before { 0 } else { 7 }
    }

    /// The year a week belongs to, and its number.
    pub(crate) fn year_and_week(self, days: i32) -> (i32, i32) {
        let mut year = civil(days).year;
        if self.no_week_zero {
            if days < self.week_one(year) {
                year -= 1;
            } else if days >= self.week_one(year + 1) {
                year += 1;
            }
        }
        (year, (days - self.week_one(year)).div_euclid(7) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_civil_are_inverse_over_all_years() {
        assert_eq!(days_from_civil(0, 1, 1), DAY_MIN);
        assert_eq!(days_from_civil(9999, 12, 31), DAY_MAX);
        for days in (DAY_MIN..=DAY_MAX).step_by(13) {
            let c = civil(days);
            assert_eq!(days_from_civil(c.year, c.month, c.day), days);
        }
        assert_eq!(civil(0), Civil { year: 1970, month: 1, day: 1 });
    }

    #[test]
    fn weeks_follow_the_mysql_modes() {
        // What MySQL answers for week(day, mode), modes 0 to 7.
        let cases = [
            ((2008, 2, 20), [7, 8, 7, 8, 8, 7, 8, 7]),
            ((2000, 1, 1), [0, 0, 52, 52, 0, 0, 52, 52]),
            ((2008, 12, 31), [52, 53, 52, 1, 53, 52, 53, 52]),
            ((2024, 12, 30), [52, 53, 52, 1, 53, 53, 1, 53]),
        ];
        for ((y, m, d), weeks) in cases {
            for (mode, week) in weeks.into_iter().enumerate() {
                let days = days_from_civil(y, m, d);
                assert_eq!(WeekMode::new(mode as i64).year_and_week(days).1, week, "{y}-{m}-{d} mode {mode}");
            }
        }
        assert_eq!(WeekMode::ISO.year_and_week(days_from_civil(2008, 12, 31)), (2009, 1));
    }

    #[test]
    fn months_are_added_with_clamping_and_counted_when_complete() {
        let day = |y, m, d| days_from_civil(y, m, d);
        assert_eq!(add_months(day(2024, 1, 31), 1), Some(day(2024, 2, 29)));
        assert_eq!(add_months(day(2024, 3, 31), -1), Some(day(2024, 2, 29)));
        assert_eq!(add_months(day(9999, 12, 1), 1), None);
        let at = |y, m, d| midnight(day(y, m, d));
        assert_eq!(months_between(at(2024, 1, 31), at(2024, 2, 29)), 0);
        assert_eq!(months_between(at(2024, 2, 29), at(2024, 1, 29)), -1);
        assert_eq!(months_between(at(2024, 1, 15), at(2025, 1, 14) + DAY - 1), 11);
    }
}
