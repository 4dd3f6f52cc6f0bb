//! SHOW DATABASES | SCHEMAS [FROM catalog] [LIKE | WHERE].
//! Test: sql-tests/statement/show_databases.test

use super::rows::ShowTable;
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::Result;
use base::names::INFORMATION_SCHEMA;
use sql::{Cursor, ShowFilter};

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["SHOW", "DATABASES"], &["SHOW", "SCHEMAS"]], parse };

struct ShowDatabases {
    catalog: Option<String>,
    filter: ShowFilter,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    cursor.expect(&["SHOW"])?;
    cursor.expect_one_of(&["DATABASES", "SCHEMAS"])?;
    let catalog = cursor.optional_from()?.map(|n| n.name);
    let filter = cursor.like_or_where()?;
    cursor.expect_end()?;
    Ok(Box::new(ShowDatabases { catalog, filter }))
}

#[async_trait]
impl Statement for ShowDatabases {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        crate::session::check_catalog(self.catalog.as_deref())?;
        let snapshot = session.snapshot();
        let mut names: Vec<&str> = snapshot.databases().map(|d| d.name.as_str()).collect();
        names.push(INFORMATION_SCHEMA);
        names.sort_unstable();
        let mut table = ShowTable::new(&["Database"]);
        for name in names {
            table.push(vec![name.into()]);
        }
        table.reply(session, &self.filter, 0)
    }
}
