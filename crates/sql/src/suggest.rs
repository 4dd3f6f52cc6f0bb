//! What an unknown statement was perhaps meant to be.

use base::names;

/// The known head that the statement `text` almost starts with, as it should be written.
///
/// Each head is a list of words. Heads of which more words fit come first, then those with fewer slips; a statement that
/// shares nothing with any head gets `None`.
pub fn suggest(text: &str, known: &[&[&str]]) -> Option<String> {
    let words: Vec<String> = text
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_uppercase)
        .take(8)
        .collect();
    let best = known.iter().filter_map(|head| score(&words, head).map(|score| (score, head)));
    let (_, head) = best.max_by_key(|&(score, head)| (score, std::cmp::Reverse(head.len())))?;
    Some(head.join(" "))
}

/// How well the words fit the head: words that match, then slips counted down. `None` when its first word does not fit or
/// the head adds nothing to what was written.
fn score(words: &[String], head: &[&str]) -> Option<(usize, i64)> {
    let mut slips = 0;
    let mut matched = 0;
    for (word, expected) in words.iter().zip(head) {
        let distance = distance(word, expected);
        if distance > allowed(expected) {
            break;
        }
        slips += distance as i64;
        matched += 1;
    }
    (matched > 0).then_some((matched, -slips - (head.len() - matched) as i64))
}

fn allowed(expected: &str) -> usize {
    match expected.len() {
        0..=3 => 1,
        4..=7 => 2,
        _ => 3,
    }
}

/// Edits between the words; letters in the wrong order count once.
fn distance(word: &str, expected: &str) -> usize {
    let mut sorted = [word.as_bytes().to_vec(), expected.as_bytes().to_vec()];
    sorted.iter_mut().for_each(|letters| letters.sort_unstable());
    let edits = names::edit_distance(word, expected);
    if edits == 2 && sorted[0] == sorted[1] { 1 } else { edits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_statement_is_named() {
        let known: [&[&str]; 8] = [
            &["SELECT"],
            &["SHOW", "TABLES"],
            &["SHOW", "TABLE", "STATUS"],
            &["SHOW", "CREATE", "TABLE"],
            &["CREATE", "TABLE"],
            &["CREATE", "MATERIALIZED", "VIEW"],
            &["REFRESH", "MATERIALIZED", "VIEW"],
            &["USE"],
        ];
        let cases = [
            ("SELEC 1", Some("SELECT")),
            ("show tabels", Some("SHOW TABLES")),
            ("create materialised view v as select 1", Some("CREATE MATERIALIZED VIEW")),
            ("refresh matrialized view v", Some("REFRESH MATERIALIZED VIEW")),
            ("show table stats", Some("SHOW TABLE STATUS")),
            ("ues db", Some("USE")),
            ("frobnicate", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(suggest(text, &known).as_deref(), expected, "{text}");
        }
    }
}
