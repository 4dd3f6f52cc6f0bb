//! Counts a load's rows, keeps the first bad ones for people to read, and decides whether there are too many.
//!
//! Shared by all workers of a load. What is kept does not depend on the order in which blocks were parsed.

use base::{Error, ErrorKind, Result, limits};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How much of a bad row the error log repeats.
const ROW_BYTES_KEPT: usize = 4096;
/// How many bad rows, and how much of each, a failed load's message repeats.
const ROWS_IN_MESSAGE: usize = 3;
const ROW_BYTES_IN_MESSAGE: usize = 200;

/// What became of a load's records. `total` is the sum of the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub total: u64,
    pub loaded: u64,
    /// Rejected because something is wrong with them.
    pub filtered: u64,
    /// Left out by the `where` header.
    pub unselected: u64,
}

impl Counts {
    /// Whether more than `ratio` of the selected rows are bad.
    pub fn too_many_filtered(&self, ratio: f64) -> bool {
        let selected = self.total - self.unselected;
        selected > 0 && self.filtered as f64 / selected as f64 > ratio
    }
}

#[derive(Debug)]
struct BadRow {
    reason: String,
    row: String,
}

#[derive(Debug)]
pub struct Quality {
    total: AtomicU64,
    filtered: AtomicU64,
    unselected: AtomicU64,
    /// By record number, the lowest [`limits::LOAD_ERROR_ROWS_MAX`].
    kept: Mutex<BTreeMap<u64, BadRow>>,
    /// Once that many are kept: one more than the highest kept number; later records need not be looked at.
    kept_below: AtomicU64,
    rejected: Option<Mutex<RejectedRows>>,
}

/// Where `log_rejected_record_num` puts rejected rows.
pub struct RejectedRows {
    out: Box<dyn Write + Send>,
    /// `None` for all.
    left: Option<u64>,
    failure: Option<std::io::Error>,
}

impl std::fmt::Debug for RejectedRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RejectedRows").field("left", &self.left).finish_non_exhaustive()
    }
}

impl RejectedRows {
    /// Writes up to `rows_max` rows (`None`: all), each as `reason TAB row` and a newline.
    pub fn new(out: Box<dyn Write + Send>, rows_max: Option<u64>) -> Self {
        RejectedRows { out, left: rows_max, failure: None }
    }

    fn write(&mut self, reason: &str, row: &[u8]) {
        if self.left == Some(0) || self.failure.is_some() {
            return;
        }
        self.left = self.left.map(|left| left - 1);
        let written = write!(self.out, "{reason}\t")
            .and_then(|()| self.out.write_all(row))
            .and_then(|()| self.out.write_all(b"\n"));
        self.failure = written.err();
    }
}

impl Default for Quality {
    fn default() -> Self {
        Quality::new(None)
    }
}

impl Quality {
    pub fn new(rejected: Option<RejectedRows>) -> Self {
        Quality {
            total: AtomicU64::new(0),
            filtered: AtomicU64::new(0),
            unselected: AtomicU64::new(0),
            kept: Mutex::default(),
            kept_below: AtomicU64::new(u64::MAX),
            rejected: rejected.map(Mutex::new),
        }
    }

    /// Counts records that were read, good and bad.
    pub fn count_records(&self, records: u64) {
        self.total.fetch_add(records, Ordering::Relaxed);
    }

    pub fn count_unselected(&self, rows: u64) {
        self.unselected.fetch_add(rows, Ordering::Relaxed);
    }

    /// Counts a bad row that [`Quality::count_records`] counts too. `reason` is only asked if it will be kept.
    pub fn reject(&self, record: u64, row: &[u8], reason: impl FnOnce() -> String) {
        self.filtered.fetch_add(1, Ordering::Relaxed);
        let keep = record < self.kept_below.load(Ordering::Relaxed);
        if !keep && self.rejected.is_none() {
            return;
        }
        let reason = reason();
        if let Some(rejected) = &self.rejected {
            lock(rejected).write(&reason, row);
        }
        if keep {
            let row = shortened(&String::from_utf8_lossy(&row[..row.len().min(ROW_BYTES_KEPT + 4)]), ROW_BYTES_KEPT);
            self.keep(record, BadRow { reason, row });
        }
    }

    pub fn counts(&self) -> Counts {
        let [total, filtered, unselected] =
            [&self.total, &self.filtered, &self.unselected].map(|c| c.load(Ordering::Relaxed));
        Counts { total, filtered, unselected, loaded: total.saturating_sub(filtered + unselected) }
    }

    /// The text behind `ErrorURL`: a line for each kept bad row, in the order of the body. `None` if there is none.
    pub fn error_log(&self) -> Option<String> {
        let kept = lock(&self.kept);
        let mut log = String::new();
        for bad in kept.values() {
            // Writing to a String cannot fail.
            let _ = writeln!(log, "Error: {}. Row: {}", bad.reason.trim_end_matches('.'), bad.row);
        }
        (!log.is_empty()).then_some(log)
    }

