//! information_schema.materialized_views: what each view is and how its last refresh went.
//! Test: sql-tests/information_schema/materialized_views.test

use super::Type::{DateTime, Double, Number, Text};
use super::{Definition, Value};
use catalog::{MvDefinition, MvState, Partitioning, RefreshScheme, RunState, State, Table, TaskRun};
use engine::SystemContext;
use engine::table::system::Wanted;
use std::sync::Arc;

pub(crate) const DEFINITION: Definition = Definition {
    name: "materialized_views",
    columns: &[
        ("MATERIALIZED_VIEW_ID", Number),
        ("TABLE_SCHEMA", Text),
        ("TABLE_NAME", Text),
        ("REFRESH_TYPE", Text),
        ("IS_ACTIVE", Text),
        ("INACTIVE_REASON", Text),
        ("PARTITION_TYPE", Text),
        ("TASK_ID", Number),
        ("TASK_NAME", Text),
        ("LAST_REFRESH_START_TIME", DateTime),
        ("LAST_REFRESH_FINISHED_TIME", DateTime),
        ("LAST_REFRESH_DURATION", Double),
        ("LAST_REFRESH_STATE", Text),
        ("LAST_REFRESH_FORCE_REFRESH", Text),
        ("LAST_REFRESH_START_PARTITION", Text),
        ("LAST_REFRESH_END_PARTITION", Text),
        ("LAST_REFRESH_BASE_REFRESH_PARTITIONS", Text),
        ("LAST_REFRESH_MV_REFRESH_PARTITIONS", Text),
        ("LAST_REFRESH_ERROR_CODE", Text),
        ("LAST_REFRESH_ERROR_MESSAGE", Text),
        ("TABLE_ROWS", Number),
        ("MATERIALIZED_VIEW_DEFINITION", Text),
        ("EXTRA_MESSAGE", Text),
        ("QUERY_REWRITE_STATUS", Text),
        ("CREATOR", Text),
        ("LAST_REFRESH_PROCESS_TIME", DateTime),
        ("LAST_REFRESH_JOB_ID", Text),
        ("LAST_REFRESH_TIME", DateTime),
        ("WAREHOUSE", Text),
        ("REFRESH_MODE", Text),
        ("REFRESH_TRIGGER", Text),
        ("REFRESH_POLICY", Text),
        ("RESOURCE_GROUP", Text),
        ("QUERY_REWRITE_STATUS_REASON", Text),
        ("LAST_FRESHNESS_CONFIRMED_AT", DateTime),
        ("BASE_TABLE_REFRESH_VERSION_TIMES", Text),
        ("EFFECTIVE_REFRESH_MODE", Text),
        ("EFFECTIVE_REFRESH_MODE_REASON", Text),
        ("LAST_EXECUTED_REFRESH_MODE", Text),
    ],
};

pub(super) fn rows(context: &SystemContext, wanted: &Wanted) -> base::Result<Vec<Vec<Value>>> {
    let state = &context.snapshot;
    let mut rows = Vec::new();
    for database in state.databases().filter(|d| wanted.allows("table_schema", &d.name)) {
        for table in state.tables_in(database.id) {
            if table.mv.is_some() && wanted.allows("table_name", &table.meta.name) {
                rows.push(row(state, &database.name, table));
            }
        }
    }
    Ok(rows)
}

/// One view's row; SHOW MATERIALIZED VIEWS shows the same values under other names.
pub(crate) fn row(state: &State, database: &str, table: &Table) -> Vec<Value> {
    let (Some(definition), Some(mv)) = (table.meta.materialized(), &table.mv) else { return Vec::new() };
    let run = mv::task_run::latest(state, table);
    let of_run = |value: fn(&TaskRun) -> Value| run.as_deref().map_or(Value::Null, value);
    let task_name = state.task(definition.task).map(|t| t.name.clone());
    let partition_type = match table.meta.layout().map(|l| &l.partitioning) {
        Some(Partitioning::DateTrunc { .. } | Partitioning::Range { .. }) => "RANGE",
        Some(Partitioning::List { .. }) => "LIST",
        _ => "UNPARTITIONED",
    };
    let (trigger, policy) = refresh_text(definition);
    let time = |ms: Option<i64>| ms.map_or(Value::Null, Value::Time);
    vec![
        table.meta.id.0.into(),
        database.into(),
        table.meta.name.as_str().into(),
        if definition.refresh.scheme == RefreshScheme::Manual { "MANUAL" } else { "ASYNC" }.into(),
        mv.is_active().to_string().into(),
        mv.inactive_reason.clone().unwrap_or_default().into(),
        partition_type.into(),
        definition.task.0.into(),
        task_name.into(),
        of_run(|r| Value::Time(r.started_ms.unwrap_or(r.created_ms))),
        of_run(|r| r.finished_ms.map_or(Value::Null, Value::Time)),
        of_run(|r| duration_s(r).map_or(Value::Null, Value::Double)),
        of_run(|r| r.state.to_string().into()),
        of_run(|r| r.force.to_string().into()),
        of_run(|_| "".into()),
        of_run(|_| "".into()),
        of_run(|r| base_partitions(r).into()),
        of_run(|r| format!("[{}]", r.partitions.join(", ")).into()),
        of_run(|r| r.error_code.to_string().into()),
        run.as_deref().map_or(Value::Null, |r| error_message(table, mv, definition, r).into()),
        table.rows().into(),
        crate::statement::show_create::materialized_view_text(table).into(),
        extra_message(table, mv, run.as_deref()).map_or(Value::Null, Value::from),
        "INVALID: queries are not rewritten yet, name the view".into(),
        definition.creator.as_str().into(),
        of_run(|r| r.started_ms.map_or(Value::Null, Value::Time)),
        of_run(|r| r.id.to_string().into()),
        time(mv.cut_time_ms),
        "default_warehouse".into(),
        "FULL".into(),
        trigger.into(),
        policy.into(),
        "".into(),
        if mv.is_active() { "UNSUPPORTED_DEFINITION" } else { "MV_INACTIVE" }.into(),
        time(mv.fresh_at_ms),
        base_times(state, definition).into(),
        "FULL".into(),
        "every refresh computes all rows".into(),
        of_run(|r| if r.state == RunState::Success { "FULL" } else { "" }.into()),
    ]
}

