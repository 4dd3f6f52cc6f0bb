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
use futures::StreamExt;
use load::stream_load::{BeginLoad, Begun, LoadFront, LoadTransaction, Refused};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

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
    let (sender, ends) = mpsc::channel(1);
    service.held.lock().insert(begun.txn, sender);
    tokio::spawn(async move {
        let txn = begun.txn;
        let lost = service.membership.node_lost(opening.node);
        tokio::select! {
            () = hold(begun.transaction, ends, lines.clone()) => {}
            () = lines.closed() => {}
            () = lost => {}
        }
        service.held.lock().remove(&txn);
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

/// Holds the label until the node tells how the load ended.
async fn hold(mut transaction: Box<dyn LoadTransaction>, mut ends: mpsc::Receiver<End>, lines: mpsc::Sender<LoadLine>) {
    let mut cancelled = false;
    loop {
        let end = tokio::select! {
            end = ends.recv() => end,
            reason = transaction.cancelled(), if !cancelled => {
                cancelled = true;
                // The node then tells that the load failed.
                let _ = lines.send(LoadLine::Cancelled(reason)).await;
                continue;
            }
        };
        let Some((end, done)) = end else { return };
        // A commit goes on if the node goes away now.
        let committed = tokio::spawn(finish(transaction, end)).await;
        let interrupted = |e| Error::new(ErrorKind::OutcomeUnknown, "a commit was interrupted").caused_by(e);
        let _ = done.send(committed.unwrap_or_else(|e| Err(interrupted(e))));
        return;
    }
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
    let held = service.held.lock().remove(&txn);
    let Some(held) = held else { return Json(service.ended_before(txn, &end)) };
    let (done, answer) = oneshot::channel();
    let gone = || Error::new(ErrorKind::OutcomeUnknown, "the load ended while it was committed");
    if held.send((end, done)).await.is_err() {
        return Json(Err(Error::new(ErrorKind::Unavailable, "the load was given up, nothing was loaded")));
    }
    Json(answer.await.unwrap_or_else(|_| Err(gone())))
}

impl Service {
    /// The answer to a node that asks again, perhaps another process than the one it began with.
    fn ended_before(&self, txn: u64, end: &LoadEnd) -> Result<()> {
        let committed = match end {
            LoadEnd::Commit { db, label, .. } => {
                self.server.catalog.snapshot().labelled(*db, label).is_some_and(|load| load.txn.0 == txn)
            }
            LoadEnd::Fail { .. } => true,
        };
        if committed {
            return Ok(());
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