    /// Finishes the file of rejected rows.
    ///
    /// # Errors
    /// `Unavailable` if a row could not be written.
    pub fn finish_rejected(&self) -> Result<()> {
        let Some(rejected) = &self.rejected else { return Ok(()) };
        let mut rejected = lock(rejected);
        let flushed = rejected.out.flush();
        match rejected.failure.take().map_or(flushed, Err) {
            Ok(()) => Ok(()),
            Err(e) => Err(Error::new(ErrorKind::Unavailable, "could not write the file of rejected rows").caused_by(e)),
        }
    }

    /// Decides whether the load may be committed.
    ///
    /// # Errors
    /// `BadData` with the first bad rows if more than `max_filter_ratio` of the selected rows are bad.
    pub fn check(&self, max_filter_ratio: f64) -> Result<Counts> {
        let counts = self.counts();
        if !counts.too_many_filtered(max_filter_ratio) {
            return Ok(counts);
        }
        let selected = counts.total - counts.unselected;
        let mut message = format!(
            "too many filtered rows: {} of {selected}, max_filter_ratio is {max_filter_ratio}",
            counts.filtered
        );
        for (record, bad) in lock(&self.kept).iter().take(ROWS_IN_MESSAGE) {
            let reason = bad.reason.trim_end_matches('.');
            let _ = write!(message, "; record {record}: {reason}. Row: {}", shortened(&bad.row, ROW_BYTES_IN_MESSAGE));
        }
        Err(Error::new(ErrorKind::BadData, message))
    }

    fn keep(&self, record: u64, bad: BadRow) {
        let mut kept = lock(&self.kept);
        kept.insert(record, bad);
        if kept.len() > limits::LOAD_ERROR_ROWS_MAX {
            kept.pop_last();
        }
        if kept.len() == limits::LOAD_ERROR_ROWS_MAX {
            let highest = kept.last_key_value().map_or(u64::MAX, |(record, _)| *record);
            self.kept_below.store(highest, Ordering::Relaxed);
        }
    }
}

/// At most `bytes_max` bytes of `text`, cut at a character.
fn shortened(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_string();
    }
    let end = (0..=bytes_max).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
    format!("{}…", &text[..end])
}

/// A panic in a worker fails its load; the counts of the others stay usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn quality(total: u64, bad: &[u64]) -> Quality {
        let quality = Quality::new(None);
        quality.count_records(total);
        for record in bad {
            quality.reject(*record, format!("row {record}").as_bytes(), || format!("bad {record}."));
        }
        quality
    }

    #[test]
    fn the_ratio_is_exceeded_strictly_and_without_unselected_rows() {
        let cases = [
            (10, 0, 0, 0.0, false),
            (10, 1, 0, 0.0, true),
            (10, 1, 0, 0.1, false),
            (10, 1, 5, 0.1, true),
            (10, 10, 0, 1.0, false),
            (5, 0, 5, 0.0, false),
        ];
        for (total, filtered, unselected, ratio, expected) in cases {
            let counts = Counts { total, filtered, unselected, loaded: total - filtered - unselected };
            assert_eq!(counts.too_many_filtered(ratio), expected, "{counts:?} {ratio}");
        }
    }

    #[test]
    fn the_first_rows_are_kept_whatever_the_order_of_arrival() {
        let ascending: Vec<u64> = (1..=200).collect();
        let descending: Vec<u64> = ascending.iter().rev().copied().collect();
        let log = quality(200, &ascending).error_log().unwrap();
        assert_eq!(log, quality(200, &descending).error_log().unwrap());
        assert_eq!(log.lines().count(), limits::LOAD_ERROR_ROWS_MAX);
        assert!(log.starts_with("Error: bad 1. Row: row 1\nError: bad 2. Row: row 2\n"), "{log}");
    }

    #[test]
    fn the_failure_names_the_first_bad_rows() {
        let quality = quality(4, &[3, 2]);
        let message = quality.check(0.25).unwrap_err().to_string();
        assert_eq!(
            message,
            "too many filtered rows: 2 of 4, max_filter_ratio is 0.25; record 2: bad 2. Row: row 2; record 3: bad 3. Row: row 3"
        );
        assert_eq!(quality.check(0.5).unwrap(), Counts { total: 4, loaded: 2, filtered: 2, unselected: 0 });
    }

    #[test]
    fn long_rows_are_cut_at_a_character() {
        let quality = Quality::new(None);
        quality.reject(1, "é".repeat(ROW_BYTES_KEPT).as_bytes(), || "bad".to_string());
        let log = quality.error_log().unwrap();
        assert!(log.ends_with("é…\n") && log.len() < ROW_BYTES_KEPT + 50, "{}", log.len());
    }

    #[test]
    fn rejected_rows_are_written_up_to_their_number() {
        #[derive(Clone, Default)]
        struct Sink(Arc<Mutex<Vec<u8>>>);
        impl Write for Sink {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                lock(&self.0).write(bytes)
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        for (rows_max, lines) in [(None, 100), (Some(3), 3)] {
            let sink = Sink::default();
            let quality = Quality::new(Some(RejectedRows::new(Box::new(sink.clone()), rows_max)));
            (0..100).for_each(|record| quality.reject(record, b"a,b", || "bad".to_string()));
            quality.finish_rejected().unwrap();
            let text = String::from_utf8(lock(&sink.0).clone()).unwrap();
            assert_eq!(text, "bad\ta,b\n".repeat(lines));
        }
    }
}
