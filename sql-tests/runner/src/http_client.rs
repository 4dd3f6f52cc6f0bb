//! A small HTTP/1.1 client over a plain socket. It can do what a well-behaved client never does: end a body early,
//! claim a wrong length, stop sending.

use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Bounds a server that never answers.
const REPLY_TIMEOUT: Duration = Duration::from_secs(90);
const CONTINUE_TIMEOUT: Duration = Duration::from_secs(10);

/// What happens to the body on its way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Sending {
    #[default]
    Whole,
    /// In chunks of this size, without a length.
    Chunked(usize),
    /// After this many bytes the sending side is closed.
    CloseAfter(usize),
    /// After this many bytes nothing more is sent, the socket stays open.
    StallAfter(usize),
}

#[derive(Debug, Clone, Default)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub sending: Sending,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

pub async fn get(port: u16, path: &str) -> Result<Reply, String> {
    let request = Request { method: "GET".into(), path: path.into(), ..Request::default() };
    send(port, &request).await
}

/// Sends the request and reads the reply until the server closes the connection or the reply is complete. Goes where the
/// server sends it, as Stream Load's clients do.
pub async fn send(port: u16, request: &Request) -> Result<Reply, String> {
    let exchange = async {
        let reply = exchange(port, request).await?;
        match reply.header("location").filter(|_| reply.status == 307) {
            Some(location) => exchange(location_port(location)?, request).await,
            None => Ok(reply),
        }
    };
    tokio::time::timeout(REPLY_TIMEOUT, exchange).await.map_err(|_| format!("no reply within {REPLY_TIMEOUT:?}"))?
}

/// The port of `http://user:password@127.0.0.1:port/path`.
fn location_port(location: &str) -> Result<u16, String> {
    let authority = location.split('/').nth(2).unwrap_or_default();
    let port = authority.rsplit(':').next().and_then(|port| port.parse().ok());
    port.ok_or_else(|| format!("sent to {location:?}, which has no port"))
}

async fn exchange(port: u16, request: &Request) -> Result<Reply, String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.map_err(|e| format!("could not connect: {e}"))?;
    stream.write_all(head(request, port).as_bytes()).await.map_err(|e| format!("could not send the headers: {e}"))?;
    let mut received = Vec::new();
    let waits = request.headers.iter().any(|(n, v)| n.eq_ignore_ascii_case("expect") && v == "100-continue");
    if waits && !read_continue(&mut stream, &mut received).await? {
        return read_reply(&mut stream, received).await;
    }
    let (mut reading, mut writing) = stream.split();
    // The server may answer (and close) before it has the whole body, so both directions run at once.
    let sending = send_body(&mut writing, request);
    let receiving = read_reply(&mut reading, received);
    let (sent, reply) = tokio::join!(sending, receiving);
    match (sent, reply) {
        (_, Ok(reply)) => Ok(reply),
        (Err(e), Err(_)) => Err(format!("could not send the body: {e}")),
        (Ok(()), Err(e)) => Err(e),
    }
}

