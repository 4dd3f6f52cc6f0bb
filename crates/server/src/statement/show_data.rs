//! SHOW DATA [FROM t]: stored bytes and rows, of every table of the current database or of one table.
//! Test: sql-tests/statement/show_data.test

use super::rows::{Cell, ShowTable};
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::{Error, Result};
use sql::{Cursor, ObjectName, ShowFilter};

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["SHOW", "DATA"]], parse };

struct ShowData {
    table: Option<ObjectName>,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    cursor.expect(&["SHOW", "DATA"])?;
    let table = cursor.optional_from()?;
    cursor.expect_end()?;
    Ok(Box::new(ShowData { table }))
}

#[async_trait]
impl Statement for ShowData {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let snapshot = session.snapshot();
        let table = if let Some(name) = self.table {
            let (database, name) = session.resolve(&name)?;
            let t = snapshot.table(&database, &name)?;
            if t.meta.is_view() {
                return Err(Error::invalid("a view stores no data").with("view", name));
            }
            let mut table = ShowTable::new(&["TableName", "IndexName", "Size", "ReplicaCount", "RowCount"])
                .with_numbers(&["ReplicaCount", "RowCount"]);
            let name = || Cell::from(t.meta.name.as_str());
            table.push(vec![name(), name(), size(t.bytes()).into(), copies(t.partitions.len()), t.rows().into()]);
            table
        } else {
            let database = session.resolve_database(None)?;
            let mut table = ShowTable::new(&["TableName", "Size", "ReplicaCount"]).with_numbers(&["ReplicaCount"]);
            let (mut bytes, mut partitions) = (0, 0);
            for t in snapshot.tables_in(snapshot.database(&database)?.id).filter(|t| !t.meta.is_view()) {
                (bytes, partitions) = (bytes + t.bytes(), partitions + t.partitions.len());
                table.push(vec![t.meta.name.as_str().into(), size(t.bytes()).into(), copies(t.partitions.len())]);
            }
            // StarRocks goes on with Quota and Left; there are no quotas here.
            table.push(vec!["Total".into(), size(bytes).into(), copies(partitions)]);
            table
        };
        table.reply(session, &ShowFilter::All, 0)
    }
}

/// The shared store keeps each partition once, whatever copies it makes itself.
fn copies(partitions: usize) -> Cell {
    Cell::Number(partitions as i64)
}

/// As StarRocks writes sizes: three decimals, a space, the largest unit of which there is at least one.
fn size(bytes: u64) -> String {
    let units = ["B", "KB", "MB", "GB", "TB", "PB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.3} {}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_take_the_largest_unit() {
        let shown: Vec<_> = [0, 1023, 1024, 1_490_944, 5 << 50].into_iter().map(size).collect();
        assert_eq!(shown, ["0.000 B", "1023.000 B", "1.000 KB", "1.422 MB", "5.000 PB"]);
    }
}
