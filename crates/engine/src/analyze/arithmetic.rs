//! `+ - * / % DIV` and bit operators.
//!
//! Integers are computed as BIGINT, which wraps around like StarRocks' BIGINT; constants that leave it become LARGEINT.
//! `/` of integers is DOUBLE, of decimals DECIMAL; any operand that is DOUBLE or text makes DOUBLE. Division by zero is
//! NULL.

use datafusion::arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType};
use datafusion::logical_expr::{Expr, Operator, binary_expr};
use datafusion::scalar::ScalarValue;

use super::conversion::Typed;
use super::kernel::{Kernels, apply_all};
use super::kind::{Kind, digits};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    IntDivide,
    Modulo,
}

/// `left op right`; both sides must be values, not intervals.
pub(super) fn arithmetic(kernels: &Kernels, left: Typed, op: Arithmetic, right: Typed) -> Expr {
    let (left, right) = (left.number(kernels), right.number(kernels));
    match op {
        Arithmetic::Add => plain(left, Operator::Plus, right),
        Arithmetic::Subtract => plain(left, Operator::Minus, right),
        Arithmetic::Multiply => plain(left, Operator::Multiply, right),
        Arithmetic::Divide => divide(kernels, left, right),
        Arithmetic::IntDivide => int_divide(kernels, left, right),
        Arithmetic::Modulo => modulo(kernels, left, right),
    }
}

/// `left op right` on the bits of two BIGINT.
pub(super) fn bits(kernels: &Kernels, left: Typed, op: Operator, right: Typed) -> Expr {
    binary_expr(left.bigint(kernels), op, right.bigint(kernels))
}

fn plain(left: Typed, op: Operator, right: Typed) -> Expr {
    match (left.kind(), right.kind()) {
        (Kind::Int, Kind::Int) => {
            if let Some(large) = beyond_bigint(&left, op, &right) {
                return Expr::Literal(ScalarValue::Decimal128(Some(large), DECIMAL128_MAX_PRECISION, 0), None);
            }
            binary_expr(left.native(&DataType::Int64), op, right.native(&DataType::Int64))
        }
        (Kind::Int | Kind::Decimal, Kind::Int | Kind::Decimal) if decimal_holds(&left, op, &right) => {
            binary_expr(tight(left), op, tight(right))
        }
        _ => binary_expr(left.native(&DataType::Float64), op, right.native(&DataType::Float64)),
    }
}

/// The exact result of two constants that BIGINT cannot hold.
fn beyond_bigint(left: &Typed, op: Operator, right: &Typed) -> Option<i128> {
    let (left, right) = (integer(left)?, integer(right)?);
    let exact = match op {
        Operator::Plus => left + right,
        Operator::Minus => left - right,
        _ => left * right,
    };
    i64::try_from(exact).is_err().then_some(exact)
}

fn integer(number: &Typed) -> Option<i128> {
    match number.literal()?.cast_to(&DataType::Int64) {
        Ok(ScalarValue::Int64(Some(value))) => Some(i128::from(value)),
        _ => None,
    }
}

/// Whether the result's scale fits a DECIMAL.
fn decimal_holds(left: &Typed, op: Operator, right: &Typed) -> bool {
    match (op, digits(&left.data_type), digits(&right.data_type)) {
        (Operator::Multiply, Some((_, s1)), Some((_, s2))) => s1 + s2 <= DECIMAL128_MAX_PRECISION as i8,
        (_, Some(_), Some(_)) => true,
        _ => false,
    }
}

/// An integer constant as a DECIMAL of just its digits, so that the result does not grow by the digits of BIGINT.
fn tight(number: Typed) -> Expr {
    match integer(&number) {
        Some(value) if number.kind() == Kind::Int => {
            let precision = value.unsigned_abs().checked_ilog10().map_or(1, |log| log as u8 + 1);
            Expr::Literal(ScalarValue::Decimal128(Some(value), precision, 0), None)
        }
        _ => number.expr,
    }
}

fn divide(kernels: &Kernels, left: Typed, right: Typed) -> Expr {
    let exact = |number: &Typed| matches!(number.kind(), Kind::Int | Kind::Decimal);
    let any_decimal = left.kind() == Kind::Decimal || right.kind() == Kind::Decimal;
    if any_decimal && exact(&left) && exact(&right) {
        return apply_all(&kernels.divide, vec![left.expr, right.expr]);
    }
    let safe = not_zero(&right);
    let (left, right) = (left.native(&DataType::Float64), right.native(&DataType::Float64));
    if safe { binary_expr(left, Operator::Divide, right) } else { apply_all(&kernels.divide, vec![left, right]) }
}

fn int_divide(kernels: &Kernels, left: Typed, right: Typed) -> Expr {
    // The smallest BIGINT divided by -1 overflows.
    let safe = not_zero(&right) && integer(&right) != Some(-1);
    if safe && left.kind() == Kind::Int && right.kind() == Kind::Int {
        return binary_expr(left.native(&DataType::Int64), Operator::Divide, right.native(&DataType::Int64));
    }
    apply_all(&kernels.int_divide, vec![left.expr, right.expr])
}

fn modulo(kernels: &Kernels, left: Typed, right: Typed) -> Expr {
    let safe = not_zero(&right) && integer(&right) != Some(-1);
    if safe && left.kind() == Kind::Int && right.kind() == Kind::Int {
        return binary_expr(left.native(&DataType::Int64), Operator::Modulo, right.native(&DataType::Int64));
    }
    apply_all(&kernels.modulo, vec![left.expr, right.expr])
}

fn not_zero(number: &Typed) -> bool {
    let Some(value) = number.literal().filter(|value| !value.is_null()) else { return false };
    ScalarValue::new_zero(&value.data_type()).is_ok_and(|zero| zero != *value)
}
