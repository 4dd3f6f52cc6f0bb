//! Names and texts back to SQL. [`crate::print`] does the same for whole queries.

/// The name in back-ticks.
pub fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// The text as a literal in single quotes that reads back as the same text.
pub fn string(text: &str) -> String {
    quoted(text, '\'')
}

/// The same in double quotes, as `SHOW CREATE` prints properties and comments.
pub fn double_quoted(text: &str) -> String {
    quoted(text, '"')
}

fn quoted(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // `\%` and `\_` keep their backslash when read.
            '\\' if matches!(chars.peek(), Some('%' | '_')) => out.push('\\'),
            '\\' => out.push_str("\\\\"),
            '\0' => out.push_str("\\0"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\u{1a}' => out.push_str("\\Z"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_read_back_as_they_were() {
        for text in ["", "it's", "a''b", "\\", "a\\'b", "\\%x\\_", "l1\nl2\r\0\u{1a}", "\"q\"", "é`"] {
            for quoted in [string(text), double_quoted(text)] {
                let mut cursor = crate::Cursor::new(&quoted).unwrap();
                assert_eq!(cursor.string().unwrap(), text, "{quoted}");
                cursor.expect_end().unwrap();
            }
        }
    }
}
