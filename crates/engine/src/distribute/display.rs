//! Plans for people, also those that are spread over nodes.

use crate::analyze::explain_error;
use base::Result;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_distributed::{DistributedMetricsFormat, display_plan_ascii, explain_analyze};
use std::sync::Arc;

/// The stages of a plan and their operators.
pub(crate) fn stages(plan: &dyn ExecutionPlan) -> String {
    display_plan_ascii(plan, false)
}

/// What the operators of a plan that has run have counted, on whichever node.
pub(crate) async fn with_metrics(plan: &Arc<dyn ExecutionPlan>) -> Result<String> {
    let text = explain_analyze(Arc::clone(plan), DistributedMetricsFormat::Aggregated).await;
    text.map_err(explain_error)
}
