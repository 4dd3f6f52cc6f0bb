//! Operators that must see all rows of their stage.
//!
//! The library gives a stage as many tasks as its scans are worth. It keeps operators that need all rows, or all rows of a
//! key, right by what merges or repartitions rows below them. Over an input of one partition DataFusion leaves that out:
//! such a stage would have several tasks that each believe to have everything.

use datafusion::common::Result;
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::{Distribution, ExecutionPlan, ExecutionPlanProperties};
use datafusion_distributed::{BroadcastExec, DesiredTaskCountEvent, DesiredTaskCountEventResponse, NetworkBoundaryExt};
use std::sync::Arc;

/// One task, where several would each compute a part as if it were the whole.
pub(super) fn limit(event: DesiredTaskCountEvent<'_>) -> Option<Result<DesiredTaskCountEventResponse>> {
    needs_all(event.plan).then(|| Ok(DesiredTaskCountEventResponse::maximum(1)))
}

fn needs_all(plan: &Arc<dyn ExecutionPlan>) -> bool {
    if let Some(scan) = plan.downcast_ref::<DataSourceExec>() {
        // Over several partitions another limit follows.
        return scan.fetch().is_some() && plan.output_partitioning().partition_count() == 1;
    }
    let required = plan.input_distribution_requirements();
    plan.children().into_iter().enumerate().any(|(i, child)| {
        let gathers = !matches!(required.child_distribution(i), None | Some(Distribution::UnspecifiedDistribution));
        gathers && child.output_partitioning().partition_count() == 1 && !gathered(child)
    })
}

/// Whether rows of all tasks come together in this operator.
fn gathered(plan: &Arc<dyn ExecutionPlan>) -> bool {
    plan.is::<CoalescePartitionsExec>()
        || plan.is::<SortPreservingMergeExec>()
        || plan.is::<RepartitionExec>()
        || plan.is::<BroadcastExec>()
        || plan.is_network_boundary()
}
