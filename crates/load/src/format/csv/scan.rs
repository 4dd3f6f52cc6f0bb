//! Finds where records end, as fast as one thread can, so that every core can parse whole records.
//!
//! The splitter calls [`Scanner::next_end`] with a growing buffer that starts at a record; the scanner remembers how
//! far it has looked and never reads a byte twice. It decides nothing about fields beyond what a record end depends on.

use super::Dialect;
use memchr::{memchr, memchr_iter, memchr2, memmem};

/// Where the scan stands in the buffer, and how many record ends it has passed since the body began.
#[derive(Debug, Default)]
struct Progress {
    at: usize,
    records: u64,
}

impl Progress {
    /// Looks for a one-byte record end in `buffer[at..upto]` whose end is at least `end_min`; counts those it passes.
    fn pass(&mut self, buffer: &[u8], upto: usize, delimiter: u8, end_min: usize) -> Option<usize> {
        // Record ends before `end_min` only have to be counted, which is faster than stopping at each.
        let counted = upto.min(end_min.saturating_sub(1)).max(self.at);
        self.records += memchr_iter(delimiter, &buffer[self.at..counted]).count() as u64;
        match memchr(delimiter, &buffer[counted..upto]) {
            Some(offset) => {
                self.at = counted + offset + 1;
                self.records += 1;
                Some(self.at)
            }
            None => {
                self.at = upto;
                None
            }
        }
    }
}

/// One of three strategies for the same question.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one value a load")]
pub(super) enum Scanner {
    Plain(Plain),
    Enclosed(Box<Enclosed>),
    General(Box<General>),
}

impl Scanner {
    pub(super) fn new(dialect: &Dialect) -> Self {
        if !dialect.has_states() {
            let finder = memmem::Finder::new(&dialect.row_delimiter).into_owned();
            return Scanner::Plain(Plain { finder, progress: Progress::default() });
        }
        match (dialect.separator.as_slice(), dialect.row_delimiter.as_slice()) {
            (&[separator], &[delimiter]) => Scanner::Enclosed(Box::new(Enclosed::new(dialect, separator, delimiter))),
            _ => Scanner::general(dialect),
        }
    }

    /// The strategy that fits every dialect with states.
    pub(super) fn general(dialect: &Dialect) -> Self {
        let general = General { dialect: dialect.clone(), state: State::Start, progress: Progress::default() };
        Scanner::General(Box::new(general))
    }

    /// The first record end at `end_min` or later; `None` if more bytes are needed, or at the end of the body
    /// (`last`) if the rest has no delimiter.
    pub(super) fn next_end(&mut self, buffer: &[u8], end_min: usize, last: bool) -> Option<usize> {
        match self {
            Scanner::Plain(scanner) => scanner.next_end(buffer, end_min),
            Scanner::Enclosed(scanner) => scanner.next_end(buffer, end_min, last),
            Scanner::General(scanner) => scanner.next_end(buffer, end_min, last),
        }
    }

    /// Says that the buffer lost its first `bytes`, up to a record end that was returned.
    pub(super) fn shift(&mut self, bytes: usize) {
        match self {
            Scanner::Plain(scanner) => scanner.progress.at -= bytes,
            Scanner::Enclosed(scanner) => scanner.shift(bytes),
            Scanner::General(scanner) => scanner.progress.at -= bytes,
        }
    }

    /// Record ends passed since the body began.
    pub(super) fn records(&self) -> u64 {
        match self {
            Scanner::Plain(scanner) => scanner.progress.records,
            Scanner::Enclosed(scanner) => scanner.progress.records,
            Scanner::General(scanner) => scanner.progress.records,
        }
    }
}

/// Without enclose and escape: every row delimiter ends a record.
#[derive(Debug)]
pub(super) struct Plain {
    finder: memmem::Finder<'static>,
    progress: Progress,
}

