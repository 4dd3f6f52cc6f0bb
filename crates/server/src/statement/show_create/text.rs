//! Definitions back to SQL in StarRocks' layout, which clients read line by line. Pure.

use crate::statement::partition_clause;
use base::ids::ColumnId;
use catalog::{Column, DefaultValue, Layout, MvDefinition, RefreshScheme, SqlType, Table, TableMeta};
use datafusion::arrow::datatypes::Schema;
use sql::quote::{double_quoted, identifier};
use std::collections::BTreeMap;

/// A CREATE TABLE statement that makes an equal, empty table.
pub(super) fn table(table: &Table, layout: &Layout) -> String {
    let meta = &table.meta;
    let columns: Vec<String> = meta.columns.iter().map(|c| format!("  {}", column(c))).collect();
    let mut text = format!("CREATE TABLE {} (\n{}\n) ENGINE=OLAP ", identifier(&meta.name), columns.join(",\n"));
    let mut line = |part: String| {
        text.push('\n');
        text.push_str(&part);
    };
    if !layout.key_columns.is_empty() {
        line(format!("DUPLICATE KEY({})", names(meta, &layout.key_columns)));
    }
    if !meta.comment.is_empty() {
        line(format!("COMMENT {}", double_quoted(&meta.comment)));
    }
    if let Some(clause) = partition_clause::text::clause(table) {
        line(clause);
    }
    line(distribution(meta, layout));
    if layout.sort_key != layout.key_columns {
        line(format!("ORDER BY({})", names(meta, &layout.sort_key)));
    }
    if !layout.properties.is_empty() {
        line(properties(&layout.properties));
    }
    text.push(';');
    text
}

/// A CREATE VIEW statement that makes the view.
pub(super) fn view(meta: &TableMeta, query: &str, database: &str) -> String {
    let mut text = format!("CREATE VIEW {} ({})", identifier(&meta.name), view_columns(&meta.columns));
    if !meta.comment.is_empty() {
        text.push_str(&format!("\nCOMMENT {}", double_quoted(&meta.comment)));
    }
    format!("{text}\nAS {};", sql::qualify(query, database))
}

/// A CREATE MATERIALIZED VIEW statement that makes the view.
pub(super) fn materialized_view(table: &Table, layout: &Layout, definition: &MvDefinition) -> String {
    let meta = &table.meta;
    let mut lines =
        vec![format!("CREATE MATERIALIZED VIEW {} ({})", identifier(&meta.name), view_columns(&meta.columns))];
    if !meta.comment.is_empty() {
        lines.push(format!("COMMENT {}", double_quoted(&meta.comment)));
    }
    lines.extend(partition_clause::text::clause(table));
    lines.push(distribution(meta, layout));
    lines.push(refresh(definition));
    if !layout.sort_key.is_empty() {
        lines.push(format!("ORDER BY ({})", names(meta, &layout.sort_key)));
    }
    if !layout.properties.is_empty() {
        lines.push(properties(&layout.properties));
    }
    lines.push(format!("AS {};", sql::qualify(&definition.query, &definition.database)));
    lines.join("\n")
}

fn refresh(definition: &MvDefinition) -> String {
    let moment = if definition.refresh.immediate { "" } else { "DEFERRED " };
    let scheme = match &definition.refresh.scheme {
        RefreshScheme::Manual => "MANUAL".to_string(),
        RefreshScheme::OnChange => "ASYNC".to_string(),
        RefreshScheme::Every { start_text, count, unit, .. } => {
            let start = start_text.as_ref().map(|s| format!("START({}) ", double_quoted(s))).unwrap_or_default();
            format!("ASYNC {start}EVERY(INTERVAL {count} {})", unit.to_uppercase())
        }
    };
    format!("REFRESH {moment}{scheme}")
}

/// A system table's columns. Nobody can create it, but clients read the columns from here.
pub(super) fn system_table(name: &str, schema: &Schema) -> String {
    let column = |field: &datafusion::arrow::datatypes::FieldRef| {
        let name = field.metadata().get(storage::schema::DISPLAY_NAME).unwrap_or(field.name());
        let ty = storage::schema::sql_type(field).map_or_else(|| field.data_type().to_string(), type_name);
        format!("  {} {ty} NULL COMMENT \"\"", identifier(name))
    };
    let columns: Vec<String> = schema.fields().iter().map(column).collect();
    format!("CREATE TABLE {} (\n{}\n) ENGINE=MEMORY ;", identifier(name), columns.join(",\n"))
}

/// `PROPERTIES (…)`, one property a line, sorted.
pub(super) fn properties(properties: &BTreeMap<String, String>) -> String {
    let line = |(key, value): (&String, &String)| format!("{} = {}", double_quoted(key), double_quoted(value));
    format!("PROPERTIES (\n{}\n)", properties.iter().map(line).collect::<Vec<_>>().join(",\n"))
}

fn column(column: &Column) -> String {
    let nullable = if column.nullable { "NULL" } else { "NOT NULL" };
    let default = match &column.default {
        None => String::new(),
        Some(DefaultValue::Literal(text)) => format!(" DEFAULT {}", double_quoted(text)),
        Some(DefaultValue::CurrentTimestamp) => " DEFAULT CURRENT_TIMESTAMP".to_string(),
    };
    let (name, ty) = (identifier(&column.name), type_name(column.ty));
    format!("{name} {ty} {nullable}{default} COMMENT {}", double_quoted(&column.comment))
}

/// The type without the display width of LARGEINT: SQLAlchemy reads this text and gives up on a table with an unknown type
/// that has arguments.
fn type_name(ty: SqlType) -> String {
    match ty {
        SqlType::LargeInt => "largeint".to_string(),
        other => other.to_string(),
    }
}

fn view_columns(columns: &[Column]) -> String {
    let column = |c: &Column| match c.comment.as_str() {
        "" => identifier(&c.name),
        comment => format!("{} COMMENT {}", identifier(&c.name), double_quoted(comment)),
    };
    columns.iter().map(column).collect::<Vec<_>>().join(", ")
}

fn names(meta: &TableMeta, ids: &[ColumnId]) -> String {
    let names = ids.iter().filter_map(|id| meta.column(*id)).map(|c| identifier(&c.name));
    names.collect::<Vec<_>>().join(", ")
}

fn distribution(meta: &TableMeta, layout: &Layout) -> String {
    let buckets = layout.buckets.map(|n| format!(" BUCKETS {n}")).unwrap_or_default();
    if layout.bucket_columns.is_empty() {
        return format!("DISTRIBUTED BY RANDOM{buckets}");
    }
    format!("DISTRIBUTED BY HASH({}){buckets}", names(meta, &layout.bucket_columns))
}
