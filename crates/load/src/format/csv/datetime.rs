//! DATE and DATETIME from field bytes, without allocation. `None` means that the text is no date.
//!
//! Read are `2014-01-31`, `2014/1/31`, `20140131`, `140131`, each alone or followed by a space or `T` and a time
//! (`5`, `5:30`, `05:30:00`, `05:30:00.123456`), and `20140131053000`. Two-digit years are 1970 to 2069.

const SECOND_US: i64 = 1_000_000;
const DAY_US: i64 = 86_400 * SECOND_US;

/// Days since 1970-01-01; a time of day is checked and dropped.
pub(super) fn day(text: &[u8]) -> Option<i32> {
    if let Some(day) = iso_day(text) {
        return Some(day);
    }
    moment(text).map(|us| us.div_euclid(DAY_US) as i32)
}

/// Microseconds since 1970-01-01 00:00:00; further digits of a second are cut off.
pub(super) fn moment(text: &[u8]) -> Option<i64> {
    if let Some(us) = iso_moment(text) {
        return Some(us);
    }
    let mut reader = Reader { text: text.trim_ascii() };
    let us = reader.moment()?;
    reader.text.is_empty().then_some(us)
}

/// `YYYY-MM-DD` and nothing else.
fn iso_day(text: &[u8]) -> Option<i32> {
    let &[y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = text else { return None };
    let year = two_digits(y0, y1)? * 100 + two_digits(y2, y3)?;
    civil(year, two_digits(m0, m1)?, two_digits(d0, d1)?)
}

/// `YYYY-MM-DD HH:MM:SS` and nothing else; `T` may stand for the space.
fn iso_moment(text: &[u8]) -> Option<i64> {
    let (date, time) = text.split_at_checked(10)?;
    let &[b' ' | b'T', h0, h1, b':', m0, m1, b':', s0, s1] = time else { return None };
    let clock = clock_us(two_digits(h0, h1)?, two_digits(m0, m1)?, two_digits(s0, s1)?)?;
    Some(i64::from(iso_day(date)?) * DAY_US + clock)
}

#[inline]
fn two_digits(tens: u8, ones: u8) -> Option<i64> {
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
}

fn clock_us(hour: i64, minute: i64, second: i64) -> Option<i64> {
    (hour < 24 && minute < 60 && second < 60).then_some(((hour * 60 + minute) * 60 + second) * SECOND_US)
}

/// The day number of a date of the Gregorian calendar, if it exists.
fn civil(year: i64, month: i64, day: i64) -> Option<i32> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        _ => return None,
    };
    if !(1..=last).contains(&day) || !(0..=9999).contains(&year) {
        return None;
    }
    // Counted from 1 March of year 0, so that the leap day is the last day of a year.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400);
    let days = y * 365 + leap_days + (153 * m + 2) / 5 + day - 1;
    const EPOCH: i64 = 719_468;
    i32::try_from(days - EPOCH).ok()
}

/// Reads from the left; what is left is in `text`.
struct Reader<'a> {
    text: &'a [u8],
}

