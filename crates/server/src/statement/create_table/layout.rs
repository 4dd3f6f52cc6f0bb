//! The clauses after the columns to a table's layout: key, sort order, partitions, distribution, properties.

use super::properties;
use crate::statement::partition_clause::{self, Named};
use base::ids::ColumnId;
use base::{Error, Result};
use catalog::model::column::find;
use catalog::{Column, Layout, SqlType};
use sql::table_clause::{Distribution, KeyClause, KeyKind, TableClauses};

/// StarRocks' limits for the key that a table gets when it declares none.
const IMPLICIT_KEY_COLUMNS_MAX: usize = 3;
const IMPLICIT_KEY_BYTES_MAX: usize = 36;

/// What the clauses make of a table.
#[derive(Debug)]
pub(in crate::statement) struct Declared {
    pub(in crate::statement) layout: Layout,
    pub(in crate::statement) partitions: Vec<Named>,
    /// Clauses that have no effect, for warnings.
    pub(in crate::statement) notes: Vec<String>,
}

/// Reads the clauses for a table of this name and these columns.
///
/// # Errors
/// `UnknownColumn`; `Invalid`; `Unsupported` for key models and clauses that Viewmill lacks.
pub(in crate::statement) fn declare(table: &str, columns: &[Column], clauses: &TableClauses) -> Result<Declared> {
    if let Some(engine) = clauses.engine.as_ref().filter(|e| e.value != "olap") {
        let message = "the only engine is olap, leave out ENGINE";
        return Err(Error::unsupported(message).with("engine", &engine.value).with("at", engine.position));
    }
    if let Some(rollups) = &clauses.rollups {
        let message = "rollups are not supported yet, use a materialized view";
        return Err(Error::unsupported(message).with("at", rollups.position));
    }
    let mut notes = Vec::new();
    let key_columns = match &clauses.key {
        Some(clause) => declared_key(clause, columns)?,
        None => implicit_key(columns),
    };
    let sort_key = match &clauses.order_by {
        Some(names) => sort_key(names, columns)?,
        None => key_columns.clone(),
    };
    let partition_by = clauses.partition_by.as_ref().map(|p| &p.value);
    let divided = partition_clause::declare(partition_by, columns, table, &mut notes)?;
    let (bucket_columns, buckets) = distribution(clauses.distribution.as_ref().map(|d| &d.value), columns, &mut notes)?;
    let pairs = clauses.properties.as_ref().map_or(&[][..], |p| &p.value);
    let layout = Layout {
        key_columns,
        sort_key,
        partitioning: divided.partitioning,
        bucket_columns,
        buckets,
        properties: properties::check_table(pairs, &mut notes)?,
    };
    Ok(Declared { layout, partitions: divided.partitions, notes })
}

fn declared_key(clause: &KeyClause, columns: &[Column]) -> Result<Vec<ColumnId>> {
    let model = match clause.kind {
        KeyKind::Duplicate => return prefix_key(&clause.columns, columns),
        KeyKind::Primary => "PRIMARY KEY",
        KeyKind::Unique => "UNIQUE KEY",
        KeyKind::Aggregate => "AGGREGATE KEY",
    };
    Err(Error::unsupported(format!("{model} tables are not supported yet, use DUPLICATE KEY")))
}

/// The key columns must be the table's first ones, in their order.
fn prefix_key(names: &[String], columns: &[Column]) -> Result<Vec<ColumnId>> {
    let mut ids = Vec::with_capacity(names.len());
    for (i, name) in names.iter().enumerate() {
        let column = find(columns, name)?;
        check_sortable(column)?;
        if columns.get(i).is_none_or(|c| c.id != column.id) {
            let message = "key columns must be the first columns of the table, in their order";
            return Err(Error::invalid(message).with("column", name));
        }
        ids.push(column.id);
    }
    Ok(ids)
}

