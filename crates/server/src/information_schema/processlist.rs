//! information_schema.processlist: connections and what they run; the columns of SHOW PROCESSLIST in MySQL's names.
//! Test: sql-tests/information_schema/processlist.test

use super::Type::{Number, Text};
use super::{Definition, Value};
use crate::process_list::{Process, ProcessList};
use engine::SystemContext;
use engine::table::system::Wanted;
use std::sync::Arc;

pub(super) const DEFINITION: Definition = Definition {
    name: "processlist",
    columns: &[
        ("ID", Number),
        ("USER", Text),
        ("HOST", Text),
        ("DB", Text),
        ("COMMAND", Text),
        ("TIME", Number),
        ("STATE", Text),
        ("INFO", Text),
    ],
};

pub(super) fn rows(processes: Arc<ProcessList>) -> impl Fn(&SystemContext, &Wanted) -> base::Result<Vec<Vec<Value>>> {
    move |_, wanted| Ok(processes.snapshot().into_iter().filter(|p| wanted.allows("user", &p.user)).map(row).collect())
}

fn row(p: Process) -> Vec<Value> {
    vec![
        u64::from(p.id).into(),
        p.user.into(),
        p.host.into(),
        p.database.into(),
        p.command.into(),
        p.time_seconds.into(),
        p.state.into(),
        p.info.into(),
    ]
}
