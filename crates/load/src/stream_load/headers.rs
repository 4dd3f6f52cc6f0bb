//! The headers of a Stream Load as a typed request. Pure.
//!
//! Every header that StarRocks knows is honoured, refused with a reason, or (where it cannot make a difference here)
//! answered with a warning. Other headers belong to HTTP and are ignored. An empty value is no value.

use super::delimiter;
use crate::decompress::Compression;
use crate::format::csv::{Dialect, DialectOptions};
use base::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

/// Which rejected rows are written to a file (`log_rejected_record_num`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejected {
    None,
    All,
    UpTo(u64),
}

#[derive(Debug, Clone, PartialEq)]
pub struct StreamLoadRequest {
    /// `None`: the server makes one.
    pub label: Option<String>,
    pub dialect: Dialect,
    /// Records dropped at the beginning of the body.
    pub skip_header: u64,
    pub compression: Option<Compression>,
    /// The `columns` header, not yet understood.
    pub columns: Option<String>,
    /// The `where` header, not yet understood.
    pub filter: Option<String>,
    /// Share of selected rows that may be bad, from 0 to 1.
    pub max_filter_ratio: f64,
    pub timeout: Option<Duration>,
    pub strict: bool,
    pub timezone: Option<String>,
    /// Memory for buffered rows.
    pub memory_bytes_max: Option<u64>,
    /// Names of the partitions that rows may go to; empty: all.
    pub partitions: Vec<String>,
    pub rejected: Rejected,
    pub parallelism: Option<usize>,
    /// Headers that were accepted but change nothing, with the reason.
    pub warnings: Vec<String>,
}

/// `timeout` in seconds.
const TIMEOUT_SECONDS_MAX: u64 = 259_200;

/// With less, a load would write files of a few rows.
const MEMORY_BYTES_MIN: u64 = 32 << 20;

/// Headers that mean nothing to a CSV load without the feature that they belong to.
const WITHOUT_EFFECT: &[(&str, &str)] = &[
    ("transmission_compression_type", "rows do not travel between machines during a load"),
    ("merge_commit_async", "it needs enable_merge_commit"),
    ("merge_commit_interval_ms", "it needs enable_merge_commit"),
    ("merge_commit_parallel", "it needs enable_merge_commit"),
    ("partial_update_mode", "it needs partial_update"),
    ("jsonpaths", "it needs the format json"),
    ("json_root", "it needs the format json"),
    ("strip_outer_array", "it needs the format json"),
    ("ignore_json_size", "it needs the format json"),
    ("envelope", "it needs the format json"),
];

impl StreamLoadRequest {
    /// Reads the headers of one request; names in any case.
    ///
    /// # Errors
    /// `WrongValue` for values that a header cannot have, `Unsupported` for what Viewmill does not do; the message
    /// names the header.
    pub fn read<'a>(headers: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Self> {
        let headers = Headers::collect(headers)?;
        headers.refuse_unsupported()?;
        let label = headers.text("label").map(str::to_string);
        if let Some(label) = &label {
            base::names::check_label(label)?;
        }
        let (dialect, mut warnings) = headers.dialect()?;
        warnings.extend(headers.without_effect());
        warnings.extend(headers.unknown());
        Ok(StreamLoadRequest {
            label,
            dialect,
            skip_header: headers.number("skip_header", "a whole number from 0")?.unwrap_or(0),
            compression: headers.compression()?,
            columns: headers.text("columns").map(str::to_string),
            filter: headers.text("where").map(str::to_string),
            max_filter_ratio: headers.max_filter_ratio()?,
            timeout: headers.timeout()?,
            strict: headers.bool("strict_mode", || "Invalid strict mode format. Must be bool type".to_string())?,
            timezone: headers.text("timezone").map(str::to_string),
            memory_bytes_max: headers.memory_bytes_max()?,
            partitions: headers.names("partitions"),
            rejected: headers.rejected()?,
            parallelism: headers.parallelism()?,
            warnings,
        })
    }
}

/// Known and unknown headers by lower-case name.
struct Headers<'a>(BTreeMap<String, &'a str>);

