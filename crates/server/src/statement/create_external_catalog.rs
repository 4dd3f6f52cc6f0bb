//! CREATE EXTERNAL CATALOG: refused until there is a kind of catalog, by the registry of kinds in `connector`.
//! Test: sql-tests/statement/create_external_catalog.test

use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::{Error, Result};
use connector::registry;
use sql::Cursor;

pub(super) const KIND: StatementKind =
    StatementKind { heads: &[&["CREATE", "EXTERNAL", "CATALOG"], &["CREATE", "CATALOG"]], parse };

struct CreateCatalog {
    properties: Vec<(String, String)>,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    cursor.expect(&["CREATE"])?;
    cursor.skip(&["EXTERNAL"]);
    cursor.expect(&["CATALOG"])?;
    cursor.if_not_exists();
    cursor.identifier()?;
    cursor.comment()?;
    let properties = cursor.optional_properties()?;
    cursor.expect_end()?;
    Ok(Box::new(CreateCatalog { properties }))
}

#[async_trait]
impl Statement for CreateCatalog {
    async fn run(self: Box<Self>, _session: &mut Session) -> Result<Reply> {
        let kind = self.properties.iter().find(|(key, _)| key == "type").map(|(_, value)| value);
        let kind = kind.ok_or_else(|| Error::invalid("an external catalog needs the property \"type\""))?;
        Err(registry::unknown_kind(kind))
    }
}
