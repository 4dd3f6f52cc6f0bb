//! SHOW MATERIALIZED VIEWS [FROM db] [LIKE | WHERE NAME …].
//! Test: sql-tests/mv/show.test

use super::rows::{Cell, ShowTable};
use super::{Statement, StatementKind};
use crate::information_schema::{Value, materialized_views};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::Result;
use sql::{Cursor, ObjectName, ShowFilter};

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["SHOW", "MATERIALIZED", "VIEWS"]], parse };

/// Columns that are named otherwise than in information_schema.materialized_views.
const RENAMED: &[(&str, &str)] = &[
    ("MATERIALIZED_VIEW_ID", "id"),
    ("TABLE_SCHEMA", "database_name"),
    ("TABLE_NAME", "name"),
    ("TABLE_ROWS", "rows"),
    ("MATERIALIZED_VIEW_DEFINITION", "text"),
];

struct ShowViews {
    database: Option<ObjectName>,
    filter: ShowFilter,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    cursor.expect(&["SHOW", "MATERIALIZED", "VIEWS"])?;
    let database = cursor.optional_from()?;
    let filter = cursor.like_or_where()?;
    cursor.expect_end()?;
    Ok(Box::new(ShowViews { database, filter }))
}

#[async_trait]
impl Statement for ShowViews {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let name = |column: &str| {
            let renamed = RENAMED.iter().find(|(from, _)| *from == column);
            renamed.map_or_else(|| column.to_lowercase(), |(_, to)| (*to).to_string())
        };
        let columns: Vec<String> = materialized_views::DEFINITION.columns.iter().map(|(c, _)| name(c)).collect();
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        let mut table = ShowTable::new(&columns).with_numbers(&["id", "task_id", "rows"]);
        let database = session.resolve_database(self.database.as_ref())?;
        let snapshot = session.snapshot();
        let id = snapshot.database(&database)?.id;
        for view in snapshot.tables_in(id).filter(|t| t.mv.is_some()) {
            table.push(materialized_views::row(&snapshot, &database, view).into_iter().map(cell).collect());
        }
        table.reply(session, &self.filter, 2)
    }
}

fn cell(value: Value) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Text(text) => Cell::Text(text),
        Value::Number(number) => Cell::Number(number),
        Value::Double(number) => Cell::Text(number.to_string()),
        Value::Time(ms) => Cell::Text(base::clock::datetime_text(ms)),
    }
}
