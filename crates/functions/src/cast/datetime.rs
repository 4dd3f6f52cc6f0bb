//! Texts and numbers to dates.
//!
//! Accepted: `2024-01-06`, `2024-1-6`, `24-1-6`, `2024/01/06`, `20240106`, `240106`, each with a time after a blank or
//! `T` (`05:30:00.123456`, `5:3`, `05`), `20240106053000`, and a zone `Z` or `+08:00` at the end, which brings the
//! value to UTC. Blanks around are ignored. Two-digit years: 70-99 are 19xx, 00-69 are 20xx.

use crate::calendar::{DAY, HOUR, MINUTE, SECOND, checked_clock, checked_days, day_of, midnight, moment};

/// Microseconds since 1970-01-01 of a date or datetime text; `None` if there is no such moment.
pub fn parse_datetime_us(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if let Some(micros) = parse_canonical(bytes) {
        return Some(micros);
    }
    let mut rest = Scanner::new(bytes.trim_ascii());
    let date = rest.date()?;
    let time = rest.time_of_day()?;
    rest.end().then_some(())?;
    moment(midnight(date) + time)
}

/// Days since 1970-01-01 of a date or datetime text (its time is dropped).
pub fn parse_date_days(text: &str) -> Option<i32> {
    let bytes = text.as_bytes();
    if bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-' {
        return checked_days(digits(&bytes[..4])?, digits(&bytes[5..7])?, digits(&bytes[8..])?);
    }
    parse_datetime_us(text).map(day_of)
}

/// A moment written as a number: `20240131`, `240131`, `20240131053000`, `240131053000`.
pub fn datetime_from_number(number: i64) -> Option<i64> {
    let (date, time) = match number {
        101..=99_991_231 => (number, 0),
        101_000_000..=99_991_231_235_959 => (number / 1_000_000, number % 1_000_000),
        _ => return None,
    };
    let year = (date / 10_000) as i32;
    let year = if date < 1_000_000 { full_year(year) } else { year };
    let days = checked_days(year, (date / 100 % 100) as i32, (date % 100) as i32)?;
    let time = checked_clock((time / 10_000) as i32, (time / 100 % 100) as i32, (time % 100) as i32, 0)?;
    Some(midnight(days) + time)
}

/// A duration written as `[-]HH:MM[:SS[.ffffff]]`, up to 838 hours; a datetime gives its time of day.
pub fn parse_time_us(text: &str) -> Option<i64> {
    let trimmed = text.trim();
    let (negative, unsigned) = match trimmed.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, trimmed),
    };
    let duration = parse_clock(unsigned.as_bytes())
        .or_else(|| parse_datetime_us(trimmed).map(|micros| micros.rem_euclid(DAY)).filter(|_| !negative))?;
    Some(if negative { -duration } else { duration })
}

fn parse_clock(bytes: &[u8]) -> Option<i64> {
    let mut rest = Scanner::new(bytes);
    let hours = rest.number(3)?;
    rest.skip(b':').then_some(())?;
    let minutes = rest.number(2)?;
    let (seconds, micros) = if rest.skip(b':') { (rest.number(2)?, rest.fraction()) } else { (0, 0) };
    let valid = rest.end() && hours <= 838 && minutes < 60 && seconds < 60;
    valid.then(|| i64::from(hours) * HOUR + i64::from(minutes) * MINUTE + i64::from(seconds) * SECOND + micros)
}

/// The form Viewmill itself prints: `YYYY-MM-DD HH:MM:SS`, nothing else. Most texts have it.
fn parse_canonical(bytes: &[u8]) -> Option<i64> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b' ' | b'T', rest @ ..] = bytes else {
        return None;
    };
    let [h1, h2, b':', i1, i2, b':', s1, s2] = rest else {
        return None;
    };
    let days = checked_days(digits(&[*y1, *y2, *y3, *y4])?, digits(&[*m1, *m2])?, digits(&[*d1, *d2])?)?;
    let time = checked_clock(digits(&[*h1, *h2])?, digits(&[*i1, *i2])?, digits(&[*s1, *s2])?, 0)?;
    Some(midnight(days) + time)
}

fn digits(bytes: &[u8]) -> Option<i32> {
    bytes.iter().try_fold(0, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| number * 10 + i32::from(digit))
    })
}

pub(crate) fn full_year(two_digits: i32) -> i32 {
    if two_digits >= 70 { 1900 + two_digits } else { 2000 + two_digits }
}

