//! String functions. `length` counts bytes, every position and other length counts characters, positions start at 1.

mod affix;
mod case;
mod concat;
mod digest;
mod encode;
mod length;
mod number_format;
mod part;
mod radix;
mod regexp;
mod replace;
mod search;
mod url;

use crate::define::Def;

pub(super) fn functions() -> Vec<Def> {
    let files = [
        affix::functions(),
        case::functions(),
        concat::functions(),
        digest::functions(),
        encode::functions(),
        length::functions(),
        number_format::functions(),
        part::functions(),
        radix::functions(),
        regexp::functions(),
        replace::functions(),
        search::functions(),
        url::functions(),
    ];
    files.into_iter().flatten().collect()
}

/// The number of characters.
fn count(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

/// The byte position of character `index`, counted from 0; the length of the text if it has fewer characters.
fn byte_position(text: &str, index: usize) -> usize {
    if text.is_ascii() {
        return index.min(text.len());
    }
    text.char_indices().nth(index).map_or(text.len(), |(position, _)| position)
}

/// A character count out of an argument: negative ones are 0.
fn size(number: i64) -> usize {
    usize::try_from(number).unwrap_or(0)
}
