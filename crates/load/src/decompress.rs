//! Streaming decompression of the body on the load's reading thread.
//!
//! Nothing here waits: bytes come from an iterator that may block, so the async decoders are always ready.

use async_compression::tokio::bufread::{BzDecoder, DeflateDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder};
use base::{Error, ErrorKind, Result};
use bytes::{Buf, Bytes};
use futures::FutureExt;
use lz4_flex::frame::FrameDecoder;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncBufRead, AsyncRead, AsyncReadExt, ReadBuf};

const OUTPUT_BYTES: usize = 256 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    Gzip,
    Bzip2,
    Lz4Frame,
    Zstd,
    /// Deflate in zlib's or in no wrapping: what HTTP calls deflate is sent both ways.
    Deflate,
}

impl Compression {
    /// By StarRocks' name or HTTP's, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Compression::Gzip,
            "bzip2" => Compression::Bzip2,
            "lz4_frame" | "lz4" => Compression::Lz4Frame,
            "zstd" => Compression::Zstd,
            "deflate" => Compression::Deflate,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Compression::Gzip => "gzip",
            Compression::Bzip2 => "bzip2",
            Compression::Lz4Frame => "lz4 frame",
            Compression::Zstd => "zstd",
            Compression::Deflate => "deflate",
        }
    }
}

/// Hands the decompressed body to `each`, piece by piece. An empty body is empty under every codec.
///
/// # Errors
/// Those of `source` and `each`; `BadData` if the body is damaged or ends early.
pub fn each_piece(
    compression: Option<Compression>,
    mut source: impl Iterator<Item = Result<Bytes>> + Send + Unpin,
    mut each: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let Some(codec) = compression else {
        return source.try_for_each(|chunk| each(&chunk?));
    };
    let mut input = Input { source, chunk: Bytes::new(), ended: false };
    let damaged = |e| explain(codec, e);
    if input.fill().map_err(damaged)?.is_empty() {
        return Ok(());
    }
    let mut out = vec![0; OUTPUT_BYTES];
    let mut decoder: Pin<Box<dyn AsyncRead + Send + '_>> = match codec {
        Compression::Lz4Frame => return each_lz4_piece(input, &mut out, each),
        Compression::Gzip => {
            let mut decoder = GzipDecoder::new(input);
            decoder.multiple_members(true);
            Box::pin(decoder)
        }
        Compression::Bzip2 => {
            let mut decoder = BzDecoder::new(input);
            decoder.multiple_members(true);
            Box::pin(decoder)
        }
        Compression::Zstd => {
            let mut decoder = ZstdDecoder::new(input);
            decoder.multiple_members(true);
            Box::pin(decoder)
        }
        Compression::Deflate if input.has_zlib_header().map_err(damaged)? => Box::pin(ZlibDecoder::new(input)),
        Compression::Deflate => Box::pin(DeflateDecoder::new(input)),
    };
    loop {
        let read = decoder.read(&mut out).now_or_never();
        let read = read.ok_or_else(|| Error::internal("a decoder over a blocking source had to wait"))?;
        match read.map_err(damaged)? {
            0 => return Ok(()),
            bytes => each(&out[..bytes])?,
        }
    }
}

fn each_lz4_piece<I>(mut input: Input<I>, out: &mut [u8], mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()>
where
    I: Iterator<Item = Result<Bytes>>,
{
    let damaged = |e| explain(Compression::Lz4Frame, e);
    // The body may hold several frames, and the decoder takes the end of the body inside a frame for the frame's end.
    while !input.fill().map_err(damaged)?.is_empty() {
        let mut decoder = FrameDecoder::new(&mut input);
        loop {
            match decoder.read(out).map_err(damaged)? {
                0 => break,
                bytes => each(&out[..bytes])?,
            }
        }
        if input.ended {
            return Err(damaged(io::ErrorKind::UnexpectedEof.into()));
        }
    }
    Ok(())
}

/// Errors of the source pass through the decoders; the others are the decoder's.
fn explain(codec: Compression, error: io::Error) -> Error {
    let ends_early = error.kind() == io::ErrorKind::UnexpectedEof;
    match error.downcast::<Error>() {
        Ok(own) => own,
        Err(error) => {
            let what = if ends_early { "ends early" } else { "is damaged" };
            let message = format!("the body is not complete {} data: it {what}", codec.name());
            Error::new(ErrorKind::BadData, message).caused_by(error)
        }
    }
}

/// The compressed body as a reader.
struct Input<I> {
    source: I,
    chunk: Bytes,
    /// Whether a read met the end of the body.
    ended: bool,
}

impl<I: Iterator<Item = Result<Bytes>>> Input<I> {
    /// Bytes that are there; empty at the end of the body only.
    fn fill(&mut self) -> io::Result<&[u8]> {
        while self.chunk.is_empty() {
            match self.source.next() {
                Some(chunk) => self.chunk = chunk.map_err(io::Error::other)?,
                None => break,
            }
        }
        Ok(&self.chunk)
    }

    /// Whether the body begins with zlib's two bytes: method 8, and a checksum over both.
    fn has_zlib_header(&mut self) -> io::Result<bool> {
        while self.chunk.len() < 2 {
            match self.source.next() {
                Some(more) => self.chunk = [&self.chunk[..], &more.map_err(io::Error::other)?].concat().into(),
                None => return Ok(false),
            }
        }
        let (first, second) = (self.chunk[0], self.chunk[1]);
        Ok(first & 0x0f == 8 && u16::from_be_bytes([first, second]) % 31 == 0)
    }
}

impl<I: Iterator<Item = Result<Bytes>>> Read for Input<I> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fill()?.len().min(out.len());
        self.ended |= bytes == 0 && !out.is_empty();
        self.chunk.copy_to_slice(&mut out[..bytes]);
        Ok(bytes)
    }
}

