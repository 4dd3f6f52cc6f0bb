//! Lets loads begin as long as there are threads and memory for them; the others wait in line.

use base::{Error, ErrorKind, Result};
use engine::{Reservation, WriteMemory};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

/// Threads that all running loads may have together. A load starts only when all of its threads can run; otherwise
/// readers could wait for workers that never get a thread.
const THREADS_MAX: usize = 256;

#[derive(Debug, Clone)]
pub(super) struct Admission {
    threads: Arc<Semaphore>,
    memory: WriteMemory,
}

/// The right to run; dropping it lets the next load in.
#[derive(Debug)]
pub(super) struct Pass {
    _threads: OwnedSemaphorePermit,
    _memory: Reservation,
}

impl Admission {
    /// `memory` is what all writers share.
    pub(super) fn new(memory: WriteMemory) -> Self {
        Admission { threads: Arc::new(Semaphore::new(THREADS_MAX)), memory }
    }

    /// Waits for threads and memory; a load that wants more than there is gets all there is.
    ///
    /// # Errors
    /// `Exhausted` if its turn does not come before the deadline.
    pub(super) async fn enter(&self, threads: usize, memory_bytes: usize, deadline: Instant) -> Result<Pass> {
        let threads = threads.min(THREADS_MAX) as u32;
        let waiting = async {
            // Always in this order, so that two loads never wait for each other.
            let threads = Arc::clone(&self.threads).acquire_many_owned(threads).await.ok()?;
            let memory = self.memory.reserve(memory_bytes).await.ok()?;
            Some(Pass { _threads: threads, _memory: memory })
        };
        match timeout_at(deadline, waiting).await {
            Ok(Some(pass)) => Ok(pass),
            _ => Err(Error::new(ErrorKind::Exhausted, "too many loads run at once, try again later")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn loads_wait_for_memory_and_threads() {
        let admission = Admission::new(WriteMemory::new(100 << 20));
        // Who need not wait gets in also at the last moment.
        let soon = Instant::now;
        let first = admission.enter(2, 60 << 20, soon()).await.unwrap();
        assert_eq!(admission.enter(2, 60 << 20, soon()).await.unwrap_err().kind(), ErrorKind::Exhausted);
        let small = admission.enter(THREADS_MAX - 2, 10 << 20, soon()).await.unwrap();
        assert!(admission.enter(1, 1, soon()).await.is_err());
        drop((first, small));
        assert!(admission.enter(2, 1 << 40, soon()).await.is_ok());
    }
}
