//! Join keys of `=` and of `<=>` never meet in one join.
//!
//! A join has one answer to whether NULL equals NULL. DataFusion's rules move keys between joins without looking at it,
//! so that `=` became `<=>` or the reverse (sql-tests/query/null_safe_join.test). Here only `=` becomes a key while the
//! rules run; joins that have no keys then get theirs from `<=>`.

use datafusion::common::NullEquality;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult};
use datafusion::logical_expr::utils::{can_hash, conjunction, find_valid_equijoin_key_pair, split_conjunction_owned};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Join, LogicalPlan, Operator};
use datafusion::optimizer::extract_equijoin_predicate::ExtractEquijoinPredicate;
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};
use std::sync::Arc;

type Rule = Arc<dyn OptimizerRule + Send + Sync>;

/// The rule, or this one in the place of DataFusion's.
pub(super) fn guarded(rule: Rule) -> Rule {
    if rule.name() == ExtractEquijoinPredicate::new().name() { Arc::new(EquijoinKeys) } else { rule }
}

/// Gives joins without keys those of `<=>`; to be done once all rules have run.
pub(crate) fn null_safe_keys(plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<LogicalPlan> {
    let rule = ExtractEquijoinPredicate::new();
    plan.transform_up_with_subqueries(|node| rule.rewrite(node, config)).data()
}

#[derive(Debug)]
struct EquijoinKeys;

impl OptimizerRule for EquijoinKeys {
    fn name(&self) -> &str {
        "equijoin_keys"
    }

    fn supports_rewrite(&self) -> bool {
        true
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(&self, plan: LogicalPlan, _: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        match plan {
            LogicalPlan::Join(mut join) if join.null_equality == NullEquality::NullEqualsNothing => {
                let Some(filter) = join.filter.take() else { return Ok(Transformed::no(LogicalPlan::Join(join))) };
                let keys_before = join.on.len();
                let mut rest = Vec::new();
                for term in split_conjunction_owned(filter) {
                    match key(&term, &join)? {
                        Some(pair) => join.on.push(pair),
                        None => rest.push(term),
                    }
                }
                let found = join.on.len() > keys_before;
                join.filter = conjunction(rest);
                let plan = LogicalPlan::Join(join);
                Ok(if found { Transformed::yes(plan) } else { Transformed::no(plan) })
            }
            other => Ok(Transformed::no(other)),
        }
    }
}

/// The two sides of `left = right`, if each belongs to one input.
fn key(term: &Expr, join: &Join) -> Result<Option<(Expr, Expr)>> {
    let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = term else { return Ok(None) };
    let (left_schema, right_schema) = (join.left.schema(), join.right.schema());
    let Some(pair) = find_valid_equijoin_key_pair(left, right, left_schema, right_schema)? else { return Ok(None) };
    let hashable = can_hash(&pair.0.get_type(left_schema)?) && can_hash(&pair.1.get_type(right_schema)?);
    Ok(hashable.then_some(pair))
}
