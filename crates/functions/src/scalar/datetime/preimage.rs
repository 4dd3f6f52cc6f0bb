//! Which moments make `date_trunc(..)`, `date(..)` or `year(..)` equal to a constant: a range of the column itself,
//! with which files and pages are pruned.

use datafusion::common::Result;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::interval_arithmetic::Interval;
use datafusion::logical_expr::preimage::PreimageResult;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::scalar::ScalarValue;

use super::truncate::period;
use super::unit::Unit;
use crate::calendar::{checked_days, day_of, midnight};
use crate::define::{DATE, DATETIME};

/// `date_trunc(unit, column) = literal`.
pub(super) fn of_date_trunc(args: &[Expr], literal: &Expr, info: &SimplifyContext) -> Result<PreimageResult> {
    let [Expr::Literal(unit, _), column] = args else {
        return Ok(PreimageResult::None);
    };
    match unit.try_as_str().flatten().and_then(Unit::parse) {
        Some(unit) => around(column, literal, unit, info),
        None => Ok(PreimageResult::None),
    }
}

/// `date(column) = literal`.
pub(super) fn of_date(args: &[Expr], literal: &Expr, info: &SimplifyContext) -> Result<PreimageResult> {
    match args {
        [column] => around(column, literal, Unit::Day, info),
        _ => Ok(PreimageResult::None),
    }
}

/// `year(column) = literal`.
pub(super) fn of_year(args: &[Expr], literal: &Expr, info: &SimplifyContext) -> Result<PreimageResult> {
    let ([column], Expr::Literal(ScalarValue::Int32(Some(year)), _)) = (args, literal) else {
        return Ok(PreimageResult::None);
    };
    match (checked_days(*year, 1, 1), checked_days(year.saturating_add(1), 1, 1)) {
        (Some(start), Some(end)) => range(column, midnight(start), midnight(end), info),
        _ => Ok(PreimageResult::None),
    }
}

fn around(column: &Expr, literal: &Expr, unit: Unit, info: &SimplifyContext) -> Result<PreimageResult> {
    let at = match literal {
        Expr::Literal(ScalarValue::TimestampMicrosecond(Some(micros), None), _) => *micros,
        Expr::Literal(ScalarValue::Date32(Some(days)), _) => midnight(*days),
        _ => return Ok(PreimageResult::None),
    };
    match period(at, unit) {
        // A constant inside a period equals no start of a period; comparing it stays with the function.
        Some((start, end)) if start == at => range(column, start, end, info),
        _ => Ok(PreimageResult::None),
    }
}

fn range(column: &Expr, start: i64, end: i64, info: &SimplifyContext) -> Result<PreimageResult> {
    let scalar = |micros: i64| match info.get_data_type(column) {
        Ok(DATETIME) => Some(ScalarValue::TimestampMicrosecond(Some(micros), None)),
        Ok(DATE) => Some(ScalarValue::Date32(Some(day_of(micros)))),
        _ => None,
    };
    match (scalar(start), scalar(end)) {
        (Some(lower), Some(upper)) => {
            Ok(PreimageResult::Range { expr: column.clone(), interval: Box::new(Interval::try_new(lower, upper)?) })
        }
        _ => Ok(PreimageResult::None),
    }
}
