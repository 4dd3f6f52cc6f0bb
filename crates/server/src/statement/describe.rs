//! DESC | DESCRIBE t [ALL]; followed by a query it is EXPLAIN.
//! Test: sql-tests/statement/describe.test

use super::rows::{Cell, ShowTable};
use super::show_columns::columns_of;
use super::{Statement, StatementKind, explain};
use crate::information_schema::default_text;
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::Result;
use sql::explain::Explain;
use sql::{Cursor, ObjectName};

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["DESC"], &["DESCRIBE"]], parse };

struct Describe {
    table: ObjectName,
    all: bool,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    if Explain::follows(cursor) {
        return explain::parse(cursor);
    }
    cursor.expect_one_of(&["DESC", "DESCRIBE"])?;
    let table = cursor.name()?;
    let all = cursor.skip(&["ALL"]);
    cursor.expect_end()?;
    Ok(Box::new(Describe { table, all }))
}

#[async_trait]
impl Statement for Describe {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let columns = columns_of(session, &self.table)?;
        let mut names = vec!["Field", "Type", "Null", "Key", "Default", "Extra"];
        if self.all {
            names.splice(0..0, ["IndexName", "IndexKeysType"]);
        }
        let mut table = ShowTable::new(&names);
        for (i, described) in columns.into_iter().enumerate() {
            let column = described.column;
            let default = Cell::from(default_text(&column));
            let null = if column.nullable { "YES" } else { "NO" };
            let key = described.key.to_string();
            let mut row: Vec<Cell> =
                vec![column.name.into(), column.ty.to_string().into(), null.into(), key.into(), default, "".into()];
            if self.all {
                // The index is named once, on its first line, as StarRocks does.
                let first = i == 0;
                let index = if first { self.table.name.clone() } else { String::new() };
                row.splice(0..0, [index.into(), if first { "DUP_KEYS" } else { "" }.into()]);
            }
            table.push(row);
        }
        table.all()
    }
}
