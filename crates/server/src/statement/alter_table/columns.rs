//! ADD, DROP, MODIFY and RENAME COLUMN.

use super::Edit;
use super::column_type::{Use, widens};
use crate::statement::create_table::columns::{
    Defaults, check_default, check_supported, default_of, define_one, sql_type,
};
use base::ids::ColumnId;
use base::{Error, ErrorKind, Result};
use catalog::change::Change;
use catalog::model::column::find;
use catalog::{Column, DefaultValue, Layout, MvState, Partitioning, SqlType, Table, TableMeta};
use sql::alter_table::ColumnPlace;
use sql::table_clause::ColumnDef;

/// Adds columns; rows that are there have the default in them.
///
/// # Errors
/// `DuplicateColumn`, `UnknownColumn` for AFTER, and those of a column definition.
pub(super) fn add(edit: &mut Edit<'_>, defs: &[ColumnDef], place: Option<&ColumnPlace>) -> Result<()> {
    for def in defs {
        let table = edit.table()?;
        if def.key {
            return Err(Error::unsupported("key columns cannot be added to a table yet").with("column", &def.name));
        }
        let id = ColumnId(table.meta.next_column_id);
        let column = define_one(def, id, Defaults { engine: &edit.engine, now: edit.now })?;
        check_free(&table.meta, &column.name)?;
        check_old_rows(&table, &column)?;
        edit.change(|meta, layout| {
            let at = position(&meta.columns, place)?;
            meta.columns.insert(at, column);
            meta.next_column_id += 1;
            shorten_key(meta, layout);
            Ok(())
        })?;
    }
    Ok(())
}

/// # Errors
/// `UnknownColumn`; `Invalid` for columns that the table cannot be without.
pub(super) fn drop(edit: &mut Edit<'_>, name: &str) -> Result<()> {
    let table = edit.table()?;
    let column = find(&table.meta.columns, name)?;
    let id = column.id;
    edit.change(|meta, layout| {
        let needed = if meta.columns.len() == 1 {
            Some("it is the table's only column")
        } else if partition_columns(layout).contains(&id) {
            Some("the table is partitioned by it")
        } else if layout.bucket_columns.contains(&id) {
            Some("the table is distributed by it")
        } else if layout.sort_key.contains(&id) && layout.sort_key != layout.key_columns {
            Some("the table is ordered by it")
        } else {
            None
        };
        if let Some(why) = needed {
            return Err(Error::invalid(format!("column {name} cannot be dropped, {why}")));
        }
        meta.columns.retain(|c| c.id != id);
        // Old files stay sorted by what comes before the column.
        for key in [&mut layout.key_columns, &mut layout.sort_key] {
            if let Some(at) = key.iter().position(|k| *k == id) {
                key.truncate(at);
            }
        }
        Ok(())
    })?;
    stop_views(edit, column)
}

/// # Errors
/// `UnknownColumn`, `DuplicateColumn`.
pub(super) fn rename(edit: &mut Edit<'_>, from: &str, to: String) -> Result<()> {
    base::names::check_column(&to)?;
    let table = edit.table()?;
    let column = find(&table.meta.columns, from)?;
    if column.folded() != base::names::fold_column(&to) {
        check_free(&table.meta, &to)?;
        stop_views(edit, column)?;
    }
    let id = column.id;
    edit.change(|meta, _| {
        meta.columns.iter_mut().filter(|c| c.id == id).for_each(|c| c.name.clone_from(&to));
        Ok(())
    })
}

/// Changes what the definition mentions; the rest of the column stays.
///
/// # Errors
/// `UnknownColumn`; `Unsupported` for types that would not keep every value.
pub(super) fn modify(edit: &mut Edit<'_>, def: &ColumnDef, place: Option<&ColumnPlace>) -> Result<()> {
    check_supported(def)?;
    let table = edit.table()?;
    let old = find(&table.meta.columns, &def.name)?;
    let layout = crate::statement::definition_target::layout(&table)?;
    let ty = sql_type(def)?;
    check_type(old, ty, layout)?;
    if def.nullable == Some(false) && old.nullable {
        let error = Error::invalid("a column that may hold NULL cannot become NOT NULL");
        return Err(error.with("column", &old.name));
    }
    let mut new = Column { ty, nullable: def.nullable.unwrap_or(old.nullable), ..old.clone() };
    if let Some(clause) = &def.default {
        new.default = default_of(clause, &new)?;
    }
    if let Some(comment) = &def.comment {
        new.comment.clone_from(comment);
    }
    check_default(&mut new, Defaults { engine: &edit.engine, now: edit.now })?;
    if new.default != old.default && is_younger_than_files(&table, old.id) {
        let message = "rows older than this column have its default as their value, so the default cannot be changed";
        return Err(Error::unsupported(message).with("column", &old.name));
    }
    if new.ty != old.ty {
        stop_views(edit, old)?;
    }
    let id = old.id;
    edit.change(|meta, layout| {
        if let Some(known) = meta.columns.iter_mut().find(|c| c.id == id) {
            *known = new;
        }
        if place.is_some() {
            move_column(meta, id, place)?;
            shorten_key(meta, layout);
        }
        Ok(())
    })
}

