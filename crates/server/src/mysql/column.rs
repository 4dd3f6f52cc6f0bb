//! Column definitions: which MySQL type, character set, length, decimals and flags a result column has.
//!
//! Drivers choose their own types by these: charset 63 makes a string binary, a TINY of length 1 a boolean, decimals
//! the scale. The values follow StarRocks, with real names and flags added.

use crate::reply::{ColumnKind, ResultColumn};
use base::limits::VARCHAR_BYTES_MAX;
use datafusion::arrow::datatypes::DataType;
use mysql_common::constants::{ColumnFlags, ColumnType};
use mysql_common::io::BufMutExt;

const UTF8: u16 = 33;
const BINARY: u16 = 63;
/// Bytes that a client should expect per character of [`UTF8`].
const BYTES_PER_CHARACTER: u32 = 3;
/// Length of a text column of which nothing is known (StarRocks' STRING), in characters.
const TEXT_LENGTH: u32 = 65_533;
const FLOAT_DECIMALS: u8 = 31;

/// How a column travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WireType {
    pub(super) code: ColumnType,
    charset: u16,
    length: u32,
    decimals: u8,
    unsigned: bool,
}

/// Writes the definition packet of a result set's column.
pub(super) fn definition(out: &mut Vec<u8>, column: &ResultColumn) {
    let ResultColumn { schema, table, name, org_name, .. } = column;
    let wire = wire_type(column);
    write(out, [schema, table, table, name, org_name], wire, flags(column, wire));
}

/// Writes the definition of a statement's parameter, about which nothing is known.
pub(super) fn parameter(out: &mut Vec<u8>) {
    let code = ColumnType::MYSQL_TYPE_VAR_STRING;
    let wire = WireType { code, charset: BINARY, length: 0, decimals: 0, unsigned: false };
    write(out, ["", "", "", "?", ""], wire, ColumnFlags::BINARY_FLAG);
}

/// `mysql_common` 0.37 writes the length and the character set in the wrong order, so the fields are written here.
fn write(out: &mut Vec<u8>, names: [&str; 5], wire: WireType, flags: ColumnFlags) {
    const FIXED_BYTES: u8 = 12;
    out.put_lenenc_str(b"def");
    for name in names {
        out.put_lenenc_str(name.as_bytes());
    }
    out.push(FIXED_BYTES);
    out.extend_from_slice(&wire.charset.to_le_bytes());
    out.extend_from_slice(&wire.length.to_le_bytes());
    out.push(wire.code as u8);
    out.extend_from_slice(&flags.bits().to_le_bytes());
    out.extend_from_slice(&[wire.decimals, 0, 0]);
}

pub(super) fn wire_type(column: &ResultColumn) -> WireType {
    use ColumnType as T;
    let text = |code, characters: u32| {
        let length = characters.saturating_mul(BYTES_PER_CHARACTER);
        WireType { code, charset: UTF8, length, decimals: 0, unsigned: false }
    };
    let other = |code, length, decimals| WireType { code, charset: BINARY, length, decimals, unsigned: false };
    let unsigned = |code, length| WireType { unsigned: true, ..other(code, length, 0) };
    match (column.kind, &column.data_type) {
        (ColumnKind::LargeInt, _) => WireType { length: 40, ..text(T::MYSQL_TYPE_STRING, 0) },
        (ColumnKind::Json, _) => text(T::MYSQL_TYPE_STRING, TEXT_LENGTH),
        (ColumnKind::Char { length }, _) => text(T::MYSQL_TYPE_STRING, length),
        (ColumnKind::Varchar { length }, _) => text(T::MYSQL_TYPE_VAR_STRING, length),
        (ColumnKind::Varbinary { length }, _) => other(T::MYSQL_TYPE_BLOB, length, 0),
        (ColumnKind::DatetimeMicros, _) => other(T::MYSQL_TYPE_DATETIME, 26, 6),
        (ColumnKind::Plain, data_type) => match data_type {
            DataType::Null => other(T::MYSQL_TYPE_NULL, 0, 0),
            DataType::Boolean => other(T::MYSQL_TYPE_TINY, 1, 0),
            DataType::Int8 => other(T::MYSQL_TYPE_TINY, 4, 0),
            DataType::Int16 => other(T::MYSQL_TYPE_SHORT, 6, 0),
            DataType::Int32 => other(T::MYSQL_TYPE_LONG, 11, 0),
            DataType::Int64 => other(T::MYSQL_TYPE_LONGLONG, 20, 0),
            DataType::UInt8 => unsigned(T::MYSQL_TYPE_TINY, 3),
            DataType::UInt16 => unsigned(T::MYSQL_TYPE_SHORT, 5),
            DataType::UInt32 => unsigned(T::MYSQL_TYPE_LONG, 10),
            DataType::UInt64 => unsigned(T::MYSQL_TYPE_LONGLONG, 20),
            DataType::Float32 => other(T::MYSQL_TYPE_FLOAT, 12, FLOAT_DECIMALS),
            DataType::Float64 => other(T::MYSQL_TYPE_DOUBLE, 22, FLOAT_DECIMALS),
            DataType::Decimal32(p, s) | DataType::Decimal64(p, s) | DataType::Decimal128(p, s) => {
                let (length, scale) = decimal_length(*p, *s);
                other(T::MYSQL_TYPE_NEWDECIMAL, length, scale)
            }
            DataType::Date32 => other(T::MYSQL_TYPE_DATE, 10, 0),
            DataType::Timestamp(..) => other(T::MYSQL_TYPE_DATETIME, 19, 0),
            DataType::Time32(_) | DataType::Time64(_) => other(T::MYSQL_TYPE_TIME, 10, 0),
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
                other(T::MYSQL_TYPE_BLOB, VARCHAR_BYTES_MAX, 0)
            }
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => text(T::MYSQL_TYPE_VAR_STRING, TEXT_LENGTH),
            DataType::Dictionary(_, values) => wire_type(&of_type(values)),
            DataType::RunEndEncoded(_, values) => wire_type(&of_type(values.data_type())),
            // Arrays, maps, structs and what else has a text only.
            _ => text(T::MYSQL_TYPE_STRING, TEXT_LENGTH),
        },
    }
}

