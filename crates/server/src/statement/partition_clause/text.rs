//! A table's partitions back to SQL, for SHOW CREATE TABLE.

use super::value;
use catalog::{Bounds, Column, Datum, Partition, Partitioning, Table};
use sql::quote;
use std::sync::Arc;

/// The PARTITION BY clause that makes a table divided like this one; `None` if it is not divided.
///
/// Automatic partitions are not listed: they appear with the rows.
pub(in crate::statement) fn clause(table: &Table) -> Option<String> {
    let partitioning = &table.meta.layout()?.partitioning;
    let columns: Vec<&Column> = column_ids(partitioning).iter().filter_map(|id| table.meta.column(*id)).collect();
    let names: Vec<String> = columns.iter().map(|c| quote::identifier(&c.name)).collect();
    let names = names.join(", ");
    Some(match partitioning {
        Partitioning::None => return None,
        Partitioning::DateTrunc { unit, .. } => format!("PARTITION BY date_trunc('{unit}', {names})"),
        Partitioning::List { automatic: true, .. } => format!("PARTITION BY ({names})"),
        Partitioning::Range { .. } => {
            let mut partitions: Vec<&Arc<Partition>> = table.partitions.values().collect();
            // Each LESS THAN begins where the one before it ends.
            partitions.sort_by(|a, b| lower(&a.meta.bounds).cmp(&lower(&b.meta.bounds)));
            format!("PARTITION BY RANGE({names})\n({})", items(&partitions, &columns))
        }
        Partitioning::List { automatic: false, .. } => {
            let partitions: Vec<&Arc<Partition>> = table.partitions.values().collect();
            format!("PARTITION BY LIST({names})\n({})", items(&partitions, &columns))
        }
    })
}

fn column_ids(partitioning: &Partitioning) -> Vec<base::ids::ColumnId> {
    match partitioning {
        Partitioning::None => Vec::new(),
        Partitioning::DateTrunc { column, .. } | Partitioning::Range { column } => vec![*column],
        Partitioning::List { columns, .. } => columns.clone(),
    }
}

fn lower(bounds: &Bounds) -> Option<&Datum> {
    match bounds {
        Bounds::Range { lower, .. } => lower.as_ref(),
        _ => None,
    }
}

fn items(partitions: &[&Arc<Partition>], columns: &[&Column]) -> String {
    let item =
        |p: &&Arc<Partition>| format!("PARTITION {} VALUES {}", name(&p.meta.name), values(&p.meta.bounds, columns));
    partitions.iter().map(item).collect::<Vec<_>>().join(",\n")
}

/// Plain names stay without quotes, as StarRocks prints them.
fn name(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { name.to_string() } else { quote::identifier(name) }
}

fn values(bounds: &Bounds, columns: &[&Column]) -> String {
    let one = |value: &Datum, column: &Column| match value {
        Datum::Null => "NULL".to_string(),
        value => quote::double_quoted(&value::print(value, column.ty)),
    };
    let range_bound = |value: &Option<Datum>| match (value, columns.first()) {
        (Some(value), Some(column)) => format!("({})", one(value, column)),
        _ => "(MAXVALUE)".to_string(),
    };
    match bounds {
        Bounds::Range { lower: None, upper } => format!("LESS THAN {}", range_bound(upper)),
        Bounds::Range { lower, upper } => format!("[{}, {})", range_bound(lower), range_bound(upper)),
        Bounds::List(tuples) => {
            let tuple = |values: &Vec<Datum>| {
                let parts: Vec<String> = values.iter().zip(columns).map(|(v, c)| one(v, c)).collect();
                if columns.len() == 1 { parts.join("") } else { format!("({})", parts.join(", ")) }
            };
            format!("IN ({})", tuples.iter().map(tuple).collect::<Vec<_>>().join(", "))
        }
        // Only tables whose partitions are not listed have these.
        Bounds::All | Bounds::Null => String::new(),
    }
}
