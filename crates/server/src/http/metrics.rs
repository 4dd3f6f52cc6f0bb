//! GET /metrics: everything that is counted, in Prometheus' text form.
//! Test: sql-tests/http/metrics.http

use super::State;
use axum::Router;
use axum::extract;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use base::metrics::Metric;

static QUERY_MEMORY: Metric = Metric::gauge("engine_memory_bytes", "Memory that running queries have reserved.");
static TABLES: Metric = Metric::gauge("catalog_tables", "Tables, views and materialized views.");
static GARBAGE: Metric = Metric::gauge("storage_garbage_files", "Files that are replaced and not deleted yet.");

pub(super) fn route() -> Router<State> {
    Router::new().route("/metrics", get(metrics))
}

async fn metrics(extract::State(state): extract::State<State>) -> impl IntoResponse {
    let snapshot = state.server.catalog.snapshot();
    QUERY_MEMORY.set(state.server.engine.memory_in_use() as i64);
    TABLES.set(snapshot.tables().count() as i64);
    GARBAGE.set(snapshot.garbage().count() as i64);
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], base::metrics::render())
}
