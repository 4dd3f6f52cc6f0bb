//! Parameters of COM_STMT_EXECUTE: from the client's binary form to an SQL literal.
//!
//! The literals must hold whatever a client sends: text is quoted and escaped, numbers are printed from decoded values,
//! and a decimal stays bare only if it looks like one.

use crate::mysql::number_text;
use crate::mysql::ok_err::ErrorReply;
use mysql_common::constants::ColumnType;
use mysql_common::io::ParseBuf;
use std::io::Write;

/// The type that a client gave a parameter; kept for executions that do not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ParameterType {
    code: ColumnType,
    unsigned: bool,
}

const UNSIGNED_FLAG: u8 = 0x80;

impl ParameterType {
    /// Reads the two bytes that describe a parameter.
    pub(super) fn read(buffer: &mut ParseBuf<'_>) -> Result<Self, ErrorReply> {
        let code = buffer.checked_eat_u8().ok_or_else(ErrorReply::malformed_packet)?;
        let flags = buffer.checked_eat_u8().ok_or_else(ErrorReply::malformed_packet)?;
        let code = ColumnType::try_from(code).map_err(|_| ErrorReply::malformed_packet())?;
        Ok(ParameterType { code, unsigned: flags & UNSIGNED_FLAG != 0 })
    }
}

/// Reads one value and appends it as a literal.
///
/// # Errors
/// `malformed_packet` if the bytes end early or the type cannot be a parameter's.
pub(super) fn read_literal(
    out: &mut Vec<u8>,
    parameter: ParameterType,
    buffer: &mut ParseBuf<'_>,
) -> Result<(), ErrorReply> {
    use ColumnType as T;
    let unsigned = parameter.unsigned;
    let value: Option<()> = match parameter.code {
        T::MYSQL_TYPE_NULL => {
            out.extend_from_slice(b"NULL");
            Some(())
        }
        T::MYSQL_TYPE_TINY if unsigned => buffer.checked_eat_u8().map(|v| number_text::unsigned(out, v.into())),
        T::MYSQL_TYPE_TINY => buffer.checked_eat_i8().map(|v| number_text::signed(out, v.into())),
        T::MYSQL_TYPE_SHORT | T::MYSQL_TYPE_YEAR if unsigned => {
            buffer.checked_eat_u16_le().map(|v| number_text::unsigned(out, v.into()))
        }
        T::MYSQL_TYPE_SHORT | T::MYSQL_TYPE_YEAR => {
            buffer.checked_eat_i16_le().map(|v| number_text::signed(out, v.into()))
        }
        T::MYSQL_TYPE_LONG | T::MYSQL_TYPE_INT24 if unsigned => {
            buffer.checked_eat_u32_le().map(|v| number_text::unsigned(out, v.into()))
        }
        T::MYSQL_TYPE_LONG | T::MYSQL_TYPE_INT24 => {
            buffer.checked_eat_i32_le().map(|v| number_text::signed(out, v.into()))
        }
        T::MYSQL_TYPE_LONGLONG if unsigned => buffer.checked_eat_u64_le().map(|v| number_text::unsigned(out, v)),
        T::MYSQL_TYPE_LONGLONG => buffer.checked_eat_i64_le().map(|v| number_text::signed(out, v)),
        T::MYSQL_TYPE_FLOAT => match buffer.checked_eat_f32_le() {
            Some(v) => Some(float(out, v.into(), format_args!("{v:e}"))?),
            None => None,
        },
        T::MYSQL_TYPE_DOUBLE => match buffer.checked_eat_f64_le() {
            Some(v) => Some(float(out, v, format_args!("{v:e}"))?),
            None => None,
        },
        T::MYSQL_TYPE_DATE | T::MYSQL_TYPE_DATETIME | T::MYSQL_TYPE_TIMESTAMP => {
            let with_time = parameter.code != T::MYSQL_TYPE_DATE;
            buffer.checked_eat_u8_str().and_then(|bytes| datetime(out, bytes, with_time))
        }
        T::MYSQL_TYPE_TIME => buffer.checked_eat_u8_str().and_then(|bytes| time(out, bytes)),
        T::MYSQL_TYPE_DECIMAL | T::MYSQL_TYPE_NEWDECIMAL => buffer.checked_eat_lenenc_str().map(|v| decimal(out, v)),
        T::MYSQL_TYPE_VARCHAR
        | T::MYSQL_TYPE_VAR_STRING
        | T::MYSQL_TYPE_STRING
        | T::MYSQL_TYPE_ENUM
        | T::MYSQL_TYPE_SET
        | T::MYSQL_TYPE_JSON
        | T::MYSQL_TYPE_BIT
        | T::MYSQL_TYPE_TINY_BLOB
        | T::MYSQL_TYPE_MEDIUM_BLOB
        | T::MYSQL_TYPE_LONG_BLOB
        | T::MYSQL_TYPE_BLOB
        | T::MYSQL_TYPE_GEOMETRY => buffer.checked_eat_lenenc_str().map(|v| bytes(out, v)),
        _ => None,
    };
    value.ok_or_else(ErrorReply::malformed_packet)
}

