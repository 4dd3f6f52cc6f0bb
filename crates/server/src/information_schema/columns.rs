//! information_schema.columns: the columns of tables, views, materialized views and system tables.
//! Test: sql-tests/information_schema/columns.test

use super::Type::{Number, Text};
use super::{Definition, Value};
use base::names::INFORMATION_SCHEMA;
use catalog::{Column, DefaultValue, SqlType, Table};
use engine::SystemContext;
use engine::table::system::Wanted;

pub(super) const DEFINITION: Definition = Definition {
    name: "columns",
    columns: &[
        ("TABLE_CATALOG", Text),
        ("TABLE_SCHEMA", Text),
        ("TABLE_NAME", Text),
        ("COLUMN_NAME", Text),
        ("ORDINAL_POSITION", Number),
        ("COLUMN_DEFAULT", Text),
        ("IS_NULLABLE", Text),
        ("DATA_TYPE", Text),
        ("CHARACTER_MAXIMUM_LENGTH", Number),
        ("CHARACTER_OCTET_LENGTH", Number),
        ("NUMERIC_PRECISION", Number),
        ("NUMERIC_SCALE", Number),
        ("DATETIME_PRECISION", Number),
        ("CHARACTER_SET_NAME", Text),
        ("COLLATION_NAME", Text),
        ("COLUMN_TYPE", Text),
        ("COLUMN_KEY", Text),
        ("EXTRA", Text),
        ("PRIVILEGES", Text),
        ("COLUMN_COMMENT", Text),
        ("COLUMN_SIZE", Number),
        ("DECIMAL_DIGITS", Number),
        ("GENERATION_EXPRESSION", Text),
        ("SRS_ID", Number),
    ],
};

/// A system table's name and columns.
pub(super) type SystemColumns = (&'static str, Vec<(String, SqlType)>);

pub(super) fn rows(system: Vec<SystemColumns>) -> impl Fn(&SystemContext, &Wanted) -> base::Result<Vec<Vec<Value>>> {
    move |context, wanted| {
        let mut rows = Vec::new();
        for database in context.snapshot.databases().filter(|d| wanted.allows("table_schema", &d.name)) {
            for table in context.snapshot.tables_in(database.id).filter(|t| wanted.allows("table_name", &t.meta.name)) {
                let columns = table.meta.columns.iter().enumerate();
                rows.extend(columns.map(|(i, c)| row(&database.name, table, i, c)));
            }
        }
        if wanted.allows("table_schema", INFORMATION_SCHEMA) {
            for (table, columns) in system.iter().filter(|(name, _)| wanted.allows("table_name", name)) {
                let columns = columns.iter().enumerate();
                rows.extend(columns.map(|(i, (name, ty))| shape(INFORMATION_SCHEMA, table, name, i, *ty)));
            }
        }
        Ok(rows)
    }
}

fn row(database: &str, table: &Table, position: usize, column: &Column) -> Vec<Value> {
    let mut row = shape(database, &table.meta.name, &column.name, position, column.ty);
    row[5] = default_text(column).into();
    row[6] = if column.nullable { "YES" } else { "NO" }.into();
    row[16] = key_text(table, column).into();
    row[19] = column.comment.as_str().into();
    row
}

/// The default as DESC and SHOW CREATE TABLE show it.
pub(crate) fn default_text(column: &Column) -> Option<String> {
    column.default.as_ref().map(|d| match d {
        DefaultValue::Literal(text) => text.clone(),
        DefaultValue::CurrentTimestamp => "CURRENT_TIMESTAMP".to_string(),
    })
}

/// `DUP` for key columns, as StarRocks tells the key model.
fn key_text(table: &Table, column: &Column) -> &'static str {
    let key = table.meta.layout().is_some_and(|l| l.key_columns.contains(&column.id));
    if key { "DUP" } else { "" }
}

/// A row that knows name and type only.
fn shape(database: &str, table: &str, column: &str, position: usize, ty: SqlType) -> Vec<Value> {
    let length = match ty {
        SqlType::Char(n) | SqlType::Varchar(n) | SqlType::Varbinary(n) => Value::from(u64::from(n)),
        _ => Value::Null,
    };
    let (precision, scale) = numeric(ty);
    let charset = ty.is_text();
    vec![
        "def".into(),
        database.into(),
        table.into(),
        column.into(),
        (position as u64 + 1).into(),
        Value::Null,
        "YES".into(),
        ty.base_name().into(),
        length.clone(),
        length,
        precision.map_or(Value::Null, Value::Number),
        scale.map_or(Value::Null, Value::Number),
        if ty == SqlType::DateTime { Value::Number(0) } else { Value::Null },
        if charset { "utf8".into() } else { Value::Null },
        if charset { "utf8_general_ci".into() } else { Value::Null },
        ty.to_string().into(),
        "".into(),
        "".into(),
        "".into(),
        "".into(),
        precision.map_or(Value::Null, Value::Number),
        scale.map_or(Value::Null, Value::Number),
        "".into(),
        Value::Null,
    ]
}

/// Decimal digits and scale of number types.
fn numeric(ty: SqlType) -> (Option<i64>, Option<i64>) {
    match ty {
        SqlType::TinyInt => (Some(3), Some(0)),
        SqlType::SmallInt => (Some(5), Some(0)),
        SqlType::Int => (Some(10), Some(0)),
        SqlType::BigInt => (Some(19), Some(0)),
        SqlType::LargeInt => (Some(39), Some(0)),
        SqlType::Float => (Some(7), None),
        SqlType::Double => (Some(15), None),
        SqlType::Decimal { precision, scale } => (Some(precision.into()), Some(scale.into())),
        _ => (None, None),
    }
}
