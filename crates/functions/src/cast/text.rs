//! Values to text, as the MySQL protocol and `CAST(x AS CHAR)` print them.

use std::fmt::Write;

use crate::calendar::{HOUR, MINUTE, SECOND, civil, clock, day_of};

/// `YYYY-MM-DD` of a day number.
pub fn push_date(out: &mut String, days: i32) {
    let date = civil(days);
    push_padded(out, date.year, 4);
    out.push('-');
    push_padded(out, date.month, 2);
    out.push('-');
    push_padded(out, date.day, 2);
}

/// `YYYY-MM-DD HH:MM:SS`, with six digits of fraction if there is one.
pub fn push_datetime(out: &mut String, micros: i64) {
    push_date(out, day_of(micros));
    let time = clock(micros);
    for (separator, part) in [(' ', time.hour), (':', time.minute), (':', time.second)] {
        out.push(separator);
        push_padded(out, part, 2);
    }
    push_fraction(out, time.micro);
}

/// `[-]HH:MM:SS` of a duration, with six digits of fraction if there is one.
pub fn push_time(out: &mut String, micros: i64) {
    if micros < 0 {
        out.push('-');
    }
    let duration = micros.unsigned_abs();
    push_padded(out, (duration / HOUR as u64) as i32, 2);
    out.push(':');
    push_padded(out, (duration / MINUTE as u64 % 60) as i32, 2);
    out.push(':');
    push_padded(out, (duration / SECOND as u64 % 60) as i32, 2);
    push_fraction(out, (duration % SECOND as u64) as i32);
}

fn push_fraction(out: &mut String, micros: i32) {
    if micros != 0 {
        out.push('.');
        push_padded(out, micros, 6);
    }
}

/// The shortest text that reads back as the same number: `32`, `26.3`, `1e+20`, `1e-05`.
pub fn push_double(out: &mut String, number: f64) {
    push_shortest(out, number, format_args!("{number}"), format_args!("{number:e}"));
}

/// As [`push_double`], for a FLOAT.
pub fn push_float(out: &mut String, number: f32) {
    push_shortest(out, f64::from(number), format_args!("{number}"), format_args!("{number:e}"));
}

fn push_shortest(out: &mut String, number: f64, plain: std::fmt::Arguments, scientific: std::fmt::Arguments) {
    let size = number.abs();
    if !number.is_finite() {
        out.push_str(if number.is_nan() {
            "nan"
        } else if number > 0.0 {
            "inf"
        } else {
            "-inf"
        });
    } else if size == 0.0 || (1e-4..1e16).contains(&size) {
        write!(out, "{plain}").expect("writing to a string cannot fail");
    } else {
        let text = scientific.to_string();
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, digits) = match exponent.strip_prefix('-') {
            Some(digits) => ('-', digits),
            None => ('+', exponent),
        };
        write!(out, "{mantissa}e{sign}{digits:0>2}").expect("writing to a string cannot fail");
    }
}

/// A decimal from its unscaled value: `-12.30` for -1230 with scale 2.
pub fn push_decimal(out: &mut String, unscaled: i128, scale: i8) {
    let scale = usize::try_from(scale).unwrap_or(0);
    let digits = unscaled.unsigned_abs().to_string();
    if unscaled < 0 {
        out.push('-');
    }
    let whole = digits.len().saturating_sub(scale);
    out.push_str(if whole == 0 { "0" } else { &digits[..whole] });
    if scale > 0 {
        out.push('.');
        out.extend(std::iter::repeat_n('0', scale.saturating_sub(digits.len())));
        out.push_str(&digits[whole..]);
    }
}

/// Every two-digit number.
const PAIRS: &str = "0001020304050607080910111213141516171819\
                     2021222324252627282930313233343536373839\
                     4041424344454647484950515253545556575859\
                     6061626364656667686970717273747576777879\
                     8081828384858687888990919293949596979899";

/// A number of at least `width` digits, zeros in front; the number is not negative.
pub(crate) fn push_padded(out: &mut String, number: i32, width: usize) {
    let pair = |two_digits: i32| {
        let at = two_digits as usize * 2;
        &PAIRS[at..at + 2]
    };
    match (width, number) {
        (2, 0..=99) => out.push_str(pair(number)),
        (4, 0..=9999) => {
            out.push_str(pair(number / 100));
            out.push_str(pair(number % 100));
        }
        (6, 0..=999_999) => {
            out.push_str(pair(number / 10_000));
            out.push_str(pair(number / 100 % 100));
            out.push_str(pair(number % 100));
        }
        _ => write!(out, "{number:0width$}").expect("writing to a string cannot fail"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(print: impl Fn(&mut String)) -> String {
        let mut out = String::new();
        print(&mut out);
        out
    }

    #[test]
    fn doubles_are_short() {
        let cases = [
            (0.0, "0"),
            (32.0, "32"),
            (26.3, "26.3"),
            (-0.5, "-0.5"),
            (1e15, "1000000000000000"),
            (1e20, "1e+20"),
            (1.5e-7, "1.5e-07"),
            (0.0001, "0.0001"),
            (f64::NAN, "nan"),
            (1e300, "1e+300"),
        ];
        for (number, expected) in cases {
            assert_eq!(printed(|out| push_double(out, number)), expected);
        }
        assert_eq!(printed(|out| push_float(out, 0.1)), "0.1");
    }

    #[test]
    fn dates_times_and_decimals_have_fixed_forms() {
        assert_eq!(printed(|out| push_date(out, -1)), "1969-12-31");
        assert_eq!(printed(|out| push_datetime(out, 1)), "1970-01-01 00:00:00.000001");
        assert_eq!(printed(|out| push_time(out, -(100 * HOUR + SECOND))), "-100:00:01");
        for (unscaled, scale, expected) in
            [(-1230, 2, "-12.30"), (5, 3, "0.005"), (0, 2, "0.00"), (7, 0, "7"), (-5, 1, "-0.5"), (100, 2, "1.00")]
        {
            assert_eq!(printed(|out| push_decimal(out, unscaled, scale)), expected);
        }
    }
}
