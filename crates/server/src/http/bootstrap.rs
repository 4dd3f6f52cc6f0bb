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

/// There is no port for calls between nodes: one process is everything.
const RPC_PORT: u16 = 0;

async fn bootstrap(extract::State(state): extract::State<State>) -> Json<Value> {
    Json(json!({
        "replayedJournalId": state.server.catalog.snapshot().seq,
        "queryPort": state.query_port,
        "rpcPort": RPC_PORT,
        "status": "OK",
        "msg": "Success",
    }))
}
