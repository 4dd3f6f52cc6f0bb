//! SHOW FRONTENDS: the front end that answers; there is one.
//! Test: sql-tests/statement/show_frontends.test

use super::rows::ShowTable;
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::Result;
use base::clock::datetime_text;
use sql::{Cursor, ShowFilter};

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["SHOW", "FRONTENDS"]], parse };

const COLUMNS: &[&str] = &[
    "Name",
    "IP",
    "EditLogPort",
    "HttpPort",
    "QueryPort",
    "RpcPort",
    "Role",
    "ClusterId",
    "Join",
    "Alive",
    "ReplayedJournalId",
    "LastHeartbeat",
    "IsHelper",
    "ErrMsg",
    "StartTime",
    "Version",
];

struct ShowFrontends {
    filter: ShowFilter,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    cursor.expect(&["SHOW", "FRONTENDS"])?;
    let filter = cursor.like_or_where()?;
    cursor.expect_end()?;
    Ok(Box::new(ShowFrontends { filter }))
}

#[async_trait]
impl Statement for ShowFrontends {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let server = &session.server;
        let host = server.config.text("bind_address");
        let mut table = ShowTable::new(COLUMNS);
        table.push(vec![
            format!("fe_{host}_{}", server.ports.query).into(),
            host.into(),
            // The log of metadata is in the store.
            0_u64.into(),
            u64::from(server.ports.http).into(),
            u64::from(server.ports.query).into(),
            u64::from(server.ports.rpc.unwrap_or(0)).into(),
            "LEADER".into(),
            server.catalog.epoch().into(),
            "true".into(),
            "true".into(),
            server.catalog.snapshot().seq.into(),
            datetime_text(server.catalog.clock().now_ms()).into(),
            "true".into(),
            "".into(),
            datetime_text(server.started_ms).into(),
            env!("CARGO_PKG_VERSION").into(),
        ]);
        table.reply(session, &self.filter, 0)
    }
}
