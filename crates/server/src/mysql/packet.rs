//! Framing: packets of at most 16 MiB - 1 with a length and a sequence number, joined and split as needed.
//!
//! [`PacketReader`] keeps what arrives early, so pipelined commands are found packet by packet, and bounds what it
//! holds. [`PacketWriter`] collects whole packets and can be interrupted between any two bytes without losing its
//! place.

use base::limits;
use bytes::{Buf, Bytes, BytesMut};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// A payload of this size or more continues in the next packet.
pub(super) const PART_BYTES_MAX: usize = 0xFF_FFFF;
const HEADER_BYTES: usize = 4;
/// Bytes of later commands that are taken in while a statement runs.
const READ_AHEAD_BYTES_MAX: usize = 64 << 10;
const READ_CHUNK_BYTES: usize = 16 << 10;
/// A client that began a packet must go on sending; an idle one is another matter.
const STALL_TIMEOUT: Duration = Duration::from_secs(60);
/// Room that is kept for the next packets of a direction; a larger one goes with the packet that needed it.
const BUFFER_KEPT_BYTES: usize = 256 << 10;

/// What a client sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Incoming {
    Packet {
        payload: Bytes,
        sequence: u8,
    },
    /// The payload exceeds the limit. It was read and thrown away, except before authentication.
    TooLarge {
        sequence: u8,
    },
    /// The client closed the connection between two packets.
    End,
}

#[derive(Debug)]
pub(super) struct PacketReader<R> {
    io: R,
    buffer: BytesMut,
    payload_bytes_max: usize,
    drains_excess: bool,
    ended: bool,
}

impl<R: AsyncRead + Unpin> PacketReader<R> {
    /// A reader with the small limit for clients that have not authenticated.
    pub(super) fn new(io: R) -> Self {
        PacketReader {
            io,
            buffer: BytesMut::new(),
            payload_bytes_max: limits::MYSQL_PACKET_BYTES_MAX_BEFORE_AUTH,
            drains_excess: false,
            ended: false,
        }
    }

    /// Raises the limit, and skips larger packets instead of giving up.
    pub(super) fn authenticated(&mut self) {
        (self.payload_bytes_max, self.drains_excess) = (limits::MYSQL_PACKET_BYTES_MAX, true);
    }

