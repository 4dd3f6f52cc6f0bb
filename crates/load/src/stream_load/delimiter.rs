//! How headers write separators that a header cannot hold: `\t`, `\n`, `\x01`, `\\x0D0A`.

use base::{Error, ErrorKind, Result};

/// The bytes that the text stands for. A backslash before anything else stands for itself.
///
/// # Errors
/// `WrongValue` if `\x` is not followed by pairs of hexadecimal digits.
pub fn unescape(header: &'static str, text: &str) -> Result<Vec<u8>> {
    let wrong = || {
        let error = Error::new(ErrorKind::WrongValue, format!("{header}: \\x needs pairs of hexadecimal digits"));
        error.with("value", text)
    };
    if let Some(digits) = text.strip_prefix("0x").filter(|d| !d.is_empty()) {
        return hexadecimal(digits).ok_or_else(wrong);
    }
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        // A backslash may be doubled, as shells and property files need it.
        let escape = rest.strip_prefix("\\\\").or_else(|| rest.strip_prefix('\\')).unwrap_or_default();
        let single = |byte: u8| (first == '\\').then_some((byte, &escape[1..]));
        let replaced = match escape.bytes().next() {
            Some(b't') => single(b'\t'),
            Some(b'n') => single(b'\n'),
            Some(b'r') => single(b'\r'),
            _ => None,
        };
        if let Some((byte, after)) = replaced {
            bytes.push(byte);
            rest = after;
        } else if let Some(digits) = escape.strip_prefix(['x', 'X']) {
            let end = digits.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(digits.len());
            bytes.extend(hexadecimal(&digits[..end]).ok_or_else(wrong)?);
            rest = &digits[end..];
        } else {
            let width = if rest.starts_with("\\\\") { 2 } else { first.len_utf8() };
            bytes.extend_from_slice(&rest.as_bytes()[..first.len_utf8()]);
            rest = &rest[width..];
        }
    }
    Ok(bytes)
}

fn hexadecimal(digits: &str) -> Option<Vec<u8>> {
    if digits.is_empty() || !digits.len().is_multiple_of(2) || !digits.is_ascii() {
        return None;
    }
    (0..digits.len()).step_by(2).map(|i| u8::from_str_radix(&digits[i..i + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_become_bytes() {
        let cases: &[(&str, Option<&[u8]>)] = &[
            (",", Some(b",")),
            ("\\t", Some(b"\t")),
            ("\\\\t", Some(b"\t")),
            ("\\n", Some(b"\n")),
            ("\\r\\n", Some(b"\r\n")),
            ("\\x01", Some(b"\x01")),
            ("\\X0a", Some(b"\n")),
            ("\\\\x0D0A", Some(b"\r\n")),
            ("\\x0D0A", Some(b"\r\n")),
            ("\\x01\\x02", Some(b"\x01\x02")),
            ("|\\x7c|", Some(b"|||")),
            ("0x0D0A", Some(b"\r\n")),
            ("\\", Some(b"\\")),
            ("\\\\", Some(b"\\")),
            ("\\|", Some(b"\\|")),
            ("é", Some("é".as_bytes())),
            ("\u{1}", Some(b"\x01")),
            ("\\x", None),
            ("\\x1", None),
            ("\\xzz", None),
            ("0xzz", None),
            ("", Some(b"")),
            ("0", Some(b"0")),
        ];
        for (text, expected) in cases {
            assert_eq!(unescape("column_separator", text).ok().as_deref(), *expected, "{text:?}");
        }
    }
}
