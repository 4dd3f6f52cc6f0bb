//! Memory that writers share: INSERT, CREATE TABLE AS, refreshes and Stream Loads buffer rows, and together they must
//! fit. Whoever finds no room waits in line.

use base::{Error, Result};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

const UNIT_BYTES: usize = 1 << 20;

/// The memory of all writers; clones share it.
#[derive(Debug, Clone)]
pub struct WriteMemory {
    free: Arc<Semaphore>,
    units: u32,
}

/// A writer's part; dropping it lets the next one in.
#[derive(Debug)]
pub struct Reservation(#[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

impl WriteMemory {
    pub fn new(bytes: usize) -> Self {
        let units = units(bytes);
        WriteMemory { free: Arc::new(Semaphore::new(units as usize)), units }
    }

    /// All there is.
    pub fn bytes(&self) -> usize {
        self.units as usize * UNIT_BYTES
    }

    /// Waits for memory, first come, first served; who wants more than there is gets all there is.
    ///
    /// # Errors
    /// None that a caller could cause.
    pub async fn reserve(&self, bytes: usize) -> Result<Reservation> {
        let wanted = units(bytes).min(self.units);
        let closed = |_| Error::internal("the memory of writers is closed");
        Arc::clone(&self.free).acquire_many_owned(wanted).await.map(Reservation).map_err(closed)
    }
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT_BYTES)).unwrap_or(u32::MAX).clamp(1, u32::MAX >> 3)
}
