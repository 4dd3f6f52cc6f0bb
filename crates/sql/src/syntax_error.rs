//! The text of syntax errors: where, what was found there, what was expected, what was perhaps meant.

use base::{Error, names};
use sqlparser::parser::ParserError;

/// Longest piece of the statement that an error repeats, in characters (MySQL's 80 is more than people read).
const NEAR_CHARS_MAX: usize = 60;

/// Words that people misspell where a clause was expected.
const CLAUSE_WORDS: [&str; 30] = [
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP",
    "HAVING",
    "ORDER",
    "LIMIT",
    "UNION",
    "JOIN",
    "LEFT",
    "RIGHT",
    "INNER",
    "OUTER",
    "CROSS",
    "USING",
    "VALUES",
    "INTO",
    "TABLE",
    "BETWEEN",
    "LIKE",
    "DISTINCT",
    "EXISTS",
    "PARTITION",
    "DISTRIBUTED",
    "BUCKETS",
    "PROPERTIES",
    "REFRESH",
    "COMMENT",
    "INTERVAL",
    "MATERIALIZED",
];

/// The error for text that stops making sense at byte `offset`.
pub(crate) fn at(source: &str, offset: usize, expected: &str) -> Error {
    let meant = expected.starts_with(|c: char| c.is_ascii_alphabetic()).then(|| misspelt(source, offset)).flatten();
    let meant = meant.map(|word| format!("; did you mean {word}?")).unwrap_or_default();
    placed(source, offset, &format!("expected {expected}{meant}"))
}

/// The error that says `what` is wrong at byte `offset`.
fn placed(source: &str, offset: usize, what: &str) -> Error {
    let (line, column) = line_and_column(source, offset);
    let near = near(source, offset);
    let end = if near.is_empty() { ", the end of the statement" } else { "" };
    // Clients find the place by MySQL's words.
    Error::parse(format!(
        "You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version for the right \
         syntax to use near '{near}' at line {line} column {column}{end}: {what}"
    ))
}

/// The error for a statement that is too deep for the parser.
pub(crate) fn too_deep() -> Error {
    Error::parse("the statement is nested too deeply; split it up or use a common table expression")
}

/// Turns the parser's message, whose locations are byte offsets (see [`crate::Cursor`]), into ours.
pub(crate) fn from_parser(source: &str, current: usize, error: ParserError) -> Error {
    let message = match error {
        ParserError::RecursionLimitExceeded => return too_deep(),
        ParserError::ParserError(message) | ParserError::TokenizerError(message) => message,
    };
    let (text, offset) = match message.rsplit_once(" at Line: 1, Column: ") {
        Some((text, column)) => (text, column.parse::<usize>().map_or(current, |c| c.saturating_sub(1))),
        // At the end of the text the parser has no location to name.
        None => (message.as_str(), if message.ends_with("found: EOF") { source.trim_end().len() } else { current }),
    };
    let text = text.split_once(", found:").map_or(text, |(expected, _)| expected);
    match text.strip_prefix("Expected: ") {
        Some(expected) => at(source, offset, expected.strip_prefix("expected ").unwrap_or(expected)),
        None => placed(source, offset, text),
    }
}

/// Line and column of a byte offset, both from 1, the column in characters.
pub(crate) fn line_and_column(source: &str, offset: usize) -> (usize, usize) {
    let before = &source[..floor_boundary(source, offset)];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

fn floor_boundary(source: &str, offset: usize) -> usize {
    let mut offset = offset.min(source.len());
    while !source.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

fn near(source: &str, offset: usize) -> String {
    let rest = source[floor_boundary(source, offset)..].trim_end_matches(|c: char| c.is_whitespace() || c == ';');
    let words: Vec<&str> = rest.split_whitespace().take(NEAR_CHARS_MAX).collect();
    words.join(" ").chars().take(NEAR_CHARS_MAX).collect()
}

/// The clause word that the word at `offset`, or else the one before it, almost is.
fn misspelt(source: &str, offset: usize) -> Option<&'static str> {
    let offset = floor_boundary(source, offset);
    let letters = |c: char| c.is_ascii_alphabetic() || c == '_';
    let here = source[offset..].split(|c| !letters(c)).next().unwrap_or("");
    let before = source[..offset].trim_end().rsplit(|c| !letters(c)).next().unwrap_or("");
    [here, before].into_iter().find_map(|word| nearest(word, &CLAUSE_WORDS))
}

/// The known word that `word` is a slip of the pen away from; `None` if it is one of them.
pub(crate) fn nearest(word: &str, known: &[&'static str]) -> Option<&'static str> {
    let word = word.to_ascii_uppercase();
    if word.len() < 3 || known.contains(&word.as_str()) {
        return None;
    }
    let distance = |candidate: &str| {
        let swapped = swap_distance(&word, candidate);
        names::edit_distance(&word, candidate).min(swapped)
    };
    let allowed = |candidate: &str| if candidate.len() >= 8 { 2 } else { 1 };
    let candidates = known.iter().map(|k| (distance(k), *k)).filter(|(d, k)| *d <= allowed(k));
    candidates.min_by_key(|(d, _)| *d).map(|(_, k)| k)
}

/// 1 when two neighbouring letters are exchanged (`FORM`), else more than any limit.
fn swap_distance(word: &str, candidate: &str) -> usize {
    let (a, b) = (word.as_bytes(), candidate.as_bytes());
    let Some(first) = (0..a.len().min(b.len())).find(|&i| a[i] != b[i]) else { return usize::MAX };
    let swapped = a.len() == b.len()
        && first + 1 < a.len()
        && a[first] == b[first + 1]
        && a[first + 1] == b[first]
        && a[first + 2..] == b[first + 2..];
    if swapped { 1 } else { usize::MAX }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn place_is_given_in_lines_and_characters() {
        let source = "sélect 1,\n  'é' x y";
        let offset = source.find('x').unwrap();
        assert_eq!(line_and_column(source, offset), (2, 7));
        assert_eq!(
            at(source, offset, "a comma").message(),
            "You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version for the \
             right syntax to use near 'x y' at line 2 column 7: expected a comma"
        );
    }

    #[test]
    fn slips_are_recognised_and_words_are_not() {
        let cases = [("FORM", Some("FROM")), ("FROM", None), ("SELEC", Some("SELECT")), ("GRUOP", Some("GROUP"))];
        for (word, expected) in cases {
            assert_eq!(nearest(word, &CLAUSE_WORDS), expected, "{word}");
        }
        assert_eq!(nearest("PROPERTEIS", &CLAUSE_WORDS), Some("PROPERTIES"));
        assert_eq!(nearest("colour", &CLAUSE_WORDS), None);
    }
}
