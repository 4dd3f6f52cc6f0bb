//! Makes an inactive view active again: by a user's ACTIVE, or by the scheduler when its base tables are back.

use crate::{activation, definition};
use base::{Error, ErrorKind, Result};
use catalog::change::Change;
use catalog::{Catalog, MvDefinition, MvState, Object, Table, TableMeta};
use engine::Engine;
use std::sync::Arc;

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
