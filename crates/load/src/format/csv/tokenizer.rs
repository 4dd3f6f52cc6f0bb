//! Reads the fields of the records in a block, some hundred records at a time, on any thread.
//!
//! A field is a range of the block; only fields that lose bytes on the way (doubled enclose, escape) are copied. Fields
//! that nobody needs are passed over. The state machine of [`Tokenizer::field_by_states`] is StarRocks', odd rules
//! included: text after a closing enclose character loses its last byte, and an enclose character inside an ordinary
//! field vanishes and protects the byte after it.

use super::Dialect;
use super::structural::Needles;
use memchr::{memchr, memchr2, memmem};

/// Records read at once: few enough that their fields stay in the processor's cache.
const RECORDS_PER_BATCH: usize = 1024;
const IN_SCRATCH: u32 = 1 << 31;

/// Where a field's bytes are: in the block or in the scratch text.
#[derive(Debug, Clone, Copy)]
pub(super) struct FieldRef {
    start: u32,
    end: u32,
}

impl FieldRef {
    fn in_block(start: usize, end: usize) -> Self {
        FieldRef { start: start as u32, end: end as u32 }
    }

    fn in_scratch(start: usize, end: usize) -> Self {
        FieldRef { start: start as u32 | IN_SCRATCH, end: end as u32 }
    }

    /// The range in the block, unless the field is in the scratch text.
    #[inline]
    pub(super) fn block_range(self) -> Option<std::ops::Range<usize>> {
        (self.start & IN_SCRATCH == 0).then_some(self.start as usize..self.end as usize)
    }

    #[inline]
    pub(super) fn bytes<'a>(self, block: &'a [u8], scratch: &'a [u8]) -> &'a [u8] {
        match self.block_range() {
            Some(range) => &block[range],
            None => &scratch[(self.start & !IN_SCRATCH) as usize..self.end as usize],
        }
    }
}

/// A record's bytes in the block, without its delimiter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    pub start: u32,
    pub end: u32,
    pub number: u64,
}

impl Record {
    pub fn bytes<'a>(&self, block: &'a [u8]) -> &'a [u8] {
        &block[self.start as usize..self.end as usize]
    }
}

/// What is wrong with a record as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Malformed {
    FieldCount(usize),
    /// The enclosed field at this position has no end.
    NotClosed(usize),
    NotUtf8,
    TooLong,
}

/// The needed fields of some records, record by record.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) fields: Vec<FieldRef>,
    pub(super) records: Vec<Record>,
    /// Text of fields that differ from their bytes in the block.
    pub(super) scratch: Vec<u8>,
}

/// Where reading stands in a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor {
    pub(super) at: usize,
    pub(super) number: u64,
}

/// Reads records of one shape.
#[derive(Debug)]
pub(super) struct Tokenizer {
    dialect: Dialect,
    /// One for each field that a record must have: whether anybody needs it.
    keep: Vec<bool>,
    record_bytes_max: usize,
    row_finder: memmem::Finder<'static>,
    separators: Needles<1>,
    enders: Enders,
}

/// The bytes at which an ordinary field may end or change its state.
#[derive(Debug)]
enum Enders {
    Three(Needles<3>),
    Four(Needles<4>),
}

/// How a field ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    Separator,
    Row,
    Block,
}

/// A field, the index of the delimiter after it, and which that is.
struct Field {
    text: FieldRef,
    end: usize,
    stop: Stop,
    closed: bool,
}

impl Tokenizer {
    pub(super) fn new(dialect: Dialect, keep: Vec<bool>, record_bytes_max: usize) -> Self {
        let (separator, row) = (dialect.separator[0], dialect.row_delimiter[0]);
        let enders = match (dialect.enclose, dialect.escape) {
            (Some(enclose), Some(escape)) => Enders::Four(Needles::new([separator, row, enclose, escape])),
            (enclose, escape) => Enders::Three(Needles::new([separator, row, enclose.or(escape).unwrap_or(row)])),
        };
        let row_finder = memmem::Finder::new(&dialect.row_delimiter).into_owned();
        Tokenizer { separators: Needles::new([separator]), dialect, keep, record_bytes_max, row_finder, enders }
    }

    pub(super) fn fields_expected(&self) -> usize {
        self.keep.len()
    }

