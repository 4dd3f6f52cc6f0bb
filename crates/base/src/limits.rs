//! Bounds that keep one client from hurting the others. Each names what it protects.

use crate::config::Config;

/// Largest packet from a client after it has authenticated (MySQL's `max_allowed_packet`).
pub const MYSQL_PACKET_BYTES_MAX: usize = 64 << 20;
/// Before authentication a client needs no more than a handshake response.
pub const MYSQL_PACKET_BYTES_MAX_BEFORE_AUTH: usize = 64 << 10;
/// A client that has not authenticated by then is dropped.
pub const MYSQL_HANDSHAKE_TIMEOUT_MS: u64 = 10_000;
/// HTTP connections served at once; loads that wait for their turn must not take the sockets of MySQL clients.
pub const HTTP_CONNECTIONS_MAX: usize = 1024;
/// Partitions that one load or insert may create (StarRocks' `auto_partition_max_creation_number_per_load`).
pub const PARTITIONS_CREATED_PER_LOAD_MAX: usize = 4096;
/// Longest CSV record; a longer one is rejected with its position.
pub const CSV_RECORD_BYTES_MAX: usize = 64 << 20;
/// Rows kept in a load's error log.
pub const LOAD_ERROR_ROWS_MAX: usize = 50;
/// Longest VARCHAR, in bytes.
pub const VARCHAR_BYTES_MAX: u32 = 1_048_576;
/// Nesting of views on views.
pub const VIEW_DEPTH_MAX: usize = 32;
/// Prepared statements of one connection.
pub const PREPARED_STATEMENTS_MAX: usize = 16_382;

/// If neither a control group nor the system tells.
const UNKNOWN_BYTES: u64 = 4 << 30;

/// Parts of `mem_limit_mb`; together they are the whole, so that queries and loads at their limits fit together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryShares {
    /// What queries, refreshes and compactions reserve from.
    pub query_bytes: usize,
    /// What all Stream Loads, INSERTs and refreshes together may buffer of the rows they write.
    pub load_bytes: usize,
}

impl MemoryShares {
    pub fn new(config: &Config) -> Self {
        let limit_bytes = match config.integer("mem_limit_mb") {
            0 => machine_bytes() / 10 * 6,
            mb => mb.saturating_mul(1 << 20),
        };
        let load_bytes = limit_bytes / 4;
        MemoryShares { query_bytes: (limit_bytes - load_bytes) as usize, load_bytes: load_bytes as usize }
    }
}

/// What the control group allows, or else what the machine has.
fn machine_bytes() -> u64 {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let machine = meminfo_total(&read("/proc/meminfo")).unwrap_or(UNKNOWN_BYTES);
    // "max" where there is no limit: no number, so the machine's.
    let group = read("/sys/fs/cgroup/memory.max").trim().parse().unwrap_or(u64::MAX);
    machine.min(group)
}

fn meminfo_total(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|l| l.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_the_limit() {
        let mut config = Config::default();
        config.set("mem_limit_mb", "1024").unwrap();
        let shares = MemoryShares::new(&config);
        assert_eq!(shares, MemoryShares { query_bytes: 768 << 20, load_bytes: 256 << 20 });
    }

    #[test]
    fn the_machine_tells_its_memory() {
        assert_eq!(meminfo_total("MemTotal:       24689476 kB\nMemFree: 1 kB\n"), Some(24_689_476 * 1024));
        assert_eq!(meminfo_total("MemFree: 1 kB\n"), None);
        assert!(machine_bytes() > 64 << 20);
    }
}
