//! Tables of `information_schema`: one file each, registered here.
//!
//! A table has StarRocks' columns in StarRocks' order. Its file lists them with their types and makes the rows from one
//! snapshot of the catalog.

use crate::process_list::ProcessList;
use crate::server::GlobalVariables;
use base::config::Config;
use catalog::{Catalog, SqlType};
use datafusion::arrow::array::{
    ArrayRef, Float64Array, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use engine::SystemContext;
use engine::table::system::{SystemTable, Wanted};
use std::collections::HashMap;
use std::sync::Arc;

mod columns;
mod fixed;
mod loads;
pub(crate) mod materialized_views;
mod partitions_meta;
mod processlist;
mod schemata;
mod tables;
mod tables_config;
mod task_runs;
mod tasks;
mod variables;
mod views;

pub(crate) use columns::default_text;
pub(crate) use tables::table_type;

/// Every table.
pub fn all(
    catalog: &Catalog,
    processes: &Arc<ProcessList>,
    config: &Config,
    global_variables: &GlobalVariables,
) -> Vec<Arc<dyn SystemTable>> {
    let runs_kept_ms = config.integer("task_runs_ttl_second") as i64 * 1000;
    let mut all = vec![
        table(&loads::DEFINITION, loads::rows(catalog.clone())),
        table(&materialized_views::DEFINITION, materialized_views::rows),
        table(&partitions_meta::DEFINITION, partitions_meta::rows),
        table(&processlist::DEFINITION, processlist::rows(Arc::clone(processes))),
        table(&schemata::DEFINITION, schemata::rows),
        table(&tables_config::DEFINITION, tables_config::rows),
        table(&task_runs::DEFINITION, task_runs::rows(runs_kept_ms)),
        table(&tasks::DEFINITION, tasks::rows),
        table(&variables::GLOBAL, variables::global_rows(Arc::clone(global_variables))),
        table(&variables::SESSION, variables::session_rows),
        table(&views::DEFINITION, views::rows),
    ];
    all.extend(fixed::TABLES.iter().map(|f| table(f.definition, |_: &SystemContext, _: &Wanted| Ok((f.rows)()))));
    // These two list the others and themselves.
    let listed = [&columns::DEFINITION, &tables::DEFINITION];
    let mut names: Vec<&'static str> = all.iter().map(|t| t.name()).chain(listed.iter().map(|d| d.name)).collect();
    names.sort_unstable();
    let shapes = all.iter().map(|t| (t.name(), t.schema())).chain(listed.iter().map(|d| (d.name, d.schema())));
    let shapes = shapes.map(|(name, schema)| (name, system_columns(&schema))).collect();
    all.push(table(&columns::DEFINITION, columns::rows(shapes)));
    all.push(table(&tables::DEFINITION, tables::rows(names)));
    all
}

/// Names and types of a system table's columns.
fn system_columns(schema: &Schema) -> Vec<(String, SqlType)> {
    let column = |f: &Arc<Field>| {
        let name = f.metadata().get(storage::schema::DISPLAY_NAME).unwrap_or(f.name()).clone();
        storage::schema::sql_type(f).map(|ty| (name, ty))
    };
    schema.fields().iter().filter_map(column).collect()
}

fn table<F>(definition: &'static Definition, list: F) -> Arc<dyn SystemTable>
where
    F: Fn(&SystemContext, &Wanted) -> base::Result<Vec<Vec<Value>>> + Send + Sync + 'static,
{
    Arc::new(Table { definition, list })
}

/// The type of a system table's column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Text,
    Number,
    Double,
    /// Milliseconds since 1970 UTC in [`Value::Time`].
    DateTime,
}

/// A value of a system table's row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Text(String),
    Number(i64),
    Double(f64),
    Time(i64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_string())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Value::Number(number as i64)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Number(number)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// A definition from which a [`SystemTable`] is made.
pub(crate) struct Definition {
    /// Lower case.
    pub(crate) name: &'static str,
    /// Upper case.
    pub(crate) columns: &'static [(&'static str, Type)],
}

impl Definition {
    pub(crate) fn schema(&self) -> SchemaRef {
        let field = |(name, ty): &(&str, Type)| {
            let sql_type = match ty {
                Type::Text => SqlType::Varchar(65_533),
                Type::Number => SqlType::BigInt,
                Type::Double => SqlType::Double,
                Type::DateTime => SqlType::DateTime,
            };
            let metadata = HashMap::from([
                (storage::schema::DISPLAY_NAME.to_string(), (*name).to_string()),
                (storage::schema::SQL_TYPE.to_string(), sql_type.to_string()),
            ]);
            Field::new(name.to_lowercase(), storage::schema::arrow_type(sql_type), true).with_metadata(metadata)
        };
        Arc::new(Schema::new(self.columns.iter().map(field).collect::<Vec<_>>()))
    }

    /// A batch of these rows; each row has a value for each column.
    pub(crate) fn batch(&self, rows: &[Vec<Value>]) -> base::Result<RecordBatch> {
        let column = |(i, (_, ty)): (usize, &(&str, Type))| -> ArrayRef {
            let values = rows.iter().map(move |r| &r[i]);
            match ty {
                Type::Text => Arc::new(StringViewArray::from_iter(values.map(|v| match v {
                    Value::Text(t) => Some(t.clone()),
                    Value::Number(n) => Some(n.to_string()),
                    _ => None,
                }))),
                Type::Number => Arc::new(Int64Array::from_iter(values.map(|v| match v {
                    Value::Number(n) => Some(*n),
                    _ => None,
                }))),
                Type::Double => Arc::new(Float64Array::from_iter(values.map(|v| match v {
                    Value::Double(d) => Some(*d),
                    _ => None,
                }))),
                Type::DateTime => Arc::new(TimestampMicrosecondArray::from_iter(values.map(|v| match v {
                    Value::Time(ms) => Some(ms / 1000 * 1_000_000),
                    _ => None,
                }))),
            }
        };
        let arrays = self.columns.iter().enumerate().map(column).collect();
        RecordBatch::try_new(self.schema(), arrays)
            .map_err(|e| base::Error::internal("could not build a system table").with("table", self.name).caused_by(e))
    }
}

/// A system table made of a definition and a function that lists its rows.
pub(crate) struct Table<F> {
    pub(crate) definition: &'static Definition,
    pub(crate) list: F,
}

impl<F> std::fmt::Debug for Table<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("name", &self.definition.name).finish_non_exhaustive()
    }
}

impl<F> SystemTable for Table<F>
where
    F: Fn(&SystemContext, &Wanted) -> base::Result<Vec<Vec<Value>>> + Send + Sync,
{
    fn name(&self) -> &'static str {
        self.definition.name
    }

    fn schema(&self) -> SchemaRef {
        self.definition.schema()
    }

    fn rows(&self, context: &SystemContext, wanted: &Wanted) -> base::Result<RecordBatch> {
        self.definition.batch(&(self.list)(context, wanted)?)
    }
}