/// Appends text as a quoted string and anything that is not UTF-8 as `x'..'`.
pub(super) fn bytes(out: &mut Vec<u8>, value: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    if std::str::from_utf8(value).is_err() {
        out.extend_from_slice(b"x'");
        out.extend(value.iter().flat_map(|b| [HEX[usize::from(b >> 4)], HEX[usize::from(b & 15)]]));
        return out.push(b'\'');
    }
    out.push(b'\'');
    let mut copied = 0;
    for (i, byte) in value.iter().enumerate() {
        let escape: &[u8] = match byte {
            b'\'' => b"''",
            b'\\' => b"\\\\",
            0 => b"\\0",
            _ => continue,
        };
        out.extend_from_slice(&value[copied..i]);
        out.extend_from_slice(escape);
        copied = i + 1;
    }
    out.extend_from_slice(&value[copied..]);
    out.push(b'\'');
}

/// A whole number is printed as an integer, because some clients send every number as a double, even for `LIMIT ?`.
/// Others keep an exponent, which makes the literal a double instead of a decimal.
fn float(out: &mut Vec<u8>, value: f64, scientific: std::fmt::Arguments<'_>) -> Result<(), ErrorReply> {
    /// Whole numbers up to here are exact.
    const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
    if !value.is_finite() {
        let message = "a parameter is not a finite number, use NULL instead";
        return Err(ErrorReply::from(&base::Error::new(base::ErrorKind::WrongValue, message).with("value", value)));
    }
    if value.trunc() == value && value.abs() <= WHOLE_MAX {
        number_text::signed(out, value as i64);
    } else {
        // Writing to a Vec cannot fail.
        let _ = out.write_fmt(scientific);
    }
    Ok(())
}

/// A decimal number as it is; anything else is a string, whatever type the client gave it.
fn decimal(out: &mut Vec<u8>, value: &[u8]) {
    let digits = value.strip_prefix(b"-").or_else(|| value.strip_prefix(b"+")).unwrap_or(value);
    let point = digits.iter().position(|b| *b == b'.').unwrap_or(digits.len());
    let (whole, fraction) = (&digits[..point], digits.get(point + 1..).unwrap_or_default());
    let numeric = !whole.is_empty() && whole.iter().chain(fraction).all(u8::is_ascii_digit);
    if numeric {
        out.extend_from_slice(value);
    } else {
        bytes(out, value);
    }
}

/// `'YYYY-MM-DD HH:MM:SS.ffffff'` without the parts that the client left out.
fn datetime(out: &mut Vec<u8>, packed: &[u8], with_time: bool) -> Option<()> {
    let mut fields = ParseBuf(packed);
    let (year, month, day) = match packed.len() {
        0 => (0, 0, 0),
        4 | 7 | 11 => (fields.checked_eat_u16_le()?, fields.checked_eat_u8()?, fields.checked_eat_u8()?),
        _ => return None,
    };
    let _ = write!(out, "'{year:04}-{month:02}-{day:02}");
    if packed.len() >= 7 || with_time {
        let clock = if packed.len() >= 7 { fields.checked_eat(3)? } else { &[0, 0, 0][..] };
        let _ = write!(out, " {:02}:{:02}:{:02}", clock[0], clock[1], clock[2]);
    }
    if packed.len() == 11 {
        let _ = write!(out, ".{:06}", fields.checked_eat_u32_le()?);
    }
    out.push(b'\'');
    Some(())
}

