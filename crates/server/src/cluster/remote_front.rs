//! A compute node's side of its loads: labels and commits are the front end's.

use super::protocol::{LOAD_PATH, LoadEnd, LoadLine, LoadOpening, Ticket};
use super::reports::bearer;
use async_trait::async_trait;
use base::ids::{DbId, NodeId};
use base::{Error, ErrorKind, Result};
use bytes::{Bytes, BytesMut};
use catalog::load::{LoadCounts, LoadProgress};
use catalog::{NewFile, Snapshot};
use futures::StreamExt;
use futures::stream::BoxStream;
use load::stream_load::{BeginLoad, Begun, LoadFront, LoadTransaction, Refused};
use reqwest::header::AUTHORIZATION;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A front end that restarts answers again within seconds.
const COMMIT_PATIENCE: Duration = Duration::from_secs(60);
/// What takes longer is asked again.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
const COMMIT_AGAIN_AFTER: Duration = Duration::from_millis(250);

/// The front end, as loads ask it.
#[derive(Clone)]
pub(super) struct RemoteFront {
    client: reqwest::Client,
    url: String,
    token: String,
    node: NodeId,
}

impl RemoteFront {
    pub(super) fn new(front_end: &str, token: &str, node: NodeId) -> Result<Self> {
        let client = reqwest::Client::builder().no_proxy().build();
        let client = client.map_err(|e| Error::internal("could not set up loads").caused_by(e))?;
        Ok(RemoteFront { client, url: format!("http://{front_end}{LOAD_PATH}"), token: token.to_string(), node })
    }

    fn post(&self, url: &str) -> reqwest::RequestBuilder {
        self.client.post(url).header(AUTHORIZATION, bearer(&self.token))
    }

    async fn open(&self, load: &BeginLoad) -> Result<Lines> {
        let opening = LoadOpening {
            node: self.node,
            database: load.database.clone(),
            table: load.table.clone(),
            label: load.label.clone(),
            authorization: load.authorization.clone(),
        };
        let answer = self.post(&self.url).json(&opening).send().await.and_then(reqwest::Response::error_for_status);
        Ok(Lines { bytes: answer.map_err(silent)?.bytes_stream().boxed(), left: BytesMut::new() })
    }

    /// Tells how a load ended until the front end answers.
    async fn end(&self, txn: u64, end: &LoadEnd, patience: Duration) -> Result<()> {
        let url = format!("{}/{txn}", self.url);
        let begun = Instant::now();
        loop {
            let request = self.post(&url).timeout(ANSWER_TIMEOUT).json(end);
            let answer = request.send().await.and_then(reqwest::Response::error_for_status);
            match answer {
                Ok(answer) => return answer.json::<Result<()>>().await.map_err(unknown)?,
                Err(e) if begun.elapsed() > patience => return Err(unknown(e)),
                Err(_) => tokio::time::sleep(COMMIT_AGAIN_AFTER).await,
            }
        }
    }
}

#[async_trait]
impl LoadFront for RemoteFront {
    async fn begin(&self, load: BeginLoad) -> Result<Begun, Refused> {
        let opened = async {
            let mut lines = self.open(&load).await?;
            let first = lines.next().await?;
            Ok::<_, Error>((lines, first))
        };
        let late = |_| Error::new(ErrorKind::Unavailable, "the front end does not answer, try again");
        let (mut lines, first) = tokio::time::timeout(ANSWER_TIMEOUT, opened).await.map_err(late)??;
        let ticket = match first {
            Some(LoadLine::Begun(ticket)) => *ticket,
            Some(LoadLine::Refused { error, running }) => return Err(Refused { error, running }),
            Some(LoadLine::Cancelled(reason)) => return Err(reason.into()),
            None => return Err(Error::new(ErrorKind::Unavailable, "the front end went away").into()),
        };
        let Ticket { txn, user, variables, table, writer, now_us } = ticket;
        let (cancel, cancelled) = oneshot::channel();
        let watching = tokio::spawn(async move {
            let reason = match lines.next().await {
                Ok(Some(LoadLine::Cancelled(reason))) => reason,
                // The load can go on: a front end that comes back is asked how it ended.
                _ => std::future::pending().await,
            };
            let _ = cancel.send(reason);
            // Closing the answer would free the label before the failure is recorded.
            std::future::pending::<()>().await;
        });
        let transaction = RemoteTransaction {
            front: self.clone(),
            txn,
            db: table.meta.db,
            label: load.label,
            progress: Arc::default(),
            cancelled,
            watching,
        };
        Ok(Begun {
            txn,
            user,
            variables: super::protocol::variables(variables),
            table: Arc::new(table),
            snapshot: Snapshot::default(),
            writer,
            now_us,
            transaction: Box::new(transaction),
        })
    }
}

struct RemoteTransaction {
    front: RemoteFront,
    txn: u64,
    db: DbId,
    label: String,
    progress: Arc<LoadProgress>,
    cancelled: oneshot::Receiver<Error>,
    /// Keeps the answer open, and with it the label taken.
    watching: JoinHandle<()>,
}

#[async_trait]
impl LoadTransaction for RemoteTransaction {
    fn progress(&self) -> &Arc<LoadProgress> {
        &self.progress
    }

    async fn cancelled(&mut self) -> Error {
        match (&mut self.cancelled).await {
            Ok(reason) => reason,
            Err(_) => std::future::pending().await,
        }
    }

    fn close(&mut self) -> Result<()> {
        match self.cancelled.try_recv() {
            Ok(reason) => Err(reason),
            // The front end has the last word.
            Err(_) => Ok(()),
        }
    }

    async fn commit(
        self: Box<Self>,
        files: Vec<NewFile>,
        counts: LoadCounts,
        tracking_url: Option<String>,
    ) -> Result<()> {
        let end = LoadEnd::Commit { db: self.db, label: self.label.clone(), files, counts, tracking_url };
        self.front.end(self.txn, &end, COMMIT_PATIENCE).await
    }

    async fn fail(self: Box<Self>, error: &Error, counts: LoadCounts, tracking_url: Option<String>) {
        let end = LoadEnd::Fail { error: Error::new(error.kind(), error.to_string()), counts, tracking_url };
        if let Err(e) = self.front.end(self.txn, &end, Duration::ZERO).await {
            tracing::warn!(error = %e, label = self.label, "failed load not recorded");
        }
    }
}

impl Drop for RemoteTransaction {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

/// The lines of the front end's answer.
struct Lines {
    bytes: BoxStream<'static, reqwest::Result<Bytes>>,
    left: BytesMut,
}

impl Lines {
    async fn next(&mut self) -> Result<Option<LoadLine>> {
        loop {
            if let Some(end) = self.left.iter().position(|b| *b == b'\n') {
                let line = self.left.split_to(end + 1);
                return read(&line).map(Some);
            }
            match self.bytes.next().await {
                Some(chunk) => self.left.extend_from_slice(&chunk.map_err(silent)?),
                // A refusal is one line without an end.
                None if !self.left.is_empty() => return read(&self.left.split()).map(Some),
                None => return Ok(None),
            }
        }
    }
}

fn read(line: &[u8]) -> Result<LoadLine> {
    serde_json::from_slice(line).map_err(|e| Error::internal("the front end's answer cannot be read").caused_by(e))
}

fn silent(e: reqwest::Error) -> Error {
    Error::new(ErrorKind::Unavailable, "the front end does not answer, try again").caused_by(e)
}

fn unknown(e: reqwest::Error) -> Error {
    let message = "the front end does not answer, it is not known whether the load was committed; ask for its label";
    Error::new(ErrorKind::OutcomeUnknown, message).caused_by(e)
}
