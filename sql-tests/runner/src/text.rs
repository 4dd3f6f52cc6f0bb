//! How values and results are written in test files: rows as lines, variables, wildcards.

use std::collections::HashMap;

/// Stands for any text within an expected line.
const ANY: &str = "<any>";

/// `${name}` of known variables replaced by their values; anything else stays.
pub(crate) fn substitute(text: &str, variables: &HashMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        match after.split_once('}').and_then(|(name, tail)| variables.get(name).map(|value| (value, tail))) {
            Some((value, tail)) => {
                out.push_str(value);
                rest = tail;
            }
            None => {
                out.push_str("${");
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// Whether a line equals the expected one, where `<any>` stands for any text.
pub(crate) fn line_matches(expected: &str, actual: &str) -> bool {
    let (expected, actual) = (expected.trim_end(), actual.trim_end());
    let Some((head, tail)) = expected.split_once(ANY) else { return expected == actual };
    let Some(mut rest) = actual.strip_prefix(head) else { return false };
    let mut pieces: Vec<&str> = tail.split(ANY).collect();
    let last = pieces.pop().unwrap_or("");
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

/// Expected and actual lines, one below the other, with marks where they differ.
pub(crate) fn difference(expected: &[String], actual: &[String]) -> String {
    let mut out = String::new();
    for i in 0..expected.len().max(actual.len()) {
        match (expected.get(i), actual.get(i)) {
            (Some(e), Some(a)) if line_matches(e, a) => out.push_str(&format!("      {a}\n")),
            (e, a) => {
                if let Some(e) = e {
                    out.push_str(&format!("    - {e}\n"));
                }
                if let Some(a) = a {
                    out.push_str(&format!("    + {a}\n"));
                }
            }
        }
    }
    if out.is_empty() { "    (no rows on either side)\n".to_string() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_stands_for_any_text() {
        for (expected, actual, matches) in [
            ("a b", "a b", true),
            ("a b ", "a b", true),
            ("a b", "a c", false),
            ("a <any> c", "a xyz c", true),
            ("<any>", "", true),
            ("x<any>x", "x", false),
            ("<any>b<any>d", "abcd", true),
            ("<any>b<any>d", "abc", false),
        ] {
            assert_eq!(line_matches(expected, actual), matches, "{expected} ~ {actual}");
        }
    }

    #[test]
    fn only_known_variables_are_replaced() {
        let variables = HashMap::from([("db".to_string(), "t_x".to_string())]);
        assert_eq!(substitute("a ${db}.${no} ${", &variables), "a t_x.${no} ${");
    }
}
