//! Texts as other texts: `hex`, `unhex`, `to_base64`, `from_base64`, `char`.
//!
//! A text is UTF-8, so bytes that are not cannot be decoded: NULL.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;

use crate::call::Call;
use crate::define::{Def, TEXT};

pub(super) fn functions() -> Vec<Def> {
    vec![
        Def::new("hex", 1..=1, TEXT, hex),
        Def::new("unhex", 1..=1, TEXT, |call| {
            let texts = call.text(0)?;
            call.texts(|row, out| {
                out.push_str(std::str::from_utf8(&from_hex(texts.get(row)?)?).ok()?);
                Some(())
            })
        })
        .aliases(&["hex_decode_string"]),
        Def::new("to_base64", 1..=1, TEXT, |call| {
            let texts = call.text(0)?;
            call.texts(|row, out| {
                STANDARD.encode_string(texts.get(row)?, out);
                Some(())
            })
        }),
        Def::new("from_base64", 1..=1, TEXT, |call| {
            let texts = call.text(0)?;
            call.texts(|row, out| {
                let bytes = STANDARD.decode(texts.get(row)?).ok()?;
                out.push_str(std::str::from_utf8(&bytes).ok()?);
                Some(())
            })
        })
        .aliases(&["base64_decode_string"]),
        Def::new("char", 1..=usize::MAX, TEXT, char_of),
    ]
}

/// Appends two digits per byte.
pub(super) fn push_hex(out: &mut String, bytes: &[u8], digits: &[u8; 16]) {
    for byte in bytes {
        out.push(char::from(digits[usize::from(byte >> 4)]));
        out.push(char::from(digits[usize::from(byte & 15)]));
    }
}

/// Numbers in base 16 (negative ones as 64 bits), texts byte by byte.
fn hex(call: &Call) -> Result<ColumnarValue> {
    if call.argument_type(0).is_numeric() {
        let numbers = call.int(0)?;
        return call.texts(|row, out| {
            out.push_str(&format!("{:X}", numbers.get(row)?));
            Some(())
        });
    }
    if matches!(call.argument_type(0), DataType::Binary | DataType::LargeBinary | DataType::BinaryView) {
        // Bytes need not be a text.
        let array = cast(&call.expanded(0)?, &DataType::BinaryView)?;
        let bytes = array.as_binary_view();
        return call.texts(|row, out| {
            let value = bytes.is_valid(row).then(|| bytes.value(row))?;
            push_hex(out, value, b"0123456789ABCDEF");
            Some(())
        });
    }
    let texts = call.text(0)?;
    call.texts(|row, out| {
        push_hex(out, texts.get(row)?.as_bytes(), b"0123456789ABCDEF");
        Some(())
    })
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.chars().map(|char| char.to_digit(16)).collect::<Option<Vec<u32>>>()?;
    let pairs = digits.chunks_exact(2);
    pairs.remainder().is_empty().then(|| pairs.map(|pair| (pair[0] << 4 | pair[1]) as u8).collect())
}

/// The bytes of the numbers, most significant first; NULLs are skipped.
fn char_of(call: &Call) -> Result<ColumnarValue> {
    let numbers = (0..call.len()).map(|index| call.int(index)).collect::<Result<Vec<_>>>()?;
    call.texts(|row, out| {
        let mut bytes = vec![];
        for number in numbers.iter().filter_map(|numbers| numbers.get(row)) {
            let all = (number as u32).to_be_bytes();
            let first = all.iter().position(|byte| *byte != 0).unwrap_or(3);
            bytes.extend_from_slice(&all[first..]);
        }
        out.push_str(std::str::from_utf8(&bytes).ok()?);
        Some(())
    })
}
