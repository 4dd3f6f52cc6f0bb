//! From body bytes to record batches, one folder per format.
//!
//! ```text
//!   bytes ─▶ csv::Splitter ─▶ blocks of whole records ─▶ csv::Parser (any thread) ─▶ columns + rejected rows
//! ```

pub mod csv;
