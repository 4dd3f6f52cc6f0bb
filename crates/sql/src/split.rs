//! Work on statement text before it is parsed: several statements in one packet, `?` of prepared statements.

use base::Result;
use sqlparser::tokenizer::Token;

use crate::lexer::{Lexer, Pipes};

/// The statements of `sql`, split at `;` outside strings, names and comments.
///
/// Empty statements (only blanks and comments) are dropped. Each slice is trimmed and has no `;` or NUL at its end.
///
/// # Errors
/// `Parse` when a string, name or comment is not closed.
pub fn statements(sql: &str) -> Result<Vec<&str>> {
    let mut found = Vec::new();
    let mut lexer = Lexer::new(sql, Pipes::Or);
    let mut start = 0;
    let mut empty = true;
    while let Some(lexeme) = lexer.next()? {
        if lexeme.token != Token::SemiColon || lexer.in_executable_comment() {
            empty = false;
            continue;
        }
        if !empty {
            found.push(trim(&sql[start..lexeme.start]));
        }
        start = lexeme.end;
        empty = true;
    }
    if !empty {
        found.push(trim(&sql[start..]));
    }
    Ok(found)
}

/// Byte offsets of the `?` parameters.
///
/// # Errors
/// `Parse` when a string, name or comment is not closed.
pub fn placeholders(sql: &str) -> Result<Vec<usize>> {
    let mut offsets = Vec::new();
    let mut lexer = Lexer::new(sql, Pipes::Or);
    while let Some(lexeme) = lexer.next()? {
        if matches!(lexeme.token, Token::Placeholder(_)) {
            offsets.push(lexeme.start);
        }
    }
    Ok(offsets)
}

fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\0' || c == '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semicolons_split_only_where_they_are_code() {
        let cases: [(&str, &[&str]); 9] = [
            ("", &[]),
            (" ; ;; ", &[]),
            ("select 1", &["select 1"]),
            ("select 1;\0", &["select 1"]),
            ("select ';', \";\", `;`; select 'a\\';' ", &["select ';', \";\", `;`", "select 'a\\';'"]),
            ("select 'it''s;'; x", &["select 'it''s;'", "x"]),
            ("-- a; b\n# c;\n/* d; */ ;", &[]),
            ("select 1 -- a; b\n; select 2 # c;", &["select 1 -- a; b", "select 2 # c;"]),
            (
                "/*!40101 SET NAMES utf8 */;\nselect /*!50002 a; */ 1",
                &["/*!40101 SET NAMES utf8 */", "select /*!50002 a; */ 1"],
            ),
        ];
        for (sql, expected) in cases {
            assert_eq!(statements(sql).unwrap(), expected, "{sql}");
        }
    }

    #[test]
    fn unclosed_text_is_an_error() {
        for sql in ["select 'a", "select \"a\\\"", "select `a", "select 1 /* a", "/*!40101 set x = 1"] {
            assert!(statements(sql).is_err(), "{sql}");
        }
    }

    #[test]
    fn placeholders_are_found_outside_text_and_comments() {
        let sql = "select ?, '?', `?`, \"?\" /* ? */ -- ?\n where a=?";
        let offsets = placeholders(sql).unwrap();
        assert_eq!(offsets, [7, sql.len() - 1]);
    }
}
