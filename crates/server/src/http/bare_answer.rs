//! Gives a JSON body to the answers that hyper itself writes for requests that are no HTTP, which come without one.

use serde_json::json;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const NO_BODY: &str = "\r\ncontent-length: 0\r\n";

/// A connection on which no error goes out without a body.
pub(super) struct Explained<S> {
    stream: S,
    /// What is still to be sent instead of a bare answer.
    instead: Vec<u8>,
}

impl<S> Explained<S> {
    pub(super) fn new(stream: S) -> Self {
        Explained { stream, instead: Vec::new() }
    }
}

/// The answer with a body, if `written` is an error without one. Answers of our own endpoints have theirs.
fn with_body(written: &[u8]) -> Option<Vec<u8>> {
    if !written.starts_with(b"HTTP/1.1 4") {
        return None;
    }
    let head = std::str::from_utf8(written).ok().filter(|h| h.ends_with("\r\n\r\n") && h.contains(NO_BODY))?;
    let status = head.lines().next()?.strip_prefix("HTTP/1.1 ")?;
    let message = format!("the request is not valid HTTP: {status}");
    let body = json!({ "status": "FAILED", "code": "1", "msg": message, "message": message }).to_string();
    let fields = format!("\r\ncontent-type: application/json\r\ncontent-length: {}\r\n", body.len());
    Some((head.replacen(NO_BODY, &fields, 1) + &body).into_bytes())
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Explained<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, written: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.instead.is_empty() {
            match with_body(written) {
                Some(answer) => this.instead = answer,
                None => return Pin::new(&mut this.stream).poll_write(cx, written),
            }
        }
        // Until all of it is sent the writer offers the same bytes again.
        while !this.instead.is_empty() {
            let taken = ready!(Pin::new(&mut this.stream).poll_write(cx, &this.instead))?;
            if taken == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            this.instead.drain(..taken);
        }
        Poll::Ready(Ok(written.len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match parts.first() {
            Some(first) if !self.instead.is_empty() || with_body(first).is_some() => self.poll_write(cx, first),
            _ => Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Explained<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buffer)
    }
}
