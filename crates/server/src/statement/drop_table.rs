//! DROP TABLE. Views and materialized views have their own DROP.
//! Test: sql-tests/statement/drop_table.test

use super::definition_target::{Verb, resolve, table};
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::{Error, ErrorKind, Result};
use catalog::change::Change;
use catalog::{State, Table};
use sql::{Cursor, ObjectName};
use std::sync::Arc;

pub(super) const KIND: StatementKind =
    StatementKind { heads: &[&["DROP", "TABLE"], &["DROP", "TEMPORARY", "TABLE"]], parse };

struct DropTable {
    name: ObjectName,
    temporary: bool,
    if_exists: bool,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    cursor.expect(&["DROP"])?;
    let temporary = cursor.skip(&["TEMPORARY"]);
    cursor.expect(&["TABLE"])?;
    let if_exists = cursor.if_exists();
    let name = cursor.name()?;
    // There is no recycle bin, so every drop is a FORCE.
    cursor.skip(&["FORCE"]);
    cursor.expect_end()?;
    Ok(Box::new(DropTable { name, temporary, if_exists }))
}

#[async_trait]
impl Statement for DropTable {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        if self.temporary {
            return Err(Error::unsupported("temporary tables are not supported yet, use DROP TABLE for others"));
        }
        drop_object(session, &self.name, self.if_exists, table).await?;
        Ok(Reply::done())
    }
}

/// Finds an object of the kind that a statement is about, or says which statement would do.
pub(super) type Find = fn(&State, &str, &str, Verb) -> Result<Arc<Table>>;

/// Drops what `find` finds.
pub(super) async fn drop_object(session: &Session, name: &ObjectName, if_exists: bool, find: Find) -> Result<()> {
    let (database, name) = resolve(session, name)?;
    let dropped = session.server.catalog.commit(move |draft| {
        let found = match find(draft.state(), &database, &name, Verb::Drop) {
            Ok(found) => found,
            Err(e) if if_exists && is_missing(&e) => return Ok(()),
            Err(e) => return Err(e),
        };
        draft.apply(Change::DropTable(found.meta.id))?;
        mv::activation::settle(draft)
    });
    dropped.await.map(|_| ())
}

/// Whether IF EXISTS forgives the error.
pub(super) fn is_missing(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::UnknownTable | ErrorKind::UnknownDatabase)
}
