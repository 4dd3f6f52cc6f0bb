//! Parts of texts: `left`, `right`, `substring`, `substring_index`, `split_part`, `split`.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, ListBuilder, StringViewBuilder};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;

use super::{byte_position, count, size};
use crate::call::Call;
use crate::define::{Def, TEXT};

pub(super) fn functions() -> Vec<Def> {
    vec![
        Def::new("left", 2..=2, TEXT, |call| {
            let (texts, lengths) = (call.text(0)?, call.int(1)?);
            call.slices(|row| {
                let text = texts.get(row)?;
                Some(&text[..byte_position(text, size(lengths.get(row)?))])
            })
        })
        .aliases(&["strleft"]),
        Def::new("right", 2..=2, TEXT, |call| {
            let (texts, lengths) = (call.text(0)?, call.int(1)?);
            call.slices(|row| {
                let text = texts.get(row)?;
                let skipped = count(text).saturating_sub(size(lengths.get(row)?));
                Some(&text[byte_position(text, skipped)..])
            })
        })
        .aliases(&["strright"]),
        Def::new("substring", 2..=3, TEXT, substring).aliases(&["substr", "mid"]),
        Def::new("substring_index", 3..=3, TEXT, |call| {
            let (texts, delimiters, numbers) = (call.text(0)?, call.text(1)?, call.int(2)?);
            call.slices(|row| Some(before_delimiter(texts.get(row)?, delimiters.get(row)?, numbers.get(row)?)))
        })
        .aliases(&["substr_index"]),
        Def::new("split_part", 3..=3, TEXT, |call| {
            let (texts, delimiters, numbers) = (call.text(0)?, call.text(1)?, call.int(2)?);
            call.slices(|row| {
                let part = split_part(texts.get(row)?, delimiters.get(row)?, numbers.get(row)?);
                Some(part.unwrap_or_default())
            })
        }),
        Def::new("split", 2..=2, text_list(), |call| {
            let (texts, delimiters) = (call.text(0)?, call.text(1)?);
            lists(call, |row| Some(split(texts.get(row)?, delimiters.get(row)?)))
        }),
    ]
}

/// ARRAY<VARCHAR>.
pub(super) fn text_list() -> DataType {
    DataType::List(Arc::new(Field::new_list_field(TEXT, true)))
}

/// Answers with one array of texts per row.
pub(super) fn lists<'t>(call: &Call, mut row: impl FnMut(usize) -> Option<Vec<&'t str>>) -> Result<ColumnarValue> {
    let mut builder = ListBuilder::new(StringViewBuilder::new());
    for index in 0..call.rows() {
        match row(index) {
            Some(parts) => {
                parts.into_iter().for_each(|part| builder.values().append_value(part));
                builder.append(true);
            }
            None => builder.append(false),
        }
    }
    call.finish(Arc::new(builder.finish()) as ArrayRef)
}

fn substring(call: &Call) -> Result<ColumnarValue> {
    let (texts, positions) = (call.text(0)?, call.int(1)?);
    let lengths = call.has(2).then(|| call.int(2)).transpose()?;
    call.slices(|row| {
        let text = texts.get(row)?;
        let length = match &lengths {
            Some(lengths) => size(lengths.get(row)?),
            None => usize::MAX,
        };
        Some(characters(text, positions.get(row)?, length))
    })
}

/// `length` characters from a position that counts from 1, or from the end if negative; position 0 is nowhere.
fn characters(text: &str, position: i64, length: usize) -> &str {
    let start = match position {
        0 => return "",
        1.. => size(position) - 1,
        _ => match count(text).checked_sub(usize::try_from(position.unsigned_abs()).unwrap_or(usize::MAX)) {
            Some(start) => start,
            None => return "",
        },
    };
    let rest = &text[byte_position(text, start)..];
    &rest[..byte_position(rest, length)]
}

/// Everything before the n-th delimiter, or after the n-th from the end if n is negative.
fn before_delimiter<'t>(text: &'t str, delimiter: &str, number: i64) -> &'t str {
    if delimiter.is_empty() || number == 0 {
        return "";
    }
    let nth = usize::try_from(number.unsigned_abs() - 1).unwrap_or(usize::MAX);
    if number > 0 {
        text.match_indices(delimiter).nth(nth).map_or(text, |(at, _)| &text[..at])
    } else {
        text.rmatch_indices(delimiter).nth(nth).map_or(text, |(at, _)| &text[at + delimiter.len()..])
    }
}

/// The n-th part, or the n-th from the end if n is negative; `None` if there are fewer.
fn split_part<'t>(text: &'t str, delimiter: &str, number: i64) -> Option<&'t str> {
    let nth = usize::try_from(number.unsigned_abs()).ok()?.checked_sub(1)?;
    if delimiter.is_empty() {
        return split(text, "").into_iter().nth(nth);
    }
    if number > 0 { text.split(delimiter).nth(nth) } else { text.rsplit(delimiter).nth(nth) }
}

/// An empty delimiter splits into characters.
fn split<'t>(text: &'t str, delimiter: &str) -> Vec<&'t str> {
    if delimiter.is_empty() {
        return text.char_indices().map(|(at, char)| &text[at..at + char.len_utf8()]).collect();
    }
    text.split(delimiter).collect()
}
