//! What queries need to be spread: the nodes, connections to them, and the library's planner.

use super::channels::Channels;
use super::codec::NativeCodec;
use super::portable::Portable;
use super::route::{Route, Router};
use super::{ComputeNode, Distribution, settings, single_task};
use crate::engine::Engine;
use async_trait::async_trait;
use base::{Error, ErrorKind};
use datafusion::catalog::Session;
use datafusion::common::{Result, internal_datafusion_err};
use datafusion::config::ConfigOptions;
use datafusion::execution::context::QueryPlanner;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionConfig;
use datafusion_distributed::{DistributedConfig, DistributedExt, SessionStateBuilderExt};
use futures::future::BoxFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use url::Url;

/// A plan in one partition has no place to be cut.
const PARALLELISM_MIN: usize = 2;

pub(crate) struct Cluster {
    pub(super) distribution: Distribution,
    pub(super) portable: Portable,
    base: Arc<ConfigOptions>,
    channels: Channels,
    planner: Arc<dyn QueryPlanner + Send + Sync>,
    /// The library's handlers and settings.
    library: SessionConfig,
    queries: AtomicUsize,
}

impl Cluster {
    /// # Errors
    /// `WrongValue` for a token that no header can carry.
    pub(crate) fn new(distribution: Distribution, base: &SessionState) -> base::Result<Self> {
        let wrong = |e: datafusion::common::DataFusionError| Error::new(ErrorKind::WrongValue, e.to_string());
        let library =
            SessionStateBuilder::new().with_query_planner(Arc::new(Planned)).with_distributed_planner().build();
        Ok(Cluster {
            portable: Portable::new(base),
            base: Arc::clone(base.config_options()),
            channels: Channels::new(&distribution.token).map_err(wrong)?,
            planner: Arc::clone(library.query_planner()),
            library: library.config().clone(),
            queries: AtomicUsize::new(0),
            distribution,
        })
    }

    /// Partitions of a plan: the threads that one node works with.
    pub(crate) fn parallelism(&self) -> Option<usize> {
        let cores = self.distribution.nodes.serving().iter().map(|node| node.cores).min()?;
        Some(cores.max(PARALLELISM_MIN))
    }

    /// Resolves as soon as one of these nodes is no longer alive.
    pub(crate) fn lost(&self, nodes: Vec<Url>) -> BoxFuture<'static, Url> {
        self.distribution.nodes.lost(nodes)
    }

    pub(crate) fn suspect(&self, node: &Url) {
        self.distribution.nodes.suspect(node);
    }

    pub(super) fn route(&self, nodes: &[ComputeNode]) -> Arc<Route> {
        Route::new(nodes, self.queries.fetch_add(1, Ordering::Relaxed))
    }

    /// The session in which the plan is cut into stages and run.
    pub(super) fn session(&self, state: &SessionState, route: &Arc<Route>) -> Result<SessionState> {
        let mut config = self.library.clone();
        let mut library = DistributedConfig::from_session_config(&config)?.clone();
        library.file_scan_config_bytes_per_partition = self.distribution.bytes_per_partition;
        // One task would stay here.
        library.max_tasks_per_stage = route.nodes().len().max(2);
        let mut options = ConfigOptions::clone(state.config_options());
        options.extensions.insert(library);
        *config.options_mut() = options;
        if let Some(engine) = state.config().get_extension::<Engine>() {
            config.set_extension(engine);
        }
        config.set_distributed_user_codec(NativeCodec);
        config.set_distributed_channel_resolver(self.channels.clone());
        config.set_distributed_worker_resolver(Router(Arc::clone(route)));
        config.set_distributed_desired_task_count_handler(single_task::limit);
        config.set_distributed_route_tasks_handler(Router(Arc::clone(route)));
        config.set_distributed_passthrough_headers(settings::to_headers(state.config_options(), &self.base)?)?;
        let mut state = state.clone();
        *state.config_mut() = config;
        Ok(state)
    }

    /// The plan cut into stages; the plan itself if one stage of one task does it.
    pub(super) async fn stages(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        state: &mut SessionState,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        state.config_mut().set_extension(Arc::new(ReadyPlan(plan)));
        self.planner.create_physical_plan(&LogicalPlan::default(), state).await
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("distribution", &self.distribution).finish_non_exhaustive()
    }
}

/// The plan that is to be cut, which the library asks a planner for.
struct ReadyPlan(Arc<dyn ExecutionPlan>);

#[derive(Debug)]
struct Planned;

#[async_trait]
impl QueryPlanner for Planned {
    async fn create_physical_plan(&self, _: &LogicalPlan, session: &dyn Session) -> Result<Arc<dyn ExecutionPlan>> {
        let ready = session.config().get_extension::<ReadyPlan>();
        ready.map(|r| Arc::clone(&r.0)).ok_or_else(|| internal_datafusion_err!("there is no plan to cut into stages"))
    }
}
