//! POST /api/{db}/{label}/_cancel: ends a Stream Load that runs; nothing of it is loaded.
//! Test: sql-tests/clients/loads.py

use super::load_state::{answered, unauthorized};
use super::{State, auth};
use axum::Router;
use axum::extract::{self, Path};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use base::{Error, Result};

pub(super) fn route() -> Router<State> {
    Router::new().route("/api/{db}/{label}/_cancel", post(cancel))
}

async fn cancel(
    extract::State(state): extract::State<State>,
    Path((database, label)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    match auth::user(&state.server, &headers) {
        Ok(_) => answered(cancelled(&state, &database, &label).map(|()| Vec::new())),
        Err(error) => unauthorized(&error),
    }
}

fn cancelled(state: &State, database: &str, label: &str) -> Result<()> {
    let db = state.server.catalog.snapshot().database(database)?.id;
    if state.server.loads.cancel(db, label) {
        return Ok(());
    }
    Err(Error::invalid("no running load has this label").with("label", label))
}
