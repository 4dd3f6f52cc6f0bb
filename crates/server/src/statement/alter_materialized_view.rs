//! ALTER MATERIALIZED VIEW: ACTIVE, INACTIVE, PAUSE, RESUME, RENAME, REFRESH, SWAP WITH, SET.
//! Test: sql-tests/mv/alter.test

use super::create_materialized_view::scheme;
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::ids::TableId;
use base::{Error, ErrorKind, Result};
use catalog::change::Change;
use catalog::{Draft, MvDefinition, MvState, Object, Refresh, RefreshScheme, Snapshot, Table, TableMeta};
use mv::task_run::Wish;
use sql::materialized_view::{AlterMaterializedView, AlterMaterializedViewAction as Action};
use sql::{Cursor, ObjectName};
use std::sync::Arc;

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["ALTER", "MATERIALIZED", "VIEW"]], parse };

struct Alter {
    alter: AlterMaterializedView,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    let alter = AlterMaterializedView::parse(cursor)?;
    cursor.expect_end()?;
    Ok(Box::new(Alter { alter }))
}

#[async_trait]
impl Statement for Alter {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let mv = find(session, &session.snapshot(), &self.alter.name)?;
        let id = mv.meta.id;
        let catalog = session.server.catalog.clone();
        match self.alter.action {
            Action::Active => {
                mv::revival::activate(&catalog, &session.server.engine, &mv).await?;
                // Rows may be out of date since it became inactive.
                request_unless_manual(session, &mv).await?;
            }
            Action::Inactive => {
                let reason = "user use alter materialized view set status to inactive".to_string();
                let edit = move |s: MvState| MvState { inactive_reason: Some(reason), inactive_by_user: true, ..s };
                change_state(session, id, edit).await?;
            }
            Action::Pause => change_state(session, id, |s| MvState { paused: true, ..s }).await?,
            Action::Resume => {
                let was_paused = mv.mv.as_ref().is_some_and(|s| s.paused);
                change_state(session, id, |s| MvState { paused: false, ..s }).await?;
                if was_paused {
                    // What was missed is made up for once.
                    request_unless_manual(session, &mv).await?;
                }
            }
            Action::Rename(name) => rename(session, id, &name).await?,
            Action::Refresh(clause) => {
                let scheme = scheme(&clause.scheme, catalog.clock().now_ms())?;
                let edit = move |draft: &mut Draft| change_scheme(draft, id, scheme);
                catalog.commit(edit).await?;
            }
            Action::SwapWith(other) => {
                let other = find(session, &session.snapshot(), &other)?.meta.id;
                catalog.commit(move |draft| swap(draft, id, other)).await?;
            }
            Action::SetProperties(pairs) => set_properties(session, id, pairs).await?,
            Action::OrderBy(_) => {
                return Err(Error::unsupported("the sort key of a materialized view cannot be changed"));
            }
        }
        Ok(Reply::done())
    }
}

/// The materialized view of that name.
///
/// # Errors
/// `UnknownTable`; `WrongObject` for tables and views.
pub(super) fn find(session: &Session, snapshot: &Snapshot, name: &ObjectName) -> Result<Arc<Table>> {
    let found = session.find_table(snapshot, name)?;
    if found.mv.is_some() {
        return Ok(found);
    }
    let message = format!("'{}' is a {}, not a materialized view", snapshot.full_name(&found), found.meta.kind_name());
    Err(Error::new(ErrorKind::WrongObject, message))
}

async fn change_state(
    session: &Session,
    id: TableId,
    edit: impl FnOnce(MvState) -> MvState + Send + 'static,
) -> Result<()> {
    let committed = session.server.catalog.commit(move |draft| {
        let table = draft.state().table_by_id(id).cloned().ok_or_else(dropped)?;
        let state = edit(table.mv.as_deref().cloned().unwrap_or_default());
        draft.apply(Change::PutMvState { table: id, state })?;
        mv::activation::settle(draft)
    });
    committed.await.map(|_| ())
}

