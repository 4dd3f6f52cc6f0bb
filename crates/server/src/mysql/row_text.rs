//! Values in the text protocol: every one is a string with its length before it, NULL is the byte 0xFB.
//!
//! A column is turned into a function from row to bytes once per batch; per value only that function is called.

use crate::mysql::{nested_text, number_text};
use base::{Error, Result};
use datafusion::arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::*;
use mysql_common::io::BufMutExt;

const NULL: u8 = 0xFB;
/// Longest string whose length is one byte.
const SHORT_BYTES_MAX: usize = 250;

/// Appends the value in a row, which is not NULL.
pub(super) type Cell<'a> = Box<dyn Fn(usize, &mut Vec<u8>) + Send + 'a>;

/// One column of a batch: which rows are NULL, and how the others are written.
pub(super) struct Column<'a> {
    nulls: Option<NullBuffer>,
    cell: Cell<'a>,
}

impl<'a> Column<'a> {
    pub(super) fn new(array: &'a ArrayRef, cell: Cell<'a>) -> Self {
        Column { nulls: array.logical_nulls().filter(|nulls| nulls.null_count() > 0), cell }
    }

    pub(super) fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }

    pub(super) fn write(&self, row: usize, out: &mut Vec<u8>) {
        (self.cell)(row, out);
    }
}

/// Appends one row of the text protocol.
pub(super) fn write_row(columns: &[Column<'_>], row: usize, out: &mut Vec<u8>) {
    for column in columns {
        if column.is_null(row) {
            out.push(NULL);
        } else {
            column.write(row, out);
        }
    }
}

/// What stands around a printed value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame {
    /// A length before it: a value of a row.
    Length,
    /// Nothing: a number within an array, map or struct.
    Bare,
    /// Double quotes: a time within an array, map or struct.
    Quotes,
}

impl Frame {
    fn quoted_inside(self) -> Self {
        if self == Frame::Length { self } else { Frame::Quotes }
    }
}

/// The function that writes a column's values as text.
///
/// # Errors
/// `Internal` for an array that Arrow itself cannot turn into text.
pub(super) fn cell<'a>(array: &'a ArrayRef, frame: Frame) -> Result<Cell<'a>> {
    use number_text as text;
    Ok(match array.data_type() {
        DataType::Boolean => {
            let values = array.as_boolean();
            framed(frame, move |row, out| out.push(b'0' + u8::from(values.value(row))))
        }
        DataType::Int8 => number::<Int8Type>(array, frame, |out, v| text::signed(out, v.into())),
        DataType::Int16 => number::<Int16Type>(array, frame, |out, v| text::signed(out, v.into())),
        DataType::Int32 => number::<Int32Type>(array, frame, |out, v| text::signed(out, v.into())),
        DataType::Int64 => number::<Int64Type>(array, frame, text::signed),
        DataType::UInt8 => number::<UInt8Type>(array, frame, |out, v| text::unsigned(out, v.into())),
        DataType::UInt16 => number::<UInt16Type>(array, frame, |out, v| text::unsigned(out, v.into())),
        DataType::UInt32 => number::<UInt32Type>(array, frame, |out, v| text::unsigned(out, v.into())),
        DataType::UInt64 => number::<UInt64Type>(array, frame, text::unsigned),
        DataType::Float32 => number::<Float32Type>(array, frame, text::float),
        DataType::Float64 => number::<Float64Type>(array, frame, text::double),
        DataType::Decimal128(_, 0) => number::<Decimal128Type>(array, frame, text::signed_128),
        &DataType::Decimal128(_, scale) => {
            number::<Decimal128Type>(array, frame, move |out, v| text::decimal(out, v, scale))
        }
        &DataType::Decimal64(_, scale) => {
            number::<Decimal64Type>(array, frame, move |out, v| text::decimal(out, v.into(), scale))
        }
        &DataType::Decimal32(_, scale) => {
            number::<Decimal32Type>(array, frame, move |out, v| text::decimal(out, v.into(), scale))
        }
        DataType::Date32 => number::<Date32Type>(array, frame.quoted_inside(), text::date),
        &DataType::Timestamp(unit, _) => datetime(array, unit, frame.quoted_inside()),
        &DataType::Time32(unit) | &DataType::Time64(unit) => time(array, unit, frame.quoted_inside()),
        DataType::Utf8 => {
            let values = array.as_string::<i32>();
            string(frame, move |row| values.value(row).as_bytes())
        }
        DataType::LargeUtf8 => {
            let values = array.as_string::<i64>();
            string(frame, move |row| values.value(row).as_bytes())
        }
        DataType::Utf8View => {
            let values = array.as_string_view();
            string(frame, move |row| values.value(row).as_bytes())
        }
        DataType::Binary => {
            let values = array.as_binary::<i32>();
            string(frame, move |row| values.value(row))
        }
        DataType::LargeBinary => {
            let values = array.as_binary::<i64>();
            string(frame, move |row| values.value(row))
        }
        DataType::BinaryView => {
            let values = array.as_binary_view();
            string(frame, move |row| values.value(row))
        }
        DataType::FixedSizeBinary(_) => {
            let values = array.as_fixed_size_binary();
            string(frame, move |row| values.value(row))
        }
        DataType::Null => Box::new(|_, _| {}),
        DataType::List(_)
        | DataType::LargeList(_)
        | DataType::FixedSizeList(..)
        | DataType::Map(..)
        | DataType::Struct(_) => {
            let print = nested_text::cell(array)?;
            framed(frame, move |row, out| print(row, out))
        }
        _ => as_arrow_prints(array, frame)?,
    })
}

