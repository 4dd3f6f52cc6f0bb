//! Numbers for people: `format(x, decimals)`, `money_format(x)`, `format_bytes(n)`.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;

use crate::call::Call;
use crate::cast::push_decimal;
use crate::define::{Def, TEXT};
use crate::scalar::value_type::rounded_quotient;

const DECIMALS_MAX: i64 = 30;

pub(super) fn functions() -> Vec<Def> {
    vec![
        Def::new("format", 2..=2, TEXT, format),
        Def::new("money_format", 1..=1, TEXT, |call| {
            let numbers = call.double(0)?;
            call.texts(|row, out| {
                push_grouped(out, &format!("{:.2}", half_away(numbers.get(row)?, 2)));
                Some(())
            })
        }),
        Def::new("format_bytes", 1..=1, TEXT, |call| {
            let numbers = call.int(0)?;
            call.texts(|row, out| {
                out.push_str(&bytes(numbers.get(row).filter(|bytes| *bytes >= 0)?));
                Some(())
            })
        }),
    ]
}

fn format(call: &Call) -> Result<ColumnarValue> {
    let decimals = call.int(1)?;
    let decimals = |row| decimals.get(row).map(|decimals| decimals.clamp(0, DECIMALS_MAX) as usize);
    if let DataType::Decimal128(_, scale) = call.argument_type(0)
        && let Ok(scale) = u8::try_from(scale)
    {
        let numbers = call.decimal(0, scale)?;
        return call.texts(|row, out| {
            let (number, decimals) = (numbers.get(row)?, decimals(row)?);
            let kept = decimals.min(usize::from(scale));
            let unit = 10_i128.checked_pow(u32::from(scale) - kept as u32)?;
            let mut printed = String::new();
            push_decimal(&mut printed, rounded_quotient(number, unit)?, kept as i8);
            if kept == 0 && decimals > 0 {
                printed.push('.');
            }
            printed.extend(std::iter::repeat_n('0', decimals - kept));
            push_grouped(out, &printed);
            Some(())
        });
    }
    let numbers = call.double(0)?;
    call.texts(|row, out| {
        let decimals = decimals(row)?;
        push_grouped(out, &format!("{:.decimals$}", half_away(numbers.get(row)?, decimals)));
        Some(())
    })
}

/// Rounds half away from zero as long as the number has digits to spare; printing rounds the rest.
fn half_away(number: f64, decimals: usize) -> f64 {
    let scale = 10_f64.powi(decimals as i32);
    let scaled = number * scale;
    if scaled.abs() < 1e15 { scaled.round() / scale } else { number }
}

/// Appends a printed number with commas between thousands.
fn push_grouped(out: &mut String, printed: &str) {
    let (sign, unsigned) = match printed.strip_prefix('-') {
        Some(unsigned) => ("-", unsigned),
        None => ("", printed),
    };
    out.push_str(sign);
    let whole = unsigned.find('.').unwrap_or(unsigned.len());
    for (index, digit) in unsigned[..whole].chars().enumerate() {
        if index > 0 && (whole - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out.push_str(&unsigned[whole..]);
}

fn bytes(number: i64) -> String {
    let mut size = number as f64;
    for unit in ["B", "KB", "MB", "GB", "TB", "PB"] {
        if size < 1024.0 {
            return if unit == "B" { format!("{number} B") } else { format!("{size:.2} {unit}") };
        }
        size /= 1024.0;
    }
    format!("{size:.2} EB")
}
