//! The front end's `rpc_port`: takes the reports of compute nodes, and their loads.

use super::load_service;
use super::membership::Membership;
use super::protocol::{Orders, REPORT_PATH, Report};
use crate::server::Server;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Serves until `shutdown` is raised.
pub(crate) async fn serve(
    listener: TcpListener,
    server: Arc<Server>,
    membership: Arc<Membership>,
    shutdown: CancellationToken,
) {
    let token: Arc<str> = server.config.text("auth_token").into();
    let router = Router::new()
        .route(REPORT_PATH, post(report))
        .with_state(Arc::clone(&membership))
        .merge(load_service::routes(server, membership))
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn(move |request, next| check_token(Arc::clone(&token), request, next)));
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(shutdown.cancelled_owned());
    if let Err(e) = serving.await {
        tracing::error!(error = %e, "reports of compute nodes cannot be received any more");
    }
}

/// The value of the header that carries the cluster's token.
pub(super) fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

async fn check_token(token: Arc<str>, request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if !token.is_empty() && given != Some(bearer(&token).as_str()) {
        tracing::warn!("a compute node with another auth_token was refused");
        return (StatusCode::UNAUTHORIZED, "the front end has another auth_token").into_response();
    }
    next.run(request).await
}

async fn report(
    State(membership): State<Arc<Membership>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Json(report): Json<Report>,
) -> Result<Json<Orders>, (StatusCode, String)> {
    let orders = membership.report(report, &peer.ip().to_string()).await;
    orders.map(Json).map_err(|e| (StatusCode::SERVICE_UNAVAILABLE, e.to_string()))
}
