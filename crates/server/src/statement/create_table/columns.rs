//! Column definitions to columns: type, NULL, default. CREATE TABLE and ALTER TABLE read them alike.

use base::ids::ColumnId;
use base::{Error, ErrorKind, Result};
use catalog::{Column, DefaultValue, SqlType};
use chrono::NaiveDateTime;
use datafusion::arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use engine::Engine;
use engine::convert::{too_long, too_long_message};
use engine::write::default_value;
use sql::table_clause::{ColumnDef, DefaultClause};
use std::collections::HashSet;

/// What checking a default needs: the functions that convert it, and the statement's moment.
#[derive(Clone, Copy)]
pub(in crate::statement) struct Defaults<'a> {
    pub(in crate::statement) engine: &'a Engine,
    pub(in crate::statement) now: NaiveDateTime,
}

/// Reads the columns of a new table; ids count from 1.
///
/// # Errors
/// Those of [`define_one`]; `DuplicateColumn`.
pub(in crate::statement) fn define(defs: &[ColumnDef], defaults: Defaults<'_>) -> Result<Vec<Column>> {
    let columns = defs.iter().zip(1..).map(|(def, id)| {
        if def.key {
            let error = Error::invalid("KEY after a type is for ALTER TABLE, use DUPLICATE KEY (…) after the columns");
            return Err(error.with("column", &def.name));
        }
        define_one(def, ColumnId(id), defaults)
    });
    let columns = columns.collect::<Result<Vec<_>>>()?;
    check_distinct(columns.iter().map(|c| c.name.as_str()))?;
    Ok(columns)
}

/// # Errors
/// `DuplicateColumn`.
pub(in crate::statement) fn check_distinct<'a>(names: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(base::names::fold_column(name)) {
            return Err(Error::new(ErrorKind::DuplicateColumn, format!("Duplicate column name '{name}'")));
        }
    }
    Ok(())
}

/// Reads one column.
///
/// # Errors
/// `Unsupported` for aggregates, generated and AUTO_INCREMENT columns and types that Viewmill lacks; `Invalid` for a
/// default that is no value of the type.
pub(in crate::statement) fn define_one(def: &ColumnDef, id: ColumnId, defaults: Defaults<'_>) -> Result<Column> {
    base::names::check_column(&def.name)?;
    check_supported(def)?;
    let mut column = Column {
        id,
        name: def.name.clone(),
        ty: sql_type(def)?,
        nullable: def.nullable.unwrap_or(true),
        default: None,
        comment: def.comment.clone().unwrap_or_default(),
    };
    column.default = match &def.default {
        None => None,
        Some(clause) => default_of(clause, &column)?,
    };
    check_default(&mut column, defaults)?;
    Ok(column)
}

/// # Errors
/// `Unsupported`, naming the part that Viewmill does not have.
pub(in crate::statement) fn check_supported(def: &ColumnDef) -> Result<()> {
    let unsupported = |what: &str| Err(Error::unsupported(what).with("column", &def.name));
    if def.aggregate.is_some() {
        return unsupported("aggregated columns are not supported yet, use DUPLICATE KEY and aggregate in queries");
    }
    if def.auto_increment {
        return unsupported("AUTO_INCREMENT is not supported yet");
    }
    if def.generated.is_some() {
        return unsupported("generated columns are not supported yet, use a view");
    }
    Ok(())
}

/// # Errors
/// `Unsupported`, `Invalid`.
pub(in crate::statement) fn sql_type(def: &ColumnDef) -> Result<SqlType> {
    SqlType::from_name(&def.ty.name, &def.ty.args).map_err(|e| e.with("column", &def.name))
}

/// The default that a clause declares.
///
/// # Errors
/// `Invalid`, `Unsupported` for expressions other than the current timestamp.
pub(in crate::statement) fn default_of(clause: &DefaultClause, column: &Column) -> Result<Option<DefaultValue>> {
    match clause {
        DefaultClause::Null if column.nullable => Ok(None),
        DefaultClause::Null => {
            Err(Error::invalid("a NOT NULL column cannot have the default NULL").with("column", &column.name))
        }
        DefaultClause::Literal(text) => Ok(Some(DefaultValue::Literal(text.clone()))),
        DefaultClause::CurrentTimestamp => current_timestamp(column).map(Some),
        DefaultClause::Expr(text) => {
            let squeezed: String = text.to_uppercase().split_whitespace().collect();
            if matches!(squeezed.as_str(), "CURRENT_TIMESTAMP()" | "CURRENT_TIMESTAMP(0)" | "CURRENT_TIMESTAMP") {
                return current_timestamp(column).map(Some);
            }
            let message = "a default must be a literal or CURRENT_TIMESTAMP, other expressions are not supported yet";
            Err(Error::unsupported(message).with("column", &column.name).with("default", text))
        }
    }
}

fn current_timestamp(column: &Column) -> Result<DefaultValue> {
    if column.ty == SqlType::DateTime {
        return Ok(DefaultValue::CurrentTimestamp);
    }
    let error = Error::invalid("the default CURRENT_TIMESTAMP is for DATETIME columns");
    Err(error.with("column", &column.name).with("type", column.ty))
}

/// Checks that the default is a value of the column, and spells it so that it reads back without leniency: rows of files
/// that are older than the column have exactly this value.
///
/// # Errors
/// `Invalid`.
pub(in crate::statement) fn check_default(column: &mut Column, defaults: Defaults<'_>) -> Result<()> {
    let Some(DefaultValue::Literal(text)) = column.default.clone() else { return Ok(()) };
    let wrong = || {
        let error = Error::invalid("the default value is no value of the column's type");
        error.with("column", &column.name).with("type", column.ty).with("default", &text)
    };
    if is_integer(column.ty) && text.trim().parse::<i128>().is_err() {
        return Err(wrong());
    }
    let value = default_value(defaults.engine, column, defaults.now).map_err(|_| wrong())?;
    let array = value.to_array().map_err(|_| wrong())?;
    if let Some(row) = too_long(column, &array).first() {
        return Err(Error::invalid(too_long_message(column, &array, *row)));
    }
    let strict = ScalarValue::Utf8View(Some(text.clone())).cast_to(&value.data_type());
    if strict.is_ok_and(|strict| strict == value) {
        return Ok(());
    }
    let Ok(ScalarValue::Utf8(Some(mut canonical))) = value.cast_to(&DataType::Utf8) else { return Err(wrong()) };
    if column.ty == SqlType::DateTime {
        canonical = canonical.replace('T', " ");
    }
    column.default = Some(DefaultValue::Literal(canonical));
    Ok(())
}

fn is_integer(ty: SqlType) -> bool {
    matches!(ty, SqlType::TinyInt | SqlType::SmallInt | SqlType::Int | SqlType::BigInt | SqlType::LargeInt)
}
