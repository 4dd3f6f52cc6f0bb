//! Stream Load: one HTTP request, one load under a label.
//!
//! ```text
//!   run: headers ─▶ label ─▶ plan (transform) ─▶ body: feed ─▶ pipeline ─▶ judge ─▶ commit ─▶ response
//! ```

mod admission;
mod cancellation;
pub mod delimiter;
pub mod error_log;
pub mod feed;
pub mod front;
pub mod headers;
mod pipeline;
pub mod response;
pub mod run;
#[cfg(test)]
mod tests;
mod transform;

pub use error_log::ErrorLogs;
pub use feed::Body;
pub use front::{BeginLoad, Begun, CatalogFront, LoadFront, LoadTransaction, Refused};
pub use headers::{Rejected, StreamLoadRequest};
pub use response::{Response, Status};
pub use run::{HttpLoad, Settings, StreamLoader};
