//! Numbers from field bytes, without allocation. `None` means that the text is no such number or out of range.
//!
//! Spaces around a number are allowed. Text with a fraction or an exponent is a number for integer columns too and is
//! cut towards zero, as StarRocks does.

/// An integer that fits `i64`; a fraction is cut off.
#[inline]
pub(super) fn integer(text: &[u8]) -> Option<i64> {
    plain_integer(text).or_else(|| i64::try_from(Parts::read(text)?.scaled(0, Rounding::TowardsZero)?).ok())
}

/// An integer of at most `digits` decimal digits; a fraction is cut off.
pub(super) fn large_integer(text: &[u8], digits: u8) -> Option<i128> {
    within(Parts::read(text)?.scaled(0, Rounding::TowardsZero)?, digits)
}

/// `text * 10^scale`, rounded half away from zero, of at most `precision` digits.
pub(super) fn decimal(text: &[u8], precision: u8, scale: i8) -> Option<i128> {
    within(Parts::read(text)?.scaled(i64::from(scale), Rounding::HalfAwayFromZero)?, precision)
}

pub(super) fn double(text: &[u8]) -> Option<f64> {
    float_text(text)?.parse().ok().filter(|v: &f64| v.is_finite())
}

pub(super) fn float(text: &[u8]) -> Option<f32> {
    float_text(text)?.parse().ok().filter(|v: &f32| v.is_finite())
}

/// `true`, `false` in any case, `1`, `0`.
pub(super) fn boolean(text: &[u8]) -> Option<bool> {
    match text.trim_ascii() {
        b"1" => Some(true),
        b"0" => Some(false),
        word if word.eq_ignore_ascii_case(b"true") => Some(true),
        word if word.eq_ignore_ascii_case(b"false") => Some(false),
        _ => None,
    }
}

/// The common case: a sign and so few digits that they cannot overflow.
#[inline]
fn plain_integer(text: &[u8]) -> Option<i64> {
    let (negative, digits) = split_sign(text);
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut value = 0;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(if negative { -value } else { value })
}

fn split_sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

fn within(value: i128, digits: u8) -> Option<i128> {
    let bound = 10i128.checked_pow(u32::from(digits))?;
    (-bound < value && value < bound).then_some(value)
}

/// Digits that `f64::from_str` reads the same way; no `inf`, no `nan`.
fn float_text(text: &[u8]) -> Option<&str> {
    let text = text.trim_ascii();
    let (_, number) = split_sign(text);
    if !number.first().is_some_and(|b| b.is_ascii_digit() || *b == b'.') {
        return None;
    }
    std::str::from_utf8(text).ok()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rounding {
    TowardsZero,
    HalfAwayFromZero,
}

/// A decimal number taken apart: `sign whole . fraction e exponent`.
#[derive(Debug)]
struct Parts<'a> {
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i64,
}

impl<'a> Parts<'a> {
    fn read(text: &'a [u8]) -> Option<Self> {
        let (negative, unsigned) = split_sign(text.trim_ascii());
        let (whole, rest) = split_digits(unsigned);
        let (fraction, rest) = match rest {
            [b'.', rest @ ..] => split_digits(rest),
            _ => (&[][..], rest),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let exponent = match rest {
            [] => 0,
            [b'e' | b'E', exponent @ ..] => read_exponent(exponent)?,
            _ => return None,
        };
        Some(Parts { negative, whole, fraction, exponent })
    }

    /// The value times `10^scale` as an integer; `None` if it does not fit.
    fn scaled(&self, scale: i64, rounding: Rounding) -> Option<i128> {
        let mut digits = self.whole.iter().chain(self.fraction).map(|b| i128::from(b - b'0'));
        let kept = self.whole.len() as i64 + self.exponent + scale;
        if kept < 0 {
            return Some(0);
        }
        let mut value = 0i128;
        for _ in 0..kept {
            match digits.next() {
                Some(digit) => value = value.checked_mul(10)?.checked_add(digit)?,
                None if value == 0 => break,
                None => value = value.checked_mul(10)?,
            }
        }
        if rounding == Rounding::HalfAwayFromZero && digits.next().is_some_and(|d| d >= 5) {
            value = value.checked_add(1)?;
        }
        Some(if self.negative { -value } else { value })
    }
}

fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len()))
}

