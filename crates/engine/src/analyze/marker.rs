//! Functions that exist only between planning and the analyzer rule.
//!
//! DataFusion asks for the type of an expression while it plans, long before types are coerced. A marker answers with
//! the type that the expression will have; [`super::coercion`] then replaces it by casts and by CASE.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, internal_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::kind;

/// `vm_numeric(x)`: x where a number is wanted; text and dates are read as numbers, booleans are 0 and 1.
pub(super) const NUMERIC: &str = "vm_numeric";
/// `vm_case(condition, result, condition, result, ..., [otherwise])`.
pub(super) const CASE: &str = "vm_case";

/// `vm_cast(CAST(x AS type))`: DataFusion's names of expressions leave casts out, so that `sum(x)` and
/// `sum(CAST(x AS DOUBLE))` would be one column.
pub(super) const CAST: &str = "vm_cast";

/// The functions to register in a session beside the function library.
pub fn functions() -> Vec<Arc<ScalarUDF>> {
    [NUMERIC, CASE, CAST].into_iter().map(|name| Arc::new(ScalarUDF::new_from_impl(Marker::new(name)))).collect()
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Marker {
    name: &'static str,
    signature: Signature,
}

impl Marker {
    fn new(name: &'static str) -> Self {
        Marker { name, signature: Signature::user_defined(Volatility::Immutable) }
    }

    /// The expression that the marker stands for, as DataFusion prints it.
    fn text(&self, args: Vec<String>) -> String {
        if self.name != CASE {
            return args.join(", ");
        }
        let mut text = "CASE".to_string();
        for pair in args.chunks(2) {
            match pair {
                [condition, result] => text.push_str(&format!(" WHEN {condition} THEN {result}")),
                otherwise => text.push_str(&format!(" ELSE {}", otherwise.join(", "))),
            }
        }
        text + " END"
    }
}

/// The results among the arguments of `vm_case`: every second one, and the last of an odd number.
pub(super) fn case_results<T>(args: &[T]) -> impl Iterator<Item = &T> {
    let odd = args.len() % 2 == 1;
    args.iter().enumerate().filter(move |(i, _)| i % 2 == 1 || (odd && i + 1 == args.len())).map(|(_, arg)| arg)
}

impl ScalarUDFImpl for Marker {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        if types.is_empty() {
            return plan_err!("{} needs an argument", self.name);
        }
        Ok(types.to_vec())
    }

    // The names of columns are those of the expressions that markers stand for.
    fn display_name(&self, args: &[Expr]) -> Result<String> {
        Ok(self.text(args.iter().map(ToString::to_string).collect()))
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        if let [Expr::TryCast(cast)] = args {
            return Ok(format!("CAST({} AS {})", cast.expr.schema_name(), cast.field.data_type()));
        }
        Ok(self.text(args.iter().map(|arg| arg.schema_name().to_string()).collect()))
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(match (self.name, types) {
            (NUMERIC, [one]) => kind::numeric(one),
            (CAST, [one]) => one.clone(),
            _ => kind::unify(case_results(types)),
        })
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let types: Vec<DataType> = args.arg_fields.iter().map(|field| field.data_type().clone()).collect();
        Ok(Arc::new(Field::new(self.name, self.return_type(&types)?, true)))
    }

    fn invoke_with_args(&self, _args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        internal_err!("{} is replaced before execution: analyzer_rules are not installed", self.name)
    }
}
