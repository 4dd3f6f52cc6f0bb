//! Plans for people, also those that are spread over nodes.

use crate::analyze::explain_error;
use base::Result;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_distributed::{DistributedMetricsFormat, display_plan_ascii, explain_analyze};
use std::sync::Arc;
use std::time::Duration;

const METRICS_PATIENCE: Duration = Duration::from_secs(5);

/// The stages of a plan and their operators.
pub(crate) fn stages(plan: &dyn ExecutionPlan) -> String {
    display_plan_ascii(plan, false)
}

/// What the operators of a plan that has run have counted, on whichever node.
pub(crate) async fn with_metrics(plan: &Arc<dyn ExecutionPlan>) -> Result<String> {
    let measured = explain_analyze(Arc::clone(plan), DistributedMetricsFormat::Aggregated);
    match tokio::time::timeout(METRICS_PATIENCE, measured).await {
        Ok(text) => text.map_err(explain_error),
        // A node was lost, and with it what it has counted.
        Err(_) => Ok(stages(plan.as_ref())),
    }
}
