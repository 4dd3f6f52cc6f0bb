//! KILL [CONNECTION | QUERY] id.
//! Test: sql-tests/statement/kill.test

use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::{Error, ErrorKind, Result};
use sql::Cursor;

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["KILL"]], parse };

struct Kill {
    query_only: bool,
    id: u64,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    cursor.expect(&["KILL"])?;
    let query_only = cursor.skip_one_of(&["QUERY", "CONNECTION"]) == Some("QUERY");
    let id = cursor.integer()?;
    cursor.expect_end()?;
    Ok(Box::new(Kill { query_only, id }))
}

#[async_trait]
impl Statement for Kill {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let unknown = || Error::new(ErrorKind::UnknownThread, format!("Unknown thread id: {}", self.id));
        let id = u32::try_from(self.id).map_err(|_| unknown())?;
        let processes = &session.server.processes;
        if self.query_only {
            processes.kill_query(id)?
        } else {
            processes.kill_connection(id)?
        }
        Ok(Reply::done())
    }
}
