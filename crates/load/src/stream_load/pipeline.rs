//! Runs the body through the workers: one thread reads and cuts, the others parse and write.
//!
//! ```text
//!   Feed ─▶ Chunks ─▶ decompress ─▶ Splitter ─▶ [N blocks] ─▶ N × Transform::block
//! ```
//! Memory is about 2 N + 2 blocks and what the table writer buffers. The first failure anywhere stops everything.

use super::feed::{self, Body, BodyLimits};
use super::transform::Transform;
use crate::decompress::{Compression, each_piece};
use crate::format::csv::splitter::SplitterLimits;
use crate::format::csv::{Block, Dialect, Splitter};
use base::{Error, ErrorKind, Result};
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// A body and how to read it.
pub(super) struct Input {
    pub(super) body: Body,
    pub(super) limits: BodyLimits,
    pub(super) compression: Option<Compression>,
    pub(super) dialect: Dialect,
    /// Records dropped at the beginning.
    pub(super) skip_header: u64,
    /// Threads that parse and write.
    pub(super) workers: usize,
    pub(super) deadline: Instant,
    /// `timeout` as the client knows it, for the message.
    pub(super) timeout: Duration,
    /// Counts the bytes of the body as they come.
    pub(super) received: Arc<AtomicU64>,
    /// Set if the first block looks as if a CR were part of the row delimiter.
    pub(super) carriage_returns: Arc<AtomicBool>,
}

/// When the body had been read.
pub(super) struct Finished {
    pub(super) read_at: Instant,
}

/// Writes the whole body through `transform`, which nobody else holds when this returns.
///
/// # Errors
/// The first failure of the connection, the decoder, the splitter or a worker; `Timeout` at the deadline.
pub(super) async fn run(input: Input, transform: &Arc<Transform>) -> Result<Finished> {
    let failure = Arc::new(Failure::default());
    let (feed, chunks) = feed::channel();
    let (sender, blocks) = sync_channel(input.workers);
    let blocks = Arc::new(Mutex::new(blocks));
    let mut threads = JoinSet::new();
    let reader = Reader {
        dialect: input.dialect,
        skip_header: input.skip_header,
        compression: input.compression,
        carriage_returns: input.carriage_returns,
        blocks: sender,
    };
    let reader_failure = Arc::clone(&failure);
    threads.spawn_blocking(move || reader.run(chunks).unwrap_or_else(|e| reader_failure.set(e)));
    for _ in 0..input.workers {
        let (blocks, transform, failure) = (Arc::clone(&blocks), Arc::clone(transform), Arc::clone(&failure));
        threads.spawn_blocking(move || work(&blocks, &transform, &failure));
    }
    drop(blocks);

    let reading = feed.run(input.body, input.limits, &input.received);
    before(input.deadline, input.timeout, &failure, reading).await;
    let read_at = Instant::now();
    let joining = async {
        while let Some(joined) = threads.join_next().await {
            if let Err(e) = joined {
                failure.set(Error::internal("a thread of the load failed, see the server's log").caused_by(e));
            }
        }
    };
    before(input.deadline, input.timeout, &failure, joining).await;
    // After the deadline threads finish the block they are at.
    while threads.join_next().await.is_some() {}
    failure.result().map(|()| Finished { read_at })
}

/// Waits for `work`, but not beyond the deadline: then the load has failed.
async fn before(deadline: Instant, timeout: Duration, failure: &Failure, work: impl Future<Output = ()>) {
    tokio::pin!(work);
    let in_time = tokio::select! {
        () = &mut work => true,
        () = sleep_until(deadline) => false,
    };
    if !in_time {
        // Before `work` is dropped: what the threads then find broken off is not the cause.
        let message = "the load did not finish in time, raise the header timeout or stream_load_default_timeout_second";
        failure.set(Error::new(ErrorKind::Timeout, message).with("seconds", timeout.as_secs()));
    }
}

/// The thread that reads the body.
struct Reader {
    dialect: Dialect,
    skip_header: u64,
    compression: Option<Compression>,
    carriage_returns: Arc<AtomicBool>,
    blocks: SyncSender<Block>,
}

impl Reader {
    fn run(self, chunks: feed::Chunks) -> Result<()> {
        let mut splitter = Splitter::new(&self.dialect, self.skip_header, SplitterLimits::default());
        let mut first = true;
        let mut emit = |block: Block| {
            if std::mem::take(&mut first) {
                self.carriage_returns.store(self.dialect.leaves_carriage_returns(&block.bytes), Ordering::Relaxed);
            }
            // The workers are gone after one of them failed; its error came first.
            self.blocks
                .send(block)
                .map_err(|_| Error::new(ErrorKind::Interrupted, "the load was abandoned while its body was read"))
        };
        each_piece(self.compression, chunks, |piece| splitter.push(piece, &mut emit))?;
        splitter.finish(&mut emit)
    }
}

fn work(blocks: &Mutex<Receiver<Block>>, transform: &Transform, failure: &Failure) {
    loop {
        let block = blocks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(block) = block else { return };
        if failure.is_set() {
            return;
        }
        if let Err(error) = transform.block(&block) {
            failure.set(error);
            return;
        }
    }
}

/// The first error of a load.
#[derive(Debug, Default)]
struct Failure(Mutex<Option<Error>>);

impl Failure {
    fn set(&self, error: Error) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    fn is_set(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn result(&self) -> Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
    }
}
