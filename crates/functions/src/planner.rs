//! Plans SQL's functions with a syntax of their own as calls of this library's functions.

use std::sync::Arc;

use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult};
use datafusion::logical_expr::{Expr, ScalarUDF};

use crate::scalar;

/// `substring`, `position` and `extract`.
#[derive(Debug)]
pub(crate) struct FunctionPlanner {
    functions: Vec<Arc<ScalarUDF>>,
}

/// What `EXTRACT(unit FROM x)` calls.
const EXTRACTED: [(&str, &str); 10] = [
    ("year", "year"),
    ("quarter", "quarter"),
    ("month", "month"),
    ("week", "week"),
    ("day", "day"),
    ("hour", "hour"),
    ("minute", "minute"),
    ("second", "second"),
    ("microsecond", "microsecond"),
    ("dow", "dayofweek"),
];

impl FunctionPlanner {
    pub(crate) fn new() -> FunctionPlanner {
        FunctionPlanner { functions: scalar::all() }
    }

    fn call(&self, name: &str, args: Vec<Expr>) -> Result<PlannerResult<Vec<Expr>>> {
        match self.functions.iter().find(|function| function.name() == name) {
            Some(function) => Ok(PlannerResult::Planned(function.call(args))),
            None => Ok(PlannerResult::Original(args)),
        }
    }
}

impl ExprPlanner for FunctionPlanner {
    fn plan_substring(&self, args: Vec<Expr>) -> Result<PlannerResult<Vec<Expr>>> {
        self.call("substring", args)
    }

    fn plan_position(&self, mut args: Vec<Expr>) -> Result<PlannerResult<Vec<Expr>>> {
        // DataFusion hands over `POSITION(part IN text)` as text and part.
        args.truncate(2);
        self.call("instr", args)
    }

    fn plan_extract(&self, args: Vec<Expr>) -> Result<PlannerResult<Vec<Expr>>> {
        let [Expr::Literal(unit, _), value] = args.as_slice() else {
            return Ok(PlannerResult::Original(args));
        };
        let unit = unit.try_as_str().flatten().unwrap_or_default();
        match EXTRACTED.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)) {
            Some((_, function)) => self.call(function, vec![value.clone()]),
            None => plan_err!("extract does not know the unit '{unit}'"),
        }
    }
}
