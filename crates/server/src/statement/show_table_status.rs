//! SHOW TABLE STATUS [FROM db] [LIKE | WHERE].
//! Test: sql-tests/statement/show_table_status.test

use super::rows::{Cell, ShowTable};
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::Result;
use base::clock::datetime_text;
use base::names::INFORMATION_SCHEMA;
use sql::{Cursor, ObjectName, ShowFilter};

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["SHOW", "TABLE", "STATUS"]], parse };

struct ShowTableStatus {
    database: Option<ObjectName>,
    filter: ShowFilter,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    cursor.expect(&["SHOW", "TABLE", "STATUS"])?;
    let database = cursor.optional_from()?;
    let filter = cursor.like_or_where()?;
    cursor.expect_end()?;
    Ok(Box::new(ShowTableStatus { database, filter }))
}

#[async_trait]
impl Statement for ShowTableStatus {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let numbers = [
            "Version",
            "Rows",
            "Avg_row_length",
            "Data_length",
            "Max_data_length",
            "Index_length",
            "Data_free",
            "Auto_increment",
            "Checksum",
        ];
        let mut table = ShowTable::new(&[
            "Name",
            "Engine",
            "Version",
            "Row_format",
            "Rows",
            "Avg_row_length",
            "Data_length",
            "Max_data_length",
            "Index_length",
            "Data_free",
            "Auto_increment",
            "Create_time",
            "Update_time",
            "Check_time",
            "Collation",
            "Checksum",
            "Create_options",
            "Comment",
        ])
        .with_numbers(&numbers);
        let database = session.resolve_database(self.database.as_ref())?;
        if database != INFORMATION_SCHEMA {
            let snapshot = session.snapshot();
            let id = snapshot.database(&database)?.id;
            for t in snapshot.tables_in(id) {
                let (rows, bytes) = (t.rows(), t.bytes());
                table.push(vec![
                    t.meta.name.as_str().into(),
                    if t.meta.is_view() { "VIEW" } else { "StarRocks" }.into(),
                    Cell::Null,
                    "".into(),
                    rows.into(),
                    bytes.checked_div(rows).unwrap_or(0).into(),
                    bytes.into(),
                    Cell::Null,
                    Cell::Null,
                    Cell::Null,
                    Cell::Null,
                    datetime_text(t.meta.created_ms).into(),
                    datetime_text(t.updated_ms).into(),
                    Cell::Null,
                    "utf8_general_ci".into(),
                    Cell::Null,
                    "".into(),
                    t.meta.comment.as_str().into(),
                ]);
            }
        }
        table.reply(session, &self.filter, 0)
    }
}