fn head(request: &Request, port: u16) -> String {
    let mut out =
        format!("{} {} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n", request.method, request.path);
    let given = |name: &str| request.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
    match request.sending {
        Sending::Chunked(_) => out.push_str("Transfer-Encoding: chunked\r\n"),
        _ if given("content-length") => {}
        _ if request.body.is_empty() && request.method == "GET" => {}
        _ => out.push_str(&format!("Content-Length: {}\r\n", request.body.len())),
    }
    for (name, value) in &request.headers {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    out + "\r\n"
}

/// Waits for `100 Continue`; false if the server sent its final reply instead.
async fn read_continue(stream: &mut TcpStream, received: &mut Vec<u8>) -> Result<bool, String> {
    let reading = async {
        while find(received, b"\r\n\r\n").is_none() {
            if stream.read_buf(received).await.map_err(|e| e.to_string())? == 0 {
                return Err("closed before 100 Continue".to_string());
            }
        }
        Ok(())
    };
    tokio::time::timeout(CONTINUE_TIMEOUT, reading).await.map_err(|_| "no 100 Continue".to_string())??;
    Ok(received.starts_with(b"HTTP/1.1 100"))
}

async fn send_body(writing: &mut (impl AsyncWriteExt + Unpin), request: &Request) -> std::io::Result<()> {
    let body = &request.body;
    match request.sending {
        Sending::Whole => writing.write_all(body).await?,
        Sending::Chunked(size) => {
            for chunk in body.chunks(size.max(1)) {
                writing.write_all(format!("{:x}\r\n", chunk.len()).as_bytes()).await?;
                writing.write_all(chunk).await?;
                writing.write_all(b"\r\n").await?;
                writing.flush().await?;
            }
            writing.write_all(b"0\r\n\r\n").await?;
        }
        Sending::CloseAfter(bytes) => {
            writing.write_all(&body[..bytes.min(body.len())]).await?;
            writing.shutdown().await?;
        }
        Sending::StallAfter(bytes) => writing.write_all(&body[..bytes.min(body.len())]).await?,
    }
    writing.flush().await
}

async fn read_reply(reading: &mut (impl AsyncReadExt + Unpin), mut received: Vec<u8>) -> Result<Reply, String> {
    loop {
        if let Some(reply) = parse(&received, false)? {
            return Ok(reply);
        }
        let read = reading.read_buf(&mut received).await;
        if read.map_err(|e| format!("could not read the reply: {e}"))? == 0 {
            return parse(&received, true)?.ok_or_else(|| "the connection was closed without a reply".to_string());
        }
    }
}

/// The reply in `bytes`, or `None` as long as it is incomplete. Interim replies (`1xx`) are skipped.
fn parse(bytes: &[u8], closed: bool) -> Result<Option<Reply>, String> {
    let Some(end) = find(bytes, b"\r\n\r\n") else { return Ok(None) };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let rest = &bytes[end + 4..];
    let mut lines = head.split("\r\n");
    let status_line = lines.next().unwrap_or("");
    let status: u16 = status_line
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .ok_or_else(|| format!("not an HTTP reply: {status_line:?}"))?;
    if status < 200 {
        return parse(rest, closed);
    }
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_string()))
        .collect();
    let reply = Reply { status, headers, body: Vec::new() };
    let body = match (reply.header("content-length"), reply.header("transfer-encoding")) {
        (_, Some("chunked")) => dechunk(rest)?,
        (Some(length), _) => {
            let length: usize = length.parse().map_err(|_| format!("bad content-length {length:?}"))?;
            rest.get(..length).map(<[u8]>::to_vec)
        }
        (None, None) => closed.then(|| rest.to_vec()),
        (None, Some(other)) => return Err(format!("unknown transfer-encoding {other:?}")),
    };
    match body {
        Some(body) => Ok(Some(Reply { body, ..reply })),
        None if closed => Err("the reply was cut off".to_string()),
        None => Ok(None),
    }
}

fn dechunk(mut bytes: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let mut out = Vec::new();
    loop {
        let Some(end) = find(bytes, b"\r\n") else { return Ok(None) };
        let text = String::from_utf8_lossy(&bytes[..end]);
        let size = usize::from_str_radix(text.trim(), 16).map_err(|_| format!("bad chunk size {text:?}"))?;
        if size == 0 {
            return Ok(Some(out));
        }
        let Some(chunk) = bytes.get(end + 2..end + 2 + size) else { return Ok(None) };
        out.extend_from_slice(chunk);
        let Some(rest) = bytes.get(end + 4 + size..) else { return Ok(None) };
        bytes = rest;
    }
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_complete_by_length_by_chunks_or_by_close() {
        let plain: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        let chunked: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n";
        for (bytes, closed) in [(plain, false), (chunked, false), (b"HTTP/1.1 200 OK\r\n\r\nok", true)] {
            assert_eq!(parse(bytes, closed).unwrap().unwrap().body, b"ok");
        }
        assert_eq!(parse(&plain[..plain.len() - 1], false).unwrap(), None);
        assert!(parse(&plain[..plain.len() - 1], true).is_err());
        assert_eq!(parse(&chunked[..chunked.len() - 8], false).unwrap(), None);
    }
}