/// Microseconds of a time of any unit.
pub(super) fn micros_of(unit: TimeUnit) -> fn(i64) -> i64 {
    match unit {
        TimeUnit::Second => |v| v.saturating_mul(1_000_000),
        TimeUnit::Millisecond => |v| v.saturating_mul(1_000),
        TimeUnit::Microsecond => |v| v,
        TimeUnit::Nanosecond => |v| v.div_euclid(1_000),
    }
}

/// The raw numbers of a timestamp array.
pub(super) fn instants(array: &ArrayRef, unit: TimeUnit) -> &[i64] {
    match unit {
        TimeUnit::Second => array.as_primitive::<TimestampSecondType>().values(),
        TimeUnit::Millisecond => array.as_primitive::<TimestampMillisecondType>().values(),
        TimeUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().values(),
        TimeUnit::Nanosecond => array.as_primitive::<TimestampNanosecondType>().values(),
    }
}

/// The microseconds since midnight in a row of a time array.
pub(super) fn time_of_day<'a>(array: &'a ArrayRef, unit: TimeUnit) -> Box<dyn Fn(usize) -> i64 + Send + 'a> {
    let micros = micros_of(unit);
    match unit {
        TimeUnit::Second => {
            let values = array.as_primitive::<Time32SecondType>().values();
            Box::new(move |row| micros(values[row].into()))
        }
        TimeUnit::Millisecond => {
            let values = array.as_primitive::<Time32MillisecondType>().values();
            Box::new(move |row| micros(values[row].into()))
        }
        TimeUnit::Microsecond => {
            let values = array.as_primitive::<Time64MicrosecondType>().values();
            Box::new(move |row| values[row])
        }
        TimeUnit::Nanosecond => {
            let values = array.as_primitive::<Time64NanosecondType>().values();
            Box::new(move |row| micros(values[row]))
        }
    }
}

fn datetime<'a>(array: &'a ArrayRef, unit: TimeUnit, frame: Frame) -> Cell<'a> {
    let values = instants(array, unit);
    let micros = micros_of(unit);
    framed(frame, move |row, out| number_text::datetime(out, micros(values[row])))
}

fn time<'a>(array: &'a ArrayRef, unit: TimeUnit, frame: Frame) -> Cell<'a> {
    let micros = time_of_day(array, unit);
    framed(frame, move |row, out| number_text::time(out, micros(row)))
}

fn number<'a, T: ArrowPrimitiveType>(
    array: &'a ArrayRef,
    frame: Frame,
    print: impl Fn(&mut Vec<u8>, T::Native) + Send + 'a,
) -> Cell<'a> {
    let values: &'a PrimitiveArray<T> = array.as_primitive();
    let values: &'a [T::Native] = values.values();
    framed(frame, move |row, out| print(out, values[row]))
}

fn string<'a>(frame: Frame, value: impl Fn(usize) -> &'a [u8] + Send + 'a) -> Cell<'a> {
    match frame {
        Frame::Length => Box::new(move |row, out| {
            let value = value(row);
            if value.len() <= SHORT_BYTES_MAX {
                out.push(value.len() as u8);
                out.extend_from_slice(value);
            } else {
                out.put_lenenc_str(value);
            }
        }),
        Frame::Bare | Frame::Quotes => Box::new(move |row, out| nested_text::quoted(out, value(row))),
    }
}

/// Types without a MySQL counterpart, such as intervals and 256-bit decimals, as Arrow prints them.
fn as_arrow_prints<'a>(array: &ArrayRef, frame: Frame) -> Result<Cell<'a>> {
    let texts = cast(array, &DataType::Utf8).map_err(|e| {
        Error::internal("a result column has a type that has no text").with("type", array.data_type()).caused_by(e)
    })?;
    let texts = texts.as_string::<i32>().clone();
    Ok(framed(frame, move |row, out| out.extend_from_slice(texts.value(row).as_bytes())))
}

