//! Values in partition clauses: strictly read as values of their column, unlike values of rows, which are converted.

use base::{Error, Result};
use catalog::{Column, Datum, SqlType};
use functions::cast::{parse_datetime_us, push_decimal};

const DAY_US: i64 = 86_400_000_000;

/// What a value is, for the message when it is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bound,
    ListValue,
}

/// Reads a value of a partition.
///
/// # Errors
/// `Invalid` naming partition, column and value.
pub(super) fn read(text: &str, column: &Column, partition: &str, kind: Kind) -> Result<Datum> {
    datum(text, column.ty).ok_or_else(|| {
        let what = match kind {
            Kind::Bound => "a partition bound is no value of the partition column",
            Kind::ListValue => "a partition value is no value of the partition column",
        };
        let error = Error::invalid(what).with("partition", partition).with("column", &column.name);
        error.with("type", column.ty).with("value", text)
    })
}

/// The value that a text is, if it is one of this type.
pub(super) fn datum(text: &str, ty: SqlType) -> Option<Datum> {
    let integer = |min: i128, max: i128| {
        let value = text.trim().parse::<i128>().ok()?;
        (min..=max).contains(&value).then_some(Datum::Int(value))
    };
    match ty {
        SqlType::Boolean => match text.trim().to_ascii_lowercase().as_str() {
            "1" | "true" => Some(Datum::Bool(true)),
            "0" | "false" => Some(Datum::Bool(false)),
            _ => None,
        },
        SqlType::TinyInt => integer(i8::MIN.into(), i8::MAX.into()),
        SqlType::SmallInt => integer(i16::MIN.into(), i16::MAX.into()),
        SqlType::Int => integer(i32::MIN.into(), i32::MAX.into()),
        SqlType::BigInt => integer(i64::MIN.into(), i64::MAX.into()),
        SqlType::LargeInt => decimal(text.trim(), 38, 0).map(Datum::Decimal),
        SqlType::Decimal { precision, scale } => decimal(text.trim(), precision, scale).map(Datum::Decimal),
        SqlType::Date => {
            let us = parse_datetime_us(text).filter(|us| us % DAY_US == 0)?;
            i32::try_from(us / DAY_US).ok().map(Datum::Date)
        }
        SqlType::DateTime => parse_datetime_us(text).map(Datum::DateTime),
        SqlType::Char(bytes) | SqlType::Varchar(bytes) => {
            (text.len() <= bytes as usize).then(|| Datum::Text(text.to_string()))
        }
        SqlType::Float | SqlType::Double | SqlType::Json | SqlType::Varbinary(_) => None,
    }
}

/// The unscaled value of a decimal that fits exactly.
fn decimal(text: &str, precision: u8, scale: i8) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let scale = usize::try_from(scale).ok()?;
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || fraction.len() > scale {
        return None;
    }
    let unscaled = format!("{whole}{fraction:0<scale$}");
    let unscaled = unscaled.trim_start_matches('0');
    if unscaled.len() > usize::from(precision) {
        return None;
    }
    let value: i128 = if unscaled.is_empty() { 0 } else { unscaled.parse().ok()? };
    Some(if negative { -value } else { value })
}

/// Whether the text is the least value of an integer, DATE or DATETIME: StarRocks prints it for "no lower bound".
pub(super) fn is_minimum(text: &str, ty: SqlType) -> bool {
    let least = match ty {
        SqlType::TinyInt => i8::MIN.to_string(),
        SqlType::SmallInt => i16::MIN.to_string(),
        SqlType::Int => i32::MIN.to_string(),
        SqlType::BigInt => i64::MIN.to_string(),
        SqlType::LargeInt => i128::MIN.to_string(),
        SqlType::Date | SqlType::DateTime => {
            return matches!(text.trim(), "0000-01-01" | "0000-01-01 00:00:00");
        }
        _ => return false,
    };
    text.trim() == least
}

/// The value as a partition clause prints it, without quotes.
pub(super) fn print(value: &Datum, ty: SqlType) -> String {
    match (value, ty) {
        (Datum::Decimal(unscaled), SqlType::Decimal { scale, .. }) => {
            let mut out = String::new();
            push_decimal(&mut out, *unscaled, scale);
            out
        }
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_strictly() {
        let decimal = SqlType::Decimal { precision: 5, scale: 2 };
        let cases = [
            ("12", SqlType::TinyInt, Some(Datum::Int(12))),
            ("128", SqlType::TinyInt, None),
            ("1.5", SqlType::Int, None),
            ("x", SqlType::Int, None),
            ("", SqlType::Int, None),
            ("99999999999999999999999999999999999999", SqlType::LargeInt, Some(Datum::Decimal(10_i128.pow(38) - 1))),
            ("-1.5", decimal, Some(Datum::Decimal(-150))),
            ("1.555", decimal, None),
            ("1234", decimal, None),
            ("0", decimal, Some(Datum::Decimal(0))),
            ("1970-01-02", SqlType::Date, Some(Datum::Date(1))),
            ("1969-12-31", SqlType::Date, Some(Datum::Date(-1))),
            ("1970-01-02 00:00:01", SqlType::Date, None),
            ("19700102", SqlType::Date, Some(Datum::Date(1))),
            ("2023-02-29", SqlType::Date, None),
            ("1970-01-01 00:00:01", SqlType::DateTime, Some(Datum::DateTime(1_000_000))),
            ("abc", SqlType::Varchar(3), Some(Datum::Text("abc".into()))),
            ("abcd", SqlType::Varchar(3), None),
            ("TRUE", SqlType::Boolean, Some(Datum::Bool(true))),
            ("1", SqlType::Double, None),
        ];
        for (text, ty, expected) in cases {
            assert_eq!(datum(text, ty), expected, "{text} as {ty}");
        }
    }

    #[test]
    fn printed_values_read_back() {
        let decimal = SqlType::Decimal { precision: 5, scale: 2 };
        for (text, ty) in [("-1.50", decimal), ("2024-02-29", SqlType::Date), ("a \"b\"", SqlType::Varchar(9))] {
            let value = datum(text, ty).unwrap();
            assert_eq!(print(&value, ty), text);
        }
    }
}
