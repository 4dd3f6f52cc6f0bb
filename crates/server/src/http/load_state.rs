//! GET /api/{db}/get_load_state?label=: what became of a load, for clients that lost its answer.
//! Test: sql-tests/load/load_state.http

use super::{State, auth};
use axum::extract::{self, Path, Query};
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use base::{Error, Result};
use catalog::load::LabelState;
use serde_json::{Value, json};
use std::collections::HashMap;

pub(super) fn route() -> Router<State> {
    Router::new().route("/api/{db}/get_load_state", get(load_state))
}

async fn load_state(
    extract::State(state): extract::State<State>,
    Path(database): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if let Err(error) = auth::user(&state.server, &headers) {
        return (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Basic realm=\"\"")], Json(failed(&error)))
            .into_response();
    }
    Json(answer(&state, &database, query.get("label")).unwrap_or_else(|e| failed(&e))).into_response()
}

fn answer(state: &State, database: &str, label: Option<&String>) -> Result<Value> {
    let label = label.filter(|l| !l.is_empty()).ok_or_else(|| Error::invalid("No label selected."))?;
    let catalog = &state.server.catalog;
    // The running loads are asked first: a load that ends in between is found in the newer snapshot.
    let running = catalog.label_state(catalog.snapshot().database(database)?.id, label);
    let snapshot = catalog.snapshot();
    let db = snapshot.database(database)?.id;
    let (state, reason) = match running {
        Some(LabelState::Running) => ("PREPARE", String::new()),
        Some(LabelState::Finished) => ("VISIBLE", String::new()),
        None if snapshot.labelled(db, label).is_some() => ("VISIBLE", String::new()),
        None => match snapshot.failed_load(db, label).and_then(|load| load.error.clone()) {
            Some(error) => ("ABORTED", error),
            None => ("UNKNOWN", String::new()),
        },
    };
    Ok(json!({
        "state": state,
        "reason": reason,
        "status": "OK",
        "code": "0",
        "msg": "Success",
        "message": "OK",
    }))
}

fn failed(error: &Error) -> Value {
    let message = error.to_string();
    json!({ "status": "FAILED", "code": "1", "msg": message, "message": message })
}
