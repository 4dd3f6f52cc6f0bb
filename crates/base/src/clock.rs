//! Time. The only place that reads the wall clock, so that tests can move it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970-01-01 UTC.
pub type UnixMs = i64;

/// The wall clock, or one that a test moves.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    manual_ms: Option<Arc<AtomicI64>>,
}

impl Clock {
    pub fn system() -> Self {
        Clock::default()
    }

    /// A clock that stands at `now_ms` until [`Clock::advance_ms`].
    pub fn manual(now_ms: UnixMs) -> Self {
        Clock { manual_ms: Some(Arc::new(AtomicI64::new(now_ms))) }
    }

    pub fn now_ms(&self) -> UnixMs {
        self.now_us() / 1000
    }

    pub fn now_us(&self) -> i64 {
        match &self.manual_ms {
            Some(ms) => ms.load(Ordering::SeqCst) * 1000,
            None => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_micros() as i64),
        }
    }

    /// Moves a manual clock; the system clock does not move.
    pub fn advance_ms(&self, by_ms: i64) {
        if let Some(ms) = &self.manual_ms {
            ms.fetch_add(by_ms, Ordering::SeqCst);
        }
    }
}

/// `YYYY-MM-DD HH:MM:SS` of an instant in UTC.
pub fn datetime_text(ms: UnixMs) -> String {
    chrono::DateTime::from_timestamp_millis(ms).map_or_else(String::new, |t| t.format("%Y-%m-%d %H:%M:%S").to_string())
}