impl<'a> Headers<'a> {
    fn collect(headers: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Self> {
        let mut all = BTreeMap::new();
        for (name, value) in headers {
            let name = name.to_lowercase();
            let Ok(value) = std::str::from_utf8(value) else {
                // Headers of HTTP itself may hold anything.
                if is_known(&name) {
                    return Err(wrong("the header is not UTF-8").with("header", name));
                }
                continue;
            };
            if value.is_empty() {
                // HTTP removes spaces and tabs around a value, so that a separator may get lost on the way.
                if matches!(name.as_str(), "column_separator" | "row_delimiter") {
                    return Err(wrong(format!("{name} is empty; write a tab as \\t and a space as \\x20")));
                }
                continue;
            }
            if all.insert(name.clone(), value).is_some_and(|old| old != value) && is_known(&name) {
                return Err(wrong("the header is given twice with different values").with("header", name));
            }
        }
        Ok(Headers(all))
    }

    fn raw(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).copied()
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.raw(name).map(str::trim).filter(|v| !v.is_empty())
    }

    fn number<T: FromStr>(&self, name: &'static str, what: &str) -> Result<Option<T>> {
        let Some(text) = self.text(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| wrong(format!("{name} must be {what}")).with("value", text))
    }

    fn bool(&self, name: &str, message: impl FnOnce() -> String) -> Result<bool> {
        match self.text(name).map(str::to_lowercase).as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(wrong(message())),
        }
    }

    fn names(&self, name: &str) -> Vec<String> {
        let names = self.text(name).unwrap_or_default().split(',').map(|n| n.trim().trim_matches('`'));
        names.filter(|n| !n.is_empty()).map(str::to_string).collect()
    }

    fn refuse_unsupported(&self) -> Result<()> {
        if self.text("partitions").is_some() && self.text("temporary_partitions").is_some() {
            return Err(wrong("Can not specify both partitions and temporary partitions"));
        }
        for name in ["partial_update", "negative"] {
            if self.bool(name, || format!("Invalid {name} flag format. Must be bool type"))? {
                return Err(unsupported(name));
            }
        }
        if self.merge_commit()? {
            return Err(unsupported("enable_merge_commit"));
        }
        for name in ["merge_condition", "temporary_partitions"] {
            if self.text(name).is_some() {
                return Err(unsupported(name));
            }
        }
        match self.text("warehouse") {
            None | Some("default_warehouse") => Ok(()),
            Some(name) => Err(wrong("there is only the warehouse default_warehouse").with("warehouse", name)),
        }
    }

    fn merge_commit(&self) -> Result<bool> {
        let given = self.text("enable_merge_commit").unwrap_or_default();
        self.bool("enable_merge_commit", || {
            format!("Invalid parameter enable_merge_commit. The value must be bool type, but is {given}")
        })
    }

    fn without_effect(&self) -> impl Iterator<Item = String> {
        let given = WITHOUT_EFFECT.iter().filter(|(name, _)| self.text(name).is_some());
        given.map(|(name, reason)| format!("the header {name} has no effect: {reason}"))
    }

    fn dialect(&self) -> Result<(Dialect, Vec<String>)> {
        let mut warnings = Vec::new();
        let mut byte = |name: &str| {
            let text = self.raw(name)?;
            if text.len() > 1 {
                warnings.push(format!("only the first character of the header {name} is used"));
            }
            text.bytes().next()
        };
        let (enclose, escape) = (byte("enclose"), byte("escape"));
        let default = DialectOptions::default();
        let delimiter = |name: &'static str, default: Vec<u8>| match self.raw(name) {
            Some(text) => delimiter::unescape(name, text),
            None => Ok(default),
        };
        let dialect = Dialect::new(DialectOptions {
            separator: delimiter("column_separator", default.separator)?,
            row_delimiter: delimiter("row_delimiter", default.row_delimiter)?,
            enclose,
            escape,
            trim_space: self.bool("trim_space", || "Invalid trim_space format. Must be bool type".to_string())?,
        })?;
        Ok((dialect, warnings))
    }

    /// From `compression`, `Content-Encoding` or the old way of naming a codec as format.
    fn compression(&self) -> Result<Option<Compression>> {
        let by_format = match self.text("format").map(str::to_lowercase).as_deref() {
            None | Some("csv") => None,
            Some("json") => return Err(unsupported("format: json").with("supported", "csv")),
            Some(name @ ("gzip" | "bzip2" | "lz4" | "deflate" | "zstd")) => Compression::from_name(name),
            Some(_) => {
                let format = self.text("format").unwrap_or_default();
                return Err(wrong(format!("unknown data format, format={format}")));
            }
        };
        let (header, encoding) = (self.text("compression"), self.text("content-encoding"));
        if header.is_some() && encoding.is_some() {
            return Err(wrong("Only one of http header content-encoding and compression can be set"));
        }
        let Some(name) = header.or(encoding).filter(|n| !n.eq_ignore_ascii_case("identity")) else {
            return Ok(by_format);
        };
        let found = Compression::from_name(name).ok_or_else(|| {
            wrong("unknown compression, known are gzip, bzip2, lz4_frame, zstd and deflate").with("compression", name)
        })?;
        if by_format.is_some_and(|format| format != found) {
            return Err(wrong("format and compression name different codecs").with("compression", name));
        }
        Ok(Some(found))
    }

    fn max_filter_ratio(&self) -> Result<f64> {
        let ratio = self.number("max_filter_ratio", "a number from 0 to 1")?.unwrap_or(0.0);
        if (0.0..=1.0).contains(&ratio) {
            return Ok(ratio);
        }
        Err(wrong("max_filter_ratio must be a number from 0 to 1").with("value", ratio))
    }

    fn timeout(&self) -> Result<Option<Duration>> {
        let Some(text) = self.text("timeout") else { return Ok(None) };
        let seconds: u64 = text.parse().map_err(|_| wrong("Invalid timeout format").with("timeout", text))?;
        if !(1..=TIMEOUT_SECONDS_MAX).contains(&seconds) {
            let message = format!("timeout must be from 1 to {TIMEOUT_SECONDS_MAX} seconds");
            return Err(wrong(message).with("timeout", text));
        }
        Ok(Some(Duration::from_secs(seconds)))
    }

    fn memory_bytes_max(&self) -> Result<Option<u64>> {
        let limit: Option<u64> = self.number("load_mem_limit", "a number of bytes, 0 for no limit")?;
        let old: Option<u64> = self.number("exec_mem_limit", "a number of bytes above 0")?;
        if old == Some(0) {
            return Err(wrong("exec_mem_limit must be above 0"));
        }
        let limit = limit.or(old).filter(|bytes| *bytes > 0);
        if limit.is_some_and(|bytes| bytes < MEMORY_BYTES_MIN) {
            let message = format!("load_mem_limit must be 0 for no limit, or at least {MEMORY_BYTES_MIN} bytes");
            return Err(wrong(message).with("value", limit.unwrap_or_default()));
        }
        Ok(limit)
    }

    /// Headers that look like parameters of a load and are none. HTTP's own have no underscore.
    fn unknown(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for name in self.0.keys().filter(|name| !is_known(name)) {
            let written = name.replace('-', "_");
            let near = KNOWN.iter().map(|known| (base::names::edit_distance(&written, known), known));
            match near.filter(|(distance, known)| *distance <= 2 && known.len() >= 5).min() {
                Some((_, known)) => {
                    warnings.push(format!("the header {name} is unknown and was ignored, did you mean {known}?"));
                }
                None if name.contains('_') => warnings.push(format!("the header {name} is unknown and was ignored")),
                None => {}
            }
        }
        warnings
    }

    fn rejected(&self) -> Result<Rejected> {
        let what = "-1 for all, 0 for none, or a number of rows";
        match self.number::<i64>("log_rejected_record_num", what)? {
            None | Some(0) => Ok(Rejected::None),
            Some(-1) => Ok(Rejected::All),
            Some(n) if n > 0 => Ok(Rejected::UpTo(n.unsigned_abs())),
            Some(n) => Err(wrong(format!("log_rejected_record_num must be {what}")).with("value", n)),
        }
    }

    fn parallelism(&self) -> Result<Option<usize>> {
        Ok(self.number("load_dop", "a whole number from 0")?.filter(|n| *n > 0))
    }
}

/// Headers that mean something to Stream Load, besides those of [`WITHOUT_EFFECT`].
const KNOWN: &[&str] = &[
    "label",
    "format",
    "columns",
    "where",
    "max_filter_ratio",
    "timeout",
    "strict_mode",
    "timezone",
    "load_mem_limit",
    "exec_mem_limit",
    "partitions",
    "temporary_partitions",
    "partial_update",
    "merge_condition",
    "log_rejected_record_num",
    "compression",
    "content-encoding",
    "load_dop",
    "negative",
    "warehouse",
    "enable_merge_commit",
    "column_separator",
    "row_delimiter",
    "skip_header",
    "enclose",
    "escape",
    "trim_space",
];

fn is_known(name: &str) -> bool {
    KNOWN.contains(&name) || WITHOUT_EFFECT.iter().any(|(known, _)| *known == name)
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::WrongValue, message)
}

fn unsupported(what: &str) -> Error {
    Error::unsupported(format!("{what} is not supported by Stream Load yet"))
}

#[cfg(test)]
mod tests;
