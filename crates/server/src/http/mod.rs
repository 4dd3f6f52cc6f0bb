//! HTTP: Stream Load and its companions, health, metrics. One file an endpoint, each with its `route()`.
//!
//! The server is hyper's with one connection a task; handlers are axum's.

pub mod auth;
mod bare_answer;
mod bootstrap;
mod health;
mod load_cancel;
mod load_error_log;
mod load_forward;
mod load_state;
mod metrics;
mod stream_load;

pub(crate) use metrics::update_gauges;
pub(crate) use stream_load::error_logs;

use crate::server::Server;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use bare_answer::Explained;
use base::Error;
use base::limits::HTTP_CONNECTIONS_MAX;
use engine::Engine;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use load::stream_load::StreamLoader;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What handlers share.
#[derive(Clone)]
pub struct State {
    pub server: Arc<Server>,
    pub loader: StreamLoader,
    /// Passes loads on to compute nodes.
    pub forwarding: reqwest::Client,
}

/// A client must have sent its headers by then.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

fn router(state: State) -> Router {
    Router::new()
        .merge(bootstrap::route())
        .merge(health::route())
        .merge(load_cancel::route())
        .merge(load_error_log::route())
        .merge(load_state::route())
        .merge(metrics::route())
        .merge(stream_load::route())
        .method_not_allowed_fallback(wrong_method)
        .fallback(no_endpoint)
        .with_state(state)
}

async fn wrong_method(request: Request) -> Response {
    let error = Error::unsupported("this endpoint does not take this method").with("method", request.method());
    failure(StatusCode::METHOD_NOT_ALLOWED, &request, error)
}

async fn no_endpoint(request: Request) -> Response {
    failure(StatusCode::NOT_FOUND, &request, Error::invalid("there is no such endpoint"))
}

/// An error in the form that clients of the path expect.
fn failure(status: StatusCode, request: &Request, error: Error) -> Response {
    let error = error.with("path", request.uri().path());
    let body = match request.uri().path().ends_with("/_stream_load") {
        true => json!({ "Status": "FAILED", "Message": error.to_string() }),
        false => load_state::failed(&error),
    };
    (status, Json(body)).into_response()
}

/// Serves until `shutdown` is raised; requests that run then may finish within `graceful_exit_timeout_second`.
pub async fn serve(listener: TcpListener, server: Arc<Server>, shutdown: CancellationToken) {
    let drain = Duration::from_secs(server.config.integer("graceful_exit_timeout_second"));
    let loader = stream_load::loader(&server);
    let forwarding = reqwest::Client::builder().no_proxy().build().unwrap_or_default();
    let router = router(State { server, loader, forwarding });
    serve_router(listener, router, HTTP_CONNECTIONS_MAX, drain, shutdown).await;
}

/// Serves a compute node until `shutdown` is raised.
pub(crate) async fn serve_compute_node(
    listener: TcpListener,
    (rpc_port, http_port): (u16, u16),
    engine: Engine,
    loader: StreamLoader,
    shutdown: CancellationToken,
    drain: Duration,
) {
    let router = Router::new()
        .merge(health::compute_node(rpc_port, http_port))
        .merge(load_error_log::compute_node(loader.logs().clone()))
        .merge(metrics::compute_node(engine))
        .merge(stream_load::compute_node(loader, http_port))
        .method_not_allowed_fallback(wrong_method)
        .fallback(no_endpoint);
    serve_router(listener, router, HTTP_CONNECTIONS_MAX, drain, shutdown).await;
}

async fn serve_router(
    listener: TcpListener,
    router: Router,
    connections_max: usize,
    drain: Duration,
    shutdown: CancellationToken,
) {
    let connections = TaskTracker::new();
    let room = Arc::new(Semaphore::new(connections_max));
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            accepted = accept(&listener, &room) => accepted,
        };
        let Ok((stream, place)) = accepted else {
            // File descriptors are used up: wait for some to come back.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        let shutdown = shutdown.clone();
        connections.spawn(async move {
            let _place = place;
            let mut http = hyper::server::conn::http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
            // A client that ends its body early may still read the answer.
            http.half_close(true);
            let connection = http.serve_connection(TokioIo::new(Explained::new(stream)), service);
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

/// The next connection, once there is room for it; until then it waits in the system's queue.
async fn accept(listener: &TcpListener, room: &Arc<Semaphore>) -> std::io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(room).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    crate::sockets::prepare(&stream)?;
    Ok((stream, place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn what_is_no_http_is_told_so_in_json() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let router = Router::new().fallback(no_endpoint);
        let served = tokio::spawn(serve_router(listener, router, 9, Duration::ZERO, shutdown.clone()));
        for request in ["PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", "nonsense\r\n\r\n"] {
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.unwrap();
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with("HTTP/1.1 400"), "{answer}");
            assert!(head.contains(&format!("content-length: {}", body.len())), "{answer}");
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            assert_eq!(body["status"], "FAILED");
        }
        shutdown.cancel();
        served.await.unwrap();
    }

    #[tokio::test]
    async fn a_connection_too_many_waits_for_room() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let router = Router::new().fallback(no_endpoint);
        let served = tokio::spawn(serve_router(listener, router, 1, Duration::ZERO, shutdown.clone()));
        let first = TcpStream::connect(address).await.unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        second.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        let early = tokio::time::timeout(Duration::from_millis(100), second.read_to_string(&mut answer)).await;
        assert!(early.is_err(), "{answer}");
        drop(first);
        second.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 404") && answer.contains("there is no such endpoint"), "{answer}");
        shutdown.cancel();
        served.await.unwrap();
    }
}
