//! The front end's side of loads that run on compute nodes: it keeps the label while the node writes, and commits.
//!
//! ```text
//!   node ── POST /cluster/load ──────────▶ label taken; the answer stays open, and its end is the load's end
//!        ◀─ line: ticket, or a refusal
//!        ◀─ line: cancelled                  (if a user asks for it)
//!        ── POST /cluster/load/{txn} ─────▶ commit or failure
//! ```
//! A node that goes away closes the answer, and one that is lost is dropped: the label is free again.

use super::membership::Membership;
use super::protocol::{LOAD_PATH, LoadEnd, LoadLine, LoadOpening, Ticket};
use crate::http::auth;
use crate::server::Server;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use base::{Error, ErrorKind, Result};
use bytes::Bytes;
use catalog::load::LabelState;
use futures::StreamExt;
use load::stream_load::{BeginLoad, Begun, LoadFront, LoadTransaction, Refused};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Longer than a node asks.
const ASKED_AGAIN_FOR: Duration = Duration::from_secs(90);
const ENDS_WAITING_MAX: usize = 8;

/// How a load ended, and who waits for the answer.
type End = (LoadEnd, oneshot::Sender<Result<()>>);

#[derive(Clone)]
struct Service {
    server: Arc<Server>,
    membership: Arc<Membership>,
    held: Arc<Mutex<HashMap<u64, mpsc::Sender<End>>>>,
}

pub(super) fn routes(server: Arc<Server>, membership: Arc<Membership>) -> Router {
    let service = Service { server, membership, held: Arc::default() };
    Router::new().route(LOAD_PATH, post(begin)).route(&format!("{LOAD_PATH}/{{txn}}"), post(end)).with_state(service)
}

async fn begin(State(service): State<Service>, Json(opening): Json<LoadOpening>) -> Response {
    let (lines, answer) = mpsc::channel(2);
    let begun = match service.begun(&opening).await {
        Ok(begun) => begun,
        Err(refused) => {
            let line = LoadLine::Refused { error: refused.error, running: refused.running };
            return Json(line).into_response();
        }
    };
    let ticket = Ticket::of(&begun);
    // There is room for it.
    let _ = lines.try_send(LoadLine::Begun(Box::new(ticket)));
    let (sender, ends) = mpsc::channel(ENDS_WAITING_MAX);
    service.held.lock().insert(begun.txn, sender);
    tokio::spawn(async move {
        let lost = service.membership.node_lost(opening.node);
        if let Some((ends, result)) = hold(begun.transaction, ends, lines, lost).await {
            answer_again(ends, result).await;
        }
        service.held.lock().remove(&begun.txn);
    });
    let lines = futures::stream::unfold(answer, |mut answer| async move { answer.recv().await.map(|l| (l, answer)) });
    Body::from_stream(lines.map(|line| Ok::<_, Infallible>(to_line(&line)))).into_response()
}

impl Service {
    async fn begun(&self, opening: &LoadOpening) -> Result<Begun, Refused> {
        let user = auth::credentials(&self.server, opening.authorization.as_deref())?;
        let begin = BeginLoad {
            database: opening.database.clone(),
            table: opening.table.clone(),
            label: opening.label.clone(),
            user,
            variables: self.server.global_variables.read().clone(),
            authorization: None,
        };
        self.server.loads.begin(begin).await
    }
}

/// Holds the label until the node tells how the load ended, and ends it so. `None` if the node went away before.
async fn hold(
    mut transaction: Box<dyn LoadTransaction>,
    mut ends: mpsc::Receiver<End>,
    lines: mpsc::Sender<LoadLine>,
    lost: impl Future<Output = ()>,
) -> Option<(mpsc::Receiver<End>, Result<()>)> {
    tokio::pin!(lost);
    let mut cancelled = false;
    let (end, done) = loop {
        tokio::select! {
            biased;
            end = ends.recv() => break end?,
            () = lines.closed() => return None,
            () = &mut lost => return None,
            reason = transaction.cancelled(), if !cancelled => {
                cancelled = true;
                // The node then tells that the load failed.
                let _ = lines.send(LoadLine::Cancelled(reason)).await;
            }
        }
    };
    // From here on it goes on whatever happens to the node.
    let result = finish(transaction, end).await;
    let _ = done.send(told(&result));
    Some((ends, result))
}

/// A node whose connection broke asks again: it must hear the same.
async fn answer_again(mut ends: mpsc::Receiver<End>, result: Result<()>) {
    let until = tokio::time::Instant::now() + ASKED_AGAIN_FOR;
    while let Ok(Some((_, done))) = tokio::time::timeout_at(until, ends.recv()).await {
        let _ = done.send(told(&result));
    }
}

fn told(result: &Result<()>) -> Result<()> {
    result.as_ref().copied().map_err(|e| Error::new(e.kind(), e.to_string()))
}

async fn finish(mut transaction: Box<dyn LoadTransaction>, end: LoadEnd) -> Result<()> {
    match end {
        LoadEnd::Commit { files, counts, tracking_url, .. } => {
            transaction.close()?;
            transaction.commit(files, counts, tracking_url).await
        }
        LoadEnd::Fail { error, counts, tracking_url } => {
            transaction.fail(&error, counts, tracking_url).await;
            Ok(())
        }
    }
}

async fn end(
    State(service): State<Service>,
    Path(txn): Path<u64>,
    Json(end): Json<LoadEnd>,
) -> Json<Result<(), Error>> {
    let held = service.held.lock().get(&txn).cloned();
    let Some(held) = held else { return Json(service.ended_before(txn, &end)) };
    let (done, answer) = oneshot::channel();
    match held.send((end, done)).await {
        Ok(()) => Json(answer.await.unwrap_or_else(|_| Err(unknown()))),
        Err(unsent) => Json(service.ended_before(txn, &unsent.0.0)),
    }
}

fn unknown() -> Error {
    Error::new(ErrorKind::OutcomeUnknown, "it is not known yet whether the load was committed; ask for its label")
}

impl Service {
    /// The answer to a node that asks again, perhaps another process than the one it began with.
    fn ended_before(&self, txn: u64, end: &LoadEnd) -> Result<()> {
        let LoadEnd::Commit { db, label, .. } = end else { return Ok(()) };
        let catalog = &self.server.catalog;
        // Before the snapshot: a commit that ends in between is found there.
        let running = catalog.label_state(*db, label) == Some(LabelState::Running);
        if catalog.snapshot().labelled(*db, label).is_some_and(|load| load.txn.0 == txn) {
            return Ok(());
        }
        if running {
            return Err(unknown());
        }
        let message = "the front end does not know the load any more, nothing was loaded; try again";
        Err(Error::new(ErrorKind::Unavailable, message).with("txn", txn))
    }
}

fn to_line(line: &LoadLine) -> Bytes {
    let mut text = serde_json::to_vec(line).unwrap_or_default();
    text.push(b'\n');
    text.into()
}
