//! What a materialized view's query must be, and what it makes of it: columns, base tables.

use base::{Error, ErrorKind, Result, limits};
use catalog::{Base, Column, Snapshot, SqlType};
use engine::{Engine, PlannedQuery, SessionInfo};
use sql::ast;
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Functions whose result cannot be stored and still be true.
const RANDOM: &[&str] = &["rand", "random", "uuid", "uuid_numeric", "sleep"];
/// Functions of the session: a refresh has none.
const SESSION: &[&str] =
    &["user", "current_user", "session_user", "connection_id", "database", "schema", "last_query_id", "found_rows"];
const TIME: &[&str] = &[
    "now",
    "current_timestamp",
    "localtime",
    "localtimestamp",
    "sysdate",
    "curdate",
    "current_date",
    "curtime",
    "current_time",
    "utc_timestamp",
    "utc_date",
    "utc_time",
    "unix_timestamp",
];

/// A query that may define a materialized view.
#[derive(Debug)]
pub struct Analyzed {
    pub columns: Vec<Column>,
    pub bases: Vec<Base>,
    pub time_dependent: bool,
}

/// Checks a definition. `names` renames the columns; `database` is where bare names of the query belong.
///
/// # Errors
/// `Invalid` with the reason the query cannot define a view; those of planning.
pub async fn analyze(
    engine: &Engine,
    snapshot: &Snapshot,
    query: &str,
    database: Option<String>,
    names: Option<&[String]>,
    now_us: i64,
) -> Result<Analyzed> {
    let (planned, time_dependent) = plan(engine, snapshot, query, database, now_us).await?;
    Ok(Analyzed { columns: columns(&planned, names)?, bases: bases(&planned, snapshot)?, time_dependent })
}

/// Plans a definition's query for a check or a refresh. Also tells whether it depends on the time.
pub(crate) async fn plan(
    engine: &Engine,
    snapshot: &Snapshot,
    query: &str,
    database: Option<String>,
    now_us: i64,
) -> Result<(PlannedQuery, bool)> {
    let ast = sql::parse_query(query)?;
    sql::check_definition(&ast)?;
    let time_dependent = check_functions(&ast)?;
    let session = Arc::new(SessionInfo::internal(database, now_us));
    let planned = engine.plan(ast, Arc::clone(snapshot), session).await?;
    Ok((planned, time_dependent))
}

/// Refuses functions that a view cannot have; tells whether there are functions of time.
fn check_functions(query: &ast::Query) -> Result<bool> {
    let mut time_dependent = false;
    let found = ast::visit_expressions(query, |expr| {
        let name = match expr {
            ast::Expr::Function(f) => f.name.to_string().to_lowercase(),
            // A variable belongs to a session too.
            ast::Expr::Identifier(name) if name.quote_style.is_none() && name.value.starts_with('@') => {
                return ControlFlow::Break(name.value.clone());
            }
            _ => return ControlFlow::Continue(()),
        };
        time_dependent |= TIME.contains(&name.as_str());
        if RANDOM.contains(&name.as_str()) || SESSION.contains(&name.as_str()) {
            return ControlFlow::Break(name);
        }
        ControlFlow::Continue(())
    });
    match found {
        ControlFlow::Break(function) => {
            let message = "a materialized view cannot use a function whose result is not determined by its base tables";
            Err(Error::invalid(message).with("function", function))
        }
        ControlFlow::Continue(()) => Ok(time_dependent),
    }
}

fn columns(planned: &PlannedQuery, names: Option<&[String]>) -> Result<Vec<Column>> {
    let output = planned.columns();
    if let Some(names) = names.filter(|n| n.len() != output.len()) {
        let message = format!("the column list has {} names, the query {} columns", names.len(), output.len());
        return Err(Error::new(ErrorKind::ColumnCount, message));
    }
    let mut seen = HashSet::new();
    let mut columns = Vec::with_capacity(output.len());
    for (i, column) in output.iter().enumerate() {
        let name = names.map_or(&column.name, |n| &n[i]);
        base::names::check_column(name)?;
        if !seen.insert(base::names::fold_column(name)) {
            return Err(Error::new(ErrorKind::DuplicateColumn, format!("Duplicate column name '{name}'")));
        }
        let ty = engine::sql_type(&column.field).ok_or_else(|| {
            let error = Error::unsupported("a column of this type cannot be stored");
            error.with("column", name).with("type", column.field.data_type())
        })?;
        columns.push(Column {
            id: base::ids::ColumnId(i as u64 + 1),
            name: name.clone(),
            ty: widest(ty),
            // Whether a value can be NULL may change with the base tables' rows.
            nullable: true,
            default: None,
            comment: String::new(),
        });
    }
    Ok(columns)
}

/// Text columns get the widest type: lengths of computed text are not known.
fn widest(ty: SqlType) -> SqlType {
    match ty {
        SqlType::Char(_) => SqlType::Varchar(limits::VARCHAR_BYTES_MAX),
        other => other,
    }
}

fn bases(planned: &PlannedQuery, snapshot: &Snapshot) -> Result<Vec<Base>> {
    let reads = planned.reads()?;
    let base = |id, columns| {
        let table = snapshot.table_by_id(id)?;
        let database = snapshot.database_by_id(table.meta.db)?;
        let view_query = match &table.meta.object {
            catalog::Object::View { query, .. } => Some(query.clone()),
            _ => None,
        };
        Some(Base { table: id, database: database.name.clone(), name: table.meta.name.clone(), columns, view_query })
    };
    let tables = reads.tables.into_iter().filter_map(|(id, columns)| base(id, columns.into_iter().collect()));
    let mut all: Vec<Base> = tables.collect();
    all.extend(reads.views.into_iter().filter_map(|id| base(id, Vec::new())));
    Ok(all)
}
