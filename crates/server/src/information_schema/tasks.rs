//! information_schema.tasks: the refresh task of each materialized view.
//! Test: sql-tests/information_schema/tasks.test

use super::Type::{DateTime, Text};
use super::{Definition, Value};
use catalog::{RefreshScheme, State, Task};
use engine::SystemContext;
use engine::table::system::Wanted;

pub(super) const DEFINITION: Definition = Definition {
    name: "tasks",
    columns: &[
        ("TASK_NAME", Text),
        ("CREATE_TIME", DateTime),
        ("SCHEDULE", Text),
        ("CATALOG", Text),
        ("DATABASE", Text),
        ("DEFINITION", Text),
        ("EXPIRE_TIME", DateTime),
        ("PROPERTIES", Text),
        ("CREATOR", Text),
    ],
};

pub(super) fn rows(context: &SystemContext, wanted: &Wanted) -> base::Result<Vec<Vec<Value>>> {
    let tasks = context.snapshot.tasks().filter(|t| wanted.allows("task_name", &t.name));
    Ok(tasks.filter_map(|t| row(&context.snapshot, t)).collect())
}

fn row(state: &State, task: &Task) -> Option<Vec<Value>> {
    let mv = state.table_by_id(task.mv)?;
    let definition = mv.meta.materialized()?;
    let paused = mv.mv.as_ref().is_some_and(|s| s.paused);
    let mut schedule = match &definition.refresh.scheme {
        RefreshScheme::Manual => "MANUAL".to_string(),
        RefreshScheme::OnChange => "EVENT_TRIGGERED".to_string(),
        RefreshScheme::Every { start_ms, count, unit, .. } => {
            format!("START {} EVERY {count} {unit}S", base::clock::datetime_text(*start_ms))
        }
    };
    if paused {
        schedule.push_str(" (PAUSE)");
    }
    Some(vec![
        task.name.as_str().into(),
        Value::Time(task.created_ms),
        schedule.into(),
        base::names::DEFAULT_CATALOG.into(),
        state.database_by_id(task.db)?.name.as_str().into(),
        format!("insert overwrite `{}` {}", mv.meta.name, definition.query).into(),
        Value::Null,
        "{}".into(),
        definition.creator.as_str().into(),
    ])
}
