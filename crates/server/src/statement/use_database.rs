//! USE db, USE catalog.db, SET CATALOG.
//! Test: sql-tests/statement/use.test

use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::Result;
use base::names::DEFAULT_CATALOG;
use sql::Cursor;

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["USE"], &["SET", "CATALOG"]], parse };

struct Use {
    name: String,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    let name = if cursor.skip(&["SET", "CATALOG"]) {
        format!("{}.", cursor.identifier()?)
    } else {
        cursor.expect(&["USE"])?;
        match cursor.name()? {
            sql::ObjectName { database: Some(catalog), name, .. } => format!("{catalog}.{name}"),
            // USE 'catalog default_catalog' is how StarRocks' shell chooses a catalog.
            sql::ObjectName { name, .. } => match name.strip_prefix("catalog ") {
                Some(catalog) => format!("{}.", catalog.trim()),
                None => name,
            },
        }
    };
    cursor.expect_end()?;
    Ok(Box::new(Use { name }))
}

#[async_trait]
impl Statement for Use {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        // Choosing the catalog that is chosen keeps the database.
        if self.name != format!("{DEFAULT_CATALOG}.") {
            session.choose_database(&self.name)?;
        }
        Ok(Reply::done())
    }
}