fn duration_s(run: &TaskRun) -> Option<f64> {
    Some((run.finished_ms? - run.started_ms?) as f64 / 1000.0)
}

/// Why the last refresh failed, and what happens or helps now; empty if it did not fail.
fn error_message(table: &Table, mv: &MvState, definition: &MvDefinition, run: &TaskRun) -> String {
    if run.state != RunState::Failed {
        return run.error_message.clone();
    }
    let name = &table.meta.name;
    let again = match &definition.refresh.scheme {
        _ if !mv.is_active() => {
            return format!(
                "{}; the view keeps its old rows and is inactive: repair the cause, then ALTER MATERIALIZED VIEW {name} ACTIVE",
                run.error_message
            );
        }
        _ if mv.paused => format!("paused: ALTER MATERIALIZED VIEW {name} RESUME, or"),
        _ if run.retryable => "it is repeated by itself, or at once by".to_string(),
        RefreshScheme::Manual => "repeat it by".to_string(),
        RefreshScheme::OnChange => "it is repeated when a base table changes, or at once by".to_string(),
        RefreshScheme::Every { .. } => "it is repeated at the next tick, or at once by".to_string(),
    };
    format!("{}; the view keeps its old rows; {again} REFRESH MATERIALIZED VIEW {name}", run.error_message)
}

/// The last run's facts, and whether refreshes are paused, for which StarRocks has no column.
fn extra_message(table: &Table, mv: &MvState, run: Option<&TaskRun>) -> Option<String> {
    let mut facts = run.map(super::task_runs::extra_facts).unwrap_or_default();
    if mv.paused {
        let resume = format!("ALTER MATERIALIZED VIEW {} RESUME", table.meta.name);
        facts.insert("paused".to_string(), true.into());
        facts.insert("toResume".to_string(), resume.into());
    }
    (!facts.is_empty()).then(|| serde_json::Value::Object(facts).to_string())
}

fn base_partitions(run: &TaskRun) -> String {
    let bases = run.base_partitions.iter().map(|(table, partitions)| format!("{table}=[{}]", partitions.join(", ")));
    format!("{{{}}}", bases.collect::<Vec<_>>().join(", "))
}

/// What starts refreshes, and the REFRESH clause's schedule.
pub(crate) fn refresh_text(definition: &MvDefinition) -> (&'static str, String) {
    match &definition.refresh.scheme {
        RefreshScheme::Manual => ("MANUAL", "MANUAL".to_string()),
        RefreshScheme::OnChange => ("ON_BASE_TABLE_CHANGE", "ON_BASE_TABLE_CHANGE".to_string()),
        RefreshScheme::Every { start_ms, count, unit, .. } => {
            let start = base::clock::datetime_text(*start_ms);
            ("SCHEDULED", format!("START(\"{start}\") EVERY(INTERVAL {count} {unit})"))
        }
    }
}

/// When each base table last changed, as JSON.
fn base_times(state: &State, definition: &MvDefinition) -> String {
    let tables = definition.bases.iter().filter_map(|b| state.table_by_id(b.table).map(|t| (b, Arc::clone(t))));
    let times = tables.filter(|(_, t)| !t.meta.is_view()).map(|(b, t)| {
        let name = format!("default_catalog.{}.{}", b.database, b.name);
        (name, serde_json::Value::from(base::clock::datetime_text(t.updated_ms)))
    });
    serde_json::Value::Object(times.collect()).to_string()
}
