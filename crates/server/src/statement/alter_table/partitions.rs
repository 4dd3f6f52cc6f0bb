//! ADD, DROP and RENAME PARTITION.

use super::Edit;
use crate::statement::create_table::properties;
use crate::statement::definition_target::layout;
use crate::statement::partition_clause;
use crate::statement::truncate_table::partition_id;
use base::ids::PartitionId;
use base::{Error, Result};
use catalog::change::Change;
use catalog::{PartitionMeta, Partitioning, Table};
use sql::alter_table::{AddPartition, DropPartition, DroppedPartitions};

/// # Errors
/// `Invalid` for bounds that do not fit the table, `Unsupported` for temporary partitions.
pub(super) fn add(edit: &mut Edit<'_>, clause: &AddPartition) -> Result<()> {
    refuse_temporary(clause.temporary)?;
    if clause.distribution.is_some() {
        edit.notes.push("DISTRIBUTED BY of a partition".to_string());
    }
    properties::check_partition(&clause.properties, &mut edit.notes)?;
    let table = edit.table()?;
    let added = partition_clause::add(&table, &clause.partition, clause.if_not_exists, &mut edit.notes)?;
    for (name, bounds) in added {
        let partition = PartitionMeta { id: PartitionId(edit.draft.new_id()), name, bounds };
        edit.draft.apply(Change::AddPartition { table: edit.id, partition })?;
    }
    Ok(())
}

/// # Errors
/// `UnknownPartition`; `Unsupported` for DROP PARTITIONS WHERE.
pub(super) fn drop(edit: &mut Edit<'_>, clause: DropPartition) -> Result<()> {
    refuse_temporary(clause.temporary)?;
    let table = edit.table()?;
    check_divided(&table)?;
    let names = match clause.which {
        DroppedPartitions::Names(names) => names,
        DroppedPartitions::Batch(batch) => partition_clause::batch_names(&table, &batch)?,
        DroppedPartitions::Where(_) => {
            return Err(Error::unsupported("DROP PARTITIONS WHERE is not supported yet, name the partitions"));
        }
    };
    for name in names {
        if clause.if_exists && edit.table()?.partition(&name).is_none() {
            continue;
        }
        let partition = partition_id(&*edit.table()?, &name)?;
        edit.draft.apply(Change::DropPartition { table: edit.id, partition })?;
    }
    Ok(())
}

/// # Errors
/// `UnknownPartition`; `Invalid` if the new name is taken.
pub(super) fn rename(edit: &mut Edit<'_>, from: &str, to: String) -> Result<()> {
    let table = edit.table()?;
    check_divided(&table)?;
    let id = partition_id(&table, from)?;
    partition_clause::check_name(&to)?;
    if table.partition(&to).is_some() {
        return Err(Error::invalid(format!("Duplicate partition name {to}")));
    }
    let known = table.partitions.get(&id).ok_or_else(|| Error::internal("a partition is gone"))?;
    let partition = PartitionMeta { name: to, ..known.meta.clone() };
    edit.draft.apply(Change::PutPartition { table: edit.id, partition })
}

fn refuse_temporary(temporary: bool) -> Result<()> {
    if temporary {
        return Err(Error::unsupported("temporary partitions are not supported yet, use INSERT OVERWRITE"));
    }
    Ok(())
}

fn check_divided(table: &Table) -> Result<()> {
    match layout(table)?.partitioning {
        Partitioning::None => Err(Error::invalid("the table is not partitioned")),
        _ => Ok(()),
    }
}
