//! Counters and gauges, shown at `/metrics` in Prometheus' text form.
//!
//! Each is a `static` beside the code that owns it; [`render`] prints those that were touched.

use parking_lot::Mutex;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

static TOUCHED: Mutex<Vec<&'static Metric>> = Mutex::new(Vec::new());

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MetricKind {
    Counter,
    Gauge,
}

/// One number with a name `<subsystem>_<noun>_<unit>[_total]` and a sentence of help.
#[derive(Debug)]
pub struct Metric {
    name: &'static str,
    help: &'static str,
    kind: MetricKind,
    value: AtomicI64,
    listed: AtomicBool,
}

impl Metric {
    pub const fn counter(name: &'static str, help: &'static str) -> Self {
        Metric { name, help, kind: MetricKind::Counter, value: AtomicI64::new(0), listed: AtomicBool::new(false) }
    }

    pub const fn gauge(name: &'static str, help: &'static str) -> Self {
        Metric { name, help, kind: MetricKind::Gauge, value: AtomicI64::new(0), listed: AtomicBool::new(false) }
    }

    pub fn add(&'static self, by: i64) {
        self.value.fetch_add(by, Ordering::Relaxed);
        self.list();
    }

    pub fn set(&'static self, to: i64) {
        self.value.store(to, Ordering::Relaxed);
        self.list();
    }

    pub fn get(&self) -> i64 {
        self.value.load(Ordering::Relaxed)
    }

    fn list(&'static self) {
        if !self.listed.swap(true, Ordering::Relaxed) {
            TOUCHED.lock().push(self);
        }
    }
}

/// Names and values of all touched metrics, sorted by name.
pub fn values() -> Vec<(&'static str, i64)> {
    touched().into_iter().map(|m| (m.name, m.get())).collect()
}

fn touched() -> Vec<&'static Metric> {
    let mut metrics = TOUCHED.lock().clone();
    metrics.sort_by_key(|m| m.name);
    metrics
}

/// All touched metrics in Prometheus' text form, sorted by name, prefixed `viewmill_`.
pub fn render() -> String {
    let mut out = String::new();
    for m in touched() {
        let kind = if m.kind == MetricKind::Counter { "counter" } else { "gauge" };
        let (name, value) = (m.name, m.get());
        // Writing to a String cannot fail.
        let _ =
            write!(out, "# HELP viewmill_{name} {}\n# TYPE viewmill_{name} {kind}\nviewmill_{name} {value}\n", m.help);
    }
    out
}
