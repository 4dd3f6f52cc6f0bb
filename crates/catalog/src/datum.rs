//! A single SQL value as metadata stores it: partition bounds and column statistics.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// One value. Values are only compared with values of the same column, hence of the same variant, or NULL.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Datum {
    Null,
    Bool(bool),
    /// TINYINT to LARGEINT.
    Int(i128),
    Float(f64),
    /// Unscaled value; the scale is the column's.
    Decimal(i128),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since 1970-01-01 00:00:00, without zone.
    DateTime(i64),
    Text(String),
}

impl Eq for Datum {}

impl Hash for Datum {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Datum::Null => 0.hash(state),
            Datum::Bool(v) => v.hash(state),
            Datum::Int(v) | Datum::Decimal(v) => v.hash(state),
            // -0 equals 0.
            Datum::Float(v) => (v + 0.0).to_bits().hash(state),
            Datum::Date(v) => v.hash(state),
            Datum::DateTime(v) => v.hash(state),
            Datum::Text(v) => v.hash(state),
        }
    }
}

impl PartialOrd for Datum {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Datum {
    /// NULL first, as MySQL sorts; different variants by variant, so that the order is total.
    fn cmp(&self, other: &Self) -> Ordering {
        use Datum as D;
        match (self, other) {
            (D::Bool(a), D::Bool(b)) => a.cmp(b),
            (D::Int(a), D::Int(b)) | (D::Decimal(a), D::Decimal(b)) => a.cmp(b),
            (D::Float(a), D::Float(b)) => a.total_cmp(b),
            (D::Date(a), D::Date(b)) => a.cmp(b),
            (D::DateTime(a), D::DateTime(b)) => a.cmp(b),
            (D::Text(a), D::Text(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl Datum {
    fn rank(&self) -> u8 {
        match self {
            Datum::Null => 0,
            Datum::Bool(_) => 1,
            Datum::Int(_) => 2,
            Datum::Float(_) => 3,
            Datum::Decimal(_) => 4,
            Datum::Date(_) => 5,
            Datum::DateTime(_) => 6,
            Datum::Text(_) => 7,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Datum::Null)
    }
}

impl fmt::Display for Datum {
    /// The value as SHOW PARTITIONS prints it, without quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Datum::Null => f.write_str("NULL"),
            Datum::Bool(v) => write!(f, "{}", i32::from(*v)),
            Datum::Int(v) | Datum::Decimal(v) => write!(f, "{v}"),
            Datum::Float(v) => write!(f, "{v}"),
            Datum::Date(days) => match chrono::DateTime::from_timestamp(i64::from(*days) * 86_400, 0) {
                Some(t) => write!(f, "{}", t.format("%Y-%m-%d")),
                None => write!(f, "{days} days"),
            },
            Datum::DateTime(us) => match chrono::DateTime::from_timestamp_micros(*us) {
                Some(t) if us % 1_000_000 == 0 => write!(f, "{}", t.format("%Y-%m-%d %H:%M:%S")),
                Some(t) => write!(f, "{}", t.format("%Y-%m-%d %H:%M:%S%.6f")),
                None => write!(f, "{us} us"),
            },
            Datum::Text(v) => f.write_str(v),
        }
    }
}
