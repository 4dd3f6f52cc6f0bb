//! GET /api/_load_error_log?file=: the bad rows of a load, where its ErrorURL points.
//! Test: sql-tests/http/error_log.http
//!
//! No credentials are asked for: connectors fetch the address as they got it, and nobody can guess a name.

use super::{State, load_forward};
use axum::Router;
use axum::extract::{self, Query};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use load::stream_load::{ErrorLogs, error_log};
use std::collections::HashMap;

pub(super) fn route() -> Router<State> {
    Router::new().route("/api/_load_error_log", get(error_log))
}

async fn error_log(
    extract::State(state): extract::State<State>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let name = query.get("file").map_or("", String::as_str);
    let kept = read(state.loader.logs().clone(), &query).await;
    match &state.server.membership {
        // Clients whose bodies were passed on know only this address.
        Some(membership) if kept.status() == StatusCode::NOT_FOUND && error_log::is_name(name) => {
            let path = format!("/api/_load_error_log?file={name}");
            load_forward::fetch(&state, membership.http_addresses(), &path).await.unwrap_or(kept)
        }
        _ => kept,
    }
}

/// The same of a compute node.
pub(super) fn compute_node(logs: ErrorLogs) -> Router {
    let read = move |Query(query): Query<HashMap<String, String>>| async move { read(logs, &query).await };
    Router::new().route("/api/_load_error_log", get(read))
}

async fn read(logs: ErrorLogs, query: &HashMap<String, String>) -> Response {
    let name = query.get("file").cloned().unwrap_or_default();
    let read = tokio::task::spawn_blocking(move || logs.read(&name)).await;
    let text_type = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
    match read {
        Ok(Ok(log)) => (text_type, log).into_response(),
        Ok(Err(error)) => (StatusCode::NOT_FOUND, text_type, error.to_string()).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
