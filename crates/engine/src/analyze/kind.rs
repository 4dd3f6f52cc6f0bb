//! Arrow types as SQL sees them: what kind of value, and which type several values have in common.

use datafusion::arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType, TimeUnit};

/// DATETIME: microseconds without zone.
pub(super) const DATETIME: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);
/// Text that several types have in common.
pub(super) const TEXT: DataType = DataType::Utf8View;

/// What kind of value a type holds, as far as implicit conversion cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Bool,
    Int,
    Decimal,
    Float,
    Text,
    Date,
    DateTime,
    /// Times of day, binary, intervals, nested values: DataFusion's own rules apply.
    Other,
}

impl Kind {
    pub(super) fn of(data_type: &DataType) -> Kind {
        use DataType as D;
        match data_type {
            D::Null => Kind::Null,
            D::Boolean => Kind::Bool,
            D::Utf8 | D::LargeUtf8 | D::Utf8View => Kind::Text,
            D::Date32 | D::Date64 => Kind::Date,
            D::Timestamp(..) => Kind::DateTime,
            D::Float16 | D::Float32 | D::Float64 => Kind::Float,
            D::Decimal32(..) | D::Decimal64(..) | D::Decimal128(..) | D::Decimal256(..) => Kind::Decimal,
            D::Dictionary(_, value) => Kind::of(value),
            other if other.is_integer() => Kind::Int,
            _ => Kind::Other,
        }
    }

    pub(super) fn is_number(self) -> bool {
        matches!(self, Kind::Int | Kind::Decimal | Kind::Float)
    }

    pub(super) fn is_temporal(self) -> bool {
        matches!(self, Kind::Date | Kind::DateTime)
    }
}

/// The type of a value where a number is wanted.
pub(super) fn numeric(data_type: &DataType) -> DataType {
    match Kind::of(data_type) {
        Kind::Int | Kind::Decimal | Kind::Float | Kind::Other => match data_type {
            // Only counts and positions are unsigned: no stored column is.
            DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => DataType::Int64,
            other => other.clone(),
        },
        Kind::Null | Kind::Bool | Kind::Date | Kind::DateTime => DataType::Int64,
        Kind::Text => DataType::Float64,
    }
}

/// The type that values of all these types are brought to in CASE, UNION and the like. Text is common to everything.
pub(super) fn unify<'a>(types: impl Iterator<Item = &'a DataType>) -> DataType {
    types.cloned().reduce(|common, next| pair(&common, &next)).unwrap_or(DataType::Null)
}

fn pair(a: &DataType, b: &DataType) -> DataType {
    use Kind as K;
    if a == b {
        return a.clone();
    }
    match (Kind::of(a), Kind::of(b)) {
        (K::Null, _) => b.clone(),
        (_, K::Null) => a.clone(),
        (K::Other, _) | (_, K::Other) => a.clone(),
        (K::Text, _) | (_, K::Text) => TEXT,
        (K::Bool, K::Bool) => DataType::Boolean,
        (K::Bool, number) if number.is_number() => b.clone(),
        (number, K::Bool) if number.is_number() => a.clone(),
        (K::Float, x) | (x, K::Float) if x.is_number() => DataType::Float64,
        (K::Decimal, x) | (x, K::Decimal) if x.is_number() => wider_decimal(a, b),
        (K::Int, K::Int) => wider_integer(a, b),
        (K::Date | K::DateTime, K::Date | K::DateTime) => DATETIME,
        _ => TEXT,
    }
}

fn wider_integer(a: &DataType, b: &DataType) -> DataType {
    let unsigned_64 = *a == DataType::UInt64 || *b == DataType::UInt64;
    let rank = |t: &DataType| match t {
        DataType::Int8 => 8,
        DataType::Int16 | DataType::UInt8 => 16,
        DataType::Int32 | DataType::UInt16 => 32,
        _ => 64,
    };
    match rank(a).max(rank(b)) {
        _ if unsigned_64 => DataType::Decimal128(20, 0),
        8 => DataType::Int8,
        16 => DataType::Int16,
        32 => DataType::Int32,
        _ => DataType::Int64,
    }
}

/// Digits before and after the point that hold both types' values, as far as 38 digits go.
fn wider_decimal(a: &DataType, b: &DataType) -> DataType {
    let (Some((p1, s1)), Some((p2, s2))) = (digits(a), digits(b)) else { return DataType::Float64 };
    let scale = s1.max(s2);
    let whole = (p1 as i16 - s1 as i16).max(p2 as i16 - s2 as i16);
    let precision = (whole + scale as i16).clamp(1, DECIMAL128_MAX_PRECISION as i16) as u8;
    DataType::Decimal128(precision, scale.min(precision as i8))
}

/// Precision and scale of an exact number.
pub(super) fn digits(data_type: &DataType) -> Option<(u8, i8)> {
    use DataType as D;
    Some(match data_type {
        D::Int8 | D::UInt8 => (3, 0),
        D::Int16 | D::UInt16 => (5, 0),
        D::Int32 | D::UInt32 => (10, 0),
        D::Int64 => (19, 0),
        D::UInt64 => (20, 0),
        D::Decimal32(p, s) | D::Decimal64(p, s) | D::Decimal128(p, s) | D::Decimal256(p, s) => (*p, *s),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use DataType as D;

    #[test]
    fn common_types() {
        for (types, common) in [
            (vec![], D::Null),
            (vec![D::Null, D::Int32], D::Int32),
            (vec![D::Int64, D::Utf8], D::Utf8View),
            (vec![D::Boolean, D::Int64], D::Int64),
            (vec![D::Int8, D::Int32], D::Int32),
            (vec![D::Int64, D::UInt64], D::Decimal128(20, 0)),
            (vec![D::Int64, D::Decimal128(10, 2)], D::Decimal128(21, 2)),
            (vec![D::Decimal128(10, 2), D::Decimal128(12, 5)], D::Decimal128(13, 5)),
            (vec![D::Decimal128(38, 2), D::Decimal128(38, 10)], D::Decimal128(38, 10)),
            (vec![D::Decimal128(10, 2), D::Float32], D::Float64),
            (vec![D::Date32, DATETIME], DATETIME),
            (vec![D::Date32, D::Int64], D::Utf8View),
            (vec![D::Utf8, D::Utf8View], D::Utf8View),
            (vec![D::Int32, D::Null, D::Float64, D::Boolean], D::Float64),
        ] {
            assert_eq!(unify(types.iter()), common, "{types:?}");
        }
    }
}