/// The first columns, as far as they are short: up to three, 36 bytes, ending before a VARCHAR that is not the first one.
pub(in crate::statement) fn implicit_key(columns: &[Column]) -> Vec<ColumnId> {
    let mut key = Vec::new();
    let mut bytes = 0;
    for column in columns.iter().take(IMPLICIT_KEY_COLUMNS_MAX) {
        bytes += column.ty.fixed_bytes().unwrap_or(usize::MAX - bytes);
        let is_long_text = matches!(column.ty, SqlType::Char(_) | SqlType::Varchar(_)) && key.is_empty();
        if bytes > IMPLICIT_KEY_BYTES_MAX && !is_long_text || !column.ty.can_be_key() {
            break;
        }
        key.push(column.id);
        if bytes > IMPLICIT_KEY_BYTES_MAX {
            break;
        }
    }
    key
}

fn sort_key(names: &[String], columns: &[Column]) -> Result<Vec<ColumnId>> {
    let mut ids = Vec::with_capacity(names.len());
    for name in names {
        let column = find(columns, name)?;
        check_sortable(column)?;
        if ids.contains(&column.id) {
            return Err(Error::invalid("a column stands twice in ORDER BY").with("column", name));
        }
        ids.push(column.id);
    }
    Ok(ids)
}

fn check_sortable(column: &Column) -> Result<()> {
    if column.ty.can_be_key() {
        return Ok(());
    }
    let error = Error::invalid("a column of this type cannot be part of a key");
    Err(error.with("column", &column.name).with("type", column.ty))
}

/// Hash columns and number of buckets, for SHOW CREATE TABLE. Files are cut by size, and all cores write them.
fn distribution(
    clause: Option<&Distribution>,
    columns: &[Column],
    notes: &mut Vec<String>,
) -> Result<(Vec<ColumnId>, Option<u64>)> {
    let (names, buckets) = match clause {
        None => return Ok((Vec::new(), None)),
        Some(Distribution::Hash { columns, buckets }) => (columns.as_slice(), *buckets),
        Some(Distribution::Random { buckets }) => (&[][..], *buckets),
    };
    let mut ids = Vec::with_capacity(names.len());
    for name in names {
        let column = find(columns, name)?;
        check_sortable(column)?;
        ids.push(column.id);
    }
    if !ids.is_empty() {
        notes.push("DISTRIBUTED BY HASH".to_string());
    }
    if buckets.is_some() {
        notes.push("BUCKETS".to_string());
    }
    Ok((ids, buckets))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(types: &[&str]) -> Vec<Column> {
        let column = |(id, ty): (u64, &&str)| Column {
            id: ColumnId(id),
            name: format!("c{id}"),
            ty: if *ty == "CHAR40" { SqlType::Char(40) } else { SqlType::from_name(ty, &[]).unwrap() },
            nullable: true,
            default: None,
            comment: String::new(),
        };
        (1..).zip(types).map(column).collect()
    }

    #[test]
    fn implicit_keys_are_short() {
        let cases: &[(&[&str], usize)] = &[
            (&["INT", "INT", "INT", "INT"], 3),
            (&["INT", "STRING", "INT"], 1),
            (&["STRING", "INT"], 1),
            (&["CHAR40", "INT"], 1),
            (&["INT", "CHAR40"], 1),
            (&["LARGEINT", "LARGEINT", "INT"], 3),
            (&["LARGEINT", "LARGEINT", "BIGINT"], 2),
            (&["DOUBLE", "INT"], 0),
            (&["INT", "DOUBLE", "INT"], 1),
            (&["JSON"], 0),
        ];
        for (types, expected) in cases {
            assert_eq!(implicit_key(&columns(types)).len(), *expected, "{types:?}");
        }
    }

    #[test]
    fn a_declared_key_is_a_prefix() {
        let columns = columns(&["INT", "STRING", "DOUBLE"]);
        let key = |names: &[&str]| prefix_key(&names.iter().map(ToString::to_string).collect::<Vec<_>>(), &columns);
        assert_eq!(key(&["C1", "c2"]).unwrap(), [ColumnId(1), ColumnId(2)]);
        for names in [&["c2"][..], &["c2", "c1"], &["c1", "c1"], &["c1", "c2", "c3"], &["c9"]] {
            assert!(key(names).is_err(), "{names:?}");
        }
    }
}
