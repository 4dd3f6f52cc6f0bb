//! Numbers in other bases: `bin`, `oct`, `conv(number, from, to)`.

use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;

use crate::call::Call;
use crate::define::{Def, TEXT};

pub(super) fn functions() -> Vec<Def> {
    vec![
        // Negative numbers are written with their 64 bits.
        Def::new("bin", 1..=1, TEXT, |call| {
            let numbers = call.int(0)?;
            call.texts(|row, out| {
                out.push_str(&format!("{:b}", numbers.get(row)?));
                Some(())
            })
        }),
        Def::new("oct", 1..=1, TEXT, |call| {
            let numbers = call.int(0)?;
            call.texts(|row, out| {
                out.push_str(&format!("{:o}", numbers.get(row)?));
                Some(())
            })
        }),
        Def::new("conv", 3..=3, TEXT, conv),
    ]
}

/// Reads as many digits as there are; a negative target base prints negative numbers with a sign.
fn conv(call: &Call) -> Result<ColumnarValue> {
    let (texts, from, to) = (call.text(0)?, call.int(1)?, call.int(2)?);
    call.texts(|row, out| {
        let from = from.get(row)?.unsigned_abs() as u32;
        let to = to.get(row)?;
        let to_base = to.unsigned_abs() as u32;
        if !(2..=36).contains(&from) || !(2..=36).contains(&to_base) {
            return None;
        }
        let number = read(texts.get(row)?.trim(), from);
        if to < 0 && (number as i64) < 0 {
            out.push('-');
            write(number.wrapping_neg(), to_base, out);
        } else {
            write(number, to_base, out);
        }
        Some(())
    })
}

/// Too large numbers become the largest.
fn read(text: &str, base: u32) -> u64 {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let magnitude = digits
        .chars()
        .map_while(|char| char.to_digit(base))
        .fold(0_u64, |number, digit| number.saturating_mul(u64::from(base)).saturating_add(u64::from(digit)));
    if negative { magnitude.wrapping_neg() } else { magnitude }
}

fn write(mut number: u64, base: u32, out: &mut String) {
    let start = out.len();
    loop {
        let digit = (number % u64::from(base)) as u32;
        out.insert(start, char::from_digit(digit, base).unwrap_or('0').to_ascii_uppercase());
        number /= u64::from(base);
        if number == 0 {
            return;
        }
    }
}
