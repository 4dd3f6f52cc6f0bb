//! Values in the binary protocol, which answers COM_STMT_EXECUTE: numbers and times have fixed forms, everything else
//! is a string as in the text protocol, NULLs are bits before the values.

use crate::mysql::number_text::{civil, split_datetime};
use crate::mysql::row_text::{self, Cell, Column, Frame, instants, micros_of, time_of_day};
use base::Result;
use datafusion::arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray};
use datafusion::arrow::datatypes::*;

const HEADER: u8 = 0x00;
/// The bitmap of a row begins with two unused bits.
const NULL_BITS_OFFSET: usize = 2;

/// Appends one row of the binary protocol.
pub(super) fn write_row(columns: &[Column<'_>], row: usize, out: &mut Vec<u8>) {
    out.push(HEADER);
    let bitmap = out.len();
    out.resize(bitmap + (columns.len() + NULL_BITS_OFFSET).div_ceil(8), 0);
    for (i, column) in columns.iter().enumerate() {
        if column.is_null(row) {
            let bit = i + NULL_BITS_OFFSET;
            out[bitmap + bit / 8] |= 1 << (bit % 8);
        } else {
            column.write(row, out);
        }
    }
}

/// The function that writes a column's values in binary form.
///
/// # Errors
/// As [`row_text::cell`].
pub(super) fn cell<'a>(array: &'a ArrayRef) -> Result<Cell<'a>> {
    Ok(match array.data_type() {
        DataType::Boolean => {
            let values = array.as_boolean();
            Box::new(move |row, out| out.push(u8::from(values.value(row))))
        }
        DataType::Int8 => number::<Int8Type, 1>(array, i8::to_le_bytes),
        DataType::Int16 => number::<Int16Type, 2>(array, i16::to_le_bytes),
        DataType::Int32 => number::<Int32Type, 4>(array, i32::to_le_bytes),
        DataType::Int64 => number::<Int64Type, 8>(array, i64::to_le_bytes),
        DataType::UInt8 => number::<UInt8Type, 1>(array, u8::to_le_bytes),
        DataType::UInt16 => number::<UInt16Type, 2>(array, u16::to_le_bytes),
        DataType::UInt32 => number::<UInt32Type, 4>(array, u32::to_le_bytes),
        DataType::UInt64 => number::<UInt64Type, 8>(array, u64::to_le_bytes),
        DataType::Float32 => number::<Float32Type, 4>(array, f32::to_le_bytes),
        DataType::Float64 => number::<Float64Type, 8>(array, f64::to_le_bytes),
        DataType::Date32 => {
            let values = array.as_primitive::<Date32Type>().values();
            Box::new(move |row, out| {
                out.push(4);
                date(out, values[row]);
            })
        }
        &DataType::Timestamp(unit, _) => {
            let values = instants(array, unit);
            let micros = micros_of(unit);
            Box::new(move |row, out| datetime(out, micros(values[row])))
        }
        &DataType::Time32(unit) | &DataType::Time64(unit) => {
            let micros = time_of_day(array, unit);
            Box::new(move |row, out| time(out, micros(row)))
        }
        _ => row_text::cell(array, Frame::Length)?,
    })
}

fn number<'a, T: ArrowPrimitiveType, const N: usize>(
    array: &'a ArrayRef,
    bytes: impl Fn(T::Native) -> [u8; N] + Send + 'a,
) -> Cell<'a> {
    let values: &'a [T::Native] = array.as_primitive::<T>().values();
    Box::new(move |row, out| out.extend_from_slice(&bytes(values[row])))
}

/// Year, month and day; a year that does not fit is sent as 0, of which the text protocol shows more.
fn date(out: &mut Vec<u8>, days: i32) {
    let (year, month, day) = civil(i64::from(days));
    out.extend_from_slice(&u16::try_from(year).unwrap_or(0).to_le_bytes());
    out.extend_from_slice(&[month, day]);
}

