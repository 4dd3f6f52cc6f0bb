//! information_schema.partitions_meta: every partition with its version, bounds and size.
//! Test: sql-tests/information_schema/partitions_meta.test

use super::Type::{DateTime, Number, Text};
use super::{Definition, Value};
use catalog::{Bounds, Partition, Table};
use engine::SystemContext;
use engine::table::system::Wanted;

pub(super) const DEFINITION: Definition = Definition {
    name: "partitions_meta",
    columns: &[
        ("DB_NAME", Text),
        ("TABLE_NAME", Text),
        ("PARTITION_NAME", Text),
        ("PARTITION_ID", Number),
        ("COMPACT_VERSION", Number),
        ("VISIBLE_VERSION", Number),
        ("VISIBLE_VERSION_TIME", DateTime),
        ("NEXT_VERSION", Number),
        ("DATA_VERSION", Number),
        ("VERSION_EPOCH", Number),
        ("VERSION_TXN_TYPE", Text),
        ("PARTITION_KEY", Text),
        ("PARTITION_VALUE", Text),
        ("DISTRIBUTION_KEY", Text),
        ("BUCKETS", Number),
        ("REPLICATION_NUM", Number),
        ("STORAGE_MEDIUM", Text),
        ("COOLDOWN_TIME", DateTime),
        ("LAST_CONSISTENCY_CHECK_TIME", DateTime),
        ("IS_IN_MEMORY", Number),
        ("IS_TEMP", Number),
        ("DATA_SIZE", Text),
        ("ROW_COUNT", Number),
        ("ENABLE_DATACACHE", Number),
        ("AVG_CS", Number),
        ("P50_CS", Number),
        ("MAX_CS", Number),
        ("STORAGE_PATH", Text),
        ("STORAGE_SIZE", Text),
        ("METADATA_SWITCH_VERSION", Number),
        ("TABLET_BALANCED", Number),
        ("LAST_UPDATE_TIME", DateTime),
        ("LAST_ACCESS_TIME", DateTime),
    ],
};

pub(super) fn rows(context: &SystemContext, wanted: &Wanted) -> base::Result<Vec<Vec<Value>>> {
    let mut rows = Vec::new();
    for database in context.snapshot.databases().filter(|d| wanted.allows("db_name", &d.name)) {
        for table in context.snapshot.tables_in(database.id).filter(|t| wanted.allows("table_name", &t.meta.name)) {
            rows.extend(table.partitions.values().map(|p| row(&database.name, table, p)));
        }
    }
    Ok(rows)
}

fn row(database: &str, table: &Table, p: &Partition) -> Vec<Value> {
    let size = crate::statement::show_partitions::size_text(p.bytes());
    let value = match &p.meta.bounds {
        Bounds::All => String::new(),
        bounds => crate::statement::show_partitions::bounds_text(table, bounds),
    };
    let buckets = table.meta.layout().and_then(|l| l.buckets).unwrap_or(0);
    vec![
        database.into(),
        table.meta.name.as_str().into(),
        p.meta.name.as_str().into(),
        p.meta.id.0.into(),
        p.phys_version.0.into(),
        p.data_version.0.into(),
        Value::Time(p.data_time_ms),
        (table.version.0 + 1).into(),
        p.data_version.0.into(),
        Value::Null,
        "TXN_NORMAL".into(),
        crate::statement::show_partitions::key_text(table).into(),
        value.into(),
        "ALL KEY".into(),
        buckets.into(),
        Value::Number(1),
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Number(0),
        Value::Number(0),
        size.as_str().into(),
        p.rows().into(),
        Value::Number(0),
        Value::Null,
        Value::Null,
        Value::Null,
        format!("data/{}", table.meta.id).into(),
        size.into(),
        Value::Null,
        Value::Null,
        Value::Time(p.data_time_ms),
        Value::Null,
    ]
}
