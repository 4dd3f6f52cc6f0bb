//! DROP VIEW. Tables and materialized views have their own DROP.
//! Test: sql-tests/statement/drop_view.test

use super::definition_target::{Verb, resolve, view};
use super::drop_table::is_missing;
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::Result;
use catalog::change::Change;
use sql::{Cursor, ObjectName};

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["DROP", "VIEW"]], parse };

struct DropView {
    name: ObjectName,
    if_exists: bool,
    cascade: bool,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    cursor.expect(&["DROP", "VIEW"])?;
    let if_exists = cursor.if_exists();
    let name = cursor.name()?;
    let cascade = cursor.skip(&["CASCADE"]);
    cursor.expect_end()?;
    Ok(Box::new(DropView { name, if_exists, cascade }))
}

#[async_trait]
impl Statement for DropView {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let (database, name) = resolve(session, &self.name)?;
        let if_exists = self.if_exists;
        let dropped = session.server.catalog.commit(move |draft| {
            let found = match view(draft.state(), &database, &name, Verb::Drop) {
                Ok(found) => found,
                Err(e) if if_exists && is_missing(&e) => return Ok(()),
                Err(e) => return Err(e),
            };
            draft.apply(Change::DropTable(found.meta.id))?;
            mv::activation::settle(draft)
        });
        dropped.await?;
        if self.cascade {
            session.note_without_effect("CASCADE");
        }
        Ok(Reply::done())
    }
}
