//! Which types a column may change to while its files keep the old one. Pure.
//!
//! Every scan casts what a file has to the column's type, so a change is safe if the cast keeps every value and the
//! catalog's statistics of old files either stay true or are ignored for the new type.

use catalog::SqlType;

/// What else depends on the column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Plain,
    /// Files are sorted by it: the new type must sort alike.
    SortKey,
}

/// Whether every value of `from` is a value of `to`.
pub(super) fn widens(from: SqlType, to: SqlType, column: Use) -> bool {
    if from == to {
        return true;
    }
    if let (Some(a), Some(b)) = (integer_rank(from), integer_rank(to)) {
        return a < b;
    }
    match (from, to) {
        (SqlType::TinyInt | SqlType::SmallInt | SqlType::Int, SqlType::Double) => column == Use::Plain,
        (SqlType::Float, SqlType::Double) => true,
        // With another scale the statistics of old files would mean other numbers.
        (SqlType::Decimal { precision: p, scale: s }, SqlType::Decimal { precision, scale }) => {
            precision > p && scale == s
        }
        (SqlType::Date, SqlType::DateTime) => true,
        (SqlType::Char(old), SqlType::Char(new))
        | (SqlType::Varchar(old), SqlType::Varchar(new))
        | (SqlType::Char(old), SqlType::Varchar(new))
        | (SqlType::Varbinary(old), SqlType::Varbinary(new)) => new >= old,
        // Numbers as text sort differently.
        (number, SqlType::Varchar(bytes)) if column == Use::Plain => digits(number).is_some_and(|d| d <= bytes),
        _ => false,
    }
}

fn integer_rank(ty: SqlType) -> Option<u8> {
    Some(match ty {
        SqlType::TinyInt => 1,
        SqlType::SmallInt => 2,
        SqlType::Int => 3,
        SqlType::BigInt => 4,
        SqlType::LargeInt => 5,
        _ => return None,
    })
}

/// Bytes of the longest value as text.
fn digits(ty: SqlType) -> Option<u32> {
    Some(match ty {
        SqlType::TinyInt => 4,
        SqlType::SmallInt => 6,
        SqlType::Int => 11,
        SqlType::BigInt => 20,
        SqlType::LargeInt => 39,
        // Sign, a zero before the point, the point.
        SqlType::Decimal { precision, .. } => u32::from(precision) + 3,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lossless_changes_are_safe() {
        let ty = |text: &str| {
            let (name, args) = text.split_once('(').unwrap_or((text, ""));
            let args: Vec<u64> = args.trim_end_matches(')').split(',').filter_map(|a| a.parse().ok()).collect();
            SqlType::from_name(name, &args).unwrap()
        };
        for (from, to, plain, sorted) in [
            ("INT", "BIGINT", true, true),
            ("BIGINT", "INT", false, false),
            ("BIGINT", "LARGEINT", true, true),
            ("INT", "DOUBLE", true, false),
            ("BIGINT", "DOUBLE", false, false),
            ("FLOAT", "DOUBLE", true, true),
            ("DOUBLE", "FLOAT", false, false),
            ("DATE", "DATETIME", true, true),
            ("DATETIME", "DATE", false, false),
            ("VARCHAR(5)", "VARCHAR(9)", true, true),
            ("VARCHAR(9)", "VARCHAR(5)", false, false),
            ("CHAR(5)", "VARCHAR(5)", true, true),
            ("INT", "VARCHAR(11)", true, false),
            ("INT", "VARCHAR(10)", false, false),
            ("DECIMAL(9,2)", "DECIMAL(12,2)", true, true),
            ("DECIMAL(9,2)", "DECIMAL(12,3)", false, false),
            ("DECIMAL(9,2)", "VARCHAR(12)", true, false),
            ("VARCHAR(9)", "INT", false, false),
            ("BOOLEAN", "INT", false, false),
            ("JSON", "STRING", false, false),
        ] {
            assert_eq!(widens(ty(from), ty(to), Use::Plain), plain, "{from} to {to}");
            assert_eq!(widens(ty(from), ty(to), Use::SortKey), sorted, "{from} to {to} in the sort key");
        }
    }
}