fn of_type(data_type: &DataType) -> ResultColumn {
    ResultColumn::new("", data_type.clone(), true)
}

/// Digits, point and sign; decimals behind the point.
fn decimal_length(precision: u8, scale: i8) -> (u32, u8) {
    let scale = u8::try_from(scale).unwrap_or(0);
    (u32::from(precision) + u32::from(scale > 0) + 1, scale)
}

fn flags(column: &ResultColumn, wire: WireType) -> ColumnFlags {
    let mut flags = ColumnFlags::empty();
    flags.set(ColumnFlags::NOT_NULL_FLAG, !column.nullable);
    flags.set(ColumnFlags::PRI_KEY_FLAG, column.primary_key);
    flags.set(ColumnFlags::UNSIGNED_FLAG, wire.unsigned);
    flags.set(ColumnFlags::BINARY_FLAG, wire.charset == BINARY);
    flags.set(ColumnFlags::BLOB_FLAG, wire.code == ColumnType::MYSQL_TYPE_BLOB);
    flags.set(ColumnFlags::NUM_FLAG, wire.code.is_numeric_type());
    flags
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::datatypes::{Field, TimeUnit};
    use std::sync::Arc;

    #[test]
    fn every_type_has_the_form_that_drivers_look_for() {
        use ColumnKind as K;
        use ColumnType as T;
        let micros = DataType::Timestamp(TimeUnit::Microsecond, None);
        let list = DataType::List(Arc::new(Field::new("item", DataType::Int32, true)));
        let cases = [
            (DataType::Boolean, K::Plain, T::MYSQL_TYPE_TINY, 63, 1, 0),
            (DataType::Int32, K::Plain, T::MYSQL_TYPE_LONG, 63, 11, 0),
            (DataType::Decimal128(38, 0), K::LargeInt, T::MYSQL_TYPE_STRING, 33, 40, 0),
            (DataType::Decimal128(10, 2), K::Plain, T::MYSQL_TYPE_NEWDECIMAL, 63, 12, 2),
            (DataType::Decimal128(10, 0), K::Plain, T::MYSQL_TYPE_NEWDECIMAL, 63, 11, 0),
            (DataType::Float64, K::Plain, T::MYSQL_TYPE_DOUBLE, 63, 22, 31),
            (micros.clone(), K::Plain, T::MYSQL_TYPE_DATETIME, 63, 19, 0),
            (micros, K::DatetimeMicros, T::MYSQL_TYPE_DATETIME, 63, 26, 6),
            (DataType::Utf8View, K::Varchar { length: 50 }, T::MYSQL_TYPE_VAR_STRING, 33, 150, 0),
            (DataType::Utf8, K::Char { length: 2 }, T::MYSQL_TYPE_STRING, 33, 6, 0),
            (DataType::Binary, K::Varbinary { length: 9 }, T::MYSQL_TYPE_BLOB, 63, 9, 0),
            (list, K::Plain, T::MYSQL_TYPE_STRING, 33, 196_599, 0),
            (DataType::Null, K::Plain, T::MYSQL_TYPE_NULL, 63, 0, 0),
        ];
        for (data_type, kind, code, charset, length, decimals) in cases {
            let column = ResultColumn::new("c", data_type, true).with_kind(kind);
            let expected = WireType { code, charset, length, decimals, unsigned: false };
            assert_eq!(wire_type(&column), expected, "{column:?}");
        }
    }

    #[test]
    fn a_definition_names_the_column_twice() {
        let mut column = ResultColumn::new("alias", DataType::UInt64, false).from_table("demo", "t", "id");
        column.primary_key = true;
        let mut out = Vec::new();
        definition(&mut out, &column);
        // Charset 63, length 20, LONGLONG, then NOT_NULL 1, PRI_KEY 2, UNSIGNED 32, BINARY 128 and NUM 32768.
        let expected = b"\x03def\x04demo\x01t\x01t\x05alias\x02id\x0c\x3F\0\x14\0\0\0\x08\xA3\x80\0\0\0";
        assert_eq!(out, expected);
    }
}
