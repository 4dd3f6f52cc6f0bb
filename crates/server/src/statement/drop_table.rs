//! DROP TABLE. Views and materialized views have their own DROP.
//! Test: sql-tests/statement/drop_table.test

use super::definition_target::{Verb, resolve, table};
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::{Error, ErrorKind, Result};
use catalog::change::Change;
use sql::{Cursor, ObjectName};

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
        let (database, name) = resolve(session, &self.name)?;
        let if_exists = self.if_exists;
        let dropped = session.server.catalog.commit(move |draft| {
            let found = match table(draft.state(), &database, &name, Verb::Drop) {
                Ok(found) => found,
                Err(e) if if_exists && is_missing(&e) => return Ok(()),
                Err(e) => return Err(e),
            };
            draft.apply(Change::DropTable(found.meta.id))?;
            mv::activation::settle(draft)
        });
        dropped.await?;
        Ok(Reply::done())
    }
}

/// Whether IF EXISTS forgives the error.
pub(super) fn is_missing(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::UnknownTable | ErrorKind::UnknownDatabase)
}