/// `'HHH:MM:SS.ffffff'` with a sign if negative.
fn time(out: &mut Vec<u8>, packed: &[u8]) -> Option<()> {
    let mut fields = ParseBuf(packed);
    let (negative, days, clock) = match packed.len() {
        0 => (0, 0, &[0, 0, 0][..]),
        8 | 12 => (fields.checked_eat_u8()?, fields.checked_eat_u32_le()?, fields.checked_eat(3)?),
        _ => return None,
    };
    let sign = if negative == 0 { "" } else { "-" };
    let hours = u64::from(days) * 24 + u64::from(clock[0]);
    let _ = write!(out, "'{sign}{hours:02}:{:02}:{:02}", clock[1], clock[2]);
    if packed.len() == 12 {
        let _ = write!(out, ".{:06}", fields.checked_eat_u32_le()?);
    }
    out.push(b'\'');
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(code: u8, flags: u8, value: &[u8]) -> Result<String, ErrorReply> {
        let mut out = Vec::new();
        let mut buffer = ParseBuf(value);
        let parameter = ParameterType::read(&mut ParseBuf(&[code, flags]))?;
        read_literal(&mut out, parameter, &mut buffer)?;
        assert!(buffer.is_empty(), "every byte of the value is read");
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn every_type_becomes_a_literal() {
        let cases: &[(u8, u8, &[u8], &str)] = &[
            (0x01, 0, &[0xFF], "-1"),
            (0x01, 0x80, &[0xFF], "255"),
            (0x02, 0, &[0x00, 0x80], "-32768"),
            (0x0D, 0x80, &[0xDE, 0x07], "2014"),
            (0x03, 0, &[0xFE, 0xFF, 0xFF, 0xFF], "-2"),
            (0x09, 0x80, &[0xFE, 0xFF, 0xFF, 0xFF], "4294967294"),
            (0x08, 0, &i64::MIN.to_le_bytes(), "-9223372036854775808"),
            (0x08, 0x80, &u64::MAX.to_le_bytes(), "18446744073709551615"),
            (0x04, 0, &0.1_f32.to_le_bytes(), "1e-1"),
            (0x04, 0, &3.0_f32.to_le_bytes(), "3"),
            (0x05, 0, &10.0_f64.to_le_bytes(), "10"),
            (0x05, 0, &(-0.25_f64).to_le_bytes(), "-2.5e-1"),
            (0x05, 0, &1e300_f64.to_le_bytes(), "1e300"),
            (0x06, 0, &[], "NULL"),
            (0x0A, 0, &[4, 0xDE, 0x07, 2, 3], "'2014-02-03'"),
            (0x0A, 0, &[0], "'0000-00-00'"),
            (0x0C, 0, &[4, 0xDE, 0x07, 2, 3], "'2014-02-03 00:00:00'"),
            (0x0C, 0, &[7, 0xDE, 0x07, 2, 3, 8, 9, 10], "'2014-02-03 08:09:10'"),
            (0x07, 0, &[11, 0xDE, 0x07, 2, 3, 8, 9, 10, 1, 0, 0, 0], "'2014-02-03 08:09:10.000001'"),
            (0x0B, 0, &[8, 1, 2, 0, 0, 0, 3, 4, 5], "'-51:04:05'"),
            (0x0B, 0, &[0], "'00:00:00'"),
            (0x0B, 0, &[12, 0, 0, 0, 0, 0, 3, 4, 5, 6, 0, 0, 0], "'03:04:05.000006'"),
            (0xF6, 0, b"\x06-12.50", "-12.50"),
            (0x00, 0, b"\x01+", "'+'"),
            (0xF6, 0, b"\x08" as &[u8], ""),
            (0xFD, 0, b"\x03a'b", "'a''b'"),
            (0xFE, 0, b"\x04a\\'b", "'a\\\\''b'"),
            (0x0F, 0, b"\x03x\0y", "'x\\0y'"),
            (0xFC, 0, b"\x02\xFF\x00", "x'ff00'"),
            (0xFC, 0, b"\x02ok", "'ok'"),
            (0xF5, 0, b"\x02{}", "'{}'"),
            (0xFD, 0, b"\x00", "''"),
        ];
        for (code, flags, value, expected) in cases {
            match literal(*code, *flags, value) {
                Ok(text) => assert_eq!(&text, expected, "type {code:#x}"),
                Err(e) => assert_eq!((e.errno, *expected), (1835, ""), "type {code:#x}"),
            }
        }
    }

    #[test]
    fn a_decimal_cannot_carry_sql() {
        for text in ["1; drop table t", "1 or 1=1", "--", "1.2.3", "", ".", "0x10", "1e5", "½"] {
            let mut out = Vec::new();
            decimal(&mut out, text.as_bytes());
            assert_eq!(String::from_utf8(out).unwrap(), format!("'{text}'"));
        }
    }

    #[test]
    fn short_or_unknown_values_are_malformed() {
        let cases: &[(u8, &[u8])] = &[
            (0x03, &[1, 2]),
            (0x05, &[0; 7]),
            (0x0C, &[5, 1, 2, 3, 4, 5]),
            (0x0B, &[3, 1, 2, 3]),
            (0xFD, &[5, b'a']),
            (0xFD, &[0xFE]),
            (0x12, &[]),
            (0xA0, &[]),
        ];
        for (code, value) in cases {
            assert_eq!(literal(*code, 0, value).unwrap_err().errno, 1835, "type {code:#x}");
        }
        assert_eq!(literal(0x05, 0, &f64::NAN.to_le_bytes()).unwrap_err().errno, 1231);
    }
}
