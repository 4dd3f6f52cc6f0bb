//! GET /api/health: 200 as soon as the server serves, with the ports in use.
//! Test: sql-tests/http/health.http

use super::State;
use axum::extract;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

pub(super) fn route() -> Router<State> {
    Router::new().route("/api/health", get(health))
}

async fn health(extract::State(state): extract::State<State>) -> Json<Value> {
    let (online, total) = match &state.server.membership {
        Some(membership) => {
            let nodes = membership.nodes();
            (nodes.iter().filter(|n| n.reason.is_empty()).count(), nodes.len())
        }
        // One process is its own compute node.
        None => (1, 1),
    };
    Json(json!({
        "online_backend_num": online,
        "total_backend_num": total,
        "status": "OK",
        "query_port": state.server.ports.query,
        "http_port": state.server.ports.http,
        "rpc_port": state.server.ports.rpc,
        "version": env!("CARGO_PKG_VERSION"),
    }))
}

/// The same of a compute node.
pub(super) fn compute_node(rpc_port: u16, http_port: u16) -> Router {
    let answer = json!({
        "status": "OK",
        "rpc_port": rpc_port,
        "be_http_port": http_port,
        "version": env!("CARGO_PKG_VERSION"),
    });
    Router::new().route("/api/health", get(|| async move { Json(answer) }))
}
