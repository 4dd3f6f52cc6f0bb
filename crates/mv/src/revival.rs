//! Makes an inactive view active again: by a user's ACTIVE, or by the scheduler when its base tables are back.

use crate::{activation, definition};
use base::clock::UnixMs;
use base::ids::TableId;
use base::{Error, ErrorKind, Result};
use catalog::change::Change;
use catalog::{Catalog, MvDefinition, MvState, Object, State, Table, TableMeta};
use engine::Engine;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// Pause before an inactive view is tried again for the first time: whoever changed the base table may not be done.
const WAIT_MS_FIRST: i64 = 2_000;
const WAIT_MS_MAX: i64 = 3_600_000;

/// Inactive views that may become active by themselves.
#[derive(Debug, Default)]
pub(crate) struct Revivals {
    waiting: BTreeMap<TableId, Revival>,
}

#[derive(Debug)]
struct Revival {
    due_ms: UnixMs,
    attempt: u32,
    task: Option<JoinHandle<()>>,
}

impl Revival {
    fn works(&self) -> bool {
        self.task.as_ref().is_some_and(|t| !t.is_finished())
    }
}

impl Revivals {
    /// Tries to make an inactive view active again when its bases may be back; at most `concurrency` at once.
    pub(crate) fn attend(
        &mut self,
        (catalog, engine): (&Catalog, &Engine),
        mv: &Arc<Table>,
        state: &State,
        concurrency: usize,
    ) {
        let id = mv.meta.id;
        if !may_come_back(mv, state) {
            self.waiting.remove(&id);
            return;
        }
        let now_ms = catalog.clock().now_ms();
        let at_work = self.waiting.values().filter(|r| r.works()).count();
        let first = || Revival { due_ms: now_ms + WAIT_MS_FIRST, attempt: 0, task: None };
        let revival = self.waiting.entry(id).or_insert_with(first);
        if revival.works() || at_work >= concurrency {
            return;
        }
        let wait_ms = (1_000 << revival.attempt.min(12)).min(WAIT_MS_MAX);
        // A clock that was set back must not make the wait longer.
        revival.due_ms = revival.due_ms.min(now_ms + wait_ms.max(WAIT_MS_FIRST));
        if revival.due_ms > now_ms {
            return;
        }
        (revival.due_ms, revival.attempt) = (now_ms + wait_ms, revival.attempt + 1);
        // Beside the scheduler: planning takes its time, and other views shall not wait for it.
        let (catalog, engine, mv) = (catalog.clone(), engine.clone(), Arc::clone(mv));
        revival.task = Some(tokio::spawn(async move {
            match activate(&catalog, &engine, &mv).await {
                Ok(()) => tracing::info!(mv = mv.meta.name, "materialized view is active again"),
                Err(e) => tracing::debug!(mv = mv.meta.name, error = %e, "materialized view stays inactive"),
            }
        }));
    }

    /// Forgets all but these views.
    pub(crate) fn keep(&mut self, inactive: impl Fn(TableId) -> bool) {
        self.waiting.retain(|id, _| inactive(*id));
    }
}

/// Whether an inactive view comes back without its user.
fn may_come_back(mv: &Table, state: &State) -> bool {
    let (Some(definition), Some(mv)) = (mv.meta.materialized(), &mv.mv) else { return false };
    let given_up = mv.inactive_reason.as_ref().is_some_and(|r| r.starts_with("mv consecutive"));
    !mv.inactive_by_user && !given_up && definition.bases.iter().all(|b| state.table(&b.database, &b.name).is_ok())
}

/// Analyses the definition on the tables as they are now. The next refresh is a full one.
///
/// # Errors
/// Those of the analysis; `Invalid` if the query now has other columns.
pub async fn activate(catalog: &Catalog, engine: &Engine, mv: &Arc<Table>) -> Result<()> {
    let known = mv.meta.materialized().ok_or_else(|| Error::internal("only materialized views become active"))?;
    let snapshot = catalog.snapshot();
    let names: Vec<String> = mv.meta.columns.iter().map(|c| c.name.clone()).collect();
    let database = Some(known.database.clone());
    let now_us = catalog.clock().now_us();
    let analyzed = definition::analyze(engine, &snapshot, &known.query, database, Some(&names), now_us).await?;
    for (old, new) in mv.meta.columns.iter().zip(&analyzed.columns) {
        if old.ty != new.ty {
            let error = Error::invalid("a column of the view would change its type; drop the view and create it again");
            return Err(error.with("column", &old.name).with("was", old.ty).with("would_be", new.ty));
        }
    }
    let id = mv.meta.id;
    let (bases, time_dependent) = (analyzed.bases, analyzed.time_dependent);
    let committed = catalog.commit(move |draft| {
        let gone = || Error::new(ErrorKind::Conflict, "the materialized view was dropped meanwhile");
        let table = draft.state().table_by_id(id).cloned().ok_or_else(gone)?;
        let Object::MaterializedView { layout, definition } = &table.meta.object else { return Err(gone()) };
        let definition = Box::new(MvDefinition { bases, time_dependent, ..(**definition).clone() });
        let object = Object::MaterializedView { layout: layout.clone(), definition };
        draft.apply(Change::PutTable(Arc::new(TableMeta { object, ..(*table.meta).clone() })))?;
        let paused = table.mv.as_ref().is_some_and(|s| s.paused);
        draft.apply(Change::PutMvState { table: id, state: MvState { paused, ..MvState::default() } })?;
        let active = draft.state().table_by_id(id).cloned().ok_or_else(gone)?;
        // Planning does not see everything: a view it reads may be inactive itself.
        match activation::broken(draft.state(), &active) {
            Some(reason) => Err(Error::invalid("the materialized view cannot be active").with("reason", reason)),
            None => Ok(()),
        }
    });
    committed.await.map(|_| ())
}
