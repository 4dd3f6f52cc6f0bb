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
    Json(json!({
        "online_backend_num": 1,
        "total_backend_num": 1,
        "status": "OK",
        "query_port": state.query_port,
        "http_port": state.server.http_port(),
        "version": env!("CARGO_PKG_VERSION"),
    }))
}
