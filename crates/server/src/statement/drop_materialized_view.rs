//! DROP MATERIALIZED VIEW.
//! Test: sql-tests/mv/drop.test

use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::{Error, ErrorKind, Result};
use catalog::Draft;
use catalog::Table;
use catalog::change::Change;
use sql::{Cursor, ObjectName};

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["DROP", "MATERIALIZED", "VIEW"]], parse };

struct DropView {
    name: ObjectName,
    if_exists: bool,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    cursor.expect(&["DROP", "MATERIALIZED", "VIEW"])?;
    let if_exists = cursor.if_exists();
    let name = cursor.name()?;
    // There is no recycle bin, so every drop is a FORCE.
    cursor.skip(&["FORCE"]);
    cursor.expect_end()?;
    Ok(Box::new(DropView { name, if_exists }))
}

#[async_trait]
impl Statement for DropView {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let (database, name) = session.resolve(&self.name)?;
        let if_exists = self.if_exists;
        let dropped = session.server.catalog.commit(move |draft| {
            let table = match draft.state().table(&database, &name) {
                Ok(table) => table.clone(),
                Err(e) if if_exists && e.kind() == ErrorKind::UnknownTable => return Ok(()),
                Err(e) => return Err(e),
            };
            if table.mv.is_none() {
                let message = format!(
                    "'{database}.{name}' is a {0}, use DROP {1}",
                    table.meta.kind_name(),
                    table.meta.kind_name().to_uppercase()
                );
                return Err(Error::new(ErrorKind::WrongObject, message));
            }
            drop_with_task(draft, &table)?;
            mv::activation::settle(draft)
        });
        dropped.await?;
        Ok(Reply::done())
    }
}

/// Drops a table and, of a materialized view, its task and the runs of it.
pub(super) fn drop_with_task(draft: &mut Draft, table: &Table) -> Result<()> {
    if let Some(definition) = table.meta.materialized() {
        let runs = draft.state().runs_of(table.meta.id).map(|r| r.id).collect();
        draft.apply(Change::ForgetTaskRuns(runs))?;
        draft.apply(Change::DropTask(definition.task))?;
    }
    draft.apply(Change::DropTable(table.meta.id))
}
