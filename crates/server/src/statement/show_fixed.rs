//! SHOW statements whose answer does not depend on the data: engines, character sets, and the lists of things that
//! Viewmill does not have but MySQL clients ask for.
//! Test: sql-tests/statement/show_fixed.test

use super::rows::{Cell, ShowTable};
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::Result;
use sql::{Cursor, ShowFilter};

/// One answer: the words after SHOW, the columns, the rows.
struct Answer {
    head: &'static [&'static str],
    columns: &'static [&'static str],
    rows: &'static [&'static [&'static str]],
}

const fn answer(
    head: &'static [&'static str],
    columns: &'static [&'static str],
    rows: &'static [&'static [&'static str]],
) -> Answer {
    Answer { head, columns, rows }
}

const CHARSET: &[&str] = &["Charset", "Description", "Default collation", "Maxlen"];
const CHARSETS: &[&[&str]] =
    &[&["utf8", "UTF-8 Unicode", "utf8_general_ci", "3"], &["utf8mb4", "UTF-8 Unicode", "utf8mb4_general_ci", "4"]];
const INDEX: &[&str] = &[
    "Table",
    "Non_unique",
    "Key_name",
    "Seq_in_index",
    "Column_name",
    "Collation",
    "Cardinality",
    "Sub_part",
    "Packed",
    "Null",
    "Index_type",
    "Comment",
];
const ROUTINE: &[&str] = &[
    "Db",
    "Name",
    "Type",
    "Definer",
    "Modified",
    "Created",
    "Security_type",
    "Comment",
    "character_set_client",
    "collation_connection",
    "Database Collation",
];

const ANSWERS: &[Answer] = &[
    answer(
        &["SHOW", "ENGINES"],
        &["Engine", "Support", "Comment", "Transactions", "XA", "Savepoints"],
        &[&["OLAP", "DEFAULT", "Columnar tables of Viewmill", "NO", "NO", "NO"]],
    ),
    answer(&["SHOW", "CHARSET"], CHARSET, CHARSETS),
    answer(&["SHOW", "CHARACTER", "SET"], CHARSET, CHARSETS),
    answer(
        &["SHOW", "COLLATION"],
        &["Collation", "Charset", "Id", "Default", "Compiled", "Sortlen"],
        &[
            &["utf8_general_ci", "utf8", "33", "Yes", "Yes", "1"],
            &["utf8mb4_general_ci", "utf8mb4", "45", "Yes", "Yes", "1"],
        ],
    ),
    answer(&["SHOW", "PLUGINS"], &["Name", "Status", "Type", "Library", "License"], &[]),
    answer(&["SHOW", "PRIVILEGES"], &["Privilege", "Context", "Comment"], &[]),
    answer(
        &["SHOW", "TRIGGERS"],
        &[
            "Trigger",
            "Event",
            "Table",
            "Statement",
            "Timing",
            "Created",
            "sql_mode",
            "Definer",
            "character_set_client",
            "collation_connection",
            "Database Collation",
        ],
        &[],
    ),
    answer(
        &["SHOW", "EVENTS"],
        &[
            "Db",
            "Name",
            "Definer",
            "Time zone",
            "Type",
            "Execute at",
            "Interval value",
            "Interval field",
            "Starts",
            "Ends",
            "Status",
            "Originator",
            "character_set_client",
            "collation_connection",
            "Database Collation",
        ],
        &[],
    ),
    answer(&["SHOW", "PROCEDURE", "STATUS"], ROUTINE, &[]),
    answer(&["SHOW", "FUNCTION", "STATUS"], ROUTINE, &[]),
    answer(&["SHOW", "OPEN", "TABLES"], &["Database", "Table", "In_use", "Name_locked"], &[]),
    answer(&["SHOW", "INDEX"], INDEX, &[]),
    answer(&["SHOW", "INDEXES"], INDEX, &[]),
    answer(&["SHOW", "KEYS"], INDEX, &[]),
];

pub(super) const KIND: StatementKind = StatementKind {
    heads: &[
        &["SHOW", "ENGINES"],
        &["SHOW", "CHARSET"],
        &["SHOW", "CHARACTER", "SET"],
        &["SHOW", "COLLATION"],
        &["SHOW", "PLUGINS"],
        &["SHOW", "PRIVILEGES"],
        &["SHOW", "TRIGGERS"],
        &["SHOW", "EVENTS"],
        &["SHOW", "PROCEDURE", "STATUS"],
        &["SHOW", "FUNCTION", "STATUS"],
        &["SHOW", "OPEN", "TABLES"],
        &["SHOW", "INDEX"],
        &["SHOW", "INDEXES"],
        &["SHOW", "KEYS"],
    ],
    parse,
};

struct ShowFixed {
    answer: &'static Answer,
    table: Option<sql::ObjectName>,
    filter: ShowFilter,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    let answer =
        ANSWERS.iter().find(|a| cursor.starts_with(a.head)).ok_or_else(|| cursor.unexpected("a SHOW statement"))?;
    cursor.expect(answer.head)?;
    let mut table = cursor.optional_from()?;
    if let (Some(named), Some(database)) = (&mut table, cursor.optional_from()?) {
        named.database = Some(database.name);
    }
    let filter = cursor.like_or_where()?;
    cursor.expect_end()?;
    Ok(Box::new(ShowFixed { answer, table, filter }))
}

#[async_trait]
impl Statement for ShowFixed {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        if let Some(table) = self.table.filter(|_| self.answer.columns == INDEX) {
            // No index is a true answer only for a table that exists.
            super::show_columns::columns_of(session, &table)?;
        }
        let mut table = ShowTable::new(self.answer.columns).with_numbers(&["Id", "Sortlen"]);
        for row in self.answer.rows {
            table.push(row.iter().map(|cell| Cell::from(*cell)).collect());
        }
        table.reply(session, &self.filter, 0)
    }
}