    /// Reads the next records into `rows`; false at the end of the block. Records that are not well-formed go to
    /// `malformed` instead; blank lines are nothing.
    pub(super) fn read(
        &self,
        block: &[u8],
        cursor: &mut Cursor,
        rows: &mut Rows,
        mut malformed: impl FnMut(Record, Malformed),
    ) -> bool {
        rows.fields.clear();
        rows.records.clear();
        rows.scratch.clear();
        let has_states = self.dialect.has_states();
        let width = self.dialect.row_delimiter.len();
        while rows.records.len() < RECORDS_PER_BATCH && cursor.at < block.len() {
            let start = cursor.at;
            let kept = rows.fields.len();
            let (found, end, next) = if has_states {
                self.record_by_states(block, start, rows)
            } else {
                let end = self.row_end(block, start);
                (Ok(self.split(&block[..end], start, rows)), end, (end + width).min(block.len()))
            };
            let record = Record { start: start as u32, end: end as u32, number: cursor.number };
            cursor.at = next;
            cursor.number += 1;
            let problem = match found {
                _ if end - start > self.record_bytes_max => Some(Malformed::TooLong),
                Err(position) => Some(Malformed::NotClosed(position)),
                Ok(count) if count != self.keep.len() => Some(Malformed::FieldCount(count)),
                Ok(_) => None,
            };
            if end == start {
                rows.fields.truncate(kept);
            } else if let Some(problem) = problem {
                rows.fields.truncate(kept);
                malformed(record, problem);
            } else {
                rows.records.push(record);
            }
        }
        cursor.at < block.len()
    }

    fn row_end(&self, block: &[u8], at: usize) -> usize {
        let offset = match *self.dialect.row_delimiter.as_slice() {
            [delimiter] => memchr(delimiter, &block[at..]),
            _ => self.row_finder.find(&block[at..]),
        };
        offset.map_or(block.len(), |offset| at + offset)
    }

    /// Splits a record that ends with `text` at the separator; returns how many fields it has.
    fn split(&self, text: &[u8], start: usize, rows: &mut Rows) -> usize {
        let separator = self.dialect.separator.as_slice();
        let (mut count, mut field, mut at) = (0, start, start);
        loop {
            at = self.separators.find(text, at);
            if at < text.len() && separator.len() > 1 && !text[at..].starts_with(separator) {
                at += 1;
                continue;
            }
            if self.keep.get(count) == Some(&true) {
                rows.fields.push(self.ordinary(text, field, at));
            }
            count += 1;
            if at == text.len() {
                return count;
            }
            at += separator.len();
            field = at;
        }
    }

    /// A field that is exactly some bytes of the block, except for spaces around it.
    #[inline]
    fn ordinary(&self, block: &[u8], mut start: usize, mut end: usize) -> FieldRef {
        if self.dialect.trim_space {
            while start < end && block[start] == b' ' {
                start += 1;
            }
            while start < end && block[end - 1] == b' ' {
                end -= 1;
            }
        }
        FieldRef::in_block(start, end)
    }

    /// Reads a record by the state machine: its number of fields (or the position of the field that is never closed),
    /// its end and the start of the next.
    fn record_by_states(&self, block: &[u8], start: usize, rows: &mut Rows) -> (Result<usize, usize>, usize, usize) {
        match &self.enders {
            Enders::Three(enders) => self.record_with(enders, block, start, rows),
            Enders::Four(enders) => self.record_with(enders, block, start, rows),
        }
    }

    fn record_with<const N: usize>(
        &self,
        enders: &Needles<N>,
        block: &[u8],
        start: usize,
        rows: &mut Rows,
    ) -> (Result<usize, usize>, usize, usize) {
        let row_width = self.dialect.row_delimiter.len();
        if self.stop_at(block, start) == Some(Stop::Row) {
            return (Ok(0), start, start + row_width);
        }
        let (mut count, mut at) = (0, start);
        loop {
            let scratch_before = rows.scratch.len();
            let field = match self.simple_field(enders, block, at) {
                Some(field) => field,
                None => self.field_by_states(block, at, &mut rows.scratch),
            };
            if self.keep.get(count) == Some(&true) {
                rows.fields.push(field.text);
            } else {
                rows.scratch.truncate(scratch_before);
            }
            if !field.closed {
                return (Err(count), field.end, field.end);
            }
            count += 1;
            match field.stop {
                Stop::Separator => at = field.end + self.dialect.separator.len(),
                Stop::Row => return (Ok(count), field.end, field.end + row_width),
                Stop::Block => return (Ok(count), field.end, field.end),
            }
        }
    }

    /// Which delimiter or end stands at `at`.
    #[inline]
    fn stop_at(&self, block: &[u8], at: usize) -> Option<Stop> {
        let Some(&byte) = block.get(at) else { return Some(Stop::Block) };
        let stands =
            |delimiter: &[u8]| byte == delimiter[0] && (delimiter.len() == 1 || block[at..].starts_with(delimiter));
        if stands(&self.dialect.row_delimiter) {
            Some(Stop::Row)
        } else if stands(&self.dialect.separator) {
            Some(Stop::Separator)
        } else {
            None
        }
    }

