//! SHOW [FULL] PROCESSLIST.
//! Test: sql-tests/statement/show_processlist.test

use super::rows::ShowTable;
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::Result;
use base::clock::datetime_text;
use base::names::DEFAULT_CATALOG;
use sql::{Cursor, ShowFilter};

pub(super) const KIND: StatementKind =
    StatementKind { heads: &[&["SHOW", "PROCESSLIST"], &["SHOW", "FULL", "PROCESSLIST"]], parse };

/// Characters of the statement that are shown without FULL.
const INFO_CHARS: usize = 100;

struct ShowProcessList {
    full: bool,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    cursor.expect(&["SHOW"])?;
    let full = cursor.skip(&["FULL"]);
    cursor.expect(&["PROCESSLIST"])?;
    cursor.expect_end()?;
    Ok(Box::new(ShowProcessList { full }))
}

#[async_trait]
impl Statement for ShowProcessList {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let mut table = ShowTable::new(&[
            "ServerName",
            "Id",
            "User",
            "Host",
            "Db",
            "Command",
            "ConnectionStartTime",
            "Time",
            "State",
            "Info",
            "IsPending",
            "Warehouse",
            "CNGroup",
            "Catalog",
            "QueryId",
        ])
        .with_numbers(&["Id", "Time"]);
        for p in session.server.processes.snapshot() {
            let info = p.info.map(|text| if self.full { text } else { text.chars().take(INFO_CHARS).collect() });
            table.push(vec![
                "viewmill".into(),
                u64::from(p.id).into(),
                p.user.into(),
                p.host.into(),
                p.database.into(),
                p.command.into(),
                datetime_text(p.connected_ms).into(),
                p.time_seconds.into(),
                p.state.into(),
                info.into(),
                "false".into(),
                "default_warehouse".into(),
                "".into(),
                DEFAULT_CATALOG.into(),
                "".into(),
            ]);
        }
        table.reply(session, &ShowFilter::All, 2)
    }
}
