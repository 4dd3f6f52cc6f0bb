//! PUT /api/{db}/{table}/_stream_load: the rows of the body into a table, under a label.
//! Test: sql-tests/load/csv.http
//!
//! The answer is 200 with a JSON status also when the load failed, as StarRocks' clients expect; only missing or wrong
//! credentials are 401. No redirect, and `Expect: 100-continue` is welcome but not needed.

use super::{State, auth};
use crate::server::Server;
use axum::Router;
use axum::body::{Body, BodyDataStream};
use axum::extract::{self, Path, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::put;
use base::{Error, ErrorKind, Result};
use bytes::Bytes;
use futures::{StreamExt, stream};
use load::stream_load::{ErrorLogs, HttpLoad, Settings, StreamLoader};
use parking_lot::Mutex;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long the rest of a failed load's body is read, so that a client that is still sending gets its answer.
const DRAIN_MAX: Duration = Duration::from_secs(10);
/// A client that pauses for so long waits for the answer.
const DRAIN_IDLE_MAX: Duration = Duration::from_millis(500);

pub(super) fn route() -> Router<State> {
    Router::new()
        .route("/api/{db}/{table}/_stream_load", put(stream_load))
        .route("/api/transaction/{operation}", put(transaction).post(transaction))
}

/// What runs the loads of this server.
pub(super) fn loader(server: &Server) -> StreamLoader {
    let settings = Settings::new(&server.config);
    StreamLoader::new(server.catalog.clone(), server.engine.clone(), settings, error_logs(server))
}

async fn stream_load(
    extract::State(state): extract::State<State>,
    Path(table): Path<(String, String)>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = SharedBody::new(body);
    let (answer, failed) = match auth::user(&state.server, &parts.headers) {
        Ok(user) => {
            let response = state.loader.run(http_load(&state, user, table, &parts.headers, &body)).await;
            (([(CONTENT_TYPE, "application/json")], response.to_json()).into_response(), !response.is_success())
        }
        Err(error) => (unauthorized(&error), true),
    };
    if failed && (body.was_read() || !parts.headers.contains_key(EXPECT)) {
        // Closing a connection with unread bytes resets it, and the client would lose the answer.
        body.drain().await;
    }
    answer
}

/// The two-phase interface of StarRocks' connectors.
async fn transaction() -> Response {
    let message =
        "the transaction interface of Stream Load is not supported yet, use PUT /api/{db}/{table}/_stream_load";
    let body = json!({ "Status": "FAILED", "Message": message }).to_string();
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

/// Where error logs of loads are kept.
fn error_logs(server: &Server) -> ErrorLogs {
    ErrorLogs::new(server.scratch_dir.join("load_errors"))
}

fn http_load(
    state: &State,
    user: String,
    (database, table): (String, String),
    headers: &HeaderMap,
    body: &SharedBody,
) -> HttpLoad {
    HttpLoad {
        database,
        table,
        user,
        variables: state.server.global_variables.read().clone(),
        headers: headers.iter().map(|(n, v)| (n.to_string(), v.as_bytes().to_vec())).collect(),
        content_length: headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok()),
        body: body.stream(),
        base_url: base_url(headers, state),
    }
}

/// How the client reaches this server.
fn base_url(headers: &HeaderMap, state: &State) -> String {
    match headers.get(HOST).and_then(|h| h.to_str().ok()) {
        Some(host) => format!("http://{host}"),
        None => format!("http://127.0.0.1:{}", state.server.ports.http),
    }
}

fn unauthorized(error: &Error) -> Response {
    let body = json!({ "Status": "FAILED", "Message": error.to_string() }).to_string();
    (StatusCode::UNAUTHORIZED, [(CONTENT_TYPE, "application/json"), (WWW_AUTHENTICATE, "Basic realm=\"\"")], body)
        .into_response()
}

/// A request body that the load reads first, and the handler afterwards if the load gave up.
#[derive(Clone)]
struct SharedBody {
    stream: Arc<Mutex<Option<BodyDataStream>>>,
    read: Arc<AtomicBool>,
}

impl SharedBody {
    fn new(body: Body) -> Self {
        SharedBody { stream: Arc::new(Mutex::new(Some(body.into_data_stream()))), read: Arc::default() }
    }

    fn was_read(&self) -> bool {
        self.read.load(Ordering::Relaxed)
    }

    fn stream(&self) -> load::stream_load::Body {
        let shared = self.clone();
        stream::poll_fn(move |cx| {
            shared.read.store(true, Ordering::Relaxed);
            match shared.stream.lock().as_mut() {
                Some(body) => body.poll_next_unpin(cx).map(|chunk| chunk.map(received)),
                None => std::task::Poll::Ready(None),
            }
        })
        .boxed()
    }

    async fn drain(&self) {
        let Some(mut body) = self.stream.lock().take() else { return };
        let rest = async { while let Ok(Some(Ok(_))) = tokio::time::timeout(DRAIN_IDLE_MAX, body.next()).await {} };
        // A client that sends for longer has to live without an answer.
        let _ = tokio::time::timeout(DRAIN_MAX, rest).await;
    }
}

fn received(chunk: Result<Bytes, axum::Error>) -> Result<Bytes> {
    chunk.map_err(|e| {
        Error::new(ErrorKind::Unavailable, "the connection failed before the body was complete").caused_by(e)
    })
}
