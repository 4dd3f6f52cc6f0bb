//! The SQL function library: StarRocks and MySQL functions as DataFusion functions.
//!
//! The engine registers [`all`] after DataFusion's own functions, so a name that is defined here wins. Every function
//! is stateless and found by its name, hence plans can be shipped by name. Functions that depend on the session alone
//! (`now()`, `database()`, `user()` ...) are not here: they are literals before planning starts.
//!
//! Promise of the whole library: arguments of any type are accepted and cast as MySQL casts them ([`cast`]); a value
//! that cannot be cast is NULL, never an error. Errors are left for statements that cannot mean anything: a wrong
//! number of arguments, an unknown unit, a pattern that does not compile.

mod aggregate;
mod calendar;
mod call;
pub mod cast;
mod define;
mod scalar;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use datafusion::logical_expr::{AggregateUDF, ScalarUDF};

/// Everything to register: overrides of DataFusion's defaults and Viewmill's own.
pub struct FunctionSet {
    pub scalar: Vec<Arc<ScalarUDF>>,
    pub aggregate: Vec<Arc<AggregateUDF>>,
}

/// The complete library; build it once per process and register it in every session.
pub fn all() -> FunctionSet {
    FunctionSet { scalar: scalar::all(), aggregate: aggregate::all() }
}
