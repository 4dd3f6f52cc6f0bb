//! TRUNCATE TABLE: all rows of the table, or of some partitions, in one commit. Partitions stay.
//! Test: sql-tests/statement/truncate_table.test

use super::definition_target::{Verb, resolve, table};
use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::ids::PartitionId;
use base::{Error, ErrorKind, Result};
use catalog::{Draft, Table, TableWrite, WriteMode};
use sql::{Cursor, ObjectName};

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["TRUNCATE"]], parse };

struct Truncate {
    name: ObjectName,
    partitions: Option<Vec<String>>,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    cursor.expect(&["TRUNCATE"])?;
    cursor.skip(&["TABLE"]);
    let name = cursor.name()?;
    let named = cursor.skip_one_of(&["PARTITIONS", "PARTITION"]).is_some();
    let partitions = match named {
        true if cursor.starts_with(&["("]) => Some(cursor.columns()?),
        true => Some(vec![cursor.identifier()?]),
        false => None,
    };
    cursor.expect_end()?;
    Ok(Box::new(Truncate { name, partitions }))
}

#[async_trait]
impl Statement for Truncate {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        let (database, name) = resolve(session, &self.name)?;
        let partitions = self.partitions;
        let truncated = session.server.catalog.commit(move |draft| {
            let found = table(draft.state(), &database, &name, Verb::Truncate)?;
            truncate(draft, &found, partitions.as_deref())
        });
        truncated.await?;
        Ok(Reply::done())
    }
}

/// Removes all rows, or those of the named partitions.
///
/// # Errors
/// `UnknownPartition`.
pub(super) fn truncate(draft: &mut Draft, table: &Table, partitions: Option<&[String]>) -> Result<()> {
    let mode = match partitions {
        None => WriteMode::Overwrite,
        Some(names) => {
            let ids = names.iter().map(|n| partition_id(table, n)).collect::<Result<_>>()?;
            WriteMode::OverwritePartitions(ids)
        }
    };
    draft.write_table(TableWrite { table: table.meta.id, files: Vec::new(), mode })
}

/// # Errors
/// `UnknownPartition`.
pub(super) fn partition_id(table: &Table, name: &str) -> Result<PartitionId> {
    let found = table.partition(name).map(|p| p.meta.id);
    found.ok_or_else(|| {
        let message = format!("Unknown partition '{name}' in table '{}'", table.meta.name);
        Error::new(ErrorKind::UnknownPartition, message)
    })
}
