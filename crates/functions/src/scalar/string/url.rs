//! URLs: `url_encode`, `url_decode`, `parse_url(url, part[, key])`.

use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;

use super::encode::push_hex;
use crate::call::Call;
use crate::define::{Def, TEXT};

pub(super) fn functions() -> Vec<Def> {
    vec![
        Def::new("url_encode", 1..=1, TEXT, |call| {
            let texts = call.text(0)?;
            call.texts(|row, out| {
                for byte in texts.get(row)?.bytes() {
                    match byte {
                        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                            out.push(char::from(byte))
                        }
                        other => {
                            out.push('%');
                            push_hex(out, &[other], b"0123456789ABCDEF");
                        }
                    }
                }
                Some(())
            })
        }),
        Def::new("url_decode", 1..=1, TEXT, |call| {
            let texts = call.text(0)?;
            call.texts(|row, out| {
                out.push_str(&decode(texts.get(row)?)?);
                Some(())
            })
        }),
        Def::new("parse_url", 2..=3, TEXT, parse_url),
        Def::new("url_extract_host", 1..=1, TEXT, |call| {
            let texts = call.text(0)?;
            call.slices(|row| Url::split(texts.get(row)?)?.host)
        }),
        Def::new("url_extract_parameter", 2..=2, TEXT, |call| {
            let (texts, keys) = (call.text(0)?, call.text(1)?);
            call.slices(|row| parameter(Url::split(texts.get(row)?)?.query?, keys.get(row)?))
        }),
    ]
}

/// `None` for a broken escape or bytes that are no text.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &tail[2..];
    }
    String::from_utf8(bytes).ok()
}

/// The parts of a URL; absent ones are `None`.
struct Url<'t> {
    protocol: &'t str,
    authority: &'t str,
    user_info: Option<&'t str>,
    host: Option<&'t str>,
    port: Option<&'t str>,
    /// The path with the query.
    file: &'t str,
    path: &'t str,
    query: Option<&'t str>,
    fragment: Option<&'t str>,
}

impl<'t> Url<'t> {
    fn split(text: &'t str) -> Option<Url<'t>> {
        let (protocol, rest) = text.trim().split_once("://")?;
        let (rest, fragment) = cut(rest, '#');
        let authority_length = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, file) = rest.split_at(authority_length);
        let (path, query) = cut(file, '?');
        let (user_info, host_and_port) = match authority.rsplit_once('@') {
            Some((user_info, host)) => (Some(user_info), host),
            None => (None, authority),
        };
        let (host, port) = cut(host_and_port, ':');
        Some(Url { protocol, authority, user_info, host: Some(host), port, file, path, query, fragment })
    }

    fn part(&self, name: &str) -> Option<&'t str> {
        match name.to_ascii_uppercase().as_str() {
            "PROTOCOL" => Some(self.protocol),
            "AUTHORITY" => Some(self.authority),
            "USERINFO" => self.user_info,
            "HOST" => self.host,
            "PORT" => self.port,
            "FILE" => Some(self.file),
            "PATH" => Some(self.path),
            "QUERY" => self.query,
            "REF" => self.fragment,
            _ => None,
        }
    }
}

fn cut(text: &str, separator: char) -> (&str, Option<&str>) {
    text.split_once(separator).map_or((text, None), |(before, after)| (before, Some(after)))
}

fn parameter<'t>(query: &'t str, key: &str) -> Option<&'t str> {
    query.split('&').find_map(|pair| pair.split_once('=').filter(|(name, _)| *name == key)).map(|(_, value)| value)
}

fn parse_url(call: &Call) -> Result<ColumnarValue> {
    let (texts, names) = (call.text(0)?, call.text(1)?);
    let keys = call.has(2).then(|| call.text(2)).transpose()?;
    call.slices(|row| {
        let part = Url::split(texts.get(row)?)?.part(names.get(row)?)?;
        match &keys {
            Some(keys) => parameter(part, keys.get(row)?),
            None => Some(part),
        }
    })
}
