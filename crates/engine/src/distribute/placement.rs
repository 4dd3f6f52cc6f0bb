//! Decides where a plan runs, and says why.

use super::cluster::Cluster;
use super::route::Route;
use crate::analyze::explain_error;
use crate::table::native_source::NativeSource;
use base::{Error, ErrorKind, Result};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::{SessionState, TaskContext};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::scalar_subquery::ScalarSubqueryExec;
use datafusion_distributed::DistributedExec;
use std::sync::Arc;

/// Where a plan runs.
pub(crate) enum Placement {
    /// Where it was planned; with the reason.
    Here(String),
    /// It can be told once the plan's scalar subqueries have values.
    AfterScalars,
    Nodes {
        plan: Arc<dyn ExecutionPlan>,
        task: Arc<TaskContext>,
        route: Arc<Route>,
    },
}

impl Cluster {
    /// Where this plan of this session runs.
    ///
    /// # Errors
    /// `Unavailable` if it is too much for this node and no other is there.
    pub(crate) async fn place(&self, plan: &Arc<dyn ExecutionPlan>, state: &SessionState) -> Result<Placement> {
        let (bytes, enough) = (bytes_read(plan)?, self.distribution.bytes_min);
        if bytes < enough || bytes == 0 {
            return Ok(Placement::Here(format!("reads {bytes} bytes, nodes are asked from {enough} on")));
        }
        let nodes = self.distribution.nodes.serving();
        if nodes.is_empty() {
            let message = "No alive compute node. Start one with 'viewmill cn --fe HOST:RPC_PORT'";
            return Err(Error::new(ErrorKind::Unavailable, message).with("bytes_to_read", bytes));
        }
        if state.config().target_partitions() == 1 {
            return Ok(Placement::Here("parallelism is 1".to_string()));
        }
        if has_scalars(plan)? {
            return Ok(Placement::AfterScalars);
        }
        if let Err(objection) = self.portable.check(plan) {
            return Ok(Placement::Here(objection.strip_backtrace()));
        }
        let route = self.route(&nodes);
        let mut state = self.session(state, &route).map_err(explain_error)?;
        let stages = self.stages(Arc::clone(plan), &mut state).await.map_err(explain_error)?;
        if !stages.is::<DistributedExec>() {
            return Ok(Placement::Here("it cannot be divided".to_string()));
        }
        Ok(Placement::Nodes { plan: stages, task: state.task_ctx(), route })
    }
}

fn has_scalars(plan: &Arc<dyn ExecutionPlan>) -> Result<bool> {
    plan.exists(|node| Ok(node.is::<ScalarSubqueryExec>())).map_err(explain_error)
}

/// Stored bytes that its scans read at the most.
fn bytes_read(plan: &Arc<dyn ExecutionPlan>) -> Result<usize> {
    let mut bytes = 0;
    let sum = plan.apply(|node| {
        if let Some((config, _)) = node.downcast_ref::<DataSourceExec>().and_then(NativeSource::of) {
            let files = config.file_groups.iter().flat_map(|group| group.files());
            bytes += files.map(|file| file.effective_size() as usize).sum::<usize>();
        }
        Ok(TreeNodeRecursion::Continue)
    });
    sum.map(|_| bytes).map_err(explain_error)
}
