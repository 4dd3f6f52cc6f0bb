//! A database: a name space for tables.

use base::clock::UnixMs;
use base::ids::DbId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    pub id: DbId,
    pub name: String,
    pub properties: BTreeMap<String, String>,
    pub created_ms: UnixMs,
}
