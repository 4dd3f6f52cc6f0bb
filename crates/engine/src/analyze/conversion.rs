//! Explicit and implicit conversions of planned expressions, by the kind of value they start from.

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{Expr, lit, try_cast};
use datafusion::scalar::ScalarValue;

use super::kernel::{Kernels, apply, constant};
use super::kind::{self, DATETIME, Kind, TEXT, digits};

/// An expression and its type.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    pub(super) expr: Expr,
    pub(super) data_type: DataType,
}

impl Typed {
    /// Constants become literals, aliases inside of expressions are dropped.
    pub(super) fn new(expr: Expr, data_type: DataType) -> Self {
        let expr = match constant(&expr) {
            Some(value) => Expr::Literal(value, None),
            None => expr.unalias(),
        };
        let data_type = match &expr {
            Expr::Literal(value, _) => value.data_type(),
            _ => data_type,
        };
        Typed { expr, data_type }
    }

    pub(super) fn kind(&self) -> Kind {
        Kind::of(&self.data_type)
    }

    pub(super) fn literal(&self) -> Option<&ScalarValue> {
        match &self.expr {
            Expr::Literal(value, _) => Some(value),
            _ => None,
        }
    }

    /// The text of a string literal that is not NULL.
    pub(super) fn literal_text(&self) -> Option<&str> {
        self.literal().and_then(|value| value.try_as_str().flatten())
    }

    /// The value as DOUBLE.
    pub(super) fn double(self, kernels: &Kernels) -> Expr {
        match self.kind() {
            Kind::Float if self.data_type == DataType::Float64 => self.expr,
            Kind::Null | Kind::Int | Kind::Float => self.native(&DataType::Float64),
            _ => apply(&kernels.to_double, self.expr),
        }
    }

    /// The value as BIGINT.
    pub(super) fn bigint(self, kernels: &Kernels) -> Expr {
        match self.kind() {
            Kind::Int if self.data_type == DataType::Int64 => self.expr,
            Kind::Null | Kind::Int | Kind::Bool => self.native(&DataType::Int64),
            _ => apply(&kernels.to_bigint, self.expr),
        }
    }

    pub(super) fn datetime(self, kernels: &Kernels) -> Expr {
        match self.kind() {
            Kind::DateTime if self.data_type == DATETIME => self.expr,
            Kind::Null | Kind::Date | Kind::DateTime => self.native(&DATETIME),
            _ => apply(&kernels.to_datetime, self.expr),
        }
    }

    pub(super) fn date(self, kernels: &Kernels) -> Expr {
        match self.kind() {
            Kind::Date if self.data_type == DataType::Date32 => self.expr,
            Kind::Null | Kind::Date => self.native(&DataType::Date32),
            _ => apply(&kernels.to_date, self.expr),
        }
    }

    pub(super) fn text(self, kernels: &Kernels) -> Expr {
        match self.kind() {
            Kind::Text if self.data_type == TEXT => self.expr,
            // Arrow prints integers and decimals as SQL does.
            Kind::Text | Kind::Null | Kind::Int | Kind::Decimal => self.native(&TEXT),
            _ => apply(&kernels.to_text, self.expr),
        }
    }

    /// The value as a condition: not zero.
    pub(super) fn truth(self, kernels: &Kernels) -> Expr {
        match (self.kind(), self.literal()) {
            (Kind::Bool, _) => self.expr,
            (Kind::Null, _) => lit(ScalarValue::Boolean(None)),
            (Kind::Int | Kind::Decimal | Kind::Float, None) => match ScalarValue::new_zero(&self.data_type) {
                Ok(zero) => self.expr.not_eq(Expr::Literal(zero, None)),
                Err(_) => apply(&kernels.not_zero, self.expr),
            },
            _ => apply(&kernels.not_zero, self.expr),
        }
    }

