//! LOCK TABLES, UNLOCK TABLES and FLUSH, which mysqldump and other MySQL tools send: every statement reads one snapshot and
//! nothing is buffered, so there is nothing to lock or flush. The client is told.
//! Test: sql-tests/statement/lock_tables.test

use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::Result;
use sql::Cursor;

pub(super) const KIND: StatementKind = StatementKind {
    heads: &[
        &["LOCK", "TABLES"],
        &["LOCK", "TABLE"],
        &["UNLOCK", "TABLES"],
        &["FLUSH", "TABLES"],
        &["FLUSH", "PRIVILEGES"],
    ],
    parse,
};

struct WithoutEffect(&'static str);

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    let statement = if cursor.skip(&["LOCK"]) {
        cursor.expect_one_of(&["TABLES", "TABLE"])?;
        cursor.comma_separated(|cursor| {
            cursor.name()?;
            if cursor.skip(&["AS"]) {
                cursor.name()?;
            }
            cursor.skip(&["LOW_PRIORITY"]);
            cursor.expect_one_of(&["READ", "WRITE"])?;
            cursor.skip(&["LOCAL"]);
            Ok(())
        })?;
        "LOCK TABLES"
    } else if cursor.skip(&["UNLOCK"]) {
        cursor.expect(&["TABLES"])?;
        "UNLOCK TABLES"
    } else {
        cursor.expect(&["FLUSH"])?;
        cursor.expect_one_of(&["TABLES", "PRIVILEGES"])?;
        cursor.skip(&["WITH", "READ", "LOCK"]);
        "FLUSH"
    };
    cursor.expect_end()?;
    Ok(Box::new(WithoutEffect(statement)))
}

#[async_trait]
impl Statement for WithoutEffect {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        session.note_without_effect(self.0);
        Ok(Reply::done())
    }
}
