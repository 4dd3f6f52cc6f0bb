//! What every crate shares: errors, ids, names, configuration, session variables, time, limits, the shared store.
//!
//! A closed list: a new module needs an ADR. Nothing here knows SQL, Arrow or HTTP.

pub mod clock;
pub mod config;
pub mod error;
pub mod ids;
pub mod limits;
pub mod logging;
pub mod metrics;
pub mod names;
pub mod session_variable;
pub mod sql_code;
pub mod store;

pub use error::{Error, ErrorKind, Result};
