//! Texts to numbers. Blanks around are ignored; anything else that is not part of the number makes the text invalid.

/// The number a text is, or `None` (`'abc'`, `''`, `'12abc'`, `'inf'`).
pub fn parse_double(text: &str) -> Option<f64> {
    let bytes = text.as_bytes().trim_ascii();
    let (number, length) = scan(bytes)?;
    (length == bytes.len()).then_some(number)
}

/// The number a text starts with, 0 if it starts with none; `true` if the whole text is that number.
pub fn parse_double_prefix(text: &str) -> (f64, bool) {
    let bytes = text.as_bytes().trim_ascii();
    match scan(bytes) {
        Some((number, length)) => (number, length == bytes.len()),
        None => (0.0, false),
    }
}

/// The integer a text is; a fraction is cut off (`'1.9'` is 1), a value outside BIGINT is `None`.
pub fn parse_bigint(text: &str) -> Option<i64> {
    let bytes = text.as_bytes().trim_ascii();
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let only_zeros_or_fraction = match &digits[length..] {
        [] => length > 0,
        [b'.', fraction @ ..] => {
            (length > 0 || !fraction.is_empty()) && fraction.iter().all(|byte| byte.is_ascii_digit())
        }
        _ => false,
    };
    if !only_zeros_or_fraction {
        return parse_double(text).and_then(bigint_from_double);
    }
    // Summed on the negative side, which reaches one further.
    let sum = digits[..length]
        .iter()
        .try_fold(0_i64, |sum, byte| sum.checked_mul(10)?.checked_sub(i64::from(byte - b'0')))?;
    if negative { Some(sum) } else { sum.checked_neg() }
}

/// A double as BIGINT: the fraction is cut off; what BIGINT cannot hold is `None`.
pub fn bigint_from_double(number: f64) -> Option<i64> {
    let limit = 9_223_372_036_854_775_808.0;
    (-limit <= number && number < limit).then_some(number as i64)
}

/// Powers of ten that a double holds exactly.
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// The longest number at the start, and how many bytes it takes.
fn scan(bytes: &[u8]) -> Option<(f64, usize)> {
    let start = usize::from(matches!(bytes.first(), Some(b'-' | b'+')));
    let mut at = start;
    let mut mantissa = 0_u64;
    let mut digits = 0;
    let mut fraction_digits = 0;
    let mut in_fraction = false;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'0'..=b'9' => {
                if digits < 15 {
                    mantissa = mantissa * 10 + u64::from(byte - b'0');
                }
                digits += 1;
                fraction_digits += usize::from(in_fraction);
            }
            b'.' if !in_fraction => in_fraction = true,
            _ => break,
        }
        at += 1;
    }
    if digits == 0 {
        return None;
    }
    let exponent = exponent_length(&bytes[at..]);
    // Up to 15 digits and a power of ten below 1e22 are exact, so one division rounds correctly.
    if exponent == 0 && digits <= 15 {
        let number = mantissa as f64 / EXACT_POWERS[fraction_digits];
        return Some((if bytes[0] == b'-' { -number } else { number }, at));
    }
    let end = at + exponent;
    let text = std::str::from_utf8(&bytes[..end]).ok()?;
    text.parse().ok().map(|number| (number, end))
}

/// The length of `e5`, `E-12` at the start, 0 if there is none.
fn exponent_length(bytes: &[u8]) -> usize {
    let [b'e' | b'E', rest @ ..] = bytes else {
        return 0;
    };
    let sign = usize::from(matches!(rest.first(), Some(b'-' | b'+')));
    match rest[sign..].iter().take_while(|byte| byte.is_ascii_digit()).count() {
        0 => 0,
        digits => 1 + sign + digits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_whole_texts() {
        let cases = [
            ("0", Some(0.0)),
            ("12", Some(12.0)),
            (" -1.25 ", Some(-1.25)),
            ("+.5", Some(0.5)),
            ("5.", Some(5.0)),
            ("1e3", Some(1000.0)),
            ("1.5E-2", Some(0.015)),
            ("0.1", Some(0.1)),
            ("123456789.123456789", Some(123_456_789.123_456_79)),
            ("12345678901234567890", Some(12_345_678_901_234_567_890.0)),
            ("000000000000000000012", Some(12.0)),
            ("0.30000000000000004", Some(0.300_000_000_000_000_04)),
            ("12abc", None),
            ("abc", None),
            ("", None),
            (".", None),
            ("-", None),
            ("1e", None),
            ("nan", None),
            ("inf", None),
            ("1 2", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_double(text), expected, "{text:?}");
        }
    }

    #[test]
    fn prefixes_are_read_as_far_as_they_go() {
        let cases = [
            ("12abc", (12.0, false)),
            ("abc", (0.0, false)),
            ("1e", (1.0, false)),
            ("-3.5", (-3.5, true)),
            ("", (0.0, false)),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_double_prefix(text), expected, "{text:?}");
        }
    }

    #[test]
    fn bigints_keep_all_digits_and_drop_fractions() {
        let cases = [
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("1.9", Some(1)),
            ("-1.9", Some(-1)),
            (" 7 ", Some(7)),
            ("1e3", Some(1000)),
            ("", None),
            (".", None),
            ("x", None),
            (".5", Some(0)),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_bigint(text), expected, "{text:?}");
        }
    }
}
