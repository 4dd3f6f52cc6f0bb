//! BEGIN, START TRANSACTION, COMMIT, ROLLBACK: every statement commits by itself, so these only keep clients happy that
//! frame their work in them; a rollback that would have something to undo warns.
//! Test: sql-tests/statement/transaction.test

use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::Result;
use sql::Cursor;

pub(super) const KIND: StatementKind =
    StatementKind { heads: &[&["BEGIN"], &["START", "TRANSACTION"], &["COMMIT"], &["ROLLBACK"]], parse };

#[derive(Clone, Copy)]
enum Transaction {
    Begin,
    Commit,
    Rollback,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    let statement = if cursor.skip(&["COMMIT"]) {
        cursor.skip(&["WORK"]);
        Transaction::Commit
    } else if cursor.skip(&["ROLLBACK"]) {
        cursor.skip(&["WORK"]);
        Transaction::Rollback
    } else {
        if cursor.skip(&["BEGIN"]) {
            cursor.skip(&["WORK"]);
        } else {
            cursor.expect(&["START", "TRANSACTION"])?;
            // Every statement reads one snapshot and commits by itself, whatever is asked for here.
            let _ = cursor.skip(&["WITH", "CONSISTENT", "SNAPSHOT"])
                || cursor.skip(&["READ", "ONLY"])
                || cursor.skip(&["READ", "WRITE"]);
        }
        Transaction::Begin
    };
    cursor.expect_end()?;
    Ok(Box::new(statement))
}

#[async_trait]
impl Statement for Transaction {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        match *self {
            Transaction::Begin => session.in_transaction = true,
            Transaction::Commit => session.in_transaction = false,
            Transaction::Rollback => {
                if session.wrote_in_transaction {
                    // MySQL's code for changes to tables that cannot be rolled back.
                    session.warn(1196, "Some changes couldn't be rolled back: each statement was committed by itself");
                }
                session.in_transaction = false;
            }
        }
        session.wrote_in_transaction = false;
        Ok(Reply::done())
    }
}
