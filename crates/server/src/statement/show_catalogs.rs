//! SHOW CATALOGS [LIKE].
//! Test: sql-tests/statement/show_catalogs.test

use super::rows::ShowTable;
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::Result;
use base::names::DEFAULT_CATALOG;
use sql::{Cursor, ShowFilter};

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["SHOW", "CATALOGS"]], parse };

struct ShowCatalogs {
    filter: ShowFilter,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    cursor.expect(&["SHOW", "CATALOGS"])?;
    let filter = cursor.like_or_where()?;
    cursor.expect_end()?;
    Ok(Box::new(ShowCatalogs { filter }))
}

#[async_trait]
impl Statement for ShowCatalogs {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let mut table = ShowTable::new(&["Catalog", "Type", "Comment"]);
        table.push(vec![
            DEFAULT_CATALOG.into(),
            "Internal".into(),
            "An internal catalog contains this cluster's self-managed tables.".into(),
        ]);
        table.reply(session, &self.filter, 0)
    }
}
