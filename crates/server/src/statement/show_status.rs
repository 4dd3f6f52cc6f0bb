//! SHOW [GLOBAL | SESSION | LOCAL] STATUS [LIKE | WHERE]: what the process counts. There are no counters per session, so
//! every scope shows the same.
//! Test: sql-tests/statement/show_status.test

use super::rows::ShowTable;
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::Result;
use sql::{Cursor, ShowFilter};

pub(super) const KIND: StatementKind = StatementKind {
    heads: &[
        &["SHOW", "STATUS"],
        &["SHOW", "GLOBAL", "STATUS"],
        &["SHOW", "SESSION", "STATUS"],
        &["SHOW", "LOCAL", "STATUS"],
    ],
    parse,
};

struct ShowStatus(ShowFilter);

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    cursor.expect(&["SHOW"])?;
    cursor.skip_one_of(&["GLOBAL", "SESSION", "LOCAL"]);
    cursor.expect(&["STATUS"])?;
    let filter = cursor.like_or_where()?;
    cursor.expect_end()?;
    Ok(Box::new(ShowStatus(filter)))
}

#[async_trait]
impl Statement for ShowStatus {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let totals = session.server.processes.totals();
        // MySQL's names where MySQL counts the same.
        let mut rows = vec![
            ("Questions".to_string(), totals.questions.to_string()),
            ("Threads_connected".to_string(), totals.connections.to_string()),
            ("Uptime".to_string(), totals.uptime_seconds.to_string()),
        ];
        crate::http::update_gauges(&session.server);
        let counted = base::metrics::values().into_iter();
        rows.extend(counted.map(|(name, value)| (format!("Viewmill_{name}"), value.to_string())));
        let mut table = ShowTable::new(&["Variable_name", "Value"]);
        for (name, value) in rows {
            table.push(vec![name.into(), value.into()]);
        }
        table.reply(session, &self.0, 0)
    }
}
