//! Cuts the body into blocks of whole records, so that they can be parsed on any thread in any order.
//!
//! Called by the load's reading thread with chunks of any size. Holds one block and at most one record more.

use super::Dialect;
use super::scan::Scanner;
use base::{Error, ErrorKind, Result, limits};

/// How many bytes a block has at least, except the last.
pub const BLOCK_BYTES: usize = 1 << 20;
/// How much of a chunk is looked at at once; bounds what is moved when a block is cut.
const PIECE_BYTES: usize = 64 << 10;

/// Whole records, the last perhaps without its delimiter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub bytes: Vec<u8>,
    /// Number of the first record, counted from 1 with the skipped ones and blank lines.
    pub first_record: u64,
}

/// The bounds a splitter keeps; tests lower them.
#[derive(Debug, Clone, Copy)]
pub struct SplitterLimits {
    pub block_bytes: usize,
    pub record_bytes_max: usize,
}

impl Default for SplitterLimits {
    fn default() -> Self {
        SplitterLimits { block_bytes: BLOCK_BYTES, record_bytes_max: limits::CSV_RECORD_BYTES_MAX }
    }
}

#[derive(Debug)]
pub struct Splitter {
    scanner: Scanner,
    limits: SplitterLimits,
    skip_header: u64,
    skip_left: u64,
    buffer: Vec<u8>,
    first_record: u64,
}

impl Splitter {
    /// `skip_header` records at the beginning are dropped.
    pub fn new(dialect: &Dialect, skip_header: u64, limits: SplitterLimits) -> Self {
        Splitter {
            scanner: Scanner::new(dialect),
            limits,
            skip_header,
            skip_left: skip_header,
            buffer: Vec::new(),
            first_record: 1,
        }
    }

    /// Takes the next bytes of the body and gives the blocks they complete.
    ///
    /// # Errors
    /// `BadData` if a record is longer than the limit, with its number.
    pub fn push(&mut self, chunk: &[u8], mut emit: impl FnMut(Block) -> Result<()>) -> Result<()> {
        for piece in chunk.chunks(PIECE_BYTES) {
            self.buffer.extend_from_slice(piece);
            self.cut(false, &mut emit)?;
            // Nothing that still fits the limit can be so long without an end.
            if self.buffer.len() > self.end_min() + self.limits.record_bytes_max {
                return Err(record_too_long(self.scanner.records() + 1, self.limits.record_bytes_max));
            }
        }
        Ok(())
    }

    /// Gives the rest after the last byte of the body.
    ///
    /// # Errors
    /// `BadData` if the body has fewer records than `skip_header`.
    pub fn finish(mut self, mut emit: impl FnMut(Block) -> Result<()>) -> Result<()> {
        self.cut(true, &mut emit)?;
        if self.skip_left > 0 && !self.buffer.is_empty() {
            self.skip_left -= 1;
            self.buffer.clear();
        }
        if self.skip_left > 0 {
            let (skip, rows) = (self.skip_header, self.skip_header - self.skip_left);
            let message =
                format!("The parameter 'skip_header' is set to {skip}, but there are only {rows} rows in the csv file");
            return Err(Error::new(ErrorKind::BadData, message));
        }
        if self.buffer.is_empty() {
            return Ok(());
        }
        emit(Block { bytes: self.buffer, first_record: self.first_record })
    }

    fn cut(&mut self, last: bool, emit: &mut impl FnMut(Block) -> Result<()>) -> Result<()> {
        self.skip(last);
        if self.skip_left > 0 {
            return Ok(());
        }
        while let Some(end) = self.scanner.next_end(&self.buffer, self.limits.block_bytes, last) {
            let mut rest = Vec::with_capacity(self.limits.block_bytes + 2 * PIECE_BYTES);
            rest.extend_from_slice(&self.buffer[end..]);
            let mut bytes = std::mem::replace(&mut self.buffer, rest);
            bytes.truncate(end);
            self.scanner.shift(end);
            let first_record = std::mem::replace(&mut self.first_record, self.scanner.records() + 1);
            emit(Block { bytes, first_record })?;
        }
        Ok(())
    }

    /// Drops the header records that the buffer has.
    fn skip(&mut self, last: bool) {
        let mut dropped = 0;
        while self.skip_left > 0 {
            let Some(end) = self.scanner.next_end(&self.buffer, 1, last) else { break };
            self.skip_left -= 1;
            dropped = end;
        }
        if dropped > 0 {
            self.buffer.drain(..dropped);
            self.scanner.shift(dropped);
            self.first_record = self.scanner.records() + 1;
        }
    }

    fn end_min(&self) -> usize {
        if self.skip_left > 0 { 1 } else { self.limits.block_bytes }
    }
}

/// The error for record number `record` that has more than `bytes_max` bytes.
pub(super) fn record_too_long(record: u64, bytes_max: usize) -> Error {
    let message = format!(
        "CSV line length exceed limit {bytes_max}: record {record} has no end within it; \
         check row_delimiter and whether an enclosed field is never closed"
    );
    Error::new(ErrorKind::BadData, message)
}
