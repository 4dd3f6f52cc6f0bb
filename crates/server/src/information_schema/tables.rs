//! information_schema.tables: tables, views and materialized views, with their sizes.
//! Test: sql-tests/information_schema/tables.test

use super::Type::{DateTime, Number, Text};
use super::{Definition, Value};
use base::names::INFORMATION_SCHEMA;
use catalog::Table;
use engine::SystemContext;
use engine::table::system::Wanted;

pub(super) const DEFINITION: Definition = Definition {
    name: "tables",
    columns: &[
        ("TABLE_CATALOG", Text),
        ("TABLE_SCHEMA", Text),
        ("TABLE_NAME", Text),
        ("TABLE_TYPE", Text),
        ("ENGINE", Text),
        ("VERSION", Number),
        ("ROW_FORMAT", Text),
        ("TABLE_ROWS", Number),
        ("AVG_ROW_LENGTH", Number),
        ("DATA_LENGTH", Number),
        ("MAX_DATA_LENGTH", Number),
        ("INDEX_LENGTH", Number),
        ("DATA_FREE", Number),
        ("AUTO_INCREMENT", Number),
        ("CREATE_TIME", DateTime),
        ("UPDATE_TIME", DateTime),
        ("CHECK_TIME", DateTime),
        ("TABLE_COLLATION", Text),
        ("CHECKSUM", Number),
        ("CREATE_OPTIONS", Text),
        ("TABLE_COMMENT", Text),
    ],
};

/// `system` are the names of the system tables.
pub(super) fn rows(system: Vec<&'static str>) -> impl Fn(&SystemContext, &Wanted) -> base::Result<Vec<Vec<Value>>> {
    move |context, wanted| {
        let mut rows = Vec::new();
        for database in context.snapshot.databases().filter(|d| wanted.allows("table_schema", &d.name)) {
            let tables = context.snapshot.tables_in(database.id);
            let tables = tables.filter(|t| wanted.allows("table_name", &t.meta.name));
            rows.extend(tables.map(|t| row(&database.name, t)));
        }
        if wanted.allows("table_schema", INFORMATION_SCHEMA) {
            rows.extend(system.iter().filter(|n| wanted.allows("table_name", n)).map(|n| system_row(n)));
        }
        Ok(rows)
    }
}

/// `BASE TABLE` or `VIEW`: what MySQL clients know; a materialized view is a VIEW, as in StarRocks.
pub(crate) fn table_type(table: &Table) -> &'static str {
    if table.meta.is_view() || table.mv.is_some() { "VIEW" } else { "BASE TABLE" }
}

fn row(database: &str, table: &Table) -> Vec<Value> {
    let stored = table.meta.layout().is_some();
    let (rows, bytes) = (table.rows(), table.bytes());
    let of_stored = |n: u64| if stored { Value::from(n) } else { Value::Null };
    vec![
        "def".into(),
        database.into(),
        table.meta.name.as_str().into(),
        table_type(table).into(),
        if stored { "StarRocks" } else { "" }.into(),
        Value::Null,
        Value::Null,
        of_stored(rows),
        of_stored(bytes.checked_div(rows).unwrap_or(0)),
        of_stored(bytes),
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Time(table.meta.created_ms),
        Value::Time(table.updated_ms),
        Value::Null,
        "utf8_general_ci".into(),
        Value::Null,
        "".into(),
        table.meta.comment.as_str().into(),
    ]
}

fn system_row(name: &str) -> Vec<Value> {
    let mut row = vec![Value::Null; DEFINITION.columns.len()];
    row[0] = "def".into();
    row[1] = INFORMATION_SCHEMA.into();
    row[2] = name.into();
    row[3] = "SYSTEM VIEW".into();
    row[4] = "MEMORY".into();
    row[17] = "utf8_general_ci".into();
    row[19] = "".into();
    row[20] = "".into();
    row
}