fn datetime(out: &mut Vec<u8>, micros: i64) {
    let (days, micros_of_day) = split_datetime(micros);
    let (seconds, fraction) = ((micros_of_day / 1_000_000) as u32, (micros_of_day % 1_000_000) as u32);
    out.push(if fraction == 0 { 7 } else { 11 });
    date(out, days);
    out.extend_from_slice(&clock(seconds));
    if fraction != 0 {
        out.extend_from_slice(&fraction.to_le_bytes());
    }
}

fn time(out: &mut Vec<u8>, micros: i64) {
    let magnitude = micros.unsigned_abs();
    let (seconds, fraction) = (magnitude / 1_000_000, (magnitude % 1_000_000) as u32);
    let days = u32::try_from(seconds / 86_400).unwrap_or(u32::MAX);
    out.push(if fraction == 0 { 8 } else { 12 });
    out.push(u8::from(micros < 0));
    out.extend_from_slice(&days.to_le_bytes());
    out.extend_from_slice(&clock((seconds % 86_400) as u32));
    if fraction != 0 {
        out.extend_from_slice(&fraction.to_le_bytes());
    }
}

fn clock(seconds_of_day: u32) -> [u8; 3] {
    [(seconds_of_day / 3600) as u8, (seconds_of_day / 60 % 60) as u8, (seconds_of_day % 60) as u8]
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::*;
    use std::sync::Arc;

    fn bytes(array: ArrayRef) -> Vec<u8> {
        let mut out = Vec::new();
        cell(&array).unwrap()(0, &mut out);
        out
    }

    #[test]
    fn values_have_their_fixed_forms() {
        let cases: Vec<(ArrayRef, &[u8])> = vec![
            (Arc::new(BooleanArray::from(vec![true])), &[1]),
            (Arc::new(Int8Array::from(vec![-1])), &[0xFF]),
            (Arc::new(Int16Array::from(vec![258])), &[2, 1]),
            (Arc::new(Int32Array::from(vec![-2])), &[0xFE, 0xFF, 0xFF, 0xFF]),
            (Arc::new(UInt64Array::from(vec![1])), &[1, 0, 0, 0, 0, 0, 0, 0]),
            (Arc::new(Float64Array::from(vec![0.5])), &[0, 0, 0, 0, 0, 0, 0xE0, 0x3F]),
            (Arc::new(Date32Array::from(vec![16_104])), &[4, 0xDE, 0x07, 2, 3]),
            (Arc::new(TimestampMicrosecondArray::from(vec![0])), &[7, 0xB2, 0x07, 1, 1, 0, 0, 0]),
            (
                Arc::new(TimestampMicrosecondArray::from(vec![3_661_000_001])),
                &[11, 0xB2, 0x07, 1, 1, 1, 1, 1, 1, 0, 0, 0],
            ),
            (Arc::new(Time64MicrosecondArray::from(vec![3_661_000_000])), &[8, 0, 0, 0, 0, 0, 1, 1, 1]),
            (Arc::new(Decimal128Array::from(vec![-15]).with_precision_and_scale(9, 1).unwrap()), b"\x04-1.5"),
            (Arc::new(StringArray::from(vec!["ab"])), b"\x02ab"),
        ];
        for (array, expected) in cases {
            let name = array.data_type().clone();
            assert_eq!(bytes(array), expected, "{name}");
        }
        let mut out = Vec::new();
        time(&mut out, -90_000_000_000_000_i64 / 1_000);
        assert_eq!(out, [8, 1, 1, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn nulls_are_bits_with_an_offset_of_two() {
        let arrays: Vec<ArrayRef> =
            (0..8).map(|i| Arc::new(Int8Array::from(vec![(i % 3 != 0).then_some(i)])) as ArrayRef).collect();
        let columns: Vec<Column<'_>> = arrays.iter().map(|a| Column::new(a, cell(a).unwrap())).collect();
        let mut out = Vec::new();
        write_row(&columns, 0, &mut out);
        assert_eq!(out, [0, 0b0010_0100, 0b0000_0001, 1, 2, 4, 5, 7]);
    }
}
