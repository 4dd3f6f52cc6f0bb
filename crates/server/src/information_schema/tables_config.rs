//! information_schema.tables_config: key model, partitioning, distribution and properties of tables.
//! Test: sql-tests/information_schema/tables_config.test

use super::Type::{Number, Text};
use super::{Definition, Value};
use base::ids::ColumnId;
use catalog::{Partitioning, Table};
use engine::SystemContext;
use engine::table::system::Wanted;

pub(super) const DEFINITION: Definition = Definition {
    name: "tables_config",
    columns: &[
        ("TABLE_SCHEMA", Text),
        ("TABLE_NAME", Text),
        ("TABLE_ENGINE", Text),
        ("TABLE_MODEL", Text),
        ("PRIMARY_KEY", Text),
        ("PARTITION_KEY", Text),
        ("DISTRIBUTE_KEY", Text),
        ("DISTRIBUTE_TYPE", Text),
        ("DISTRIBUTE_BUCKET", Number),
        ("SORT_KEY", Text),
        ("PROPERTIES", Text),
        ("TABLE_ID", Number),
    ],
};

pub(super) fn rows(context: &SystemContext, wanted: &Wanted) -> base::Result<Vec<Vec<Value>>> {
    let mut rows = Vec::new();
    for database in context.snapshot.databases().filter(|d| wanted.allows("table_schema", &d.name)) {
        let tables = context.snapshot.tables_in(database.id).filter(|t| wanted.allows("table_name", &t.meta.name));
        rows.extend(tables.filter_map(|t| row(&database.name, t)));
    }
    Ok(rows)
}

fn row(database: &str, table: &Table) -> Option<Vec<Value>> {
    let layout = table.meta.layout()?;
    let names = |ids: &[ColumnId]| {
        let names = ids.iter().filter_map(|id| table.meta.column(*id)).map(|c| format!("`{}`", c.name));
        names.collect::<Vec<_>>().join(", ")
    };
    let partition_key = match &layout.partitioning {
        Partitioning::None => String::new(),
        Partitioning::DateTrunc { column, .. } | Partitioning::Range { column } => names(&[*column]),
        Partitioning::List { columns, .. } => names(columns),
    };
    let hashed = !layout.bucket_columns.is_empty();
    Some(vec![
        database.into(),
        table.meta.name.as_str().into(),
        if table.mv.is_some() { "MATERIALIZED_VIEW" } else { "OLAP" }.into(),
        "DUP_KEYS".into(),
        "".into(),
        partition_key.into(),
        names(&layout.bucket_columns).into(),
        if hashed { "HASH" } else { "RANDOM" }.into(),
        layout.buckets.map_or(Value::Number(0), Value::from),
        names(&layout.sort_key).into(),
        serde_json::json!(layout.properties).to_string().into(),
        table.meta.id.0.into(),
    ])
}
