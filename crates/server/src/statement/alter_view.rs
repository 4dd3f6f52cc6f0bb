//! ALTER VIEW … AS: another query for a view that exists.
//! Test: sql-tests/statement/alter_view.test

use super::create_view::{analyze, put};
use super::definition_target::{Verb, resolve, view};
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::Result;
use catalog::TableMeta;
use sql::Cursor;
use sql::view::AlterView;

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["ALTER", "VIEW"]], parse };

struct Alter {
    alter: AlterView,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    Ok(Box::new(Alter { alter: AlterView::parse(cursor)? }))
}

#[async_trait]
impl Statement for Alter {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let alter = self.alter;
        let (database, name) = resolve(session, &alter.name)?;
        let id = view(&session.snapshot(), &database, &name, Verb::Alter)?.meta.id;
        let analyzed = analyze(session, &alter.text, alter.query, alter.columns, &database, Some(id)).await?;
        let altered = session.server.catalog.commit(move |draft| {
            let known = view(draft.state(), &database, &name, Verb::Alter)?;
            let next_column_id = analyzed.columns.len() as u64 + 1;
            let (columns, object) = (analyzed.columns, analyzed.object);
            put(draft, TableMeta { columns, next_column_id, object, ..(*known.meta).clone() })
        });
        altered.await?;
        Ok(Reply::done())
    }
}