    /// Reads one payload, however many packets it takes.
    ///
    /// # Errors
    /// The connection broke or stalled within a packet.
    pub(super) async fn next(&mut self) -> io::Result<Incoming> {
        let mut joined: Option<BytesMut> = None;
        let mut received = 0;
        loop {
            if !self.fill(HEADER_BYTES).await? {
                let clean = joined.is_none() && self.buffer.is_empty();
                return if clean { Ok(Incoming::End) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
            let length =
                usize::from(self.buffer[0]) | usize::from(self.buffer[1]) << 8 | usize::from(self.buffer[2]) << 16;
            let sequence = self.buffer[3];
            received += length;
            let excess = received > self.payload_bytes_max;
            if excess && !self.drains_excess {
                return Ok(Incoming::TooLarge { sequence });
            }
            self.buffer.advance(HEADER_BYTES);
            if excess {
                joined = Some(BytesMut::new());
                self.skip(length).await?;
                if length < PART_BYTES_MAX {
                    return Ok(Incoming::TooLarge { sequence });
                }
                continue;
            }
            if !self.fill(length).await? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let part = self.buffer.split_to(length);
            if length > BUFFER_KEPT_BYTES {
                // What is left must not hold on to the memory of a large packet.
                self.buffer = BytesMut::from(&self.buffer[..]);
            }
            let whole = match joined {
                None => part,
                Some(mut parts) => {
                    parts.extend_from_slice(&part);
                    parts
                }
            };
            if length < PART_BYTES_MAX {
                return Ok(Incoming::Packet { payload: whole.freeze(), sequence });
            }
            joined = Some(whole);
        }
    }

    /// Waits until the client has sent something or has gone.
    pub(super) async fn ready(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() && !self.ended {
            self.read().await?;
        }
        Ok(())
    }

    /// Resolves when the client closes the connection while a statement runs. Bytes that arrive meanwhile are kept for
    /// [`PacketReader::next`]; a client that sends much ahead is not watched any more.
    pub(super) async fn closed(&mut self) {
        while !self.ended {
            if self.buffer.len() >= READ_AHEAD_BYTES_MAX {
                return std::future::pending().await;
            }
            if self.read().await.is_err() {
                self.ended = true;
            }
        }
    }

    /// Reads until the buffer holds so many bytes; false if the client closed before.
    async fn fill(&mut self, bytes: usize) -> io::Result<bool> {
        while self.buffer.len() < bytes {
            if self.ended {
                return Ok(false);
            }
            let stalled = |_| io::Error::from(io::ErrorKind::TimedOut);
            timeout(STALL_TIMEOUT, self.read()).await.map_err(stalled)??;
        }
        Ok(true)
    }

    async fn skip(&mut self, mut bytes: usize) -> io::Result<()> {
        while bytes > 0 {
            if !self.fill(1).await? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let here = bytes.min(self.buffer.len());
            self.buffer.advance(here);
            bytes -= here;
        }
        Ok(())
    }

    async fn read(&mut self) -> io::Result<()> {
        self.buffer.reserve(READ_CHUNK_BYTES);
        if self.io.read_buf(&mut self.buffer).await? == 0 {
            self.ended = true;
        }
        Ok(())
    }
}

/// Collects packets in [`PacketWriter::packet`] and sends them in [`PacketWriter::flush`].
#[derive(Debug)]
pub(super) struct PacketWriter<W> {
    io: W,
    out: Vec<u8>,
    /// Bytes of `out` that the socket has taken.
    sent: usize,
    /// Where the last whole packet ends.
    whole: usize,
    sequence: u8,
    /// How long the socket may take nothing.
    stall_timeout: Duration,
}

impl<W: AsyncWrite + Unpin> PacketWriter<W> {
    pub(super) fn new(io: W) -> Self {
        PacketWriter { io, out: Vec::new(), sent: 0, whole: 0, sequence: 0, stall_timeout: STALL_TIMEOUT }
    }

    /// Sets for how long the client may take nothing before [`PacketWriter::flush`] gives up.
    pub(super) fn set_stall_timeout(&mut self, timeout: Duration) {
        self.stall_timeout = timeout;
    }

    /// The number of the next packet: one more than that of the command it answers.
    pub(super) fn answer_to(&mut self, sequence: u8) {
        self.sequence = sequence.wrapping_add(1);
    }

    /// Adds a packet whose payload `write` appends; a large payload becomes several packets.
    pub(super) fn packet<T>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        let start = self.out.len();
        self.out.extend_from_slice(&[0; HEADER_BYTES]);
        let written = write(&mut self.out);
        let length = self.out.len() - start - HEADER_BYTES;
        if length < PART_BYTES_MAX {
            let header = self.header(length);
            self.out[start..start + HEADER_BYTES].copy_from_slice(&header);
        } else {
            self.split(start);
        }
        self.whole = self.out.len();
        written
    }

    /// Takes back what a writer left behind that did not finish its packet.
    pub(super) fn discard_unfinished(&mut self) {
        self.out.truncate(self.whole);
    }

    /// Bytes that wait to be sent.
    pub(super) fn pending_bytes(&self) -> usize {
        self.out.len() - self.sent
    }

    /// Sends everything. A caller may drop this future and flush again later.
    ///
    /// # Errors
    /// `TimedOut` if the client takes nothing for too long.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        while self.sent < self.out.len() {
            let taken = timeout(self.stall_timeout, self.io.write(&self.out[self.sent..])).await??;
            if taken == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.sent += taken;
        }
        self.out.clear();
        self.out.shrink_to(BUFFER_KEPT_BYTES);
        (self.sent, self.whole) = (0, 0);
        self.io.flush().await
    }

    /// Rewrites the payload behind `start` as full packets and a shorter last one, which is empty if need be.
    fn split(&mut self, start: usize) {
        let payload = self.out.split_off(start + HEADER_BYTES);
        self.out.truncate(start);
        self.out.reserve(payload.len() + payload.len() / PART_BYTES_MAX * HEADER_BYTES + HEADER_BYTES);
        let mut rest = &payload[..];
        loop {
            let (part, behind) = rest.split_at(rest.len().min(PART_BYTES_MAX));
            let header = self.header(part.len());
            self.out.extend_from_slice(&header);
            self.out.extend_from_slice(part);
            rest = behind;
            if part.len() < PART_BYTES_MAX {
                return;
            }
        }
    }

    fn header(&mut self, length: usize) -> [u8; HEADER_BYTES] {
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        [length as u8, (length >> 8) as u8, (length >> 16) as u8, sequence]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn framed(payload: &[u8], sequence: u8) -> Vec<u8> {
        let mut sent = Vec::new();
        let mut writer = PacketWriter::new(&mut sent);
        writer.answer_to(sequence.wrapping_sub(1));
        writer.packet(|out| out.extend_from_slice(payload));
        writer.flush().await.unwrap();
        sent
    }

    fn lengths(mut framed: &[u8]) -> Vec<(usize, u8)> {
        let mut found = Vec::new();
        while !framed.is_empty() {
            let length = usize::from(framed[0]) | usize::from(framed[1]) << 8 | usize::from(framed[2]) << 16;
            found.push((length, framed[3]));
            framed = &framed[HEADER_BYTES + length..];
        }
        found
    }

    #[tokio::test]
    async fn payloads_are_split_and_joined_again() {
        const MAX: usize = PART_BYTES_MAX;
        let cases: [(usize, &[(usize, u8)]); 6] = [
            (0, &[(0, 255)]),
            (5, &[(5, 255)]),
            (MAX - 1, &[(MAX - 1, 255)]),
            (MAX, &[(MAX, 255), (0, 0)]),
            (MAX + 1, &[(MAX, 255), (1, 0)]),
            (2 * MAX, &[(MAX, 255), (MAX, 0), (0, 1)]),
        ];
        for (size, packets) in cases {
            let payload: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();
            let sent = framed(&payload, 255).await;
            assert_eq!(lengths(&sent), packets);
            let mut reader = PacketReader::new(&sent[..]);
            reader.authenticated();
            let last = packets[packets.len() - 1].1;
            assert_eq!(reader.next().await.unwrap(), Incoming::Packet { payload: payload.into(), sequence: last });
            assert_eq!(reader.next().await.unwrap(), Incoming::End);
        }
    }

    #[tokio::test]
    async fn a_packet_over_the_limit_is_skipped_once_authenticated() {
        let mut sent = framed(&vec![1; limits::MYSQL_PACKET_BYTES_MAX + 1], 0).await;
        sent.extend(framed(b"next", 0).await);
        let mut reader = PacketReader::new(&sent[..]);
        reader.authenticated();
        assert_eq!(reader.next().await.unwrap(), Incoming::TooLarge { sequence: 4 });
        assert_eq!(reader.next().await.unwrap(), Incoming::Packet { payload: "next".into(), sequence: 0 });

        // Before that, the header alone is enough to refuse.
        let mut reader = PacketReader::new(&b"GET / HTTP/1.1\r\n"[..]);
        assert!(matches!(reader.next().await.unwrap(), Incoming::TooLarge { .. }));
    }

    #[tokio::test]
    async fn an_end_within_a_packet_is_an_error() {
        for cut in 1..8 {
            let sent = framed(b"abcd", 0).await;
            let mut reader = PacketReader::new(&sent[..cut]);
            assert_eq!(reader.next().await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof, "{cut}");
        }
    }

    #[tokio::test]
    async fn an_unfinished_packet_is_taken_back() {
        let mut sent = Vec::new();
        let mut writer = PacketWriter::new(&mut sent);
        writer.packet(|out| out.push(7));
        writer.out.extend_from_slice(b"\0\0\0\0half");
        writer.discard_unfinished();
        writer.flush().await.unwrap();
        assert_eq!(sent, [1, 0, 0, 0, 7]);
    }

    #[tokio::test]
    async fn bytes_read_while_watching_are_not_lost() {
        let sent = framed(b"pipelined", 0).await;
        let mut reader = PacketReader::new(&sent[..]);
        reader.closed().await;
        assert_eq!(reader.next().await.unwrap(), Incoming::Packet { payload: "pipelined".into(), sequence: 0 });
        assert_eq!(reader.next().await.unwrap(), Incoming::End);
    }
}
