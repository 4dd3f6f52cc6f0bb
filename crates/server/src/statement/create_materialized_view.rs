//! CREATE MATERIALIZED VIEW: check the definition, then view, task and first refresh in one commit.
//! Test: sql-tests/mv/create.test

use super::{Statement, StatementKind, mv_properties};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::clock::UnixMs;
use base::ids::{ColumnId, PartitionId, TableId, TaskId};
use base::{Error, ErrorKind, Result};
use catalog::change::Change;
use catalog::model::column::find;
use catalog::{
    Bounds, Column, Draft, Layout, MvDefinition, MvState, Object, PartitionMeta, Partitioning, Refresh, RefreshScheme,
    SqlType, TableMeta, Task, TimeUnit,
};
use mv::definition::{Analyzed, analyze};
use mv::task_run::Wish;
use sql::materialized_view::{CreateMaterializedView, RefreshMoment};
use sql::partition::{PartitionBy, Unit};
use sql::table_clause::Distribution;
use sql::{Cursor, ast};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["CREATE", "MATERIALIZED", "VIEW"]], parse };

/// StarRocks' smallest interval of a schedule is 60 s; Viewmill's refreshes are cheap enough for this one.
const EVERY_MS_MIN: i64 = 1_000;

struct Create {
    create: CreateMaterializedView,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    let create = CreateMaterializedView::parse(cursor)?;
    cursor.expect_end()?;
    Ok(Box::new(Create { create }))
}

#[async_trait]
impl Statement for Create {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let create = self.create;
        let (database, name) = session.resolve(&create.name)?;
        base::names::check_table(&name)?;
        let snapshot = session.snapshot();
        let db = snapshot.database(&database)?.id;
        if create.if_not_exists && snapshot.find_table(db, &name).is_some() {
            return Ok(Reply::done());
        }
        let given = create.properties.iter().flat_map(|p| p.value.clone()).collect();
        let properties = mv_properties::check(given, session)?;
        let now_ms = session.server.catalog.clock().now_ms();
        let refresh = refresh(&create, now_ms)?;
        let names: Option<Vec<String>> =
            (!create.columns.is_empty()).then(|| create.columns.iter().map(|c| c.name.clone()).collect());
        // Bare names in the query belong to the session's database, wherever the view itself is put.
        let query_database = session.database.clone().unwrap_or_else(|| database.clone());
        let now_us = session.server.catalog.clock().now_us();
        let engine = &session.server.engine;
        let analyzed =
            analyze(engine, &snapshot, &create.text, Some(query_database.clone()), names.as_deref(), now_us).await?;
        let layout = layout(&create, &analyzed.columns, properties, session)?;
        let view = View {
            name,
            query: create.text,
            query_database,
            comment: create.comment.map(|c| c.value).unwrap_or_default(),
            column_comments: create.columns.into_iter().map(|c| c.comment.unwrap_or_default()).collect(),
            layout,
            refresh,
            analyzed,
            creator: session.identity(),
            query_id: session.query_id().to_string(),
        };
        let if_not_exists = create.if_not_exists;
        let created = session.server.catalog.commit(move |draft| {
            let db = draft.state().database(&database)?.id;
            if if_not_exists && draft.state().find_table(db, &view.name).is_some() {
                return Ok(());
            }
            view.create(draft, db)
        });
        created.await?;
        Ok(Reply::done())
    }
}

struct View {
    name: String,
    query: String,
    query_database: String,
    comment: String,
    column_comments: Vec<String>,
    layout: Layout,
    refresh: Refresh,
    analyzed: Analyzed,
    creator: String,
    query_id: String,
}

