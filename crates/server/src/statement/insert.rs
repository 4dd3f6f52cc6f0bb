//! INSERT INTO and INSERT OVERWRITE, from VALUES or a query, with or without a label.
//! Test: sql-tests/statement/insert.test

use super::{Statement, StatementKind};
use crate::reply::{Done, Reply};
use crate::session::Session;
use crate::time_limit::hold;
use async_trait::async_trait;
use base::ids::PartitionId;
use base::{Error, ErrorKind, Result};
use catalog::load::{LoadCounts, LoadKind, LoadRequest};
use catalog::{Object, SqlType, Table, TableWrite, WriteMode};
use engine::write::{SMALL_BUFFER_BYTES, sources};
use engine::{PlannedQuery, Source, WritePlan};
use sql::insert::{Insert, InsertColumns, InsertPartition, InsertSource, InsertTarget, InsertValue};
use sql::{Cursor, Hint, ObjectName, ast};
use std::sync::Arc;
use storage::WriteOptions;

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["INSERT"]], parse };

struct InsertStatement {
    insert: Insert,
    hints: Vec<Hint>,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    let insert = Insert::parse(cursor)?;
    cursor.expect_end()?;
    Ok(Box::new(InsertStatement { insert, hints: cursor.hints().to_vec() }))
}

#[async_trait]
impl Statement for InsertStatement {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let before = session.variables.clone();
        let result = match super::set::apply_hints(session, &self.hints) {
            Ok(()) => run(self.insert, session).await,
            Err(e) => Err(e),
        };
        session.variables = before;
        result
    }
}

async fn run(insert: Insert, session: &mut Session) -> Result<Reply> {
    let name = match &insert.target {
        InsertTarget::Table(name) => name.clone(),
        InsertTarget::Files(_) => return Err(Error::unsupported("INSERT INTO FILES is not supported yet")),
        InsertTarget::Blackhole => return Err(Error::unsupported("INSERT INTO BLACKHOLE is not supported yet")),
    };
    let snapshot = session.snapshot();
    let table = session.find_table(&snapshot, &name)?;
    check_target(&table)?;
    let strict = strictness(&insert, session)?;
    let only = partitions(&insert, &table)?;
    let buffer_bytes_max = match &insert.source {
        InsertSource::Values(_) => SMALL_BUFFER_BYTES,
        InsertSource::Query { .. } => WriteOptions::default().buffer_bytes_max,
    };
    let planned =
        session.server.engine.plan(query_of(insert.source, &insert.columns, &table)?, snapshot, session.info()).await?;
    let sources = match &insert.columns {
        InsertColumns::All => sources(&table, None, planned.columns().len())?,
        InsertColumns::Listed(names) => sources(&table, Some(names), planned.columns().len())?,
        InsertColumns::ByName => {
            let names: Vec<String> = planned.columns().iter().map(|c| c.name.clone()).collect();
            sources(&table, Some(&names), names.len())?
        }
    };
    let mode = match (insert.overwrite, &only) {
        (false, _) => WriteMode::Append,
        (true, Some(ids)) => WriteMode::OverwritePartitions(ids.clone()),
        (true, None) => WriteMode::Overwrite,
    };
    let options = WriteOptions { buffer_bytes_max, only_partitions: only, ..WriteOptions::default() };
    let target = Target { name, table, sources, strict, options, mode, label: insert.label };
    session.wrote_in_transaction |= session.in_transaction;
    write(session, &planned, target).await
}

struct Target {
    name: ObjectName,
    table: Arc<Table>,
    sources: Vec<Source>,
    strict: bool,
    options: WriteOptions,
    mode: WriteMode,
    label: Option<String>,
}

async fn write(session: &Session, planned: &PlannedQuery, target: Target) -> Result<Reply> {
    let server = &session.server;
    let (database, table_name) = session.resolve(&target.name)?;
    let label = target.label.unwrap_or_else(|| format!("insert_{}", session.query_id()));
    let load = server.catalog.begin_load(LoadRequest {
        label: label.clone(),
        kind: LoadKind::Insert,
        db: target.table.meta.db,
        database,
        table: target.table.meta.id,
        table_name,
        user: session.user.clone(),
    })?;
    let active = server.catalog.begin_write();
    let plan = WritePlan {
        table: Arc::clone(&target.table),
        sources: target.sources,
        strict: target.strict,
        options: target.options,
        writer: active.id(),
        now_us: session.info().facts().local_now()?.and_utc().timestamp_micros(),
    };
    session.set_state("writing");
    let written = match hold(session.insert_limit(), server.engine.write(planned, plan, active)).await {
        Ok(written) => written,
        Err(e) => {
            load.fail(&e, LoadCounts::default(), None).await;
            return Err(e);
        }
    };
    let counts = LoadCounts { rows_loaded: written.rows, ..LoadCounts::default() };
    let (txn, table, mode) = (load.txn(), target.table.meta.id, target.mode);
    session.set_state("committing");
    written.files.commit(move |files| load.commit(TableWrite { table, files, mode }, counts, None)).await?;
    let info = format!("{{'label':'{label}', 'status':'VISIBLE', 'txnId':'{txn}'}}");
    Ok(Reply::Done(Done { affected_rows: written.rows, info, ..Done::default() }))
}

