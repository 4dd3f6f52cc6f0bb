//! Bounds that keep one client from hurting the others. Each names what it protects.

/// Largest packet from a client after it has authenticated (MySQL's `max_allowed_packet`).
pub const MYSQL_PACKET_BYTES_MAX: usize = 64 << 20;
/// Before authentication a client needs no more than a handshake response.
pub const MYSQL_PACKET_BYTES_MAX_BEFORE_AUTH: usize = 64 << 10;
/// A client that has not authenticated by then is dropped.
pub const MYSQL_HANDSHAKE_TIMEOUT_MS: u64 = 10_000;
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
