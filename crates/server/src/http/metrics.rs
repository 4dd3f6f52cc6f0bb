//! GET /metrics: everything that is counted, in Prometheus' text form.
//! Test: sql-tests/http/metrics.http

use super::State;
use crate::server::Server;
use axum::Router;
use axum::extract;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use base::metrics::Metric;
use engine::Engine;

static QUERY_MEMORY: Metric = Metric::gauge("engine_memory_bytes", "Memory that running queries have reserved.");
static TABLES: Metric = Metric::gauge("catalog_tables", "Tables, views and materialized views.");
static GARBAGE: Metric = Metric::gauge("storage_garbage_files", "Files that are replaced and not deleted yet.");

pub(super) fn route() -> Router<State> {
    Router::new().route("/metrics", get(metrics))
}

async fn metrics(extract::State(state): extract::State<State>) -> impl IntoResponse {
    update_gauges(&state.server);
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], base::metrics::render())
}

/// Brings those metrics up to date that are read off the server's state, not counted as things happen.
pub(crate) fn update_gauges(server: &Server) {
    let snapshot = server.catalog.snapshot();
    QUERY_MEMORY.set(server.engine.memory_in_use() as i64);
    TABLES.set(snapshot.tables().count() as i64);
    GARBAGE.set(snapshot.garbage().count() as i64);
}

/// The metrics of a compute node.
pub(super) fn compute_node(engine: Engine) -> Router {
    let metrics = || async move {
        QUERY_MEMORY.set(engine.memory_in_use() as i64);
        ([(CONTENT_TYPE, "text/plain; version=0.0.4")], base::metrics::render())
    };
    Router::new().route("/metrics", get(metrics))
}
