//! Scalar functions by family; each family module lists its functions.

mod condition;
mod convert;
mod datetime;
mod json;
mod math;
mod process;
mod sleep;
mod string;
mod value_type;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

use crate::define::Def;

/// Every scalar function, ready to register.
pub(crate) fn all() -> Vec<Arc<ScalarUDF>> {
    let families = [
        condition::functions(),
        convert::functions(),
        datetime::functions(),
        json::functions(),
        math::functions(),
        process::functions(),
        string::functions(),
    ];
    families.into_iter().flatten().map(Def::build).chain([sleep::function()]).collect()
}
