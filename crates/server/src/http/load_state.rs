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
    match auth::user(&state.server, &headers) {
        Ok(_) => answered(answer(&state, &database, query.get("label"))),
        Err(error) => unauthorized(&error),
    }
}

fn answer(state: &State, database: &str, label: Option<&String>) -> Result<Vec<(&'static str, String)>> {
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
    Ok(vec![("state", state.to_string()), ("reason", reason)])
}

/// The answer of a request about a load: what was asked for, and StarRocks' words for success or failure.
pub(super) fn answered(result: Result<Vec<(&'static str, String)>>) -> Response {
    let (facts, status) = match result {
        Ok(facts) => (facts, json!({ "status": "OK", "code": "0", "msg": "Success", "message": "OK" })),
        Err(error) => (Vec::new(), failed(&error)),
    };
    let mut answer: serde_json::Map<String, Value> =
        facts.into_iter().map(|(k, v)| (k.to_string(), v.into())).collect();
    answer.extend(status.as_object().cloned().unwrap_or_default());
    Json(answer).into_response()
}

pub(super) fn unauthorized(error: &Error) -> Response {
    (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Basic realm=\"\"")], Json(failed(error))).into_response()
}

/// An error in StarRocks' form.
pub(super) fn failed(error: &Error) -> Value {
    let message = error.to_string();
    json!({ "status": "FAILED", "code": "1", "msg": message, "message": message })
}
