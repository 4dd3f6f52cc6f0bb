//! RENAME and SWAP WITH.

use super::Edit;
use crate::statement::definition_target::{Verb, layout, table};
use base::{Error, Result};
use catalog::change::Change;
use catalog::{PartitionMeta, Partitioning, Table, TableMeta};
use std::sync::Arc;

/// # Errors
/// `TableExists`.
pub(super) fn rename(edit: &mut Edit<'_>, name: &str) -> Result<()> {
    base::names::check_table(name)?;
    let table = edit.table()?;
    put_name(edit, &table, name)?;
    put_partition_name(edit, &table, name)
}

/// Exchanges the names of two tables of one database.
///
/// # Errors
/// `UnknownTable`, `WrongObject`.
pub(super) fn swap(edit: &mut Edit<'_>, other: &str) -> Result<()> {
    let this = edit.table()?;
    let database = edit.draft.state().database_by_id(this.meta.db).map(|d| d.name.clone());
    let database = database.ok_or_else(|| Error::internal("a table has lost its database"))?;
    let other = table(edit.draft.state(), &database, other, Verb::Alter)?;
    if this.meta.id == other.meta.id {
        return Err(Error::invalid("a table cannot be swapped with itself"));
    }
    // Through a name that cannot be taken: names must be unique at every step.
    put_name(edit, &this, &format!("{}\u{1}swap", this.meta.name))?;
    put_name(edit, &other, &this.meta.name)?;
    put_name(edit, &this, &other.meta.name)?;
    put_partition_name(edit, &this, &other.meta.name)?;
    put_partition_name(edit, &other, &this.meta.name)
}

fn put_name(edit: &mut Edit<'_>, table: &Table, name: &str) -> Result<()> {
    let meta = TableMeta { name: name.to_string(), ..(*table.meta).clone() };
    edit.draft.apply(Change::PutTable(Arc::new(meta)))
}

/// The only partition of a table that is not divided has the table's name.
fn put_partition_name(edit: &mut Edit<'_>, table: &Table, name: &str) -> Result<()> {
    if layout(table)?.partitioning != Partitioning::None {
        return Ok(());
    }
    let renamed = table.partitions.values().map(|p| PartitionMeta { name: name.to_string(), ..p.meta.clone() });
    for partition in renamed {
        edit.draft.apply(Change::PutPartition { table: table.meta.id, partition })?;
    }
    Ok(())
}
