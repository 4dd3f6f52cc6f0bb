//! A compute node's side: runs the tasks that come over the wire.

use super::channels::{Channels, guard};
use super::codec::NativeCodec;
use super::settings;
use crate::engine::Engine;
use base::{Error, ErrorKind, Result};
use datafusion::config::ConfigOptions;
use datafusion::execution::SessionState;
use datafusion_distributed::{DistributedConfig, DistributedExt, Worker, WorkerQueryContext};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

/// Serves tasks on a port.
#[derive(Clone)]
pub struct QueryWorker {
    engine: Engine,
    channels: Channels,
    token: String,
}

impl QueryWorker {
    /// `token` is what callers must know; empty: anybody may call.
    ///
    /// # Errors
    /// `WrongValue` for a token that no header can carry.
    pub fn new(engine: Engine, token: &str) -> Result<Self> {
        let wrong = |e: datafusion::common::DataFusionError| Error::new(ErrorKind::WrongValue, e.to_string());
        Ok(QueryWorker { engine, channels: Channels::new(token).map_err(wrong)?, token: token.to_string() })
    }

    /// Serves until `shutdown` is raised and then until the running tasks have ended.
    ///
    /// # Errors
    /// `Unavailable` if the port cannot be served.
    pub async fn serve(self, listener: TcpListener, shutdown: CancellationToken) -> Result<()> {
        let failed = |e: Box<dyn std::error::Error + Send + Sync>| {
            Error::new(ErrorKind::Unavailable, "could not serve tasks of queries").caused_by(e)
        };
        let guard = guard(&self.token).map_err(|e| failed(Box::new(e)))?;
        let threads = self.engine.parts.threads.handle().clone();
        let runtime = Arc::clone(&self.engine.parts.runtime);
        let worker = Worker::from_session_builder(move |context| {
            let session = self.session(context);
            async move { session }
        });
        let service = InterceptedService::new(worker.with_runtime_env(runtime).into_worker_server(), guard);
        let connections = TcpIncoming::from(listener).with_nodelay(Some(true));
        let server = Server::builder().http2_adaptive_window(Some(true)).add_service(service);
        // A task's operators work on the threads that send its rows.
        let serving = threads.spawn(server.serve_with_incoming_shutdown(connections, shutdown.cancelled_owned()));
        serving.await.map_err(|e| failed(Box::new(e)))?.map_err(|e| failed(Box::new(e)))
    }

    /// The session of one task: functions and settings of this node, changed as the query's session has changed them.
    fn session(&self, context: WorkerQueryContext) -> datafusion::common::Result<SessionState> {
        let WorkerQueryContext { mut builder, headers } = context;
        let mut config = builder.config().take().unwrap_or_default();
        let library = DistributedConfig::from_session_config(&config)?.clone();
        let mut state = self.engine.parts.base.clone();
        let mut options = ConfigOptions::clone(state.config_options());
        options.extensions.insert(library);
        settings::apply(&headers, &mut options)?;
        *config.options_mut() = options;
        config.set_extension(Arc::new(self.engine.clone()));
        config.set_distributed_user_codec(NativeCodec);
        config.set_distributed_channel_resolver(self.channels.clone());
        *state.config_mut() = config;
        Ok(state)
    }
}