impl View {
    fn create(self, draft: &mut Draft, db: base::ids::DbId) -> Result<()> {
        // A base table may have gone since the definition was analysed.
        for base in &self.analyzed.bases {
            if draft.state().table_by_id(base.table).is_none() {
                let message = format!("Table '{}.{}' doesn't exist", base.database, base.name);
                return Err(Error::new(ErrorKind::UnknownTable, message));
            }
        }
        let (id, task) = (TableId(draft.new_id()), TaskId(draft.new_id()));
        let mut columns = self.analyzed.columns;
        for (column, comment) in columns.iter_mut().zip(self.column_comments) {
            column.comment = comment;
        }
        let definition = MvDefinition {
            query: self.query,
            database: self.query_database,
            refresh: self.refresh,
            bases: self.analyzed.bases,
            time_dependent: self.analyzed.time_dependent,
            creator: self.creator,
            task,
        };
        let now_ms = draft.now_ms();
        let cut = mv::refresh::cut(&definition, draft.state());
        let immediate = definition.refresh.immediate;
        let unpartitioned = self.layout.partitioning == Partitioning::None;
        draft.apply(Change::PutTable(Arc::new(TableMeta {
            id,
            db,
            name: self.name.clone(),
            comment: self.comment,
            next_column_id: columns.len() as u64 + 1,
            columns,
            object: Object::MaterializedView { layout: self.layout, definition: Box::new(definition) },
            created_ms: now_ms,
        })))?;
        if unpartitioned {
            let partition = PartitionMeta { id: PartitionId(draft.new_id()), name: self.name, bounds: Bounds::All };
            draft.apply(Change::AddPartition { table: id, partition })?;
        }
        let name = format!("mv-{id}");
        draft.apply(Change::PutTask(Task { id: task, name, db, mv: id, created_ms: now_ms }))?;
        if immediate {
            let wish = Wish { query_id: self.query_id, force: false, manual: false, attempt: 0 };
            mv::task_run::request(draft, id, wish)?;
        } else {
            // A deferred view has seen its bases, so only a later change triggers it.
            draft.apply(Change::PutMvState { table: id, state: MvState { cut, ..MvState::default() } })?;
        }
        Ok(())
    }
}

/// The refresh scheme of a definition or of `ALTER MATERIALIZED VIEW … REFRESH`.
pub(super) fn scheme(scheme: &sql::materialized_view::RefreshScheme, now_ms: UnixMs) -> Result<RefreshScheme> {
    use sql::materialized_view::RefreshScheme as Clause;
    let (start, every) = match scheme {
        Clause::Manual => return Ok(RefreshScheme::Manual),
        Clause::Incremental => return Err(Error::unsupported("REFRESH INCREMENTAL is not supported yet, use ASYNC")),
        Clause::Async { start: None, every: None } => return Ok(RefreshScheme::OnChange),
        Clause::Async { start: Some(_), every: None } => {
            return Err(Error::invalid("REFRESH ASYNC START needs EVERY (INTERVAL n unit)"));
        }
        Clause::Async { start, every: Some((count, unit)) } => (start, (*count, *unit)),
    };
    let (count, unit) = every;
    let every_ms = interval_ms(count, unit)?;
    let start_ms = match start {
        Some(text) => functions::cast::parse_datetime_us(text).map(|us| us / 1000).ok_or_else(|| {
            Error::new(ErrorKind::WrongValue, "START must be a datetime such as '2024-01-01 00:00:00'")
                .with("start", text)
        })?,
        None => now_ms,
    };
    Ok(RefreshScheme::Every { start_ms, every_ms, start_text: start.clone(), count, unit: unit.name().to_string() })
}

fn interval_ms(count: u64, unit: Unit) -> Result<i64> {
    let unit_ms: i64 = match unit {
        Unit::Second => 1_000,
        Unit::Minute => 60_000,
        Unit::Hour => 3_600_000,
        Unit::Day => 86_400_000,
        Unit::Week => 7 * 86_400_000,
        other => {
            return Err(Error::invalid("the interval of a refresh is in SECOND, MINUTE, HOUR, DAY or WEEK")
                .with("unit", other.name()));
        }
    };
    let every_ms = i64::try_from(count).ok().and_then(|n| n.checked_mul(unit_ms)).filter(|ms| *ms >= EVERY_MS_MIN);
    every_ms
        .ok_or_else(|| Error::new(ErrorKind::WrongValue, "EVERY must be at least one second").with("interval", count))
}

fn refresh(create: &CreateMaterializedView, now_ms: UnixMs) -> Result<Refresh> {
    let Some(clause) = create.refresh.as_ref().map(|r| &r.value) else {
        if create.distribution.is_none() {
            let message = "a view without REFRESH and DISTRIBUTED BY would be a synchronous materialized view, which is not \
                           supported; add REFRESH ASYNC or REFRESH MANUAL";
            return Err(Error::unsupported(message));
        }
        return Ok(Refresh { immediate: true, scheme: RefreshScheme::Manual });
    };
    Ok(Refresh { immediate: clause.moment == RefreshMoment::Immediate, scheme: scheme(&clause.scheme, now_ms)? })
}

