//! information_schema.task_runs: every refresh that runs, waits or is remembered.
//! Test: sql-tests/information_schema/task_runs.test

use super::Type::{DateTime, Number, Text};
use super::{Definition, Value};
use catalog::{RunState, TaskRun};
use engine::SystemContext;
use engine::table::system::Wanted;
use serde_json::{Map, Value as Json, json};

pub(super) const DEFINITION: Definition = Definition {
    name: "task_runs",
    columns: &[
        ("QUERY_ID", Text),
        ("TASK_NAME", Text),
        ("CREATE_TIME", DateTime),
        ("FINISH_TIME", DateTime),
        ("STATE", Text),
        ("CATALOG", Text),
        ("WAREHOUSE", Text),
        ("DATABASE", Text),
        ("DEFINITION", Text),
        ("EXPIRE_TIME", DateTime),
        ("ERROR_CODE", Number),
        ("ERROR_MESSAGE", Text),
        ("PROGRESS", Text),
        ("EXTRA_MESSAGE", Text),
        ("PROPERTIES", Text),
        ("JOB_ID", Text),
        ("PROCESS_TIME", DateTime),
    ],
};

/// The rows; a finished run is forgotten `kept_ms` after it was created.
pub(super) fn rows(kept_ms: i64) -> impl Fn(&SystemContext, &Wanted) -> base::Result<Vec<Vec<Value>>> {
    move |context, wanted| {
        let runs = context.snapshot.task_runs().rev();
        let runs = runs.filter(|r| wanted.allows("task_name", &r.task_name) && wanted.allows("query_id", &r.query_id));
        Ok(runs.map(|r| row(r, kept_ms)).collect())
    }
}

fn row(r: &TaskRun, kept_ms: i64) -> Vec<Value> {
    let time = |ms: Option<i64>| ms.map_or(Value::Null, Value::Time);
    vec![
        r.query_id.as_str().into(),
        r.task_name.as_str().into(),
        Value::Time(r.created_ms),
        time(r.finished_ms),
        r.state.to_string().into(),
        base::names::DEFAULT_CATALOG.into(),
        "default_warehouse".into(),
        r.database.as_str().into(),
        r.definition.as_str().into(),
        Value::Time(r.created_ms + kept_ms),
        r.error_code.into(),
        r.error_message.as_str().into(),
        match r.state {
            RunState::Success | RunState::Skipped => "100%",
            _ => "0%",
        }
        .into(),
        Json::Object(extra_facts(r)).to_string().into(),
        json!({"FORCE": r.force.to_string()}).to_string().into(),
        r.id.to_string().into(),
        time(r.started_ms),
    ]
}

/// StarRocks' keys, as far as a full refresh has them, and the number of rows written.
pub(super) fn extra_facts(r: &TaskRun) -> Map<String, Json> {
    let bases: Map<String, Json> =
        r.base_partitions.iter().map(|(table, partitions)| (table.clone(), json!(partitions))).collect();
    let facts = [
        ("forceRefresh", json!(r.force)),
        ("mvPartitionsToRefresh", json!(r.partitions)),
        ("basePartitionsToRefreshMap", Json::Object(bases)),
        ("processStartTime", json!(r.started_ms)),
        ("executeOption", json!({"isMergeRedundant": true, "isManual": r.manual})),
        ("refreshMode", json!(if r.force { "FORCE" } else { "COMPLETE" })),
        ("attempt", json!(r.attempt)),
        ("rows", json!(r.rows)),
    ];
    facts.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
}
