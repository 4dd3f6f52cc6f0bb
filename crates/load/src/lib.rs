//! Ways in: Stream Load's CSV today.
//!
//! ```text
//!   body ─▶ decompress ─▶ format::csv::Splitter ─▶ blocks ─▶ N workers: Parser ─▶ expressions, where ─▶ table sink
//!                                                              └─ bad rows ─▶ quality
//! ```
//! The body is never held: memory stays about two blocks a worker.

pub mod columns;
pub mod decompress;
pub mod format;
pub mod quality;
pub mod stream_load;