impl Reader<'_> {
    fn moment(&mut self) -> Option<i64> {
        let run = self.text.iter().take_while(|b| b.is_ascii_digit()).count();
        let year_digits = match run {
            8 | 14 => 4,
            6 | 12 => 2,
            _ => return Some(self.separated_date()? * DAY_US + self.time_after_date()?),
        };
        let year = self.exactly(year_digits)?;
        let date = self.date(year, year_digits, |r| Some((r.exactly(2)?, r.exactly(2)?)))?;
        if run <= 8 {
            return Some(date * DAY_US + self.time_after_date()?);
        }
        let clock = clock_us(self.exactly(2)?, self.exactly(2)?, self.exactly(2)?)?;
        Some(date * DAY_US + clock + self.fraction()?)
    }

    fn separated_date(&mut self) -> Option<i64> {
        let (year, digits) = self.number(4)?;
        if digits == 3 {
            return None;
        }
        self.date(year, digits, |r| {
            let separator = r.one_of(b"-/.")?;
            let (month, _) = r.number(2)?;
            r.one_of(&[separator])?;
            let (day, _) = r.number(2)?;
            Some((month, day))
        })
    }

    fn date(&mut self, year: i64, digits: usize, rest: impl FnOnce(&mut Self) -> Option<(i64, i64)>) -> Option<i64> {
        let year = match (digits, year) {
            (4, year) => year,
            (_, 70..) => year + 1900,
            _ => year + 2000,
        };
        let (month, day) = rest(self)?;
        civil(year, month, day).map(i64::from)
    }

    /// Microseconds of the time that may follow a date; 0 if there is none.
    fn time_after_date(&mut self) -> Option<i64> {
        if self.text.is_empty() {
            return Some(0);
        }
        self.one_of(b" Tt")?;
        self.text = self.text.trim_ascii_start();
        let (hour, _) = self.number(2)?;
        let (mut minute, mut second, mut fraction) = (0, 0, 0);
        if self.one_of(b":").is_some() {
            minute = self.number(2)?.0;
            if self.one_of(b":").is_some() {
                second = self.number(2)?.0;
                fraction = self.fraction()?;
            }
        }
        Some(clock_us(hour, minute, second)? + fraction)
    }

    /// Microseconds of the `.123` that may follow a second.
    fn fraction(&mut self) -> Option<i64> {
        if self.one_of(b".").is_none() {
            return Some(0);
        }
        let digits = self.text.iter().take_while(|b| b.is_ascii_digit()).count();
        let (read, rest) = self.text.split_at(digits);
        self.text = rest;
        Some((0..6).fold(0, |us, i| us * 10 + read.get(i).map_or(0, |b| i64::from(b - b'0'))))
    }

    /// A number of one to `digits_max` digits, and how many it has.
    fn number(&mut self, digits_max: usize) -> Option<(i64, usize)> {
        let digits = self.text.iter().take(digits_max).take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 {
            return None;
        }
        Some((self.exactly(digits)?, digits))
    }

    /// The number in the next `digits` bytes.
    fn exactly(&mut self, digits: usize) -> Option<i64> {
        let (read, rest) = self.text.split_at_checked(digits)?;
        self.text = rest;
        read.iter().try_fold(0, |sum, b| b.is_ascii_digit().then(|| sum * 10 + i64::from(b - b'0')))
    }

    fn one_of(&mut self, bytes: &[u8]) -> Option<u8> {
        let (first, rest) = self.text.split_first()?;
        if !bytes.contains(first) {
            return None;
        }
        self.text = rest;
        Some(*first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_every_form() {
        let day = |days: i64| days * DAY_US;
        let cases: &[(&str, Option<i64>)] = &[
            ("1970-01-01 00:00:00", Some(0)),
            ("1969-12-31 23:59:59", Some(-SECOND_US)),
            ("2014-01-01T00:51:00", Some(day(16_071) + 51 * 60 * SECOND_US)),
            ("2014-01-01 5:30", Some(day(16_071) + 330 * 60 * SECOND_US)),
            ("2014-01-01 5", Some(day(16_071) + 300 * 60 * SECOND_US)),
            ("2014-01-01", Some(day(16_071))),
            (" 2014-1-1 ", Some(day(16_071))),
            ("2014/01/01", Some(day(16_071))),
            ("14.1.1", Some(day(16_071))),
            ("20140101", Some(day(16_071))),
            ("140101", Some(day(16_071))),
            ("20140101 00:00:01", Some(day(16_071) + SECOND_US)),
            ("20140101000001.5", Some(day(16_071) + SECOND_US + 500_000)),
            ("140101000001", Some(day(16_071) + SECOND_US)),
            ("2014-01-01 00:00:00.123456789", Some(day(16_071) + 123_456)),
            ("2014-01-01 00:00:00.", Some(day(16_071))),
            ("70-01-01", Some(0)),
            ("69-01-01", Some(day(36_160))),
            ("2000-02-29", Some(day(11_016))),
            ("0000-01-01", Some(day(-719_528))),
            ("9999-12-31 23:59:59.999999", Some(day(2_932_897) - 1)),
            ("1900-02-29", None),
            ("2014-02-30", None),
            ("0000-00-00", None),
            ("2014-13-01", None),
            ("2014-01-01 24:00:00", None),
            ("2014-01-01 00:60", None),
            ("2014-01-01x", None),
            ("2014-01/01", None),
            ("2014-01-01 00:00:00Z", None),
            ("2014-01-01 ", Some(day(16_071))),
            ("2014-01", None),
            ("201-01-01", None),
            ("01/31/2014", None),
            ("", None),
            ("x", None),
            ("2014", None),
        ];
        for (text, expected) in cases {
            assert_eq!(moment(text.as_bytes()), *expected, "{text:?}");
            assert_eq!(super::day(text.as_bytes()), expected.map(|us| us.div_euclid(DAY_US) as i32), "{text:?}");
        }
    }
}
