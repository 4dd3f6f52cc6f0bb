//! Deals the files of a scan out to the tasks of its stage.

use crate::table::native_source::NativeSource;
use crate::table::pieces;
use datafusion::common::Result;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder};
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use datafusion_distributed::{
    DistributedLeafExec, ScaleUpLeafNodeEvent, ScaleUpLeafNodeEventResponse, ScaleUpLeafNodeHandler,
};
use std::sync::Arc;

pub(super) struct Scans;

impl ScaleUpLeafNodeHandler for Scans {
    fn handle(&self, event: ScaleUpLeafNodeEvent<'_>) -> Option<Result<ScaleUpLeafNodeEventResponse>> {
        let (config, _) = event.plan.downcast_ref::<DataSourceExec>().and_then(NativeSource::of)?;
        let partitions = event.plan.output_partitioning().partition_count();
        let files = config.file_groups.iter().flat_map(|group| group.files().iter().cloned()).collect();
        // A task gets neighbouring files, the same ones every time: they are in its node's cache then.
        let mut groups = pieces::groups(files, partitions * event.task_count).into_iter();
        let tasks: Vec<Arc<dyn ExecutionPlan>> = (0..event.task_count)
            .map(|_| {
                let mut mine: Vec<FileGroup> = groups.by_ref().take(partitions).collect();
                mine.resize_with(partitions, || FileGroup::new(Vec::new()));
                let scan = FileScanConfigBuilder::from(config.clone()).with_file_groups(mine).build();
                DataSourceExec::from_data_source(scan) as _
            })
            .collect();
        let leaf = DistributedLeafExec::try_new(Arc::clone(event.plan), tasks);
        Some(leaf.map(|leaf| ScaleUpLeafNodeEventResponse::new(Arc::new(leaf))))
    }
}
