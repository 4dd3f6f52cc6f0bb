//! SHOW PARTITIONS FROM t [WHERE] [ORDER BY] [LIMIT]; with the columns of StarRocks' shared-data mode.
//! Test: sql-tests/statement/show_partitions.test

use super::rows::ShowTable;
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::ids::ColumnId;
use base::{Error, ErrorKind, Result};
use catalog::{Bounds, Datum, Partition, Partitioning, Table};
use sql::{Cursor, ObjectName, ShowFilter, ast};
use std::sync::Arc;

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["SHOW", "PARTITIONS"]], parse };

struct ShowPartitions {
    table: ObjectName,
    filter: ShowFilter,
    order: Vec<(ast::Expr, bool)>,
    limit: Option<(u64, u64)>,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    cursor.expect(&["SHOW", "PARTITIONS"])?;
    cursor.expect_one_of(&["FROM", "IN"])?;
    let table = cursor.name()?;
    let filter = cursor.like_or_where()?;
    let order = cursor.optional_order_by()?;
    let limit = cursor.optional_limit()?;
    cursor.expect_end()?;
    Ok(Box::new(ShowPartitions { table, filter, order, limit }))
}

#[async_trait]
impl Statement for ShowPartitions {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let snapshot = session.snapshot();
        let table = session.find_table(&snapshot, &self.table)?;
        let layout = table.meta.layout().ok_or_else(|| {
            Error::new(ErrorKind::WrongObject, format!("'{}' is a view and has no partitions", table.meta.name))
        })?;
        let list = matches!(layout.partitioning, Partitioning::List { .. });
        let mut shown = ShowTable::new(&[
            "PartitionId",
            "PartitionName",
            "CompactVersion",
            "VisibleVersion",
            "NextVersion",
            "State",
            "PartitionKey",
            if list { "List" } else { "Range" },
            "DistributionKey",
            "Buckets",
            "DataSize",
            "RowCount",
            "EnableDataCache",
            "AsyncWrite",
            "AvgCS",
            "P50CS",
            "MaxCS",
        ]);
        for p in in_order(&table) {
            shown.push(vec![
                p.meta.id.0.into(),
                p.meta.name.as_str().into(),
                p.phys_version.0.into(),
                p.data_version.0.into(),
                (table.version.0 + 1).into(),
                "NORMAL".into(),
                key_text(&table).into(),
                bounds_text(&table, &p.meta.bounds).into(),
                bucket_text(&table).into(),
                layout.buckets.unwrap_or(0).into(),
                size_text(p.bytes()).into(),
                p.rows().into(),
                "false".into(),
                "false".into(),
                "0.00".into(),
                "0.00".into(),
                "0.00".into(),
            ]);
        }
        shown.keep_and_order(session, &self.filter, 1, &self.order)?.limited(self.limit).all()
    }
}

/// By bounds, the NULL partition first.
fn in_order(table: &Table) -> Vec<&Arc<Partition>> {
    let mut partitions: Vec<&Arc<Partition>> = table.partitions.values().collect();
    let start = |p: &Partition| match &p.meta.bounds {
        Bounds::Range { lower, .. } => vec![lower.clone().unwrap_or(Datum::Null)],
        Bounds::List(tuples) => tuples.first().cloned().unwrap_or_default(),
        Bounds::All | Bounds::Null => Vec::new(),
    };
    partitions.sort_by_cached_key(|p| start(p));
    partitions
}

/// The partition columns.
pub(crate) fn key_text(table: &Table) -> String {
    let columns: Vec<ColumnId> = match table.meta.layout().map(|l| &l.partitioning) {
        Some(Partitioning::DateTrunc { column, .. } | Partitioning::Range { column }) => vec![*column],
        Some(Partitioning::List { columns, .. }) => columns.clone(),
        _ => Vec::new(),
    };
    let names = columns.iter().filter_map(|id| table.meta.column(*id)).map(|c| c.name.as_str());
    names.collect::<Vec<_>>().join(", ")
}

/// StarRocks' text of a partition's bounds.
pub(crate) fn bounds_text(table: &Table, bounds: &Bounds) -> String {
    let ty = match table.meta.layout().map(|l| &l.partitioning) {
        Some(Partitioning::DateTrunc { column, .. } | Partitioning::Range { column }) => {
            table.meta.column(*column).map_or(String::new(), |c| c.ty.base_name().to_uppercase())
        }
        _ => String::new(),
    };
    let key = |value: &Datum| format!("types: [{ty}]; keys: [{value}]; ");
    match bounds {
        Bounds::All => String::new(),
        Bounds::Null => "NULL".to_string(),
        Bounds::Range { lower, upper } => {
            let lower = lower.as_ref().map_or_else(|| "-oo; ".to_string(), key);
            let upper = upper.as_ref().map_or_else(|| "+oo; ".to_string(), key);
            format!("[{lower}..{upper})")
        }
        Bounds::List(tuples) => {
            let value = |v: &Datum| match v {
                Datum::Null => "NULL".to_string(),
                v => format!("'{v}'"),
            };
            let tuple = |t: &Vec<Datum>| {
                let values = t.iter().map(value).collect::<Vec<_>>().join(", ");
                if t.len() == 1 { values } else { format!("({values})") }
            };
            format!("({})", tuples.iter().map(tuple).collect::<Vec<_>>().join(", "))
        }
    }
}

fn bucket_text(table: &Table) -> String {
    let columns = table.meta.layout().map(|l| l.bucket_columns.as_slice()).unwrap_or_default();
    if columns.is_empty() {
        return "ALL KEY".to_string();
    }
    columns.iter().filter_map(|id| table.meta.column(*id)).map(|c| c.name.clone()).collect::<Vec<_>>().join(", ")
}

/// `0B`, `4KB`, `1.2MB`.
pub(crate) fn size_text(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = if unit == 0 || value.fract() < 0.05 { 0 } else { 1 };
    format!("{value:.digits$}{}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        for (bytes, text) in [(0, "0B"), (4096, "4KB"), (1536, "1.5KB"), (5 << 30, "5GB")] {
            assert_eq!(size_text(bytes), text);
        }
    }
}
