//! Rules that Viewmill adds to DataFusion's optimiser, one file each.

mod cooperative_joins;

use datafusion::physical_optimizer::PhysicalOptimizerRule;
use std::sync::Arc;

/// Physical rules, to run after DataFusion's own.
pub(crate) fn physical_rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    vec![Arc::new(cooperative_joins::CooperativeJoins)]
}
