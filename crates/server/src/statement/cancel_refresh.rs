//! CANCEL REFRESH MATERIALIZED VIEW mv [FORCE].
//! Test: sql-tests/mv/cancel.test

use super::alter_materialized_view::find;
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::Result;
use sql::Cursor;
use sql::materialized_view::CancelRefresh;

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["CANCEL", "REFRESH"]], parse };

struct Cancel {
    // FORCE adds nothing: a run is always stopped at once.
    cancel: CancelRefresh,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    Ok(Box::new(Cancel { cancel: CancelRefresh::parse(cursor)? }))
}

#[async_trait]
impl Statement for Cancel {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let mv = find(session, &session.snapshot(), &self.cancel.name)?;
        let refresher = session.server.refresher.clone();
        refresher.cancel(mv.meta.id).await?;
        Ok(Reply::done())
    }
}
