//! Queries: analyse, plan, optimise, execute. The only crate that builds DataFusion sessions.
//!
//! ```text
//!   ast::Query ─ analyze (MySQL meaning) ─▶ plan::query ─▶ LogicalPlan ─▶ optimised ─▶ stream of batches
//!                                             │
//!                                             └ names resolve in one catalog Snapshot: table::{native_scan, system}
//!   rows ─ convert (to column types) ─ write ─▶ files for a catalog commit
//! ```
//! Functions and system tables are handed in by the composition root ([`EngineBuilder`]).

pub mod analyze;
mod builder;
mod catalogs;
pub mod convert;
pub mod distribute;
mod engine;
mod optimize;
pub mod plan;
mod session;
pub mod table;
pub mod write;
mod write_memory;

pub use builder::EngineBuilder;
pub use datafusion::arrow;
pub use engine::{Engine, SystemContext};
pub use plan::explain::Detail;
pub use plan::expression::Expressions;
pub use plan::query::{OutputColumn, PlannedQuery, Reads};
pub use session::SessionInfo;
pub use storage::WriteOptions;
pub use storage::schema::sql_type;
pub use write::{Source, WritePlan, Written};
pub use write_memory::{Reservation, WriteMemory};
