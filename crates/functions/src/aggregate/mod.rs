//! Aggregate functions: DataFusion's under StarRocks' names and types ([`delegate`]), and those it lacks.

mod delegate;
mod extreme_by;
mod list;

use std::sync::Arc;

use datafusion::logical_expr::AggregateUDF;

/// Every aggregate function, ready to register.
pub(crate) fn all() -> Vec<Arc<AggregateUDF>> {
    let mut functions = list::functions();
    functions.extend(extreme_by::functions());
    functions
}