fn layout(
    create: &CreateMaterializedView,
    columns: &[Column],
    properties: BTreeMap<String, String>,
    session: &mut Session,
) -> Result<Layout> {
    if !create.indexes.is_empty() {
        return Err(Error::unsupported("indexes are not supported yet"));
    }
    let ids = |names: &[String]| names.iter().map(|n| find(columns, n).map(|c| c.id)).collect::<Result<Vec<_>>>();
    let (bucket_columns, buckets) = match create.distribution.as_ref().map(|d| &d.value) {
        Some(Distribution::Hash { columns, buckets }) => (ids(columns)?, *buckets),
        Some(Distribution::Random { buckets }) => (Vec::new(), *buckets),
        None => (Vec::new(), None),
    };
    if !bucket_columns.is_empty() || buckets.is_some() {
        session.note_without_effect("DISTRIBUTED BY");
    }
    let sort_key = match &create.order_by {
        Some(names) => ids(&names.value)?,
        None => default_sort_key(columns),
    };
    let partitioning = match &create.partition_by {
        Some(clause) => partitioning(&clause.value, columns)?,
        None => Partitioning::None,
    };
    Ok(Layout { key_columns: Vec::new(), sort_key, partitioning, bucket_columns, buckets, properties })
}

/// Leading columns that sort cheaply: group keys usually come first.
fn default_sort_key(columns: &[Column]) -> Vec<ColumnId> {
    columns.iter().take(3).take_while(|c| c.ty.can_be_key()).map(|c| c.id).collect()
}

fn partitioning(clause: &PartitionBy, columns: &[Column]) -> Result<Partitioning> {
    let PartitionBy::Expressions(exprs) = clause else {
        return Err(Error::invalid("a materialized view is partitioned by a column or by date_trunc(unit, column)"));
    };
    if let [expr @ ast::Expr::Function(_)] = exprs.as_slice() {
        let (unit, name) = date_trunc(expr)?;
        let column = find(columns, &name)?;
        if column.ty == SqlType::Date && unit == TimeUnit::Hour {
            return Err(Error::invalid("a DATE column has no hours; partition it by day, month or year")
                .with("column", &column.name));
        }
        if !matches!(column.ty, SqlType::Date | SqlType::DateTime) {
            return Err(Error::invalid("date_trunc needs a DATE or DATETIME column").with("column", &column.name));
        }
        return Ok(Partitioning::DateTrunc { column: column.id, unit });
    }
    let column = |expr: &ast::Expr| {
        let ast::Expr::Identifier(name) = expr else {
            return Err(Error::invalid("a partition expression must be a column or date_trunc(unit, column)")
                .with("expression", expr));
        };
        let column = find(columns, &name.value)?;
        if !column.ty.can_be_key() {
            return Err(Error::invalid("a column of this type cannot partition a view").with("column", &column.name));
        }
        Ok(column.id)
    };
    Ok(Partitioning::List { columns: exprs.iter().map(column).collect::<Result<_>>()?, automatic: true })
}

/// Unit and column of `date_trunc('unit', column)`. The column may be one of the query or an expression that the view
/// shows under the same name.
fn date_trunc(expr: &ast::Expr) -> Result<(TimeUnit, String)> {
    let wrong = || {
        let message =
            "a partition expression must be a column or date_trunc('hour|day|month|year', column of the view)";
        Error::invalid(message).with("expression", expr)
    };
    let ast::Expr::Function(function) = expr else { return Err(wrong()) };
    let ast::FunctionArguments::List(args) = &function.args else { return Err(wrong()) };
    let arg = |i: usize| match args.args.get(i) {
        Some(ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(e))) => Some(e),
        _ => None,
    };
    let (Some(ast::Expr::Value(unit)), Some(ast::Expr::Identifier(column))) = (arg(0), arg(1)) else {
        return Err(wrong());
    };
    if !function.name.to_string().eq_ignore_ascii_case("date_trunc") || args.args.len() != 2 {
        return Err(wrong());
    }
    let unit = unit.value.clone().into_string().and_then(|u| TimeUnit::from_name(&u)).ok_or_else(wrong)?;
    Ok((unit, column.value.clone()))
}
