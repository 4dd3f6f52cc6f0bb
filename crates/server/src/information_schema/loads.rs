//! information_schema.loads: Stream Loads and INSERTs, running and remembered.
//! Test: sql-tests/information_schema/loads.test

use super::Type::{DateTime, Number, Text};
use super::{Definition, Value};
use catalog::Catalog;
use catalog::load::{Load, RunningLoad};
use engine::SystemContext;
use engine::table::system::Wanted;
use serde_json::json;
use std::sync::atomic::Ordering;

pub(super) const DEFINITION: Definition = Definition {
    name: "loads",
    columns: &[
        ("ID", Number),
        ("LABEL", Text),
        ("PROFILE_ID", Text),
        ("DB_NAME", Text),
        ("TABLE_NAME", Text),
        ("USER", Text),
        ("WAREHOUSE", Text),
        ("STATE", Text),
        ("PROGRESS", Text),
        ("TYPE", Text),
        ("PRIORITY", Text),
        ("SCAN_ROWS", Number),
        ("SCAN_BYTES", Number),
        ("FILTERED_ROWS", Number),
        ("UNSELECTED_ROWS", Number),
        ("SINK_ROWS", Number),
        ("RUNTIME_DETAILS", Text),
        ("CREATE_TIME", DateTime),
        ("LOAD_START_TIME", DateTime),
        ("LOAD_COMMIT_TIME", DateTime),
        ("LOAD_FINISH_TIME", DateTime),
        ("PROPERTIES", Text),
        ("ERROR_MSG", Text),
        ("TRACKING_SQL", Text),
        ("REJECTED_RECORD_PATH", Text),
        ("JOB_ID", Number),
    ],
};

/// The rows: running loads come from the catalog's memory.
pub(super) fn rows(catalog: Catalog) -> impl Fn(&SystemContext, &Wanted) -> base::Result<Vec<Vec<Value>>> {
    move |context, wanted| {
        let allowed = |database: &str, table: &str, label: &str| {
            wanted.allows("db_name", database) && wanted.allows("table_name", table) && wanted.allows("label", label)
        };
        let running = catalog.running_loads();
        let running = running.iter().filter(|l| allowed(&l.request.database, &l.request.table_name, &l.request.label));
        let finished = context.snapshot.loads().rev().filter(|l| allowed(&l.database, &l.table_name, &l.label));
        Ok(running.map(running_row).chain(finished.map(|l| finished_row(l))).collect())
    }
}

fn finished_row(load: &Load) -> Vec<Value> {
    let failed = load.error.is_some();
    vec![
        load.txn.0.into(),
        load.label.as_str().into(),
        Value::Null,
        load.database.as_str().into(),
        load.table_name.as_str().into(),
        load.user.as_str().into(),
        "default_warehouse".into(),
        if failed { "CANCELLED" } else { "FINISHED" }.into(),
        if failed { "" } else { "100%" }.into(),
        load.kind.to_string().into(),
        "NORMAL".into(),
        load.counts.rows_total().into(),
        load.counts.bytes.into(),
        load.counts.rows_filtered.into(),
        load.counts.rows_unselected.into(),
        load.counts.rows_loaded.into(),
        json!({"txn_id": load.txn.0}).to_string().into(),
        Value::Time(load.created_ms),
        Value::Time(load.created_ms),
        if failed { Value::Null } else { Value::Time(load.finished_ms) },
        Value::Time(load.finished_ms),
        "{}".into(),
        load.error.clone().into(),
        load.tracking_url.clone().into(),
        Value::Null,
        load.txn.0.into(),
    ]
}

fn running_row(load: &RunningLoad) -> Vec<Value> {
    let request = &load.request;
    let rows = load.progress.rows.load(Ordering::Relaxed);
    vec![
        load.txn.0.into(),
        request.label.as_str().into(),
        Value::Null,
        request.database.as_str().into(),
        request.table_name.as_str().into(),
        request.user.as_str().into(),
        "default_warehouse".into(),
        "LOADING".into(),
        "".into(),
        request.kind.to_string().into(),
        "NORMAL".into(),
        rows.into(),
        load.progress.bytes.load(Ordering::Relaxed).into(),
        Value::Null,
        Value::Null,
        rows.into(),
        json!({"txn_id": load.txn.0}).to_string().into(),
        Value::Time(load.created_ms),
        Value::Time(load.created_ms),
        Value::Null,
        Value::Null,
        "{}".into(),
        Value::Null,
        Value::Null,
        Value::Null,
        load.txn.0.into(),
    ]
}
