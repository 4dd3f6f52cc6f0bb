//! `date_format(moment, pattern)` with MySQL's `%` codes, and its patterns in other functions.

use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;

use crate::calendar::{Clock, DAY_NAMES, MONTH_NAMES, WeekMode, civil, clock, day_of, day_of_year, weekday};
use crate::call::Call;
use crate::cast::{push_date, push_padded};
use crate::define::{DATE, Def, TEXT};

pub(super) fn functions() -> Vec<Def> {
    vec![
        Def::new("date_format", 2..=2, TEXT, date_format).aliases(&["strftime"]),
        Def::new("to_iso8601", 1..=1, TEXT, to_iso8601),
    ]
}

fn date_format(call: &Call) -> Result<ColumnarValue> {
    let moments = call.datetime(0)?;
    let patterns = call.text(1)?;
    if let Some(pattern) = patterns.constant() {
        let Some(pattern) = pattern.and_then(Pattern::compile) else {
            return call.null();
        };
        // Truncated moments repeat; the text of the row before is then still in the buffer.
        let mut last = None;
        let mut text = String::new();
        return call.texts(|row, out| {
            let at = moments.get(row)?;
            if last != Some(at) {
                text.clear();
                pattern.print(at, &mut text);
                last = Some(at);
            }
            out.push_str(&text);
            Some(())
        });
    }
    call.texts(|row, out| {
        Pattern::compile(patterns.get(row)?)?.print(moments.get(row)?, out);
        Some(())
    })
}

/// `2024-01-06` for a DATE, `2024-01-06T05:30:00.000000` for everything else.
fn to_iso8601(call: &Call) -> Result<ColumnarValue> {
    let is_date = call.argument_type(0) == DATE;
    let moments = call.datetime(0)?;
    call.texts(|row, out| {
        let at = moments.get(row)?;
        push_date(out, day_of(at));
        if !is_date {
            let time = clock(at);
            for (separator, part, width) in
                [('T', time.hour, 2), (':', time.minute, 2), (':', time.second, 2), ('.', time.micro, 6)]
            {
                out.push(separator);
                push_padded(out, part, width);
            }
        }
        Some(())
    })
}

#[derive(Debug, PartialEq)]
enum Piece {
    Literal(String),
    Code(char),
}

/// A pattern, split into literal text and codes.
pub(super) struct Pattern(Vec<Piece>);

impl Pattern {
    /// `None` for the empty pattern, which formats to NULL.
    pub(super) fn compile(pattern: &str) -> Option<Pattern> {
        let pattern = match pattern {
            "" => return None,
            "yyyyMMdd" => "%Y%m%d",
            "yyyy-MM-dd" => "%Y-%m-%d",
            "yyyy-MM-dd HH:mm:ss" => "%Y-%m-%d %H:%i:%S",
            other => other,
        };
        let mut pieces = vec![];
        let mut chars = pattern.chars();
        while let Some(char) = chars.next() {
            match (char, chars.clone().next()) {
                ('%', Some(code)) => {
                    chars.next();
                    push_code(&mut pieces, code);
                }
                (literal, _) => push_literal(&mut pieces, literal),
            }
        }
        Some(Pattern(pieces))
    }

    pub(super) fn print(&self, at: i64, out: &mut String) {
        let time = clock(at);
        for piece in &self.0 {
            match piece {
                Piece::Literal(text) => out.push_str(text),
                Piece::Code(code @ ('H' | 'k' | 'h' | 'I' | 'l' | 'i' | 'S' | 's' | 'f' | 'p')) => {
                    print_time(*code, &time, out);
                }
                Piece::Code(code) => print_date(*code, day_of(at), out),
            }
        }
    }
}

fn push_literal(pieces: &mut Vec<Piece>, char: char) {
    match pieces.last_mut() {
        Some(Piece::Literal(text)) => text.push(char),
        _ => pieces.push(Piece::Literal(char.to_string())),
    }
}

fn push_code(pieces: &mut Vec<Piece>, code: char) {
    let composed: &[char] = match code {
        'T' => &['H', ':', 'i', ':', 'S'],
        'r' => &['I', ':', 'i', ':', 'S', ' ', 'p'],
        code if "abcDdefHhIijklMmpSsUuVvWwXxYy".contains(code) => {
            pieces.push(Piece::Code(code));
            return;
        }
        // `%%`, and any other character after `%`, stands for itself.
        other => return push_literal(pieces, other),
    };
    for char in composed {
        match char {
            ':' | ' ' => push_literal(pieces, *char),
            code => pieces.push(Piece::Code(*code)),
        }
    }
}

fn print_time(code: char, time: &Clock, out: &mut String) {
    let hour_of_12 = (time.hour + 11) % 12 + 1;
    match code {
        'H' => push_padded(out, time.hour, 2),
        'k' => push_padded(out, time.hour, 1),
        'h' | 'I' => push_padded(out, hour_of_12, 2),
        'l' => push_padded(out, hour_of_12, 1),
        'i' => push_padded(out, time.minute, 2),
        'f' => push_padded(out, time.micro, 6),
        'p' => out.push_str(if time.hour < 12 { "AM" } else { "PM" }),
        _ => push_padded(out, time.second, 2),
    }
}

fn print_date(code: char, days: i32, out: &mut String) {
    let date = civil(days);
    let month_name = MONTH_NAMES[date.month as usize - 1];
    let day_name = DAY_NAMES[weekday(days) as usize];
    let week = |mode| WeekMode::new(mode).year_and_week(days);
    match code {
        'Y' => push_padded(out, date.year, 4),
        'y' => push_padded(out, date.year % 100, 2),
        'm' => push_padded(out, date.month, 2),
        'c' => push_padded(out, date.month, 1),
        'd' => push_padded(out, date.day, 2),
        'e' => push_padded(out, date.day, 1),
        'D' => {
            push_padded(out, date.day, 1);
            out.push_str(ordinal(date.day));
        }
        'j' => push_padded(out, day_of_year(days), 3),
        'M' => out.push_str(month_name),
        'b' => out.push_str(&month_name[..3]),
        'W' => out.push_str(day_name),
        'a' => out.push_str(&day_name[..3]),
        'w' => push_padded(out, (weekday(days) + 1) % 7, 1),
        'U' => push_padded(out, week(0).1, 2),
        'u' => push_padded(out, week(1).1, 2),
        'V' => push_padded(out, week(2).1, 2),
        'v' => push_padded(out, week(3).1, 2),
        'X' => push_padded(out, week(2).0, 4),
        _ => push_padded(out, week(3).0, 4),
    }
}

fn ordinal(day: i32) -> &'static str {
    match (day % 10, day / 10) {
        (_, 1) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    }
}
