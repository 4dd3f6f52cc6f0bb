//! Materialized views: what may be one, when it is refreshed, how fresh it is.
//!
//! ```text
//!   definition ─▶ catalog            commits ─▶ scheduler ─ due? ─▶ task run PENDING ─▶ RUNNING
//!                                       ▲                                               │ refresh::decide (pure)
//!                                       │                                               ▼
//!                                       └── one commit: rows, cut of the bases, SUCCESS ── run
//! ```
//! A refresh reads one snapshot; its rows and the versions of the bases they reflect (the cut) become visible in one
//! commit, so a view is never half-refreshed and a crash never leaves rows without their cut.

pub mod activation;
pub mod definition;
mod due;
mod housekeeping;
pub mod refresh;
pub mod revival;
mod run;
mod schedule;
mod scheduler;
pub mod task_run;
#[cfg(test)]
mod tests;

pub use scheduler::{Refresher, RefresherOptions, new_query_id};