async fn request_unless_manual(session: &Session, mv: &Table) -> Result<()> {
    let scheme = mv.meta.materialized().map(|d| &d.refresh.scheme);
    if matches!(scheme, None | Some(RefreshScheme::Manual)) {
        return Ok(());
    }
    let wish = Wish { query_id: session.query_id().to_string(), force: false, manual: false, attempt: 0 };
    session.server.refresher.request(mv.meta.id, wish).await.map(|_| ())
}

async fn rename(session: &Session, id: TableId, name: &ObjectName) -> Result<()> {
    base::names::check_table(&name.name)?;
    let name = name.name.clone();
    let committed = session.server.catalog.commit(move |draft| {
        let table = draft.state().table_by_id(id).cloned().ok_or_else(dropped)?;
        draft.apply(Change::PutTable(Arc::new(TableMeta { name, ..(*table.meta).clone() })))?;
        mv::activation::settle(draft)
    });
    committed.await.map(|_| ())
}

/// Exchanges the names of two views with the same columns.
fn swap(draft: &mut Draft, a: TableId, b: TableId) -> Result<()> {
    let table = |draft: &Draft, id| draft.state().table_by_id(id).cloned().ok_or_else(dropped);
    let (first, second) = (table(draft, a)?, table(draft, b)?);
    let shape = |t: &Table| t.meta.columns.iter().map(|c| (c.folded(), c.ty)).collect::<Vec<_>>();
    if first.meta.db != second.meta.db {
        return Err(Error::invalid("only materialized views of one database can be swapped"));
    }
    if shape(&first) != shape(&second) {
        return Err(Error::invalid(
            "materialized views can be swapped only if their columns have the same names and types",
        ));
    }
    let renamed = |t: &Table, name: String| Change::PutTable(Arc::new(TableMeta { name, ..(*t.meta).clone() }));
    // Through a name that cannot be taken: names must be unique at every step.
    draft.apply(renamed(&first, format!("{}\u{1}swap", first.meta.name)))?;
    draft.apply(renamed(&second, first.meta.name.clone()))?;
    draft.apply(renamed(&first, second.meta.name.clone()))?;
    mv::activation::settle(draft)
}

fn change_scheme(draft: &mut Draft, id: TableId, scheme: RefreshScheme) -> Result<()> {
    edit_definition(draft, id, |definition| {
        definition.refresh = Refresh { scheme, ..definition.refresh.clone() };
    })
}

fn edit_definition(draft: &mut Draft, id: TableId, edit: impl FnOnce(&mut MvDefinition)) -> Result<()> {
    let table = draft.state().table_by_id(id).cloned().ok_or_else(dropped)?;
    let Object::MaterializedView { layout, definition } = &table.meta.object else { return Err(dropped()) };
    let mut definition = definition.clone();
    edit(&mut definition);
    let object = Object::MaterializedView { layout: layout.clone(), definition };
    draft.apply(Change::PutTable(Arc::new(TableMeta { object, ..(*table.meta).clone() })))
}

async fn set_properties(session: &mut Session, id: TableId, pairs: Vec<(String, String)>) -> Result<()> {
    let properties = super::mv_properties::check(pairs, session)?;
    let committed = session.server.catalog.commit(move |draft| {
        let table = draft.state().table_by_id(id).cloned().ok_or_else(dropped)?;
        let Object::MaterializedView { layout, definition } = &table.meta.object else { return Err(dropped()) };
        let mut layout = layout.clone();
        layout.properties.extend(properties);
        let object = Object::MaterializedView { layout, definition: definition.clone() };
        draft.apply(Change::PutTable(Arc::new(TableMeta { object, ..(*table.meta).clone() })))
    });
    committed.await.map(|_| ())
}

fn dropped() -> Error {
    Error::new(ErrorKind::Conflict, "the materialized view was dropped meanwhile")
}
