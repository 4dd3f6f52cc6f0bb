//! What the wire layer needs from the rest of the server, and all it knows of it.

use crate::process_list::{ProcessHandle, ProcessList};
use crate::reply::{Reply, ResultColumn};
use crate::time_limit::TimeLimit;
use async_trait::async_trait;
use base::Result;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use super::native_password::SALT_BYTES;

/// Checks users and makes sessions; one per process.
pub trait Frontend: Send + Sync + 'static {
    /// The version in the greeting, a bare `N.N.N`: clients take other forms for MariaDB.
    fn server_version(&self) -> String;

    /// Checks a `mysql_native_password` scramble; an empty one means that no password was given.
    ///
    /// # Errors
    /// `AccessDenied` for an unknown user as well as for a wrong password: the client is told the same text.
    fn authenticate(&self, user: &str, peer: SocketAddr, salt: &[u8; SALT_BYTES], scramble: &[u8]) -> Result<()>;

    /// Makes the session of a user whose password was checked.
    fn open(&self, login: Login) -> Box<dyn ClientSession>;

    /// Connections of this process; the listener registers each one here.
    fn processes(&self) -> &ProcessList;
}

/// Who logged in, from where and with which wishes.
#[derive(Debug, Clone)]
pub struct Login {
    pub user: String,
    pub peer: SocketAddr,
    /// The connection's id, and the place to report database and state.
    pub process: ProcessHandle,
    /// What the client tells about itself, for example `program_name`.
    pub attributes: HashMap<String, String>,
    /// `UPDATE` shall report matched instead of changed rows.
    pub found_rows: bool,
    /// A person types: `wait_timeout` starts with the value of `interactive_timeout`.
    pub interactive: bool,
}

/// One logged-in client. Its calls come one after the other; a call's future is dropped when the statement is killed
/// or the client goes away.
#[async_trait]
pub trait ClientSession: Send {
    /// Changes the current database. Names come as the client sent them: `demo`, `default_catalog.demo`,
    /// `default_catalog.`, `catalog x`.
    ///
    /// # Errors
    /// `UnknownDatabase` or `UnknownCatalog`; the old database stays.
    async fn use_database(&mut self, name: &str) -> Result<()>;

    /// Runs one statement (without a `;` at its end).
    async fn execute(&mut self, sql: &str) -> Result<Reply>;

    /// The columns that a query will have, without running it; `None` for a statement that is no query. Parameters
    /// have been replaced by NULL.
    async fn describe(&mut self, sql: &str) -> Result<Option<Vec<ResultColumn>>>;

    /// The columns of a table in the current database.
    async fn field_list(&mut self, table: &str) -> Result<Vec<ResultColumn>>;

    /// Forgets variables, temporary tables and the open transaction; user and database stay.
    async fn reset(&mut self);

    /// What the client is told after every statement.
    fn status(&self) -> SessionStatus;

    /// How long the connection may be idle before it is closed.
    fn wait_timeout(&self) -> Duration;

    /// How long the client may take nothing of an answer before the connection is closed.
    fn write_timeout(&self) -> Duration;

    /// Until when rows of the running statement may be sent; `None` for ever.
    fn time_limit(&self) -> Option<TimeLimit>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionStatus {
    pub autocommit: bool,
    pub in_transaction: bool,
    /// Warnings of the last statement, for `SHOW WARNINGS`.
    pub warnings: u16,
}

impl Default for SessionStatus {
    fn default() -> Self {
        SessionStatus { autocommit: true, in_transaction: false, warnings: 0 }
    }
}
