//! The front end's `rpc_port`: takes the reports of compute nodes.

use super::membership::Membership;
use super::protocol::{Orders, REPORT_PATH, Report};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use axum::{Json, Router};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

#[derive(Clone)]
struct Service {
    membership: Arc<Membership>,
    token: String,
}

/// Serves until `shutdown` is raised.
pub(crate) async fn serve(
    listener: TcpListener,
    membership: Arc<Membership>,
    token: String,
    shutdown: CancellationToken,
) {
    let router = Router::new().route(REPORT_PATH, post(report)).with_state(Service { membership, token });
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

async fn report(
    State(service): State<Service>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Json(report): Json<Report>,
) -> Result<Json<Orders>, (StatusCode, String)> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if !service.token.is_empty() && given != Some(bearer(&service.token).as_str()) {
        tracing::warn!(%peer, "a compute node with another auth_token was refused");
        return Err((StatusCode::UNAUTHORIZED, "the front end has another auth_token".to_string()));
    }
    let orders = service.membership.report(report, &peer.ip().to_string()).await;
    orders.map(Json).map_err(|e| (StatusCode::SERVICE_UNAVAILABLE, e.to_string()))
}
