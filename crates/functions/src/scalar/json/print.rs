//! JSON as StarRocks prints it: `{"a": 1, "b": [1, 2]}`, with a blank after every colon and comma.

use std::io;

use serde::Serialize;
use serde_json::ser::Formatter;
use serde_json::{Serializer, Value};

/// The text of a value.
pub(super) fn print(value: &Value) -> String {
    let mut bytes = vec![];
    let written = value.serialize(&mut Serializer::with_formatter(&mut bytes, Spaced));
    // Values have text keys only and a vector takes every byte, so both fallbacks are out of reach.
    written.ok().and_then(|()| String::from_utf8(bytes).ok()).unwrap_or_else(|| value.to_string())
}

struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: io::Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: io::Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}