fn check_target(table: &Table) -> Result<()> {
    match &table.meta.object {
        Object::Table(_) => Ok(()),
        Object::View { .. } => {
            let message =
                format!("The target table {} of the INSERT is not insertable-into: it is a view", table.meta.name);
            Err(Error::new(ErrorKind::WrongObject, message))
        }
        Object::MaterializedView { .. } => {
            let message = format!(
                "The data of '{}' cannot be inserted because it is a materialized view, and the data of a materialized view \
                 must be consistent with its base tables; use REFRESH MATERIALIZED VIEW",
                table.meta.name
            );
            Err(Error::new(ErrorKind::WrongObject, message))
        }
    }
}

fn strictness(insert: &Insert, session: &Session) -> Result<bool> {
    let mut strict = session.variables.bool("enable_insert_strict");
    for (key, value) in &insert.properties {
        match (key.as_str(), value.as_str()) {
            ("strict_mode", "true") => strict = true,
            ("strict_mode", "false") => strict = false,
            ("strict_mode", _) => {
                return Err(Error::new(ErrorKind::WrongValue, "strict_mode must be true or false").with("value", value));
            }
            _ => return Err(Error::invalid(format!("Unknown properties: {{{key}={value}}}"))),
        }
    }
    Ok(strict)
}

fn partitions(insert: &Insert, table: &Table) -> Result<Option<Vec<PartitionId>>> {
    match &insert.partition {
        None => Ok(None),
        Some(InsertPartition::Named { temporary: true, .. }) => {
            Err(Error::unsupported("temporary partitions are not supported yet"))
        }
        Some(InsertPartition::Values(_)) => {
            Err(Error::unsupported("PARTITION (column = value) is for external tables, which cannot be written yet"))
        }
        Some(InsertPartition::Named { names, .. }) => {
            let id = |name: &String| {
                let found = table.partition(name).map(|p| p.meta.id);
                found.ok_or_else(|| {
                    Error::new(
                        ErrorKind::UnknownPartition,
                        format!("Unknown partition '{name}' in table '{}'", table.meta.name),
                    )
                })
            };
            names.iter().map(id).collect::<Result<Vec<_>>>().map(Some)
        }
    }
}

/// VALUES become a query of their own, with DEFAULT replaced by the columns' defaults.
fn query_of(source: InsertSource, columns: &InsertColumns, table: &Table) -> Result<Box<ast::Query>> {
    let rows = match source {
        InsertSource::Query { query, .. } => return Ok(query),
        InsertSource::Values(rows) => rows,
    };
    let named: Vec<String> = match columns {
        InsertColumns::Listed(names) => names.clone(),
        _ => table.meta.columns.iter().map(|c| c.name.clone()).collect(),
    };
    let value = |(i, value): (usize, InsertValue)| match value {
        InsertValue::Expr(expr) => {
            let column = named.get(i).and_then(|name| catalog::model::column::find(&table.meta.columns, name).ok());
            as_double(expr, column)
        }
        InsertValue::Default => {
            let name = named.get(i).map_or("", String::as_str);
            default_expr(catalog::model::column::find(&table.meta.columns, name)?)
        }
    };
    let rows: Vec<Vec<ast::Expr>> =
        rows.into_iter().map(|row| row.into_iter().enumerate().map(value).collect()).collect::<Result<_>>()?;
    for (i, row) in rows.iter().enumerate() {
        if row.len() != named.len() {
            let message = format!("Column count doesn't match value count at row {}", i + 1);
            return Err(Error::new(ErrorKind::ColumnCount, message));
        }
    }
    values_query(rows)
}

/// A number for a FLOAT or DOUBLE column, as a double: a decimal has fewer digits, and rows of VALUES share a type.
fn as_double(expr: ast::Expr, column: Option<&catalog::Column>) -> Result<ast::Expr> {
    let double = column.is_some_and(|c| matches!(c.ty, SqlType::Float | SqlType::Double));
    match expr {
        ast::Expr::UnaryOp { op: op @ ast::UnaryOperator::Minus, expr } if double => {
            Ok(ast::Expr::UnaryOp { op, expr: Box::new(as_double(*expr, column)?) })
        }
        // Numbers with an exponent are doubles.
        ast::Expr::Value(ref value) if double => match &value.value {
            ast::Value::Number(digits, _) if !digits.contains(['e', 'E']) => sql::parse_expr(&format!("{digits}e0")),
            _ => Ok(expr),
        },
        _ => Ok(expr),
    }
}

fn values_query(rows: Vec<Vec<ast::Expr>>) -> Result<Box<ast::Query>> {
    let mut query = sql::parse_query("VALUES (NULL)")?;
    if let ast::SetExpr::Values(values) = &mut *query.body {
        let template = values.rows.remove(0);
        values.rows = rows.into_iter().map(|content| ast::Parens { content, ..template.clone() }).collect();
    }
    Ok(query)
}

fn default_expr(column: &catalog::Column) -> Result<ast::Expr> {
    let text = match &column.default {
        Some(catalog::DefaultValue::Literal(text)) => sql::quote::string(text),
        Some(catalog::DefaultValue::CurrentTimestamp) => "now()".to_string(),
        None if column.nullable => "NULL".to_string(),
        None => {
            return Err(Error::invalid(format!("Field '{}' doesn't have a default value", column.name)));
        }
    };
    sql::parse_expr(&text)
}
