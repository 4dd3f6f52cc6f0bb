//! What Viewmill changes in DataFusion's optimiser, one file a rule.

mod cooperative_joins;
mod early_rows;
mod equijoin;
mod filter_pushdown;

pub(crate) use equijoin::null_safe_keys;

use datafusion::optimizer::{Optimizer, OptimizerRule};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use std::sync::Arc;

/// DataFusion's logical rules, with ours in place of those that return wrong rows.
pub(crate) fn logical_rules() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    Optimizer::new().rules.into_iter().map(equijoin::guarded).collect()
}

/// DataFusion's physical rules, with ours in place of those that return wrong rows, and then our own.
pub(crate) fn physical_rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let mut rules: Vec<_> = PhysicalOptimizer::new().rules.into_iter().map(filter_pushdown::guarded).collect();
    rules.push(Arc::new(early_rows::EarlyRows));
    rules.push(Arc::new(cooperative_joins::CooperativeJoins));
    rules
}