/// Reads a text from left to right.
pub(crate) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Scanner<'a> {
        Scanner { bytes, at: 0 }
    }

    pub(crate) fn end(&self) -> bool {
        self.at == self.bytes.len()
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    pub(crate) fn advance(&mut self, bytes: usize) {
        self.at = (self.at + bytes).min(self.bytes.len());
    }

    pub(crate) fn skip(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    pub(crate) fn skip_blanks(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// A number of one to `digits_max` digits.
    pub(crate) fn number(&mut self, digits_max: usize) -> Option<i32> {
        let start = self.at;
        let mut number = 0;
        while self.at - start < digits_max
            && let Some(byte @ b'0'..=b'9') = self.peek()
        {
            number = number * 10 + i32::from(byte - b'0');
            self.at += 1;
        }
        (self.at > start).then_some(number)
    }

    /// Up to six digits as microseconds, without the dot before them.
    pub(crate) fn micros(&mut self) -> Option<i64> {
        let start = self.at;
        let number = self.number(6)?;
        Some(i64::from(number) * 10_i64.pow(6 - (self.at - start) as u32))
    }

    fn digits_ahead(&self) -> usize {
        self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count()
    }

    fn date(&mut self) -> Option<i32> {
        match self.digits_ahead() {
            8 | 14 => checked_days(self.number(4)?, self.number(2)?, self.number(2)?),
            6 | 12 => checked_days(full_year(self.number(2)?), self.number(2)?, self.number(2)?),
            width @ (2 | 4) => {
                let year = self.number(4)?;
                let year = if width == 2 { full_year(year) } else { year };
                self.separator()?;
                let month = self.number(2)?;
                self.separator()?;
                checked_days(year, month, self.number(2)?)
            }
            _ => None,
        }
    }

    fn separator(&mut self) -> Option<()> {
        let found = self.peek().is_some_and(|byte| byte.is_ascii_punctuation());
        self.at += usize::from(found);
        found.then_some(())
    }

    /// The rest after a date: nothing, or a time with an optional zone; the zone's offset is subtracted.
    fn time_of_day(&mut self) -> Option<i64> {
        let packed = self.digits_ahead() == 6;
        if !packed && !self.skip(b'T') {
            let before = self.at;
            self.skip_blanks();
            if self.end() {
                return Some(0);
            }
            (self.at > before).then_some(())?;
        }
        let packed = packed || self.digits_ahead() == 6;
        let hour = self.number(2)?;
        let mut minute = 0;
        let mut second = 0;
        if packed || self.skip(b':') {
            minute = self.number(2)?;
            if packed || self.skip(b':') {
                second = self.number(2)?;
            }
        }
        let micro = self.fraction();
        let offset = self.zone()?;
        checked_clock(hour, minute, second, 0).map(|time| time + micro - offset)
    }

    /// `.` and any number of digits; those after the sixth are dropped.
    fn fraction(&mut self) -> i64 {
        if !self.skip(b'.') {
            return 0;
        }
        let micros = self.micros().unwrap_or(0);
        self.advance(self.digits_ahead());
        micros
    }

    fn zone(&mut self) -> Option<i64> {
        self.skip_blanks();
        let sign = match self.peek() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            Some(b'Z' | b'z') => {
                self.at += 1;
                return Some(0);
            }
            _ => return Some(0),
        };
        self.at += 1;
        let hours = self.number(2)?;
        self.skip(b':');
        let minutes = self.number(2).unwrap_or(0);
        (hours <= 14 && minutes < 60).then(|| sign * (i64::from(hours) * HOUR + i64::from(minutes) * MINUTE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cast::push_datetime;

    #[test]
    fn every_accepted_form_of_a_datetime_is_read() {
        let cases = [
            ("2024-01-06", Some("2024-01-06 00:00:00")),
            ("2024-1-6", Some("2024-01-06 00:00:00")),
            ("24-1-6", Some("2024-01-06 00:00:00")),
            ("99/12/31", Some("1999-12-31 00:00:00")),
            ("20240106", Some("2024-01-06 00:00:00")),
            ("240106", Some("2024-01-06 00:00:00")),
            ("20240106053001", Some("2024-01-06 05:30:01")),
            ("20240106T053001", Some("2024-01-06 05:30:01")),
            ("  2024-01-06 05:30:00  ", Some("2024-01-06 05:30:00")),
            ("2024-01-06T05:30:00", Some("2024-01-06 05:30:00")),
            ("2024-01-06 5:3", Some("2024-01-06 05:03:00")),
            ("2024-01-06 05", Some("2024-01-06 05:00:00")),
            ("2024-01-06 05:30:00.5", Some("2024-01-06 05:30:00.500000")),
            ("2024-01-06 05:30:00.123456789", Some("2024-01-06 05:30:00.123456")),
            ("2024-01-06T05:30:00Z", Some("2024-01-06 05:30:00")),
            ("2024-01-06 05:30:00+08:00", Some("2024-01-05 21:30:00")),
            ("2024-02-29", Some("2024-02-29 00:00:00")),
            ("2023-02-29", None),
            ("2024-02-30", None),
            ("0000-00-00", None),
            ("2024-13-01", None),
            ("2024-01-06 24:00:00", None),
            ("2024-01-06 05:60:00", None),
            ("2024-01-06x", None),
            ("2024-01", None),
            ("2024", None),
            ("abc", None),
            ("", None),
            ("2024-01-06 05:30:00 nonsense", None),
            ("é024-01-06", None),
        ];
        for (text, expected) in cases {
            let mut printed = String::new();
            let got = parse_datetime_us(text).map(|micros| {
                push_datetime(&mut printed, micros);
                printed.as_str()
            });
            assert_eq!(got, expected, "{text:?}");
        }
    }

    #[test]
    fn dates_drop_the_time_and_numbers_are_dates() {
        assert_eq!(parse_date_days("1970-01-02"), Some(1));
        assert_eq!(parse_date_days("1970-1-2 23:59:59"), Some(1));
        assert_eq!(parse_date_days("1970-02-30"), None);
        assert_eq!(datetime_from_number(19_700_102), Some(DAY));
        assert_eq!(datetime_from_number(700_102), Some(DAY));
        assert_eq!(datetime_from_number(19_700_102_000_001), Some(DAY + SECOND));
        for invalid in [0, -1, 100, 20_241_301, 20_240_230, i64::MAX] {
            assert_eq!(datetime_from_number(invalid), None, "{invalid}");
        }
    }

    #[test]
    fn times_are_durations() {
        assert_eq!(parse_time_us("01:02:03.5"), Some(HOUR + 2 * MINUTE + 3 * SECOND + 500_000));
        assert_eq!(parse_time_us("-00:01"), Some(-MINUTE));
        assert_eq!(parse_time_us("100:00:00"), Some(100 * HOUR));
        assert_eq!(parse_time_us("2024-01-06 00:00:01"), Some(SECOND));
        assert_eq!(parse_time_us("00:60:00"), None);
        assert_eq!(parse_time_us("x"), None);
    }
}
