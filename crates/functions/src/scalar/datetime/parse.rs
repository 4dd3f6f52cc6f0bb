//! `str_to_date(text, pattern)`: reads dates with MySQL's `%` codes.
//!
//! A constant pattern is compiled once per batch and decides the type: DATE if it has no code for a time. As in MySQL,
//! numbers may have fewer digits than the code prints, blanks in the text are skipped, a text that ends before a time
//! code gives midnight, and what follows the last code is ignored. What does not match is NULL.

use datafusion::arrow::datatypes::{Date32Type, TimestampMicrosecondType};
use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;

use crate::calendar::{
    DAY_NAMES, MONTH_NAMES, WeekMode, checked_clock, checked_days, day, day_of, days_from_civil, is_leap, midnight,
};
use crate::call::Call;
use crate::cast::{Scanner, full_year};
use crate::define::{DATE, DATETIME, Def};

pub(super) fn functions() -> Vec<Def> {
    vec![
        Def::of(
            "str_to_date",
            2..=2,
            |known| {
                Ok(known
                    .literal(1)
                    .map_or(DATETIME, |text| if Pattern::compile(text).has_time { DATETIME } else { DATE }))
            },
            str_to_date,
        ),
        Def::new("str2date", 2..=2, DATE, str_to_date),
    ]
}

fn str_to_date(call: &Call) -> Result<ColumnarValue> {
    let texts = call.text(0)?;
    let patterns = call.text(1)?;
    let compiled = match patterns.constant() {
        Some(None) => return call.null(),
        Some(Some(pattern)) => Some(Pattern::compile(pattern)),
        None => None,
    };
    let read = |row| {
        let text = texts.get(row)?;
        match &compiled {
            Some(pattern) => pattern.read(text),
            None => Pattern::compile(patterns.get(row)?).read(text),
        }
    };
    if *call.return_type() == DATE {
        return call.values::<Date32Type>(|row| read(row).map(day_of));
    }
    call.values::<TimestampMicrosecondType>(read)
}

enum Item {
    Blank,
    Literal(u8),
    Code(u8),
}

/// A compiled pattern.
pub(super) struct Pattern {
    items: Vec<Item>,
    has_time: bool,
}

/// What the codes have read so far; absent parts are `None`.
#[derive(Default)]
struct Parts {
    year: Option<i32>,
    month: Option<i32>,
    day: Option<i32>,
    hour: i32,
    minute: i32,
    second: i32,
    micro: i64,
    hour_of_12: bool,
    afternoon: bool,
    day_of_year: Option<i32>,
    /// Monday is 1, Sunday is 7.
    weekday: Option<i32>,
    week: Option<i32>,
    week_sunday_first: bool,
    week_year: Option<i32>,
}

impl Pattern {
    pub(super) fn compile(pattern: &str) -> Pattern {
        let mut items = vec![];
        let mut bytes = pattern.bytes();
        while let Some(byte) = bytes.next() {
            match byte {
                b'%' => match bytes.next() {
                    Some(b'T') => push_all(&mut items, b"H:i:S"),
                    Some(b'r') => push_all(&mut items, b"I:i:S p"),
                    Some(b'%') | None => items.push(Item::Literal(b'%')),
                    Some(code) => items.push(Item::Code(code)),
                },
                blank if blank.is_ascii_whitespace() => items.push(Item::Blank),
                literal => items.push(Item::Literal(literal)),
            }
        }
        let has_time = items.iter().any(|item| matches!(item, Item::Code(code) if b"HkhIliSsfp".contains(code)));
        Pattern { items, has_time }
    }

    pub(super) fn read(&self, text: &str) -> Option<i64> {
        let mut rest = Scanner::new(text.as_bytes());
        let mut parts = Parts::default();
        for item in &self.items {
            rest.skip_blanks();
            if rest.end() {
                break;
            }
            match item {
                Item::Blank => {}
                Item::Literal(byte) => rest.skip(*byte).then_some(())?,
                Item::Code(code) => parts.read(*code, &mut rest)?,
            }
        }
        parts.moment()
    }
}

