//! Comparisons between different kinds of values.
//!
//! Numbers and text compare as DOUBLE, dates and text as DATETIME, dates and numbers as moments if the number spells one
//! (20240131), booleans are 0 and 1. A constant is brought to the type of what it is compared with, where that keeps
//! the result: only so are files pruned by it.

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{Expr, Operator, binary_expr, lit};
use datafusion::scalar::ScalarValue;

use super::conversion::Typed;
use super::kernel::{Kernels, constant};
use super::kind::{DATETIME, Kind};

const DAY_US: i64 = 86_400_000_000;

pub(super) fn is_comparison(op: Operator) -> bool {
    use Operator as O;
    matches!(op, O::Eq | O::NotEq | O::Lt | O::LtEq | O::Gt | O::GtEq | O::IsDistinctFrom | O::IsNotDistinctFrom)
}

/// `left op right`, for a comparison operator.
pub(super) fn compare(kernels: &Kernels, left: Typed, op: Operator, right: Typed) -> Expr {
    use Kind as K;
    let swapped = |op: Operator| op.swap().unwrap_or(op);
    match (left.kind(), right.kind()) {
        (a, b) if a.is_number() && b.is_number() => numbers(kernels, left, op, right),
        (K::Text, b) if b.is_number() => text_with_number(kernels, right, swapped(op), left),
        (a, K::Text) if a.is_number() => text_with_number(kernels, left, op, right),
        (K::Text, b) if b.is_temporal() => with_moment(kernels, right, swapped(op), left),
        (a, K::Text) if a.is_temporal() => with_moment(kernels, left, op, right),
        (a, b) if a.is_temporal() && b.is_temporal() => moments(kernels, left, op, right),
        (a, b) if a.is_number() && b.is_temporal() => with_moment(kernels, right, swapped(op), left),
        (a, b) if a.is_temporal() && b.is_number() => with_moment(kernels, left, op, right),
        (K::Bool, K::Bool | K::Null | K::Other) | (K::Null | K::Other, K::Bool) => {
            binary_expr(left.expr, op, right.expr)
        }
        (K::Bool, _) => with_boolean(kernels, left, op, right),
        (_, K::Bool) => with_boolean(kernels, right, swapped(op), left),
        _ => binary_expr(left.expr, op, right.expr),
    }
}

fn numbers(kernels: &Kernels, left: Typed, op: Operator, right: Typed) -> Expr {
    let float = left.kind() == Kind::Float || right.kind() == Kind::Float;
    let decimal = left.kind() == Kind::Decimal || right.kind() == Kind::Decimal;
    if float && decimal {
        return binary_expr(left.double(kernels), op, right.double(kernels));
    }
    let (left_is_int, right_is_int) = (left.kind() == Kind::Int, right.kind() == Kind::Int);
    let left = if right_is_int { whole(left) } else { left };
    let right = if left_is_int { whole(right) } else { right };
    let (left_type, right_type) = (left.data_type.clone(), right.data_type.clone());
    binary_expr(as_type_of(left, &right_type).expr, op, as_type_of(right, &left_type).expr)
}

/// An exact constant in the type of what it is compared with, if that type has its value.
fn as_type_of(constant: Typed, other: &DataType) -> Typed {
    let exact =
        matches!(constant.kind(), Kind::Int | Kind::Decimal) && matches!(Kind::of(other), Kind::Int | Kind::Decimal);
    let Some(value) = constant.literal().filter(|value| exact && !value.is_null()) else { return constant };
    match value.cast_to(other) {
        Ok(cast) if cast.cast_to(&constant.data_type).is_ok_and(|back| back == *value) => {
            Typed { expr: Expr::Literal(cast, None), data_type: other.clone() }
        }
        _ => constant,
    }
}

/// A decimal constant without a fraction as an integer: `int_column = 5.0`.
fn whole(number: Typed) -> Typed {
    let Some(ScalarValue::Decimal128(Some(value), _, scale)) = number.literal() else { return number };
    let unit = 10_i128.checked_pow((*scale).max(0) as u32);
    match unit.filter(|unit| value % unit == 0).and_then(|unit| i64::try_from(value / unit).ok()) {
        Some(value) => Typed::new(lit(value), DataType::Int64),
        None => number,
    }
}

fn text_with_number(kernels: &Kernels, number: Typed, op: Operator, text: Typed) -> Expr {
    let exact = text.literal_text().and_then(|text| number_literal(text, number.kind()));
    match exact {
        Some(value) => {
            let data_type = value.data_type();
            numbers(kernels, number, op, Typed::new(Expr::Literal(value, None), data_type))
        }
        None => binary_expr(number.double(kernels), op, text.double(kernels)),
    }
}