    /// The common cases: no enclose or escape character at all, or one pair around the field.
    #[inline]
    fn simple_field<const N: usize>(&self, enders: &Needles<N>, block: &[u8], at: usize) -> Option<Field> {
        let start = self.after_spaces(block, at);
        let first = block.get(start).copied();
        if first.is_some() && first == self.dialect.enclose {
            return self.simple_enclosed(block, start + 1);
        }
        let mut end = start;
        loop {
            end = enders.find(block, end);
            if let Some(stop) = self.stop_at(block, end) {
                return Some(Field { text: self.ordinary(block, start, end), end, stop, closed: true });
            }
            let byte = Some(block[end]);
            if byte == self.dialect.enclose || byte == self.dialect.escape {
                return None;
            }
            // The first byte of a longer delimiter, alone.
            end += 1;
        }
    }

    fn simple_enclosed(&self, block: &[u8], start: usize) -> Option<Field> {
        let enclose = self.dialect.enclose?;
        let offset = match self.dialect.escape {
            None => memchr(enclose, &block[start..])?,
            Some(escape) => memchr2(enclose, escape, &block[start..])?,
        };
        let close = start + offset;
        if block[close] != enclose {
            return None;
        }
        let mut end = close + 1;
        loop {
            if let Some(stop) = self.stop_at(block, end) {
                return Some(Field { text: FieldRef::in_block(start, close), end, stop, closed: true });
            }
            if !self.dialect.trim_space || block[end] != b' ' {
                return None;
            }
            end += 1;
        }
    }

    #[inline]
    fn after_spaces(&self, block: &[u8], mut at: usize) -> usize {
        while self.dialect.trim_space && block.get(at) == Some(&b' ') {
            at += 1;
        }
        at
    }

    /// The state machine for one field, byte by byte; its text goes to `scratch`.
    fn field_by_states(&self, block: &[u8], at: usize, scratch: &mut Vec<u8>) -> Field {
        let text_start = scratch.len();
        let start = self.after_spaces(block, at);
        if let Some(field) = self.escaped_null(block, start) {
            return field;
        }
        let enclosed = self.dialect.enclose.is_some() && block.get(start).copied() == self.dialect.enclose;
        let (end, closed) = match enclosed {
            true => self.enclosed_text(block, start + 1, scratch),
            false => (start, true),
        };
        let (end, stop) = if closed { self.ordinary_text(block, end, scratch) } else { (end, Stop::Block) };
        while self.dialect.trim_space && scratch.len() > text_start && scratch.last() == Some(&b' ') {
            scratch.pop();
        }
        if enclosed && closed && scratch.len() > text_start {
            // The closing enclose character, or whatever followed it.
            scratch.pop();
        }
        Field { text: FieldRef::in_scratch(text_start, scratch.len()), end, stop, closed }
    }

    /// `\N` stays NULL when `\` is the escape character.
    fn escaped_null(&self, block: &[u8], start: usize) -> Option<Field> {
        if self.dialect.escape != Some(b'\\') || !block[start.min(block.len())..].starts_with(b"\\N") {
            return None;
        }
        let end = start + 2;
        self.stop_at(block, end).map(|stop| Field { text: FieldRef::in_block(start, end), end, stop, closed: true })
    }

    /// Copies enclosed text with its closing character; says where it ends and whether it does.
    fn enclosed_text(&self, block: &[u8], mut at: usize, scratch: &mut Vec<u8>) -> (usize, bool) {
        while let Some(&byte) = block.get(at) {
            if Some(byte) == self.dialect.escape {
                at = self.escaped(block, at + 1, scratch);
                continue;
            }
            scratch.push(byte);
            at += 1;
            if Some(byte) == self.dialect.enclose {
                if block.get(at) != Some(&byte) {
                    return (at, true);
                }
                at += 1;
            }
        }
        (at, false)
    }

    fn ordinary_text(&self, block: &[u8], mut at: usize, scratch: &mut Vec<u8>) -> (usize, Stop) {
        loop {
            if let Some(stop) = self.stop_at(block, at) {
                return (at, stop);
            }
            let byte = block[at];
            if Some(byte) == self.dialect.escape {
                at = self.escaped(block, at + 1, scratch);
            } else if Some(byte) == self.dialect.enclose {
                scratch.extend(block.get(at + 1));
                at = (at + 2).min(block.len());
            } else {
                scratch.push(byte);
                at += 1;
            }
        }
    }

    /// Copies what stands after an escape character: a whole delimiter or one byte.
    fn escaped(&self, block: &[u8], at: usize, scratch: &mut Vec<u8>) -> usize {
        let bytes = match self.stop_at(block, at) {
            Some(Stop::Block) => 0,
            Some(Stop::Row) => self.dialect.row_delimiter.len(),
            Some(Stop::Separator) => self.dialect.separator.len(),
            None => 1,
        };
        scratch.extend_from_slice(&block[at..at + bytes]);
        at + bytes
    }
}
