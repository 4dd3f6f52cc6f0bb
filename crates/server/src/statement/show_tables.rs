//! SHOW [FULL] TABLES [FROM db] [LIKE | WHERE]; views and materialized views are listed too.
//! Test: sql-tests/statement/show_tables.test

use super::rows::ShowTable;
use super::{Statement, StatementKind};
use crate::information_schema::table_type;
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::Result;
use base::names::INFORMATION_SCHEMA;
use sql::{Cursor, ObjectName, ShowFilter};

pub(super) const KIND: StatementKind =
    StatementKind { heads: &[&["SHOW", "TABLES"], &["SHOW", "FULL", "TABLES"]], parse };

struct ShowTables {
    full: bool,
    database: Option<ObjectName>,
    filter: ShowFilter,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    cursor.expect(&["SHOW"])?;
    let full = cursor.skip(&["FULL"]);
    cursor.expect(&["TABLES"])?;
    let database = cursor.optional_from()?;
    let filter = cursor.like_or_where()?;
    cursor.expect_end()?;
    Ok(Box::new(ShowTables { full, database, filter }))
}

#[async_trait]
impl Statement for ShowTables {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let database = session.resolve_database(self.database.as_ref())?;
        let title = format!("Tables_in_{database}");
        let columns: &[&str] = if self.full { &[&title, "Table_type"] } else { &[&title] };
        let mut table = ShowTable::new(columns);
        let mut push = |name: &str, kind: &str| {
            let mut row = vec![name.into(), kind.into()];
            row.truncate(columns.len());
            table.push(row);
        };
        if database == INFORMATION_SCHEMA {
            let mut names: Vec<&str> = session.server.engine.system_tables().iter().map(|t| t.name()).collect();
            names.sort_unstable();
            names.into_iter().for_each(|name| push(name, "SYSTEM VIEW"));
        } else {
            let snapshot = session.snapshot();
            let id = snapshot.database(&database)?.id;
            snapshot.tables_in(id).for_each(|t| push(&t.meta.name, table_type(t)));
        }
        table.reply(session, &self.filter, 0)
    }
}
