//! Brings the body from the connection to the load's reading thread, and watches its size and its pauses.
//!
//! ```text
//!   body (async) ─ Feed::run: stall, size ─▶ channel ─ Chunks (blocking iterator) ─▶ decompress
//! ```
//! The channel closing without [`Message::End`] means that the load was abandoned, never that the body ended.

use base::{Error, ErrorKind, Result};
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Chunks that wait between the connection and the reading thread.
const CHUNKS_WAITING: usize = 16;

/// A request's body.
pub type Body = BoxStream<'static, Result<Bytes>>;

#[derive(Debug)]
enum Message {
    Chunk(Bytes),
    End,
    Failed(Error),
}

/// What the body may do.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimits {
    /// Longest silence of the client.
    pub stall: Duration,
    pub bytes_max: u64,
    /// Content-Length.
    pub bytes_expected: Option<u64>,
}

/// The blocking end.
#[derive(Debug)]
pub(super) struct Chunks {
    receiver: mpsc::Receiver<Message>,
    done: bool,
}

#[derive(Debug)]
pub(super) struct Feed {
    sender: mpsc::Sender<Message>,
}

pub(super) fn channel() -> (Feed, Chunks) {
    let (sender, receiver) = mpsc::channel(CHUNKS_WAITING);
    (Feed { sender }, Chunks { receiver, done: false })
}

impl Feed {
    /// Passes the body on until it ends, fails or nobody reads it any more. Failures reach the reading end.
    pub(super) async fn run(self, mut body: Body, limits: BodyLimits, received: &AtomicU64) {
        loop {
            let message = match self.next(&mut body, &limits, received.load(Ordering::Relaxed)).await {
                Ok(Some(chunk)) => {
                    received.fetch_add(chunk.len() as u64, Ordering::Relaxed);
                    Message::Chunk(chunk)
                }
                Ok(None) => Message::End,
                Err(error) => Message::Failed(error),
            };
            let last = !matches!(message, Message::Chunk(_));
            if self.sender.send(message).await.is_err() || last {
                return;
            }
        }
    }

    async fn next(&self, body: &mut Body, limits: &BodyLimits, received: u64) -> Result<Option<Bytes>> {
        let next = tokio::select! {
            next = timeout(limits.stall, body.next()) => next,
            // The reading end gave up: its error is the load's.
            () = self.sender.closed() => return Ok(None),
        };
        let chunk = match next {
            Ok(Some(chunk)) => chunk?,
            Ok(None) => return check_length(limits.bytes_expected, received).map(|()| None),
            Err(_) => {
                let message = "the client sent nothing for longer than stream_load_stall_timeout_second";
                let error = Error::new(ErrorKind::Timeout, message).with("seconds", limits.stall.as_secs());
                return Err(error.with("bytes_received", received));
            }
        };
        if received + chunk.len() as u64 > limits.bytes_max {
            return Err(too_large(limits.bytes_max));
        }
        Ok(Some(chunk))
    }
}

impl Iterator for Chunks {
    type Item = Result<Bytes>;

    fn next(&mut self) -> Option<Result<Bytes>> {
        if self.done {
            return None;
        }
        let message = self.receiver.blocking_recv();
        self.done = !matches!(message, Some(Message::Chunk(_)));
        match message {
            Some(Message::Chunk(chunk)) => Some(Ok(chunk)),
            Some(Message::End) => None,
            Some(Message::Failed(error)) => Some(Err(error)),
            None => Some(Err(Error::new(ErrorKind::Interrupted, "the load was abandoned while its body was read"))),
        }
    }
}

/// # Errors
/// `BadData` if the body is shorter or longer than it was announced.
fn check_length(expected: Option<u64>, received: u64) -> Result<()> {
    match expected {
        Some(expected) if expected != received => {
            let error = Error::new(ErrorKind::BadData, "receive body don't equal with body bytes");
            Err(error.with("content_length", expected).with("received", received))
        }
        _ => Ok(()),
    }
}

/// The error for a body beyond `streaming_load_max_mb`.
pub(super) fn too_large(bytes_max: u64) -> Error {
    let message = "the body is larger than streaming_load_max_mb allows, split it into several loads";
    Error::new(ErrorKind::PacketTooLarge, message).with("bytes_max", bytes_max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream;

    fn limits() -> BodyLimits {
        BodyLimits { stall: Duration::from_secs(60), bytes_max: 10, bytes_expected: None }
    }

    async fn feed(body: Body, limits: BodyLimits) -> Result<Vec<u8>> {
        let (feed, chunks) = channel();
        let reader = tokio::task::spawn_blocking(move || chunks.collect::<Result<Vec<Bytes>>>());
        feed.run(body, limits, &AtomicU64::new(0)).await;
        Ok(reader.await.unwrap()?.concat())
    }

    fn body(chunks: &[&'static str]) -> Body {
        stream::iter(chunks.iter().map(|c| Ok(Bytes::from_static(c.as_bytes()))).collect::<Vec<_>>()).boxed()
    }

    #[tokio::test]
    async fn a_body_arrives_whole() {
        assert_eq!(feed(body(&["ab", "", "cd"]), limits()).await.unwrap(), b"abcd");
        assert_eq!(feed(body(&["ab"]), BodyLimits { bytes_expected: Some(2), ..limits() }).await.unwrap(), b"ab");
    }

    #[tokio::test]
    async fn a_body_of_the_wrong_length_fails() {
        for expected in [1, 3] {
            let error =
                feed(body(&["ab"]), BodyLimits { bytes_expected: Some(expected), ..limits() }).await.unwrap_err();
            assert_eq!(error.message(), "receive body don't equal with body bytes");
        }
        let error = feed(body(&["0123456789", "x"]), limits()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PacketTooLarge);
    }

    #[tokio::test]
    async fn errors_of_the_connection_arrive() {
        let broken =
            stream::iter([Ok(Bytes::from_static(b"a")), Err(Error::new(ErrorKind::Unavailable, "reset"))]).boxed();
        assert_eq!(feed(broken, limits()).await.unwrap_err().message(), "reset");
    }

    #[tokio::test]
    async fn silence_ends_a_load() {
        let silent = stream::iter([Ok(Bytes::from_static(b"a"))]).chain(stream::pending()).boxed();
        let stall = BodyLimits { stall: Duration::from_millis(1), ..limits() };
        let error = feed(silent, stall).await.unwrap_err().to_string();
        assert!(error.contains("stream_load_stall_timeout_second") && error.contains("bytes_received: 1"), "{error}");
    }

    #[tokio::test]
    async fn an_abandoned_feed_is_not_an_end() {
        let (feed, chunks) = channel();
        drop(feed);
        let read = tokio::task::spawn_blocking(move || chunks.collect::<Result<Vec<Bytes>>>()).await.unwrap();
        assert_eq!(read.unwrap_err().kind(), ErrorKind::Interrupted);
    }

    #[tokio::test]
    async fn a_feed_that_nobody_reads_stops() {
        let (feed, chunks) = channel();
        drop(chunks);
        feed.run(stream::pending().boxed(), limits(), &AtomicU64::new(0)).await;
    }
}
