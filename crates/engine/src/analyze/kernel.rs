//! The functions of the library that plans are rewritten to, and their use on constants while planning.

use std::sync::Arc;

use base::{Error, Result};
use datafusion::arrow::datatypes::Field;
use datafusion::common::config::ConfigOptions;
use datafusion::logical_expr::{ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF};
use datafusion::scalar::ScalarValue;

/// Functions whose calls with constant arguments may be computed while planning: they depend on nothing else. A constant
/// beside a column can be brought to the column's type, with which files are pruned. Sorted.
const CONSTANT: &[&str] = &[
    "date",
    "date_trunc",
    "days_add",
    "days_sub",
    "last_day",
    "makedate",
    "months_add",
    "months_sub",
    "str2date",
    "str_to_date",
    "timestamp",
    "to_date",
    "vm_date_add",
    "vm_to_date",
    "vm_to_datetime",
    "vm_to_double",
];

/// The functions that implement implicit conversions and operators, shared by planners and rules.
#[derive(Debug, Clone)]
pub struct Kernels {
    pub(super) to_double: Arc<ScalarUDF>,
    pub(super) to_bigint: Arc<ScalarUDF>,
    pub(super) to_datetime: Arc<ScalarUDF>,
    pub(super) to_date: Arc<ScalarUDF>,
    pub(super) to_text: Arc<ScalarUDF>,
    pub(super) not_zero: Arc<ScalarUDF>,
    pub(super) divide: Arc<ScalarUDF>,
    pub(super) int_divide: Arc<ScalarUDF>,
    pub(super) modulo: Arc<ScalarUDF>,
}

impl Kernels {
    /// Finds the functions by name.
    ///
    /// # Errors
    /// `Internal` if the library lacks one of them.
    pub fn find(functions: &[Arc<ScalarUDF>]) -> Result<Self> {
        let find = |name: &str| {
            functions
                .iter()
                .find(|function| function.name() == name || function.aliases().iter().any(|alias| alias == name))
                .cloned()
                .ok_or_else(|| Error::internal("the function library lacks a function").with("name", name))
        };
        Ok(Kernels {
            to_double: find("vm_to_double")?,
            to_bigint: find("vm_to_bigint")?,
            to_datetime: find("vm_to_datetime")?,
            to_date: find("vm_to_date")?,
            to_text: find("vm_to_text")?,
            not_zero: find("vm_not_zero")?,
            divide: find("vm_div")?,
            int_divide: find("vm_int_div")?,
            modulo: find("vm_mod")?,
        })
    }
}

/// Calls a function with one argument; computes the call if the argument is constant.
pub(super) fn apply(function: &Arc<ScalarUDF>, expr: Expr) -> Expr {
    apply_all(function, vec![expr])
}

pub(super) fn apply_all(function: &Arc<ScalarUDF>, args: Vec<Expr>) -> Expr {
    let constants: Option<Vec<ScalarValue>> = args.iter().map(constant).collect();
    match constants.and_then(|constants| evaluate(function, constants)) {
        Some(value) => Expr::Literal(value, None),
        None => function.call(args),
    }
}

/// The value of an expression that is constant without further data.
pub(super) fn constant(expr: &Expr) -> Option<ScalarValue> {
    match expr {
        Expr::Literal(value, _) => Some(value.clone()),
        Expr::Alias(alias) => constant(&alias.expr),
        Expr::Negative(inner) => constant(inner)?.arithmetic_negate().ok(),
        Expr::ScalarFunction(call) if CONSTANT.binary_search(&call.func.name()).is_ok() => {
            evaluate(&call.func, call.args.iter().map(constant).collect::<Option<_>>()?)
        }
        _ => None,
    }
}

/// `None` if the function does not take these values; execution will say why.
fn evaluate(function: &Arc<ScalarUDF>, values: Vec<ScalarValue>) -> Option<ScalarValue> {
    let types: Vec<_> = values.iter().map(ScalarValue::data_type).collect();
    let types = function.coerce_types(&types).ok()?;
    let values: Vec<ScalarValue> =
        values.iter().zip(&types).map(|(value, data_type)| value.cast_to(data_type)).collect::<Result<_, _>>().ok()?;
    let arg_fields: Vec<_> =
        types.into_iter().map(|data_type| Arc::new(Field::new("argument", data_type, true))).collect();
    let scalars: Vec<Option<&ScalarValue>> = values.iter().map(Some).collect();
    let return_field = function
        .return_field_from_args(ReturnFieldArgs { arg_fields: &arg_fields, scalar_arguments: &scalars })
        .ok()?;
    let result = function.invoke_with_args(ScalarFunctionArgs {
        args: values.into_iter().map(ColumnarValue::Scalar).collect(),
        arg_fields,
        number_rows: 1,
        return_field,
        config_options: Arc::new(ConfigOptions::default()),
    });
    match result.ok()? {
        ColumnarValue::Scalar(value) => Some(value),
        ColumnarValue::Array(array) => ScalarValue::try_from_array(&array, 0).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_functions_are_sorted_for_the_search() {
        assert!(CONSTANT.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
