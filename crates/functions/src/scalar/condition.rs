//! `if`, `ifnull`, `coalesce`, `nullif`, `isnull`: the planner turns them into `CASE` and `IS NULL`, which the
//! optimiser knows.

use std::sync::Arc;

use datafusion::arrow::array::BooleanArray;
use datafusion::arrow::compute::kernels::cmp;
use datafusion::arrow::compute::kernels::zip::zip;
use datafusion::arrow::compute::{is_not_null, is_null, nullif};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::conditional_expressions::CaseBuilder;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{ColumnarValue, Expr, try_cast};

use super::convert::{condition_function, text_function};
use super::value_type::{common_type, comparison_type, to_type};
use crate::call::Call;
use crate::define::{Def, TEXT, canonical, is_text};

pub(super) fn functions() -> Vec<Def> {
    vec![
        Def::of("if", 3..=3, |known| Ok(common_type(&known.types[1..])), choose).simplify(simplify_if).lazy(),
        Def::of("ifnull", 2..=2, |known| Ok(common_type(&known.types)), first_known)
            .aliases(&["nvl"])
            .simplify(simplify_coalesce)
            .lazy(),
        Def::of("coalesce", 1..=usize::MAX, |known| Ok(common_type(&known.types)), first_known)
            .simplify(simplify_coalesce)
            .lazy(),
        Def::of("nullif", 2..=2, |known| Ok(common_type(&known.types[..1])), null_if_equal),
        Def::new("isnull", 1..=1, DataType::Boolean, |call| {
            let (array, _) = call.raw(0)?;
            call.finish(Arc::new(is_null(&array)?))
        })
        .simplify(|args, _| one(args, Expr::is_null)),
        Def::new("isnotnull", 1..=1, DataType::Boolean, |call| {
            let (array, _) = call.raw(0)?;
            call.finish(Arc::new(is_not_null(&array)?))
        })
        .simplify(|args, _| one(args, Expr::is_not_null)),
    ]
}

fn one(mut args: Vec<Expr>, rewrite: fn(Expr) -> Expr) -> Result<ExprSimplifyResult> {
    match args.pop() {
        Some(arg) => Ok(ExprSimplifyResult::Simplified(rewrite(arg))),
        None => Ok(ExprSimplifyResult::Original(args)),
    }
}

fn types_of(args: &[Expr], info: &SimplifyContext) -> Result<Vec<DataType>> {
    args.iter().map(|arg| info.get_data_type(arg).map(|data_type| canonical(&data_type))).collect()
}

/// The expression in the type that [`common_type`] chose.
fn converted(arg: Expr, from: &DataType, to: &DataType) -> Expr {
    match to {
        to if from == to => arg,
        to if *to == TEXT && !is_text(from) && *from != DataType::Null => text_function().build().call(vec![arg]),
        to => try_cast(arg, to.clone()),
    }
}

fn simplify_if(args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
    let types = types_of(&args, info)?;
    let common = common_type(&types[1..]);
    let [condition, then, otherwise] = match <[Expr; 3]>::try_from(args) {
        Ok(args) => args,
        Err(args) => return Ok(ExprSimplifyResult::Original(args)),
    };
    let condition = match types[0] {
        DataType::Boolean => condition,
        _ => condition_function().build().call(vec![condition]),
    };
    let then = converted(then, &types[1], &common);
    let otherwise = converted(otherwise, &types[2], &common);
    let case = CaseBuilder::new(None, vec![condition], vec![then], Some(Box::new(otherwise))).end()?;
    Ok(ExprSimplifyResult::Simplified(case))
}

fn simplify_coalesce(args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
    let types = types_of(&args, info)?;
    let common = common_type(&types);
    let whens: Vec<Expr> = args.iter().map(|arg| arg.clone().is_not_null()).collect();
    let mut values: Vec<Expr> = args.into_iter().zip(&types).map(|(arg, from)| converted(arg, from, &common)).collect();
    let Some(last) = values.pop() else {
        return Ok(ExprSimplifyResult::Original(values));
    };
    if values.is_empty() {
        return Ok(ExprSimplifyResult::Simplified(last));
    }
    let whens = whens[..values.len()].to_vec();
    Ok(ExprSimplifyResult::Simplified(CaseBuilder::new(None, whens, values, Some(Box::new(last))).end()?))
}

/// `if` where the optimiser did not run.
fn choose(call: &Call) -> Result<ColumnarValue> {
    let condition = call.truth(0)?;
    let mask: BooleanArray = (0..call.rows()).map(|row| condition.get(row)).collect();
    let then = to_type(&call.expanded(1)?, call.return_type())?;
    let otherwise = to_type(&call.expanded(2)?, call.return_type())?;
    call.finish(zip(&mask, &then, &otherwise)?)
}

/// `coalesce` where the optimiser did not run.
fn first_known(call: &Call) -> Result<ColumnarValue> {
    let mut chosen = to_type(&call.expanded(call.len() - 1)?, call.return_type())?;
    for index in (0..call.len() - 1).rev() {
        let array = to_type(&call.expanded(index)?, call.return_type())?;
        chosen = zip(&is_not_null(&array)?, &array, &chosen)?;
    }
    call.finish(chosen)
}

fn null_if_equal(call: &Call) -> Result<ColumnarValue> {
    let (a, b) = (call.expanded(0)?, call.expanded(1)?);
    let compared_as = comparison_type(&canonical(a.data_type()), &canonical(b.data_type()));
    let equal = cmp::eq(&to_type(&a, &compared_as)?, &to_type(&b, &compared_as)?)?;
    call.finish(nullif(&to_type(&a, call.return_type())?, &equal)?)
}
