//! PUT /api/{db}/{table}/_stream_load: the rows of the body into a table, under a label.
//! Test: sql-tests/load/csv.http
//!
//! The answer is 200 with a JSON status also when the load failed, as StarRocks' clients expect; only missing or wrong
//! credentials are 401. `Expect: 100-continue` is welcome but not needed. With compute nodes, one of them loads
//! ([`super::load_forward`]).

use super::{State, auth, load_forward};
use crate::server::Server;
use axum::Router;
use axum::body::{Body, BodyDataStream};
use axum::extract::{self, Path, Request};
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::put;
use base::session_variable::SessionVariables;
use base::{Error, ErrorKind, Result};
use bytes::Bytes;
use futures::{StreamExt, stream};
use load::stream_load::{ErrorLogs, HttpLoad, Settings, Status, StreamLoader};
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

/// The same of a compute node, which the front end tells who may load what.
pub(super) fn compute_node(loader: StreamLoader, http_port: u16) -> Router {
    let load = move |Path(table): Path<(String, String)>, request: Request| {
        let loader = loader.clone();
        async move {
            let (parts, body) = request.into_parts();
            let caller = Caller { authorization: authorization(&parts.headers), ..Caller::default() };
            run(&loader, caller, table, &parts.headers, SharedBody::new(body), http_port).await
        }
    };
    Router::new()
        .route("/api/{db}/{table}/_stream_load", put(load))
        .route("/api/transaction/{operation}", put(transaction).post(transaction))
}

/// What runs the loads of this server.
pub(super) fn loader(server: &Server) -> StreamLoader {
    let settings = Settings::new(&server.config);
    StreamLoader::new(Arc::new(server.loads.clone()), server.engine.clone(), settings, error_logs(&server.scratch_dir))
}

async fn stream_load(
    extract::State(state): extract::State<State>,
    Path(table): Path<(String, String)>,
    request: Request,
) -> Response {
    if let Some(node) = state.server.membership.as_ref().and_then(|membership| membership.load_target()) {
        return load_forward::forward(&state, node, &table.0, request).await;
    }
    let (parts, body) = request.into_parts();
    let body = SharedBody::new(body);
    match auth::user(&state.server, &parts.headers) {
        Ok(user) => {
            let variables = state.server.global_variables.read().clone();
            let caller = Caller { user, variables, authorization: None };
            run(&state.loader, caller, table, &parts.headers, body, state.server.ports.http).await
        }
        Err(error) => answered(unauthorized(&error), true, &parts.headers, &body).await,
    }
}

/// Who loads: a user that was authenticated, or credentials that somebody else will check.
#[derive(Default)]
struct Caller {
    user: String,
    variables: SessionVariables,
    authorization: Option<String>,
}

async fn run(
    loader: &StreamLoader,
    caller: Caller,
    (database, table): (String, String),
    headers: &HeaderMap,
    body: SharedBody,
    http_port: u16,
) -> Response {
    let load = HttpLoad {
        database,
        table,
        user: caller.user,
        variables: caller.variables,
        authorization: caller.authorization,
        headers: headers.iter().map(|(n, v)| (n.to_string(), v.as_bytes().to_vec())).collect(),
        content_length: headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok()),
        body: body.stream(),
        base_url: base_url(headers, http_port),
    };
    let response = loader.run(load).await;
    let answer = match &response.status {
        Status::Fail(error) if error.kind() == ErrorKind::AccessDenied => unauthorized(error),
        _ => ([(CONTENT_TYPE, "application/json")], response.to_json()).into_response(),
    };
    answered(answer, !response.is_success(), headers, &body).await
}

/// The answer, once the client can read it.
async fn answered(answer: Response, failed: bool, headers: &HeaderMap, body: &SharedBody) -> Response {
    if failed && (body.was_read() || !headers.contains_key(EXPECT)) {
        // Closing a connection with unread bytes resets it, and the client would lose the answer.
        body.drain().await;
    }
    answer
}

fn authorization(headers: &HeaderMap) -> Option<String> {
    headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).map(str::to_string)
}

/// The two-phase interface of StarRocks' connectors.
async fn transaction() -> Response {
    let message =
        "the transaction interface of Stream Load is not supported yet, use PUT /api/{db}/{table}/_stream_load";
    let body = json!({ "Status": "FAILED", "Message": message }).to_string();
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

/// Where error logs of loads are kept.
pub(crate) fn error_logs(scratch_dir: &std::path::Path) -> ErrorLogs {
    ErrorLogs::new(scratch_dir.join("load_errors"))
}

/// How the client reaches this server.
fn base_url(headers: &HeaderMap, http_port: u16) -> String {
    let host = headers.get(load_forward::FORWARDED_HOST).or_else(|| headers.get(HOST));
    match host.and_then(|h| h.to_str().ok()) {
        Some(host) => format!("http://{host}"),
        None => format!("http://127.0.0.1:{http_port}"),
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
