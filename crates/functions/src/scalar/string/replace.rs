//! `replace(text, from, to)`, `insert(text, position, length, part)` and `quote`.

use super::{byte_position, count, size};
use crate::define::{Def, TEXT};

pub(super) fn functions() -> Vec<Def> {
    vec![
        Def::new("replace", 3..=3, TEXT, |call| {
            let (texts, from, to) = (call.text(0)?, call.text(1)?, call.text(2)?);
            call.texts(|row, out| {
                let (text, from, to) = (texts.get(row)?, from.get(row)?, to.get(row)?);
                let mut rest = 0;
                // An empty part is nowhere to be found.
                for (at, found) in text.match_indices(from).filter(|_| !from.is_empty()) {
                    out.extend([&text[rest..at], to]);
                    rest = at + found.len();
                }
                out.push_str(&text[rest..]);
                Some(())
            })
        }),
        // A position outside the text leaves it as it is.
        Def::new("insert", 4..=4, TEXT, |call| {
            let (texts, positions) = (call.text(0)?, call.int(1)?);
            let (lengths, parts) = (call.int(2)?, call.text(3)?);
            call.texts(|row, out| {
                let (text, part) = (texts.get(row)?, parts.get(row)?);
                let (position, length) = (size(positions.get(row)?), lengths.get(row)?);
                if position == 0 || position > count(text) {
                    out.push_str(text);
                    return Some(());
                }
                let from = byte_position(text, position - 1);
                let removed = if length < 0 { usize::MAX } else { size(length) };
                let until = from + byte_position(&text[from..], removed);
                out.extend([&text[..from], part, &text[until..]]);
                Some(())
            })
        }),
        // A literal that reads back as the text.
        Def::new("quote", 1..=1, TEXT, |call| {
            let texts = call.text(0)?;
            call.texts(|row, out| {
                let Some(text) = texts.get(row) else {
                    out.push_str("NULL");
                    return Some(());
                };
                out.push('\'');
                for char in text.chars() {
                    match char {
                        '\'' | '\\' => out.extend(['\\', char]),
                        '\0' => out.push_str("\\0"),
                        '\u{1a}' => out.push_str("\\Z"),
                        other => out.push(other),
                    }
                }
                out.push('\'');
                Some(())
            })
        }),
    ]
}