impl Plain {
    fn next_end(&mut self, buffer: &[u8], end_min: usize) -> Option<usize> {
        let needle = self.finder.needle();
        if let &[delimiter] = needle {
            return self.progress.pass(buffer, buffer.len(), delimiter, end_min);
        }
        let bytes = needle.len();
        while let Some(offset) = self.finder.find(&buffer[self.progress.at..]) {
            self.progress.at += offset + bytes;
            self.progress.records += 1;
            if self.progress.at >= end_min {
                return Some(self.progress.at);
            }
        }
        // A delimiter may have begun in the last bytes.
        self.progress.at = self.progress.at.max(buffer.len().saturating_sub(bytes - 1));
        None
    }
}

/// One-byte delimiters with enclose or escape: jumps from one enclose or escape character to the next. Whether an
/// enclose character opens a field is seen from the byte before it.
#[derive(Debug)]
pub(super) struct Enclosed {
    separator: u8,
    delimiter: u8,
    enclose: Option<u8>,
    escape: Option<u8>,
    trim_space: bool,
    progress: Progress,
    /// Inside an enclosed field.
    inside: bool,
    /// Bytes before this index say nothing about where a field starts: they were taken literally.
    known: usize,
    /// Whether a field starts at `known`.
    starts_at_known: bool,
}

impl Enclosed {
    fn new(dialect: &Dialect, separator: u8, delimiter: u8) -> Self {
        Enclosed {
            separator,
            delimiter,
            enclose: dialect.enclose,
            escape: dialect.escape,
            trim_space: dialect.trim_space,
            progress: Progress::default(),
            inside: false,
            known: 0,
            starts_at_known: true,
        }
    }

    fn shift(&mut self, bytes: usize) {
        self.progress.at -= bytes;
        self.starts_at_known |= self.known <= bytes;
        self.known = self.known.saturating_sub(bytes);
    }

    fn next_end(&mut self, buffer: &[u8], end_min: usize, last: bool) -> Option<usize> {
        loop {
            let special = self.find_special(buffer);
            if self.inside {
                self.progress.at = special;
            } else if let Some(end) = self.progress.pass(buffer, special, self.delimiter, end_min) {
                return Some(end);
            }
            // The byte after an enclose or escape character decides what it means.
            if special == buffer.len() || (special + 1 == buffer.len() && !last) {
                return None;
            }
            self.step(buffer, special);
        }
    }

    fn find_special(&self, buffer: &[u8]) -> usize {
        let rest = &buffer[self.progress.at..];
        let offset = match (self.enclose, self.escape) {
            (Some(enclose), Some(escape)) => memchr2(enclose, escape, rest),
            (Some(byte), None) | (None, Some(byte)) => memchr(byte, rest),
            (None, None) => None,
        };
        self.progress.at + offset.unwrap_or(rest.len())
    }

    /// Passes the enclose or escape character at `special`.
    fn step(&mut self, buffer: &[u8], special: usize) {
        let byte = buffer[special];
        let next = buffer.get(special + 1).copied();
        if Some(byte) == self.escape {
            self.skip_literal(special + 2, buffer.len());
        } else if self.inside && next == Some(byte) {
            self.progress.at = special + 2;
        } else if self.inside {
            self.inside = false;
            self.progress.at = special + 1;
            self.known = special + 1;
            self.starts_at_known = false;
        } else if self.opens_field(buffer, special) {
            self.inside = true;
            self.progress.at = special + 1;
        } else {
            self.skip_literal(special + 2, buffer.len());
        }
    }

    fn skip_literal(&mut self, to: usize, bytes: usize) {
        self.progress.at = to.min(bytes);
        self.known = self.progress.at;
        self.starts_at_known = false;
    }

