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

enum Transaction {
    /// With a clause that asks for more than statements that commit by themselves can give.
    Begin {
        without_effect: Option<&'static str>,
    },
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
        let mut without_effect = None;
        if cursor.skip(&["BEGIN"]) {
            cursor.skip(&["WORK"]);
        } else {
            cursor.expect(&["START", "TRANSACTION"])?;
            if cursor.skip(&["WITH", "CONSISTENT", "SNAPSHOT"]) {
                without_effect = Some("WITH CONSISTENT SNAPSHOT");
            } else if cursor.skip(&["READ", "ONLY"]) {
                without_effect = Some("READ ONLY");
            } else {
                cursor.skip(&["READ", "WRITE"]);
            }
        }
        Transaction::Begin { without_effect }
    };
    cursor.expect_end()?;
    Ok(Box::new(statement))
}

#[async_trait]
impl Statement for Transaction {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        match *self {
            Transaction::Begin { without_effect } => {
                if let Some(clause) = without_effect {
                    session.note_without_effect(clause);
                }
                session.in_transaction = true;
            }
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
