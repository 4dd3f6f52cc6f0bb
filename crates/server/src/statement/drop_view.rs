//! DROP VIEW. Tables and materialized views have their own DROP.
//! Test: sql-tests/statement/drop_view.test

use super::definition_target::view;
use super::drop_table::drop_object;
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::Result;
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
        drop_object(session, &self.name, self.if_exists, view).await?;
        if self.cascade {
            session.note_without_effect("CASCADE");
        }
        Ok(Reply::done())
    }
}
