//! Tells a node that was lost from a query that failed.
//!
//! A broken connection is noticed by the node at its other end, which may be another compute node; from there the error
//! travels as text. So it is marked where it is noticed, in a form that survives the way.

use async_trait::async_trait;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::{DataFusionError, Result, exec_datafusion_err};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion_distributed::{
    CoordinatorToWorkerMsg, ExecuteTaskRequest, GetWorkerInfoRequest, GetWorkerInfoResponse, SetPlanRequest,
    WorkerChannel, WorkerToCoordinatorMsg,
};
use futures::StreamExt;
use futures::stream::BoxStream;
use http::HeaderMap;
use std::error::Error as StdError;
use std::sync::Arc;
use tonic::{Code, Status};
use url::Url;

const MARK: &str = "compute node lost: ";

/// The error of a query whose node no longer reports.
pub(crate) fn node_lost(node: &Url) -> DataFusionError {
    marked(node, exec_datafusion_err!("it does not report any more"))
}

fn marked(node: &Url, cause: DataFusionError) -> DataFusionError {
    DataFusionError::Context(format!("{MARK}{node}"), Box::new(cause))
}

/// The node whose loss this error is about.
pub(crate) fn lost_node(error: &DataFusionError) -> Option<Url> {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = next {
        match error.downcast_ref::<DataFusionError>() {
            Some(DataFusionError::Context(text, _)) if text.starts_with(MARK) => {
                return Url::parse(&text[MARK.len()..]).ok();
            }
            Some(DataFusionError::Context(_, inner)) => next = Some(inner.as_ref()),
            Some(DataFusionError::Shared(inner)) => next = Some(inner.as_ref()),
            Some(DataFusionError::Collection(all)) => return all.iter().find_map(lost_node),
            _ => next = error.source(),
        }
    }
    None
}

/// A connection to a node that marks the errors of a broken connection.
pub(super) struct Marked {
    pub(super) node: Url,
    pub(super) channel: Box<dyn WorkerChannel>,
}

impl Marked {
    fn stream<T: Send + 'static>(&self, stream: BoxStream<'static, Result<T>>) -> BoxStream<'static, Result<T>> {
        let node = self.node.clone();
        stream.map(move |item| item.map_err(|e| mark(&node, e))).boxed()
    }
}

fn mark(node: &Url, error: DataFusionError) -> DataFusionError {
    if is_broken_connection(&error) && lost_node(&error).is_none() { marked(node, error) } else { error }
}

/// Errors of the query itself come with a code of their own and are decoded before.
fn is_broken_connection(error: &DataFusionError) -> bool {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(status) = error.downcast_ref::<Status>() {
            return !matches!(
                status.code(),
                Code::Unauthenticated | Code::PermissionDenied | Code::Unimplemented | Code::InvalidArgument
            );
        }
        next = match error.downcast_ref::<DataFusionError>() {
            Some(DataFusionError::External(inner)) => Some(inner.as_ref()),
            Some(DataFusionError::Context(_, inner)) => Some(inner.as_ref()),
            Some(DataFusionError::Shared(inner)) => Some(inner.as_ref()),
            _ => error.source(),
        };
    }
    false
}

#[async_trait]
impl WorkerChannel for Marked {
    async fn coordinator_channel(
        &mut self,
        headers: HeaderMap,
        plan: SetPlanRequest,
        messages: BoxStream<'static, CoordinatorToWorkerMsg>,
        metrics: ExecutionPlanMetricsSet,
        context: &Arc<TaskContext>,
    ) -> Result<BoxStream<'static, Result<WorkerToCoordinatorMsg>>> {
        let answers = self.channel.coordinator_channel(headers, plan, messages, metrics, context).await;
        answers.map(|stream| self.stream(stream)).map_err(|e| mark(&self.node, e))
    }

    async fn execute_task(
        &mut self,
        headers: HeaderMap,
        request: ExecuteTaskRequest,
        metrics: ExecutionPlanMetricsSet,
        context: &Arc<TaskContext>,
    ) -> Result<Vec<BoxStream<'static, Result<RecordBatch>>>> {
        let parts = self.channel.execute_task(headers, request, metrics, context).await;
        parts.map(|all| all.into_iter().map(|s| self.stream(s)).collect()).map_err(|e| mark(&self.node, e))
    }

    async fn get_worker_info(&mut self, request: GetWorkerInfoRequest) -> Result<GetWorkerInfoResponse> {
        self.channel.get_worker_info(request).await.map_err(|e| mark(&self.node, e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_broken_connections_are_lost_nodes() {
        let node = Url::parse("http://h:1").unwrap();
        let broken = DataFusionError::External(Box::new(Status::unavailable("gone")));
        let broken = DataFusionError::Shared(Arc::new(mark(&node, broken)));
        assert_eq!(lost_node(&broken), Some(node.clone()));
        let other = Url::parse("http://h:2").unwrap();
        assert_eq!(lost_node(&mark(&other, broken)), Some(node.clone()), "the first to notice knows best");
        assert_eq!(lost_node(&mark(&node, exec_datafusion_err!("divide by zero"))), None);
        let refused = DataFusionError::External(Box::new(Status::unauthenticated("token")));
        assert_eq!(lost_node(&mark(&node, refused)), None);
    }
}
