//! REFRESH MATERIALIZED VIEW [FORCE] [WITH SYNC MODE]: asks for a run, and waits for it in SYNC mode.
//! Test: sql-tests/mv/refresh.test

use super::alter_materialized_view::find;
use super::rows::ShowTable;
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::{Error, Result};
use mv::task_run::Wish;
use sql::Cursor;
use sql::materialized_view::{RefreshMaterializedView, RefreshMode, RefreshPartitions};

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["REFRESH", "MATERIALIZED", "VIEW"]], parse };

struct Refresh {
    refresh: RefreshMaterializedView,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    let refresh = RefreshMaterializedView::parse(cursor)?;
    cursor.expect_end()?;
    Ok(Box::new(Refresh { refresh }))
}

#[async_trait]
impl Statement for Refresh {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let refresh = self.refresh;
        if refresh.partitions != RefreshPartitions::All {
            return Err(Error::unsupported("REFRESH of single partitions is not supported yet; leave out PARTITION"));
        }
        if refresh.priority.is_some() {
            session.note_without_effect("WITH PRIORITY");
        }
        let mv = find(session, &session.snapshot(), &refresh.name)?;
        let refresher = session.server.refresher.clone();
        let wish = Wish { query_id: session.query_id().to_string(), force: refresh.force, manual: true, attempt: 0 };
        let run = refresher.request(mv.meta.id, wish).await?;
        if refresh.mode == Some(RefreshMode::Sync) {
            session.set_state("refreshing");
            refresher.wait(run.id).await?;
        }
        let mut table = ShowTable::new(&["QUERY_ID"]);
        table.push(vec![run.query_id.into()]);
        table.all()
    }
}
