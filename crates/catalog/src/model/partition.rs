//! Partitions, the files in them and what is known about the files.

use crate::Datum;
use base::clock::UnixMs;
use base::ids::{ColumnId, PartitionId, Version};
use imbl::Vector;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// How a table's rows are divided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Partitioning {
    /// One partition named like the table.
    None,
    /// `PARTITION BY date_trunc(unit, column)`: partitions appear when rows for them arrive.
    DateTrunc { column: ColumnId, unit: TimeUnit },
    /// `PARTITION BY RANGE(column) (…)`: rows outside all partitions are errors.
    Range { column: ColumnId },
    /// `PARTITION BY LIST(columns) (…)`, or with `automatic` `PARTITION BY columns`, one partition a value.
    List { columns: Vec<ColumnId>, automatic: bool },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeUnit {
    Hour,
    Day,
    Month,
    Year,
}

impl TimeUnit {
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "hour" => TimeUnit::Hour,
            "day" => TimeUnit::Day,
            "month" => TimeUnit::Month,
            "year" => TimeUnit::Year,
            _ => return None,
        })
    }
}

impl fmt::Display for TimeUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TimeUnit::Hour => "hour",
            TimeUnit::Day => "day",
            TimeUnit::Month => "month",
            TimeUnit::Year => "year",
        })
    }
}

/// Which rows a partition holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Bounds {
    All,
    /// `lower <= value < upper`; no lower bound also takes NULL.
    Range {
        lower: Option<Datum>,
        upper: Option<Datum>,
    },
    /// Rows whose columns equal one of these tuples.
    List(Vec<Vec<Datum>>),
    /// Rows whose partition column is NULL, in tables with automatic partitions.
    Null,
}

impl Bounds {
    /// Whether a row with these partition column values belongs here.
    pub fn contains(&self, values: &[Datum]) -> bool {
        match self {
            Bounds::All => true,
            Bounds::Null => values.first().is_some_and(Datum::is_null),
            Bounds::List(tuples) => tuples.iter().any(|t| t.as_slice() == values),
            Bounds::Range { lower, upper } => values.first().is_some_and(|v| {
                let above = match lower {
                    Some(lower) => !v.is_null() && v >= lower,
                    None => true,
                };
                above && upper.as_ref().is_none_or(|upper| v < upper)
            }),
        }
    }

    /// Whether some row could belong to both.
    pub fn overlaps(&self, other: &Bounds) -> bool {
        match (self, other) {
            (Bounds::All, _) | (_, Bounds::All) => true,
            (Bounds::Null, Bounds::Null) => true,
            (Bounds::List(a), Bounds::List(b)) => a.iter().any(|t| b.contains(t)),
            (Bounds::Range { lower: a0, upper: a1 }, Bounds::Range { lower: b0, upper: b1 }) => {
                let below = |upper: &Option<Datum>, lower: &Option<Datum>| match (upper, lower) {
                    (Some(upper), Some(lower)) => upper <= lower,
                    _ => false,
                };
                !below(a1, b0) && !below(b1, a0)
            }
            _ => false,
        }
    }
}

/// A partition's identity, without its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionMeta {
    pub id: PartitionId,
    pub name: String,
    pub bounds: Bounds,
}

/// A partition at one version of its table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Partition {
    pub meta: PartitionMeta,
    /// The table version that last changed the rows.
    pub data_version: Version,
    /// The table version that last changed the bytes: also compaction.
    pub phys_version: Version,
    /// When `data_version` was committed.
    pub data_time_ms: UnixMs,
    pub files: Vector<Arc<DataFile>>,
}

impl Partition {
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|f| f.rows).sum()
    }

    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|f| f.bytes).sum()
    }
}

/// An immutable Parquet file; its path is never used twice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataFile {
    /// Relative to the store.
    pub path: String,
    pub rows: u64,
    pub bytes: u64,
    /// Of the columns the file has, in the file's order.
    pub columns: Vec<ColumnStats>,
    /// Whether the whole file (not only each row group) is in sort key order.
    pub sorted: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnStats {
    pub id: ColumnId,
    pub nulls: u64,
    /// Least and greatest non-NULL value; `None` if unknown or all are NULL.
    pub min: Option<Datum>,
    pub max: Option<Datum>,
    /// Whether `min` and `max` are values that occur; otherwise they only bound the values.
    pub exact: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(lower: Option<i128>, upper: Option<i128>) -> Bounds {
        Bounds::Range { lower: lower.map(Datum::Int), upper: upper.map(Datum::Int) }
    }

    #[test]
    fn ranges_are_closed_below_and_open_above() {
        let cases = [
            (range(Some(1), Some(5)), Datum::Int(1), true),
            (range(Some(1), Some(5)), Datum::Int(5), false),
            (range(None, Some(5)), Datum::Null, true),
            (range(Some(1), None), Datum::Null, false),
            (range(Some(1), None), Datum::Int(99), true),
            (Bounds::Null, Datum::Null, true),
            (Bounds::List(vec![vec![Datum::Null]]), Datum::Null, true),
        ];
        for (bounds, value, expected) in cases {
            assert_eq!(bounds.contains(std::slice::from_ref(&value)), expected, "{bounds:?} {value:?}");
        }
    }

    #[test]
    fn touching_ranges_do_not_overlap() {
        assert!(!range(None, Some(5)).overlaps(&range(Some(5), None)));
        assert!(range(None, Some(6)).overlaps(&range(Some(5), None)));
        assert!(range(None, None).overlaps(&range(Some(5), Some(6))));
    }
}
