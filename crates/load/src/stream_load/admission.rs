//! Lets loads begin as long as there are threads and memory for them; the others wait in line.

use base::{Error, ErrorKind, Result};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

/// Threads that all running loads may have together. A load starts only when all of its threads can run; otherwise
/// readers could wait for workers that never get a thread.
const THREADS_MAX: usize = 256;
const MEMORY_UNIT_BYTES: usize = 1 << 20;

#[derive(Debug, Clone)]
pub(super) struct Admission {
    threads: Arc<Semaphore>,
    memory: Arc<Semaphore>,
    memory_units: u32,
}

/// The right to run; dropping it lets the next load in.
#[derive(Debug)]
pub(super) struct Pass {
    _threads: OwnedSemaphorePermit,
    _memory: OwnedSemaphorePermit,
}

impl Admission {
    /// `memory_bytes` is what all loads together may buffer.
    pub(super) fn new(memory_bytes: usize) -> Self {
        let memory_units = units(memory_bytes);
        let memory = Arc::new(Semaphore::new(memory_units as usize));
        Admission { threads: Arc::new(Semaphore::new(THREADS_MAX)), memory, memory_units }
    }

    /// Waits for threads and memory; a load that wants more than there is gets all there is.
    ///
    /// # Errors
    /// `Exhausted` if its turn does not come before the deadline.
    pub(super) async fn enter(&self, threads: usize, memory_bytes: usize, deadline: Instant) -> Result<Pass> {
        let threads = threads.min(THREADS_MAX) as u32;
        let memory = units(memory_bytes).min(self.memory_units);
        let waiting = async {
            // Always in this order, so that two loads never wait for each other.
            let threads = Arc::clone(&self.threads).acquire_many_owned(threads).await?;
            let memory = Arc::clone(&self.memory).acquire_many_owned(memory).await?;
            Ok::<_, tokio::sync::AcquireError>(Pass { _threads: threads, _memory: memory })
        };
        match timeout_at(deadline, waiting).await {
            Ok(Ok(pass)) => Ok(pass),
            _ => Err(Error::new(ErrorKind::Exhausted, "too many loads run at once, try again later")),
        }
    }
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(MEMORY_UNIT_BYTES)).unwrap_or(u32::MAX).clamp(1, u32::MAX >> 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn loads_wait_for_memory_and_threads() {
        let admission = Admission::new(100 << 20);
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
