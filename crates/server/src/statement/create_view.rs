//! CREATE [OR REPLACE] VIEW: the query is planned first, so that its errors show here and not when the view is read.
//! Test: sql-tests/statement/create_view.test

use super::create_table::columns::check_distinct;
use super::definition_target::resolve;
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::ids::{ColumnId, TableId};
use base::{Error, ErrorKind, Result};
use catalog::change::Change;
use catalog::{Column, Draft, Object, TableMeta};
use engine::{OutputColumn, PlannedQuery, SessionInfo};
use sql::view::{CreateView, ViewColumn};
use sql::{Cursor, ast, quote};
use std::sync::Arc;

pub(super) const KIND: StatementKind =
    StatementKind { heads: &[&["CREATE", "VIEW"], &["CREATE", "OR", "REPLACE", "VIEW"]], parse };

struct Create {
    create: CreateView,
    has_hints: bool,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    let create = CreateView::parse(cursor)?;
    Ok(Box::new(Create { create, has_hints: !cursor.hints().is_empty() }))
}

#[async_trait]
impl Statement for Create {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let create = self.create;
        if create.or_replace && create.if_not_exists {
            return Err(Error::invalid("OR REPLACE and IF NOT EXISTS exclude each other"));
        }
        let (database, name) = resolve(session, &create.name)?;
        base::names::check_table(&name)?;
        let known = {
            let snapshot = session.snapshot();
            let db = snapshot.database(&database)?.id;
            snapshot.find_table(db, &name).map(|t| (t.meta.id, t.meta.is_view()))
        };
        let replaced = match known {
            Some(_) if create.if_not_exists => return Ok(Reply::done()),
            Some((id, true)) if create.or_replace => Some(id),
            Some(_) => return Err(exists(&name)),
            None => None,
        };
        let view = analyze(session, &create.text, create.query, create.columns, &database, replaced).await?;
        let comment = create.comment.unwrap_or_default();
        let (or_replace, if_not_exists) = (create.or_replace, create.if_not_exists);
        let created = session.server.catalog.commit(move |draft| {
            let db = draft.state().database(&database)?.id;
            let known = draft.state().find_table(db, &name).cloned();
            let id = match &known {
                Some(_) if if_not_exists => return Ok(()),
                Some(known) if or_replace && known.meta.is_view() => known.meta.id,
                Some(_) => return Err(exists(&name)),
                None => TableId(draft.new_id()),
            };
            let created_ms = known.map_or(draft.now_ms(), |t| t.meta.created_ms);
            let next_column_id = view.columns.len() as u64 + 1;
            let (columns, object) = (view.columns, view.object);
            put(draft, TableMeta { id, db, name, comment, columns, next_column_id, object, created_ms })
        });
        created.await?;
        if self.has_hints {
            session.note_without_effect("a hint in a view");
        }
        Ok(Reply::done())
    }
}

fn exists(name: &str) -> Error {
    Error::new(ErrorKind::TableExists, format!("Table '{name}' already exists"))
}

/// Creates or changes a view; views and materialized views that read it may become inactive.
pub(super) fn put(draft: &mut Draft, meta: TableMeta) -> Result<()> {
    draft.apply(Change::PutTable(Arc::new(meta)))?;
    mv::activation::settle(draft)
}

/// What a view's query makes of the view.
pub(super) struct Analyzed {
    pub(super) columns: Vec<Column>,
    pub(super) object: Object,
}

/// Plans the query of a view. `names` renames its columns; `database` is the view's, for sessions without one; `replaced`
/// is the view that gets this query.
///
/// # Errors
/// Those of planning; `ColumnCount`, `DuplicateColumn`; `Invalid` for a view that reads itself.
pub(super) async fn analyze(
    session: &Session,
    text: &str,
    query: Box<ast::Query>,
    names: Vec<ViewColumn>,
    database: &str,
    replaced: Option<TableId>,
) -> Result<Analyzed> {
    check_pipes(text, &query)?;
    sql::check_definition(&query)?;
    // Bare names in the query belong to the session's database, wherever the view itself is put.
    let database = session.database.clone().unwrap_or_else(|| database.to_string());
    let wildcard = has_wildcard(&query.body);
    let planned = plan(session, query, &database).await?;
    if replaced.is_some_and(|id| planned.views().contains(&id)) {
        return Err(Error::invalid("a view cannot read itself"));
    }
    let columns = columns(planned.columns(), &names)?;
    let labels: Vec<&str> = planned.columns().iter().map(|c| c.name.as_str()).collect();
    let fixed = fixed_names(session, text, &labels, &columns, wildcard, &database).await?;
    let query = fixed.unwrap_or_else(|| text.to_string());
    Ok(Analyzed { columns, object: Object::View { query, database } })
}