fn framed<'a>(frame: Frame, print: impl Fn(usize, &mut Vec<u8>) + Send + 'a) -> Cell<'a> {
    match frame {
        Frame::Bare => Box::new(print),
        Frame::Quotes => Box::new(move |row, out| {
            out.push(b'"');
            print(row, out);
            out.push(b'"');
        }),
        Frame::Length => Box::new(move |row, out| {
            let start = out.len();
            out.push(0);
            print(row, out);
            let length = out.len() - start - 1;
            if length <= SHORT_BYTES_MAX {
                out[start] = length as u8;
            } else {
                let value = out.split_off(start + 1);
                out.truncate(start);
                out.put_lenenc_str(&value);
            }
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::*;
    use datafusion::arrow::buffer::OffsetBuffer;
    use std::sync::Arc;

    fn check(array: ArrayRef, expected: &[Option<&str>]) {
        let columns = [Column::new(&array, cell(&array, Frame::Length).unwrap())];
        for (row, value) in expected.iter().enumerate() {
            let mut out = Vec::new();
            write_row(&columns, row, &mut out);
            let wanted = match value {
                None => vec![NULL],
                Some(text) => [&[text.len() as u8], text.as_bytes()].concat(),
            };
            assert_eq!(out, wanted, "{:?} row {row}", array.data_type());
        }
    }

    #[test]
    fn values_print_as_mysql_prints_them() {
        check(Arc::new(BooleanArray::from(vec![Some(true), Some(false), None])), &[Some("1"), Some("0"), None]);
        check(Arc::new(Int8Array::from(vec![Some(-128), None])), &[Some("-128"), None]);
        check(Arc::new(UInt64Array::from(vec![u64::MAX])), &[Some("18446744073709551615")]);
        check(Arc::new(Float64Array::from(vec![Some(32.0), Some(0.5), None])), &[Some("32"), Some("0.5"), None]);
        check(Arc::new(Float32Array::from(vec![0.1])), &[Some("0.1")]);
        let decimals = Decimal128Array::from(vec![Some(150), None]).with_precision_and_scale(10, 2).unwrap();
        check(Arc::new(decimals), &[Some("1.50"), None]);
        let wide = Decimal256Array::from(vec![i256::from(-5)]).with_precision_and_scale(50, 1).unwrap();
        check(Arc::new(wide), &[Some("-0.5")]);
        check(Arc::new(Date32Array::from(vec![Some(16_104), None])), &[Some("2014-02-03"), None]);
        let micros = TimestampMicrosecondArray::from(vec![0, 1_500_000]);
        check(Arc::new(micros), &[Some("1970-01-01 00:00:00"), Some("1970-01-01 00:00:01.500000")]);
        check(Arc::new(TimestampSecondArray::from(vec![1])), &[Some("1970-01-01 00:00:01")]);
        check(Arc::new(TimestampNanosecondArray::from(vec![-1])), &[Some("1969-12-31 23:59:59.999999")]);
        check(Arc::new(Time64MicrosecondArray::from(vec![3_661_000_000])), &[Some("01:01:01")]);
        check(Arc::new(Time32MillisecondArray::from(vec![1_500])), &[Some("00:00:01.500000")]);
        check(Arc::new(StringArray::from(vec![Some("é"), Some(""), None])), &[Some("é"), Some(""), None]);
        check(
            Arc::new(StringViewArray::from(vec![Some("a longer text than twelve bytes"), None])),
            &[Some("a longer text than twelve bytes"), None],
        );
        check(Arc::new(LargeBinaryArray::from(vec![Some(&b"\0\x01"[..])])), &[Some("\0\u{1}")]);
        check(Arc::new(NullArray::new(2)), &[None, None]);
    }

    #[test]
    fn nulls_stay_in_place_in_a_slice() {
        let array = Int32Array::from(vec![Some(1), None, Some(3), None, Some(5)]);
        check(Arc::new(array.slice(1, 3)), &[None, Some("3"), None]);
    }

    #[test]
    fn long_strings_have_longer_lengths() {
        for (size, prefix) in
            [(250, &[250][..]), (251, &[0xFC, 251, 0]), (65_535, &[0xFC, 255, 255]), (65_536, &[0xFD, 0, 0, 1])]
        {
            let array: ArrayRef = Arc::new(StringArray::from(vec!["x".repeat(size)]));
            let mut out = Vec::new();
            cell(&array, Frame::Length).unwrap()(0, &mut out);
            assert_eq!((&out[..prefix.len()], out.len()), (prefix, prefix.len() + size));
            let item = Arc::new(Field::new("item", DataType::Utf8, true));
            let list = ListArray::new(item, OffsetBuffer::from_lengths([1]), array, None);
            let list: ArrayRef = Arc::new(list);
            out.clear();
            cell(&list, Frame::Length).unwrap()(0, &mut out);
            let expected = format!("[\"{}\"]", "x".repeat(size));
            assert!(out.ends_with(expected.as_bytes()) && out.len() - expected.len() <= 4, "{size}");
        }
    }
}
