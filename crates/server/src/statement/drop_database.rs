//! DROP DATABASE and DROP SCHEMA: the database and everything in it, in one commit.
//! Test: sql-tests/statement/drop_database.test

use super::definition_target::{check_writable, database_name};
use super::drop_materialized_view::drop_with_task;
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::{Error, ErrorKind, Result};
use catalog::change::Change;
use catalog::{Draft, Table};
use sql::{Cursor, ObjectName};
use std::sync::Arc;

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["DROP", "DATABASE"], &["DROP", "SCHEMA"]], parse };

struct DropDatabase {
    name: ObjectName,
    if_exists: bool,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    cursor.expect(&["DROP"])?;
    cursor.expect_one_of(&["DATABASE", "SCHEMA"])?;
    let if_exists = cursor.if_exists();
    let name = cursor.name()?;
    // There is no recycle bin, so every drop is a FORCE.
    cursor.skip(&["FORCE"]);
    cursor.expect_end()?;
    Ok(Box::new(DropDatabase { name, if_exists }))
}

#[async_trait]
impl Statement for DropDatabase {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let name = database_name(self.name)?;
        check_writable(&name)?;
        let if_exists = self.if_exists;
        session.server.catalog.commit(move |draft| drop(draft, &name, if_exists)).await?;
        Ok(Reply::done())
    }
}

fn drop(draft: &mut Draft, name: &str, if_exists: bool) -> Result<()> {
    let Ok(database) = draft.state().database(name).cloned() else {
        if if_exists {
            return Ok(());
        }
        let message = format!("Can't drop database '{name}'; database doesn't exist");
        return Err(Error::new(ErrorKind::UnknownDatabase, message));
    };
    let tables: Vec<Arc<Table>> = draft.state().tables_in(database.id).cloned().collect();
    for table in &tables {
        drop_with_task(draft, table)?;
    }
    draft.apply(Change::DropDatabase(database.id))?;
    mv::activation::settle(draft)
}