    /// The value where a number is wanted: numbers as they are, unsigned ones as signed.
    pub(super) fn number(self, kernels: &Kernels) -> Typed {
        let data_type = match self.literal() {
            Some(ScalarValue::UInt64(Some(value))) if *value > i64::MAX as u64 => DataType::Decimal128(20, 0),
            _ => kind::numeric(&self.data_type),
        };
        let expr = match self.kind() {
            Kind::Text => self.double(kernels),
            Kind::Null | Kind::Bool | Kind::Date | Kind::DateTime => self.bigint(kernels),
            _ if self.data_type == data_type => self.expr,
            _ => self.native(&data_type),
        };
        Typed { expr, data_type }
    }

    /// Arrow's own cast; NULL where it fails. Literals are cast at once.
    pub(super) fn native(self, target: &DataType) -> Expr {
        if self.data_type == *target {
            return self.expr;
        }
        match self.literal().map(|value| value.cast_to(target)) {
            Some(Ok(value)) => Expr::Literal(value, None),
            Some(Err(_)) => Expr::Literal(ScalarValue::try_from(target).unwrap_or(ScalarValue::Null), None),
            None if never_fails(&self.data_type, target) => datafusion::logical_expr::cast(self.expr, target.clone()),
            None => try_cast(self.expr, target.clone()),
        }
    }

    /// What `CAST(x AS target)` and conversions to a common type mean.
    pub(super) fn cast(self, target: &DataType, kernels: &Kernels) -> Expr {
        if self.data_type == *target {
            return self.expr;
        }
        let from = self.kind();
        match Kind::of(target) {
            Kind::Text => {
                let text = self.text(kernels);
                if *target == TEXT { text } else { Typed { expr: text, data_type: TEXT }.native(target) }
            }
            Kind::Float if !from.is_number() && from != Kind::Null => {
                Typed { expr: self.double(kernels), data_type: DataType::Float64 }.native(target)
            }
            Kind::Int if from == Kind::Text || from.is_temporal() => {
                Typed { expr: self.bigint(kernels), data_type: DataType::Int64 }.native(target)
            }
            Kind::Decimal if from.is_temporal() => {
                Typed { expr: self.bigint(kernels), data_type: DataType::Int64 }.native(target)
            }
            Kind::Decimal if from == Kind::Bool => {
                Typed { expr: self.native(&DataType::Int64), data_type: DataType::Int64 }.native(target)
            }
            Kind::Date if *target == DataType::Date32 => self.date(kernels),
            Kind::DateTime if *target == DATETIME => self.datetime(kernels),
            Kind::Bool if from == Kind::Text => self.native(target),
            Kind::Bool => self.truth(kernels),
            _ => self.native(target),
        }
    }
}

/// Whether every value of a type has its place in the other, so that a plain CAST does, which the optimizer knows better.
fn never_fails(from: &DataType, to: &DataType) -> bool {
    match (Kind::of(from), Kind::of(to)) {
        (Kind::Null, _) | (Kind::Bool, Kind::Int) => true,
        (Kind::Int | Kind::Decimal | Kind::Float, Kind::Float) => *to == DataType::Float64,
        (Kind::Int, Kind::Int) => width(from) <= width(to),
        (Kind::Int | Kind::Decimal, Kind::Decimal) => match (digits(from), digits(to)) {
            (Some((p1, s1)), Some((p2, s2))) => s1 <= s2 && p1 as i16 - s1 as i16 <= p2 as i16 - s2 as i16,
            _ => false,
        },
        (Kind::Date, Kind::DateTime) => true,
        (Kind::Text | Kind::Int | Kind::Decimal, Kind::Text) => true,
        _ => false,
    }
}

fn width(integer: &DataType) -> u8 {
    match integer {
        DataType::Int8 => 1,
        DataType::UInt8 | DataType::Int16 => 2,
        DataType::UInt16 | DataType::Int32 => 3,
        DataType::UInt32 | DataType::Int64 => 4,
        _ => 5,
    }
}
