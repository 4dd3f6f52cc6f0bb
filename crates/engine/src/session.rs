//! What the engine must know of the session that asks.

use crate::analyze::SessionFacts;
use base::names::DEFAULT_CATALOG;
use base::session_variable::SessionVariables;
use datafusion::scalar::ScalarValue;
use std::collections::BTreeMap;

/// A session's facts at the start of a statement.
#[derive(Debug, Clone)]
pub struct SessionInfo {
    pub user: String,
    pub host: String,
    pub connection_id: u64,
    pub database: Option<String>,
    pub variables: SessionVariables,
    /// What `@@global.name` reads.
    pub global_variables: SessionVariables,
    /// `@name` by lower-case name.
    pub user_variables: BTreeMap<String, ScalarValue>,
    /// The statement's moment, microseconds since 1970 UTC.
    pub now_us: i64,
    pub query_id: String,
    pub last_query_id: String,
    pub last_insert_id: u64,
    pub found_rows: u64,
    pub row_count: i64,
}

impl SessionInfo {
    /// A session of Viewmill itself: refreshes, checks of definitions.
    pub fn internal(database: Option<String>, now_us: i64) -> Self {
        SessionInfo {
            user: "root".to_string(),
            host: "127.0.0.1".to_string(),
            connection_id: 0,
            database,
            variables: SessionVariables::default(),
            global_variables: SessionVariables::default(),
            user_variables: BTreeMap::new(),
            now_us,
            query_id: String::new(),
            last_query_id: String::new(),
            last_insert_id: 0,
            found_rows: 0,
            row_count: -1,
        }
    }

    pub fn facts(&self) -> SessionFacts<'_> {
        SessionFacts {
            database: self.database.as_deref(),
            catalog: DEFAULT_CATALOG,
            user: &self.user,
            host: &self.host,
            role: "",
            connection_id: self.connection_id,
            variables: &self.variables,
            global_variables: &self.global_variables,
            user_variables: &self.user_variables,
            now_us: self.now_us,
            last_query_id: &self.last_query_id,
            current_version: CURRENT_VERSION,
            last_insert_id: self.last_insert_id,
            found_rows: self.found_rows,
            row_count: self.row_count,
        }
    }
}

/// `CURRENT_VERSION()`: clients expect StarRocks' form, a version, a space and a hexadecimal commit.
const CURRENT_VERSION: &str = concat!("3.5.2-viewmill-", env!("CARGO_PKG_VERSION"), " 0000000");
