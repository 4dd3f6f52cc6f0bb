//! Adding and removing at the ends: `lpad`, `rpad`, `trim`, `repeat`, `space`.
//!
//! A result longer than the longest VARCHAR is NULL.

use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;

use base::limits::VARCHAR_BYTES_MAX;

use super::{byte_position, count, size};
use crate::call::Call;
use crate::define::{Def, TEXT};

pub(super) fn functions() -> Vec<Def> {
    vec![
        Def::new("lpad", 2..=3, TEXT, |call| {
            pad(call, |text, filling, out| {
                out.push_str(filling);
                out.push_str(text);
            })
        }),
        Def::new("rpad", 2..=3, TEXT, |call| {
            pad(call, |text, filling, out| {
                out.push_str(text);
                out.push_str(filling);
            })
        }),
        Def::new("trim", 1..=2, TEXT, |call| trim(call, |text, set| text.trim_matches(set))).aliases(&["btrim"]),
        Def::new("ltrim", 1..=2, TEXT, |call| trim(call, |text, set| text.trim_start_matches(set))),
        Def::new("rtrim", 1..=2, TEXT, |call| trim(call, |text, set| text.trim_end_matches(set))),
        Def::new("repeat", 2..=2, TEXT, |call| {
            let (texts, times) = (call.text(0)?, call.int(1)?);
            call.texts(|row, out| repeat(texts.get(row)?, size(times.get(row)?), out))
        }),
        Def::new("space", 1..=1, TEXT, |call| {
            let times = call.int(0)?;
            call.texts(|row, out| repeat(" ", size(times.get(row)?), out))
        }),
        Def::new("append_trailing_char_if_absent", 2..=2, TEXT, |call| {
            let (texts, chars) = (call.text(0)?, call.text(1)?);
            call.texts(|row, out| {
                let (text, char) = (texts.get(row)?, chars.get(row).filter(|char| count(char) == 1)?);
                out.push_str(text);
                if !text.is_empty() && !text.ends_with(char) {
                    out.push_str(char);
                }
                Some(())
            })
        }),
    ]
}

/// To a length in characters, longer texts are cut; filled with argument 2, blanks by default.
fn pad(call: &Call, write: fn(&str, &str, &mut String)) -> Result<ColumnarValue> {
    let (texts, lengths) = (call.text(0)?, call.int(1)?);
    let fillings = call.has(2).then(|| call.text(2)).transpose()?;
    let mut filling = String::new();
    call.texts(|row, out| {
        let text = texts.get(row)?;
        let wanted = usize::try_from(lengths.get(row)?).ok()?;
        let unit = match &fillings {
            Some(fillings) => fillings.get(row)?,
            None => " ",
        };
        let missing = wanted.saturating_sub(count(text));
        if missing == 0 {
            out.push_str(&text[..byte_position(text, wanted)]);
            return Some(());
        }
        filling.clear();
        if let Some(times) = missing.checked_div(count(unit)) {
            repeat(unit, times + 1, &mut filling)?;
            filling.truncate(byte_position(&filling, missing));
        }
        write(text, &filling, out);
        Some(())
    })
}

/// Argument 1 is a set of characters to remove, blanks by default.
fn trim(call: &Call, cut: for<'t> fn(&'t str, &[char]) -> &'t str) -> Result<ColumnarValue> {
    let texts = call.text(0)?;
    let sets = call.has(1).then(|| call.text(1)).transpose()?;
    let mut set = vec![' '];
    call.slices(|row| {
        let text = texts.get(row)?;
        if let Some(sets) = &sets {
            set.clear();
            set.extend(sets.get(row)?.chars());
        }
        Some(cut(text, &set))
    })
}

fn repeat(text: &str, times: usize, out: &mut String) -> Option<()> {
    let bytes = text.len().checked_mul(times).filter(|bytes| *bytes <= VARCHAR_BYTES_MAX as usize)?;
    out.reserve(bytes);
    (0..times.min(bytes)).for_each(|_| out.push_str(text));
    Some(())
}