fn check_type(old: &Column, ty: SqlType, layout: &Layout) -> Result<()> {
    if old.ty == ty {
        return Ok(());
    }
    if partition_columns(layout).contains(&old.id) {
        let error = Error::unsupported("the type of a partition column cannot be changed");
        return Err(error.with("column", &old.name));
    }
    let sorted = layout.sort_key.contains(&old.id) || layout.key_columns.contains(&old.id);
    if !ty.can_be_key() && (sorted || layout.bucket_columns.contains(&old.id)) {
        let error = Error::invalid("a column of this type cannot be part of a key");
        return Err(error.with("column", &old.name).with("type", ty));
    }
    if widens(old.ty, ty, if sorted { Use::SortKey } else { Use::Plain }) {
        return Ok(());
    }
    let message =
        "the type of a column can only be changed to one that keeps every value; add a column and fill it instead";
    Err(Error::unsupported(message).with("column", &old.name).with("from", old.ty).with("to", ty))
}

fn move_column(meta: &mut TableMeta, id: ColumnId, place: Option<&ColumnPlace>) -> Result<()> {
    let Some(from) = meta.columns.iter().position(|c| c.id == id) else {
        return Err(Error::internal("a column is gone").with("id", id));
    };
    let column = meta.columns.remove(from);
    let at = position(&meta.columns, place)?;
    meta.columns.insert(at, column);
    Ok(())
}

/// Where a column goes: at the end unless a place is given.
fn position(columns: &[Column], place: Option<&ColumnPlace>) -> Result<usize> {
    match place {
        None => Ok(columns.len()),
        Some(ColumnPlace::First) => Ok(0),
        Some(ColumnPlace::After(name)) => {
            let before = find(columns, name)?.id;
            Ok(columns.iter().position(|c| c.id == before).map_or(columns.len(), |i| i + 1))
        }
    }
}

/// Key columns are the first ones of a table: those that no longer are stop being key columns, and stay in the sort key.
fn shorten_key(meta: &TableMeta, layout: &mut Layout) {
    let in_place = meta.columns.iter().zip(&layout.key_columns).take_while(|(c, k)| c.id == **k).count();
    layout.key_columns.truncate(in_place);
}

fn check_free(meta: &TableMeta, name: &str) -> Result<()> {
    if find(&meta.columns, name).is_ok() {
        return Err(Error::new(ErrorKind::DuplicateColumn, format!("Duplicate column name '{name}'")));
    }
    Ok(())
}

fn check_old_rows(table: &Table, column: &Column) -> Result<()> {
    let literal = matches!(column.default, Some(DefaultValue::Literal(_)));
    if !column.nullable && !literal {
        let message = "a new NOT NULL column needs a literal default for the rows that are there";
        return Err(Error::invalid(message).with("column", &column.name));
    }
    let has_rows = table.partitions.values().any(|p| !p.files.is_empty());
    if has_rows && column.default == Some(DefaultValue::CurrentTimestamp) {
        let message = "a column with DEFAULT CURRENT_TIMESTAMP can only be added to an empty table yet";
        return Err(Error::unsupported(message).with("column", &column.name));
    }
    Ok(())
}

/// Whether some file was written before the column was added.
fn is_younger_than_files(table: &Table, column: ColumnId) -> bool {
    let mut files = table.partitions.values().flat_map(|p| p.files.iter());
    files.any(|f| f.columns.iter().all(|c| c.id != column))
}

fn partition_columns(layout: &Layout) -> Vec<ColumnId> {
    match &layout.partitioning {
        Partitioning::None => Vec::new(),
        Partitioning::DateTrunc { column, .. } | Partitioning::Range { column } => vec![*column],
        Partitioning::List { columns, .. } => columns.clone(),
    }
}

/// Makes the materialized views inactive that read a column which is no longer what they were made for.
fn stop_views(edit: &mut Edit<'_>, column: &Column) -> Result<()> {
    let reads = |t: &Table| {
        let definition = t.meta.materialized();
        definition.is_some_and(|d| d.bases.iter().any(|b| b.table == edit.id && b.columns.contains(&column.id)))
    };
    let active = edit.draft.state().tables().filter(|t| reads(t)).filter_map(|t| Some((t.meta.id, t.mv.as_deref()?)));
    let reason = format!("base table schema changed for columns: {}", column.name);
    let stopped: Vec<_> = active
        .filter(|(_, state)| state.is_active())
        .map(|(table, state)| Change::PutMvState {
            table,
            state: MvState { inactive_reason: Some(reason.clone()), ..state.clone() },
        })
        .collect();
    stopped.into_iter().try_for_each(|change| edit.draft.apply(change))
}