fn read_exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = split_sign(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // Beyond this the value is 0 or does not fit, whatever its digits.
    let size = digits.iter().fold(0, |sum: i64, b| (sum * 10 + i64::from(b - b'0')).min(1 << 40));
    Some(if negative { -size } else { size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_cut_towards_zero() {
        let cases: &[(&str, Option<i64>)] = &[
            ("0", Some(0)),
            ("-12", Some(-12)),
            ("+7", Some(7)),
            (" 42 ", Some(42)),
            ("42\r", Some(42)),
            ("40.6722269", Some(40)),
            ("-74.01", Some(-74)),
            ("-0.99", Some(0)),
            ("40.99999999999999999999999", Some(40)),
            ("1e3", Some(1000)),
            ("1.5E+1", Some(15)),
            ("123e-2", Some(1)),
            ("123e-9", Some(0)),
            ("1.", Some(1)),
            (".5", Some(0)),
            ("0e99999999999999999999", Some(0)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("1e99", None),
            ("1e-99999999999999999999", Some(0)),
            ("000000000000000000000000000001", Some(1)),
            ("", None),
            (" ", None),
            ("-", None),
            (".", None),
            ("e5", None),
            ("1e", None),
            ("12a", None),
            ("1 2", None),
            ("0x10", None),
            ("--1", None),
            ("nan", None),
        ];
        for (text, expected) in cases {
            assert_eq!(integer(text.as_bytes()), *expected, "{text:?}");
        }
    }

    #[test]
    fn decimals_are_rounded_half_away_from_zero() {
        let cases: &[(&str, u8, i8, Option<i128>)] = &[
            ("1.25", 10, 2, Some(125)),
            ("1.255", 10, 2, Some(126)),
            ("-1.255", 10, 2, Some(-126)),
            ("1.2549999", 10, 2, Some(125)),
            ("1", 10, 2, Some(100)),
            ("99.999", 4, 2, None),
            ("99.994", 4, 2, Some(9999)),
            ("12345", 4, 0, None),
            ("1e2", 4, 1, Some(1000)),
            ("0.05", 2, 1, Some(1)),
            ("0.005", 2, 1, Some(0)),
            ("99999999999999999999999999999999999999", 38, 0, Some(10i128.pow(38) - 1)),
            ("100000000000000000000000000000000000000", 38, 0, None),
            ("1,5", 4, 1, None),
            ("", 4, 1, None),
        ];
        for (text, precision, scale, expected) in cases {
            assert_eq!(decimal(text.as_bytes(), *precision, *scale), *expected, "{text:?}");
        }
    }

    #[test]
    fn floats_are_finite() {
        let cases: &[(&str, Option<f64>)] = &[
            ("1", Some(1.0)),
            ("-1.5e3", Some(-1500.0)),
            (" .5 ", Some(0.5)),
            ("1e400", None),
            ("inf", None),
            ("NaN", None),
            ("", None),
            ("1x", None),
        ];
        for (text, expected) in cases {
            assert_eq!(double(text.as_bytes()), *expected, "{text:?}");
        }
        assert_eq!(float(b"1e39"), None);
        assert_eq!(float(b"0.1"), Some(0.1f32));
    }

    #[test]
    fn booleans_are_words_or_digits() {
        for (text, expected) in [
            ("true", Some(true)),
            ("FALSE", Some(false)),
            ("1", Some(true)),
            ("0", Some(false)),
            ("2", None),
            ("yes", None),
            ("", None),
        ] {
            assert_eq!(boolean(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn large_integers_have_38_digits() {
        assert_eq!(large_integer(b"-99999999999999999999999999999999999999", 38), Some(1 - 10i128.pow(38)));
        assert_eq!(large_integer(b"100000000000000000000000000000000000000", 38), None);
        assert_eq!(large_integer(b"12345678901234567890.9", 38), Some(12_345_678_901_234_567_890));
    }
}