/// The number a text spells: an integer or a decimal where that is exact.
fn number_literal(text: &str, kind: Kind) -> Option<ScalarValue> {
    let text = text.trim();
    if kind == Kind::Float {
        let looks_numeric = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
        return text.parse().ok().filter(|_| looks_numeric).map(|value| ScalarValue::Float64(Some(value)));
    }
    if let Ok(value) = text.parse::<i64>() {
        return Some(ScalarValue::Int64(Some(value)));
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.trim_start_matches(['-', '+']);
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let precision = (digits.len() + fraction.len()).max(1);
    if !all_digits(digits) || !all_digits(fraction) || digits.is_empty() || precision > 38 {
        return None;
    }
    let value: i128 = format!("{whole}{fraction}").parse().ok()?;
    Some(ScalarValue::Decimal128(Some(value), precision as u8, fraction.len() as i8))
}

/// A date or moment with text or a number.
fn with_moment(kernels: &Kernels, moment: Typed, op: Operator, other: Typed) -> Expr {
    let is_number = other.kind().is_number();
    if let Some(value) = other.literal().cloned() {
        let spelled = constant(&other.clone().datetime(kernels));
        match spelled {
            Some(ScalarValue::TimestampMicrosecond(Some(us), _)) => {
                return with_constant_moment(kernels, moment, op, us);
            }
            // Text that spells no date is NULL; a number that does not may still be compared, as in `d > 0`.
            Some(_) if !is_number || value.is_null() => {
                let null = ScalarValue::try_from(&moment.data_type).unwrap_or(ScalarValue::Null);
                return binary_expr(moment.expr, op, Expr::Literal(null, None));
            }
            _ => {}
        }
    }
    if is_number {
        let number = Typed { expr: moment.bigint(kernels), data_type: DataType::Int64 };
        return numbers(kernels, number, op, other);
    }
    binary_expr(moment.datetime(kernels), op, other.datetime(kernels))
}

fn moments(kernels: &Kernels, left: Typed, op: Operator, right: Typed) -> Expr {
    if let Some(us) = moment_us(right.literal()) {
        return with_constant_moment(kernels, left, op, us);
    }
    if let Some(us) = moment_us(left.literal()) {
        return with_constant_moment(kernels, right, op.swap().unwrap_or(op), us);
    }
    if left.data_type == right.data_type {
        return binary_expr(left.expr, op, right.expr);
    }
    binary_expr(left.datetime(kernels), op, right.datetime(kernels))
}

fn moment_us(literal: Option<&ScalarValue>) -> Option<i64> {
    match literal?.cast_to(&DATETIME) {
        Ok(ScalarValue::TimestampMicrosecond(us, _)) => us,
        _ => None,
    }
}

/// Compares with a constant moment in the type of the other side: a DATE is compared with a date even if the constant
/// lies within a day.
fn with_constant_moment(kernels: &Kernels, moment: Typed, op: Operator, us: i64) -> Expr {
    let constant = ScalarValue::TimestampMicrosecond(Some(us), None);
    if moment.kind() != Kind::Date {
        let constant = constant.cast_to(&moment.data_type).unwrap_or(constant);
        return binary_expr(moment.expr, op, Expr::Literal(constant, None));
    }
    let within_day = us.rem_euclid(DAY_US) != 0;
    let op = match op {
        op if !within_day => op,
        Operator::Lt | Operator::LtEq => Operator::LtEq,
        Operator::Gt | Operator::GtEq => Operator::Gt,
        op => return binary_expr(moment.datetime(kernels), op, Expr::Literal(constant, None)),
    };
    match i32::try_from(us.div_euclid(DAY_US)) {
        Ok(day) => binary_expr(moment.expr, op, Expr::Literal(ScalarValue::Date32(Some(day)), None)),
        Err(_) => binary_expr(moment.datetime(kernels), op, Expr::Literal(constant, None)),
    }
}

fn with_boolean(kernels: &Kernels, boolean: Typed, op: Operator, other: Typed) -> Expr {
    let equality =
        matches!(op, Operator::Eq | Operator::NotEq | Operator::IsDistinctFrom | Operator::IsNotDistinctFrom);
    if let Some(value) = other.literal().and_then(truth_literal).filter(|_| equality) {
        return binary_expr(boolean.expr, op, lit(value));
    }
    match other.kind() {
        Kind::Text => binary_expr(
            Typed { expr: boolean.native(&DataType::Int64), data_type: DataType::Int64 }.double(kernels),
            op,
            other.double(kernels),
        ),
        Kind::Date | Kind::DateTime => binary_expr(boolean.bigint(kernels), op, other.bigint(kernels)),
        _ => binary_expr(boolean.native(&DataType::Int64), op, other.expr),
    }
}

/// The constants that are a boolean: 0, 1, 'true', 'false'.
fn truth_literal(value: &ScalarValue) -> Option<bool> {
    if let Some(text) = value.try_as_str().flatten() {
        return match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        };
    }
    match value.cast_to(&DataType::Float64) {
        Ok(ScalarValue::Float64(Some(0.0))) => Some(false),
        Ok(ScalarValue::Float64(Some(1.0))) => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_spell_exact_numbers() {
        let decimal = |value, precision, scale| Some(ScalarValue::Decimal128(Some(value), precision, scale));
        for (text, kind, value) in [
            (" 05 ", Kind::Int, Some(ScalarValue::Int64(Some(5)))),
            ("1.50", Kind::Int, decimal(150, 3, 2)),
            ("-0.5", Kind::Decimal, decimal(-5, 2, 1)),
            ("1e3", Kind::Int, None),
            ("12abc", Kind::Int, None),
            ("", Kind::Decimal, None),
            ("1e3", Kind::Float, Some(ScalarValue::Float64(Some(1000.0)))),
            ("nan", Kind::Float, None),
        ] {
            assert_eq!(number_literal(text, kind), value, "{text}");
        }
    }
}