    fn opens_field(&self, buffer: &[u8], at: usize) -> bool {
        let mut before = at;
        while self.trim_space && before > self.known && buffer[before - 1] == b' ' {
            before -= 1;
        }
        if before == self.known {
            return self.starts_at_known;
        }
        let byte = buffer[before - 1];
        byte == self.separator || byte == self.delimiter
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Ordinary,
    Inside,
}

/// Any delimiters with enclose or escape: the state machine, byte by byte.
#[derive(Debug)]
pub(super) struct General {
    dialect: Dialect,
    state: State,
    progress: Progress,
}

/// Whether a delimiter stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Match {
    Yes,
    No,
    /// The buffer ends inside what may become one.
    Unknown,
}

impl General {
    fn next_end(&mut self, buffer: &[u8], end_min: usize, last: bool) -> Option<usize> {
        while self.progress.at < buffer.len() {
            let end =
                if self.state == State::Inside { self.step_inside(buffer, last)? } else { self.step(buffer, last)? };
            if end && self.progress.at >= end_min {
                return Some(self.progress.at);
            }
        }
        None
    }

    /// Passes one unit outside of enclosed text; says whether it ended a record. `None`: more bytes are needed.
    fn step(&mut self, buffer: &[u8], last: bool) -> Option<bool> {
        let at = self.progress.at;
        let byte = buffer[at];
        if self.state == State::Start && self.dialect.trim_space && byte == b' ' {
            self.progress.at += 1;
            return Some(false);
        }
        if decided(&self.dialect.row_delimiter, buffer, at, last)? {
            self.progress.at += self.dialect.row_delimiter.len();
            self.progress.records += 1;
            self.state = State::Start;
            return Some(true);
        }
        if decided(&self.dialect.separator, buffer, at, last)? {
            self.progress.at += self.dialect.separator.len();
            self.state = State::Start;
        } else if Some(byte) == self.dialect.escape {
            self.skip_escaped(buffer, last)?;
            self.state = State::Ordinary;
        } else if Some(byte) == self.dialect.enclose {
            if self.state == State::Start {
                self.state = State::Inside;
                self.progress.at += 1;
            } else if at + 1 < buffer.len() || last {
                self.progress.at = (at + 2).min(buffer.len());
            } else {
                return None;
            }
        } else {
            self.state = State::Ordinary;
            self.progress.at += 1;
        }
        Some(false)
    }

    fn step_inside(&mut self, buffer: &[u8], last: bool) -> Option<bool> {
        let at = self.progress.at;
        let byte = buffer[at];
        if Some(byte) == self.dialect.escape {
            self.skip_escaped(buffer, last)?;
        } else if Some(byte) == self.dialect.enclose {
            match buffer.get(at + 1) {
                None if !last => return None,
                Some(next) if *next == byte => self.progress.at += 2,
                _ => {
                    self.state = State::Ordinary;
                    self.progress.at += 1;
                }
            }
        } else {
            self.progress.at += 1;
        }
        Some(false)
    }

    /// Passes an escape character and what it protects: a whole delimiter or one byte.
    fn skip_escaped(&mut self, buffer: &[u8], last: bool) -> Option<()> {
        let at = self.progress.at + 1;
        if at == buffer.len() && !last {
            return None;
        }
        let mut bytes = 1;
        for delimiter in [&self.dialect.row_delimiter, &self.dialect.separator] {
            if decided(delimiter, buffer, at, last)? {
                bytes = delimiter.len();
                break;
            }
        }
        self.progress.at = (at + bytes).min(buffer.len());
        Some(())
    }
}

fn decided(delimiter: &[u8], buffer: &[u8], at: usize, last: bool) -> Option<bool> {
    match matches_at(delimiter, buffer, at) {
        Match::Yes => Some(true),
        Match::No => Some(false),
        Match::Unknown => last.then_some(false),
    }
}

fn matches_at(delimiter: &[u8], buffer: &[u8], at: usize) -> Match {
    let rest = &buffer[at..];
    if rest.len() >= delimiter.len() {
        return if rest.starts_with(delimiter) { Match::Yes } else { Match::No };
    }
    if delimiter.starts_with(rest) { Match::Unknown } else { Match::No }
}
