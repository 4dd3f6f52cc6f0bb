//! GET /api/bootstrap: whether the server serves, and how far its metadata is, as StarRocks' tools ask it.
//! Test: sql-tests/http/bootstrap.http

use super::State;
use axum::extract;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

pub(super) fn route() -> Router<State> {
    Router::new().route("/api/bootstrap", get(bootstrap))
}

async fn bootstrap(extract::State(state): extract::State<State>) -> Json<Value> {
    Json(json!({
        "replayedJournalId": state.server.catalog.snapshot().seq,
        "queryPort": state.server.ports.query,
        "rpcPort": state.server.ports.rpc.unwrap_or(0),
        "status": "OK",
        "msg": "Success",
    }))
}
