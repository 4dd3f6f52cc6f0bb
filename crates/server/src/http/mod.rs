//! HTTP: Stream Load and its companions, health, metrics. One file an endpoint, each with its `route()`.
//!
//! The server is hyper's with one connection a task; handlers are axum's.

pub mod auth;
mod health;
mod load_error_log;
mod load_state;
mod metrics;
mod stream_load;

pub(crate) use metrics::update_gauges;

use crate::server::Server;
use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What handlers share.
#[derive(Clone)]
pub struct State {
    pub server: Arc<Server>,
    pub query_port: u16,
}

/// A client must have sent its headers by then.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

fn router(state: State) -> Router {
    Router::new()
        .merge(health::route())
        .merge(load_error_log::route())
        .merge(load_state::route())
        .merge(metrics::route())
        .merge(stream_load::route(&state))
        .with_state(state)
}

/// Serves until `shutdown` is raised; requests that run then may finish within `graceful_exit_timeout_second`.
pub async fn serve(listener: TcpListener, server: Arc<Server>, query_port: u16, shutdown: CancellationToken) {
    let drain = Duration::from_secs(server.config.integer("graceful_exit_timeout_second"));
    let router = router(State { server, query_port });
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            // File descriptors are used up: wait for some to come back.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        let shutdown = shutdown.clone();
        connections.spawn(async move {
            let mut http = hyper::server::conn::http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
            let connection = http.serve_connection(TokioIo::new(stream), service);
            tokio::pin!(connection);
            // An error is the client's: it went away or does not speak HTTP.
            tokio::select! {
                _ = connection.as_mut() => return,
                () = shutdown.cancelled() => connection.as_mut().graceful_shutdown(),
            }
            let _ = connection.await;
        });
    }
    connections.close();
    if tokio::time::timeout(drain, connections.wait()).await.is_err() {
        tracing::warn!(open = connections.len(), "requests still running at the end of the grace period are dropped");
    }
}