impl<I: Iterator<Item = Result<Bytes>> + Unpin> AsyncRead for Input<I> {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = Read::read(self.get_mut(), out.initialize_unfilled())?;
        out.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl<I: Iterator<Item = Result<Bytes>> + Unpin> AsyncBufRead for Input<I> {
    fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Poll::Ready(self.get_mut().fill())
    }

    fn consume(self: Pin<&mut Self>, bytes: usize) {
        self.get_mut().chunk.advance(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_compression::tokio::bufread as encoders;
    use std::io::Write;

    const ALL: [Compression; 5] =
        [Compression::Gzip, Compression::Bzip2, Compression::Lz4Frame, Compression::Zstd, Compression::Deflate];

    fn encode(codec: Compression, text: &[u8]) -> Vec<u8> {
        let mut reader: Pin<Box<dyn AsyncRead + '_>> = match codec {
            Compression::Gzip => Box::pin(encoders::GzipEncoder::new(text)),
            Compression::Bzip2 => Box::pin(encoders::BzEncoder::new(text)),
            Compression::Zstd => Box::pin(encoders::ZstdEncoder::new(text)),
            Compression::Deflate => Box::pin(encoders::ZlibEncoder::new(text)),
            Compression::Lz4Frame => {
                let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
                encoder.write_all(text).unwrap();
                return encoder.finish().unwrap();
            }
        };
        let mut out = Vec::new();
        reader.read_to_end(&mut out).now_or_never().unwrap().unwrap();
        out
    }

    fn decode(codec: Compression, body: &[u8], chunk: usize) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        let chunks = body.chunks(chunk).map(|c| Ok(Bytes::copy_from_slice(c)));
        each_piece(Some(codec), chunks, |piece| {
            out.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(out)
    }

    fn text() -> Vec<u8> {
        (0..20_000u32).flat_map(|i| format!("{},", i.wrapping_mul(2_654_435_761)).into_bytes()).collect()
    }

    #[test]
    fn every_codec_in_chunks_of_any_size() {
        let text = text();
        for codec in ALL {
            let body = encode(codec, &text);
            for chunk in [1, 7, 4096, usize::MAX] {
                assert!(decode(codec, &body, chunk).unwrap() == text, "{codec:?} {chunk}");
            }
            assert_eq!(decode(codec, b"", 1).unwrap(), b"", "{codec:?}");
        }
    }

    #[test]
    fn concatenated_bodies_are_one() {
        for codec in [Compression::Gzip, Compression::Bzip2, Compression::Lz4Frame, Compression::Zstd] {
            let body = [encode(codec, b"ab"), encode(codec, b"cd")].concat();
            assert_eq!(decode(codec, &body, 3).unwrap(), b"abcd", "{codec:?}");
        }
    }

    #[test]
    fn deflate_may_be_unwrapped() {
        let mut out = Vec::new();
        let mut encoder = encoders::DeflateEncoder::new(&b"abc"[..]);
        encoder.read_to_end(&mut out).now_or_never().unwrap().unwrap();
        assert_eq!(decode(Compression::Deflate, &out, 1).unwrap(), b"abc");
    }

    #[test]
    fn damaged_and_cut_bodies_are_errors() {
        let text = text();
        for codec in ALL {
            let body = encode(codec, &text);
            for cut in [1, 5, 100, body.len() / 2, body.len() - 1] {
                let error = decode(codec, &body[..cut], 4096).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::BadData, "{codec:?} {cut}");
            }
            let error = decode(codec, b"a,b\nc,d\nno codec at all", 4096).unwrap_err().to_string();
            assert!(error.contains(codec.name()), "{error}");
        }
    }

    #[test]
    fn errors_of_the_source_pass_unchanged() {
        for codec in ALL {
            let body = encode(codec, &text());
            let chunks = [Ok(Bytes::copy_from_slice(&body[..50])), Err(Error::new(ErrorKind::Timeout, "stalled"))];
            let error = each_piece(Some(codec), chunks.into_iter(), |_| Ok(())).unwrap_err();
            assert_eq!((error.kind(), error.message()), (ErrorKind::Timeout, "stalled"), "{codec:?}");
        }
    }
}