async fn plan(session: &Session, query: Box<ast::Query>, database: &str) -> Result<PlannedQuery> {
    let info = SessionInfo { database: Some(database.to_string()), ..SessionInfo::clone(&session.info()) };
    session.server.engine.plan(query, session.snapshot(), Arc::new(info)).await
}

/// A view outlives the session, so its text must not depend on the session's meaning of `||`.
fn check_pipes(text: &str, query: &ast::Query) -> Result<()> {
    if sql::print_query(&*sql::parse_query(text)?) == sql::print_query(query) {
        return Ok(());
    }
    Err(Error::invalid("|| does not concatenate in a view, whatever sql_mode says; use concat(…)"))
}

fn columns(output: &[OutputColumn], names: &[ViewColumn]) -> Result<Vec<Column>> {
    if !names.is_empty() && names.len() != output.len() {
        let message = format!("the column list has {} names, the query {} columns", names.len(), output.len());
        return Err(Error::new(ErrorKind::ColumnCount, message));
    }
    let column = |(i, output): (usize, &OutputColumn)| {
        let listed = names.get(i);
        if let Some(listed) = listed {
            base::names::check_column(&listed.name)?;
        }
        let name = listed.map_or(&output.name, |l| &l.name).clone();
        let ty = storage::schema::sql_type(&output.field).ok_or_else(|| {
            let error = Error::unsupported("a view cannot have a column of this type");
            error.with("column", &name).with("type", output.field.data_type())
        })?;
        let comment = listed.and_then(|l| l.comment.clone()).unwrap_or_default();
        Ok(Column {
            id: ColumnId(i as u64 + 1),
            name,
            ty,
            nullable: output.field.is_nullable(),
            default: None,
            comment,
        })
    };
    let columns: Vec<Column> = output.iter().enumerate().map(column).collect::<Result<_>>()?;
    check_distinct(columns.iter().map(|c| c.name.as_str()))?;
    Ok(columns)
}

/// The query to store when the one written does not fix the columns: its names differ, or `*` would grow with the tables
/// below it. `None` when the text can be stored as it is.
async fn fixed_names(
    session: &Session,
    text: &str,
    labels: &[&str],
    columns: &[Column],
    wildcard: bool,
    database: &str,
) -> Result<Option<String>> {
    let list = |names: &mut dyn Iterator<Item = &str>| names.map(quote::identifier).collect::<Vec<_>>().join(", ");
    let names = list(&mut columns.iter().map(|c| c.name.as_str()));
    let renamed = columns.iter().zip(labels).any(|(column, label)| column.name != **label);
    if !renamed && wildcard {
        let by_name = format!("SELECT {names} FROM ({text}) AS `v`");
        if plan(session, sql::parse_query(&by_name)?, database).await.is_ok() {
            return Ok(Some(by_name));
        }
    }
    if !renamed && !wildcard {
        return Ok(None);
    }
    let by_position = format!("SELECT {names} FROM ({text}) AS `v` ({names})");
    plan(session, sql::parse_query(&by_position)?, database).await?;
    Ok(Some(by_position))
}

fn has_wildcard(body: &ast::SetExpr) -> bool {
    match body {
        ast::SetExpr::Select(select) => {
            let wild = |i: &ast::SelectItem| {
                matches!(i, ast::SelectItem::Wildcard(_) | ast::SelectItem::QualifiedWildcard(..))
            };
            select.projection.iter().any(wild)
        }
        ast::SetExpr::SetOperation { left, right, .. } => has_wildcard(left) || has_wildcard(right),
        ast::SetExpr::Query(query) => has_wildcard(&query.body),
        _ => false,
    }
}