fn push_all(items: &mut Vec<Item>, pattern: &[u8]) {
    items.extend(pattern.iter().map(|byte| match byte {
        b':' => Item::Literal(b':'),
        b' ' => Item::Blank,
        code => Item::Code(*code),
    }));
}

impl Parts {
    fn read(&mut self, code: u8, rest: &mut Scanner) -> Option<()> {
        match code {
            b'Y' => {
                let before = rest.rest().len();
                let year = rest.number(4)?;
                self.year = Some(if before - rest.rest().len() <= 2 { full_year(year) } else { year });
            }
            b'y' => self.year = Some(full_year(rest.number(2)?)),
            b'm' | b'c' => self.month = Some(rest.number(2)?),
            b'b' | b'M' => self.month = Some(read_name(rest, &MONTH_NAMES)?),
            b'd' | b'e' => self.day = Some(rest.number(2)?),
            b'D' => {
                self.day = Some(rest.number(2)?);
                rest.advance(2);
            }
            b'H' | b'k' => self.hour = rest.number(2)?,
            b'h' | b'I' | b'l' => {
                self.hour = rest.number(2)?;
                self.hour_of_12 = true;
            }
            b'i' => self.minute = rest.number(2)?,
            b's' | b'S' => self.second = rest.number(2)?,
            b'f' => self.micro = rest.micros()?,
            b'p' => self.afternoon = read_half_of_day(rest)?,
            b'j' => self.day_of_year = Some(rest.number(3)?),
            b'a' | b'W' => self.weekday = Some(read_name(rest, &DAY_NAMES)?),
            b'w' => self.weekday = Some(rest.number(1).filter(|day| *day < 7).map(|day| (day + 6) % 7 + 1)?),
            b'U' | b'V' | b'u' | b'v' => {
                self.week = Some(rest.number(2).filter(|week| *week <= 53)?);
                self.week_sunday_first = code.is_ascii_uppercase();
            }
            b'X' | b'x' => self.week_year = Some(rest.number(4)?),
            _ => return None,
        }
        Some(())
    }

    fn moment(&self) -> Option<i64> {
        let hour = match (self.hour_of_12, self.hour) {
            (false, hour) => hour,
            (true, 1..=12) => self.hour % 12 + if self.afternoon { 12 } else { 0 },
            (true, _) => return None,
        };
        let time = checked_clock(hour, self.minute, self.second, 0)? + self.micro;
        Some(midnight(self.date()?) + time)
    }

    fn date(&self) -> Option<i32> {
        if let (Some(year), Some(month), Some(day)) = (self.year, self.month, self.day) {
            return checked_days(year, month, day);
        }
        if let (Some(year), Some(day_of_year)) = (self.year, self.day_of_year) {
            let days = if is_leap(year) { 366 } else { 365 };
            return (1..=days).contains(&day_of_year).then(|| days_from_civil(year, 1, 1) + day_of_year - 1);
        }
        let year = self.week_year.or(self.year)?;
        let weekday = self.weekday?;
        let into_week = if self.week_sunday_first { weekday % 7 } else { weekday - 1 };
        let mode = WeekMode::new(if self.week_sunday_first { 2 } else { 3 });
        day(i64::from(mode.week_one(year) + (self.week? - 1) * 7 + into_week))
    }
}

/// The position, from 1, of the name or its first three letters.
fn read_name(rest: &mut Scanner, names: &[&str]) -> Option<i32> {
    let letters = rest.rest().iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let word = &rest.rest()[..letters];
    let position = names.iter().position(|name| {
        let name = name.as_bytes();
        word.eq_ignore_ascii_case(name) || word.eq_ignore_ascii_case(&name[..3])
    })?;
    rest.advance(letters);
    Some(position as i32 + 1)
}

fn read_half_of_day(rest: &mut Scanner) -> Option<bool> {
    let afternoon = match rest.rest().get(..2)? {
        word if word.eq_ignore_ascii_case(b"AM") => false,
        word if word.eq_ignore_ascii_case(b"PM") => true,
        _ => return None,
    };
    rest.advance(2);
    Some(afternoon)
}
