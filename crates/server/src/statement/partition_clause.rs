//! PARTITION BY: which columns divide a table's rows, and the partitions that statements name.
//!
//! CREATE TABLE declares ([`declare`]), ALTER TABLE adds ([`add`]), SHOW CREATE TABLE prints ([`text`]). Partitions of a
//! table never share a name or a row.

mod batch;
pub(super) mod text;
mod value;

use super::create_table::properties;
use base::{Error, Result};
use catalog::model::column::find;
use catalog::{Bounds, Column, Datum, Partitioning, SqlType, Table, TimeUnit};
use sql::alter_table::NewPartition;
use sql::ast;
use sql::partition::{Batch, ListItem, PartitionBy, PartitionValue, RangeItem};
use value::Kind;

/// A partition's name and rows.
pub(super) type Named = (String, Bounds);

/// How a new table is divided.
#[derive(Debug)]
pub(super) struct Declared {
    pub(super) partitioning: Partitioning,
    pub(super) partitions: Vec<Named>,
}

/// Reads a table's PARTITION BY; without one the table has a single partition of its own name.
///
/// Properties of partitions without effect are added to `notes`.
///
/// # Errors
/// `UnknownColumn`; `Invalid` for clauses that make no sense for the columns, `Unsupported` for other expressions.
pub(super) fn declare(
    clause: Option<&PartitionBy>,
    columns: &[Column],
    table: &str,
    notes: &mut Vec<String>,
) -> Result<Declared> {
    let mut partitions = Partitions::default();
    let partitioning = match clause {
        None => {
            partitions.all.push((table.to_string(), Bounds::All));
            Partitioning::None
        }
        Some(PartitionBy::Expressions(exprs)) => automatic(exprs, columns)?,
        Some(PartitionBy::Range { columns: exprs, items }) => {
            let column = range_column(exprs, columns)?;
            for item in items {
                partitions.add_range(item, column, notes)?;
            }
            Partitioning::Range { column: column.id }
        }
        Some(PartitionBy::List { columns: exprs, items }) => {
            let listed = list_columns(exprs, columns)?;
            for item in items {
                partitions.add_list(item, &listed, notes)?;
            }
            Partitioning::List { columns: listed.iter().map(|c| c.id).collect(), automatic: false }
        }
    };
    Ok(Declared { partitioning, partitions: partitions.all })
}

/// Reads ADD PARTITION: the partitions that are new. `if_not_exists` skips names that are there.
///
/// # Errors
/// `Invalid` when the table is not divided that way, or a name or row would belong to two partitions.
pub(super) fn add(
    table: &Table,
    clause: &NewPartition,
    if_not_exists: bool,
    notes: &mut Vec<String>,
) -> Result<Vec<Named>> {
    let layout = super::definition_target::layout(table)?;
    let column = |id: base::ids::ColumnId| {
        table.meta.column(id).ok_or_else(|| Error::internal("a partition column is gone").with("id", id))
    };
    let known = table.partitions.values().map(|p| (p.meta.name.clone(), p.meta.bounds.clone()));
    let mut partitions = Partitions { all: known.collect(), skip_known: if_not_exists };
    let before = partitions.all.len();
    match (&layout.partitioning, clause) {
        (Partitioning::None, _) => return Err(Error::invalid("the table is not partitioned")),
        (Partitioning::List { automatic: true, .. }, _) => {
            return Err(Error::invalid("the partitions of this table appear with their rows and cannot be added"));
        }
        (Partitioning::Range { column: id }, NewPartition::Range(item)) => {
            partitions.add_range(item, column(*id)?, notes)?;
        }
        (Partitioning::Range { column: id }, NewPartition::Batch(batch)) => {
            partitions.add_batch(batch, column(*id)?)?;
        }
        (Partitioning::DateTrunc { column: id, unit }, NewPartition::Range(item @ RangeItem::Fixed { .. })) => {
            partitions.add_range(item, column(*id)?, notes)?;
            check_periods(&partitions.all[before..], *unit)?;
        }
        (Partitioning::DateTrunc { column: id, unit }, NewPartition::Batch(batch)) => {
            partitions.add_batch(batch, column(*id)?)?;
            check_periods(&partitions.all[before..], *unit)?;
        }
        (Partitioning::List { columns, .. }, NewPartition::List(item)) => {
            let listed = columns.iter().map(|id| column(*id)).collect::<Result<Vec<_>>>()?;
            partitions.add_list(item, &listed, notes)?;
        }
        (Partitioning::List { .. }, _) => {
            return Err(Error::invalid("the table is partitioned by LIST: use VALUES IN (…)"));
        }
        _ => return Err(Error::invalid("the table is partitioned by ranges: use VALUES [(…), (…))")),
    }
    Ok(partitions.all.split_off(before))
}

/// The names that `START … END … EVERY …` gives to the partitions of a table.
pub(super) fn batch_names(table: &Table, batch: &Batch) -> Result<Vec<String>> {
    let id = match super::definition_target::layout(table)?.partitioning {
        Partitioning::Range { column } | Partitioning::DateTrunc { column, .. } => column,
        _ => return Err(Error::invalid("START … END … EVERY is for tables that are partitioned by ranges")),
    };
    let column = table.meta.column(id).ok_or_else(|| Error::internal("a partition column is gone"))?;
    Ok(batch::expand(batch, column)?.into_iter().map(|(name, ..)| name).collect())
}

/// Checks a name that a user gives to a partition.
///
/// # Errors
/// `Invalid`.
pub(super) fn check_name(name: &str) -> Result<()> {
    const BYTES_MAX: usize = 1024;
    let first = name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
    let legal = first && name.len() <= BYTES_MAX && name.chars().all(|c| c.is_alphanumeric() || "_-".contains(c));
    if legal {
        return Ok(());
    }
    let message = "a partition name begins with a letter and has letters, digits, _ and -";
    Err(Error::invalid(message).with("partition", name))
}

/// A table's partitions while a statement adds to them.
#[derive(Default)]
struct Partitions {
    all: Vec<Named>,
    /// Names that are there are skipped instead of refused.
    skip_known: bool,
}

impl Partitions {
    fn add(&mut self, name: &str, bounds: Bounds) -> Result<()> {
        check_name(name)?;
        if self.all.iter().any(|(known, _)| known == name) {
            if self.skip_known {
                return Ok(());
            }
            return Err(Error::invalid(format!("Duplicate partition name {name}")));
        }
        if let Some((other, _)) = self.all.iter().find(|(_, known)| known.overlaps(&bounds)) {
            let message = format!("partition {name} would share rows with partition {other}");
            return Err(Error::invalid(message));
        }
        self.all.push((name.to_string(), bounds));
        Ok(())
    }

    fn add_range(&mut self, item: &RangeItem, column: &Column, notes: &mut Vec<String>) -> Result<()> {
        let (name, lower, upper) = match item {
            RangeItem::Batch(batch) => return self.add_batch(batch, column),
            RangeItem::LessThan { name, values, properties } => {
                properties::check_partition(properties, notes)?;
                let upper = bound(name, column, values)?;
                (name, self.greatest_upper_below(upper.as_ref()), upper)
            }
            RangeItem::Fixed { name, lower, upper, properties } => {
                properties::check_partition(properties, notes)?;
                let minimum = matches!(lower.as_slice(), [PartitionValue::Value(v)] if value::is_minimum(v, column.ty));
                let lower = if minimum { None } else { Some(lower_bound(name, column, lower)?) };
                (name, lower, bound(name, column, upper)?)
            }
        };
        if let (Some(lower), Some(upper)) = (&lower, &upper)
            && lower >= upper
        {
            let error = Error::invalid("the lower bound of a partition must be below its upper bound");
            return Err(error.with("partition", name).with("lower", lower).with("upper", upper));
        }
        self.add(name, Bounds::Range { lower, upper })
    }

    fn add_batch(&mut self, batch: &Batch, column: &Column) -> Result<()> {
        for (name, lower, upper) in batch::expand(batch, column)? {
            self.add(&name, Bounds::Range { lower: Some(lower), upper: Some(upper) })?;
        }
        Ok(())
    }

    /// Where `LESS THAN (upper)` begins: at the end of the partition before it.
    fn greatest_upper_below(&self, upper: Option<&Datum>) -> Option<Datum> {
        let uppers = self.all.iter().filter_map(|(_, bounds)| match bounds {
            Bounds::Range { upper, .. } => upper.as_ref(),
            _ => None,
        });
        uppers.filter(|known| upper.is_none_or(|upper| *known < upper)).max().cloned()
    }

    fn add_list(&mut self, item: &ListItem, columns: &[&Column], notes: &mut Vec<String>) -> Result<()> {
        properties::check_partition(&item.properties, notes)?;
        let mut tuples = Vec::with_capacity(item.values.len());
        for values in &item.values {
            if values.len() != columns.len() {
                let error = Error::invalid("a value of a list partition needs a part for each partition column");
                return Err(error.with("partition", &item.name).with("columns", columns.len()));
            }
            let parts = columns.iter().zip(values).map(|(column, value)| list_value(&item.name, column, value));
            let tuple = parts.collect::<Result<Vec<_>>>()?;
            if tuples.contains(&tuple) {
                let error = Error::invalid("a value stands twice in a list partition");
                return Err(error.with("partition", &item.name));
            }
            tuples.push(tuple);
        }
        self.add(&item.name, Bounds::List(tuples))
    }
}

/// A bound; `None` is MAXVALUE.
fn bound(partition: &str, column: &Column, values: &[PartitionValue]) -> Result<Option<Datum>> {
    match values {
        [PartitionValue::MaxValue] => Ok(None),
        [PartitionValue::Value(text)] => value::read(text, column, partition, Kind::Bound).map(Some),
        [PartitionValue::Null] => Err(Error::invalid("NULL cannot be a bound of a range").with("partition", partition)),
        _ => Err(Error::invalid("a bound of a range has one value").with("partition", partition)),
    }
}

fn lower_bound(partition: &str, column: &Column, values: &[PartitionValue]) -> Result<Datum> {
    bound(partition, column, values)?
        .ok_or_else(|| Error::invalid("MAXVALUE cannot be a lower bound").with("partition", partition))
}

fn list_value(partition: &str, column: &Column, value: &PartitionValue) -> Result<Datum> {
    match value {
        PartitionValue::Value(text) => value::read(text, column, partition, Kind::ListValue),
        PartitionValue::Null if column.nullable => Ok(Datum::Null),
        PartitionValue::Null => {
            let error = Error::invalid("NULL is no value of a NOT NULL column");
            Err(error.with("partition", partition).with("column", &column.name))
        }
        PartitionValue::MaxValue => {
            Err(Error::invalid("MAXVALUE is for partitions by RANGE").with("partition", partition))
        }
    }
}

/// `date_trunc('unit', column)` or columns: partitions that appear with the rows.
fn automatic(exprs: &[ast::Expr], columns: &[Column]) -> Result<Partitioning> {
    if let [ast::Expr::Function(function)] = exprs {
        let (unit, name) = date_trunc(function)?;
        let column = find(columns, name)?;
        let fits = match column.ty {
            SqlType::DateTime => true,
            SqlType::Date => unit != TimeUnit::Hour,
            _ => false,
        };
        if !fits {
            let message = "date_trunc partitions need a DATETIME column, or a DATE column and a unit of at least a day";
            return Err(Error::invalid(message).with("column", &column.name).with("unit", unit));
        }
        return Ok(Partitioning::DateTrunc { column: column.id, unit });
    }
    let listed = list_columns(exprs, columns)?;
    Ok(Partitioning::List { columns: listed.iter().map(|c| c.id).collect(), automatic: true })
}

fn date_trunc(function: &ast::Function) -> Result<(TimeUnit, &str)> {
    let name = function.name.to_string();
    if !name.trim_matches('`').eq_ignore_ascii_case("date_trunc") {
        let message = "a table can be partitioned by columns or by date_trunc('hour|day|month|year', column) only";
        return Err(Error::unsupported(message).with("expression", function));
    }
    let wrong = || {
        let message = "date_trunc partitions are written date_trunc('hour|day|month|year', column)";
        Error::invalid(message).with("expression", function)
    };
    let ast::FunctionArguments::List(list) = &function.args else { return Err(wrong()) };
    let [
        ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(ast::Expr::Value(unit))),
        ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(ast::Expr::Identifier(column))),
    ] = list.args.as_slice()
    else {
        return Err(wrong());
    };
    let unit = unit.value.clone().into_string().and_then(|u| TimeUnit::from_name(&u)).ok_or_else(wrong)?;
    Ok((unit, &column.value))
}

fn plain_column<'a>(expr: &ast::Expr, columns: &'a [Column]) -> Result<&'a Column> {
    match expr {
        ast::Expr::Identifier(name) => find(columns, &name.value),
        ast::Expr::Nested(inner) => plain_column(inner, columns),
        _ => {
            let message = "a table can be partitioned by columns or by date_trunc('hour|day|month|year', column) only";
            Err(Error::unsupported(message).with("expression", expr))
        }
    }
}

fn range_column<'a>(exprs: &[ast::Expr], columns: &'a [Column]) -> Result<&'a Column> {
    let [expr] = exprs else { return Err(Error::unsupported("RANGE over several columns is not supported yet")) };
    let column = plain_column(expr, columns)?;
    match column.ty {
        SqlType::TinyInt
        | SqlType::SmallInt
        | SqlType::Int
        | SqlType::BigInt
        | SqlType::LargeInt
        | SqlType::Date
        | SqlType::DateTime => Ok(column),
        ty => {
            let error = Error::invalid("RANGE needs an integer, DATE or DATETIME column");
            Err(error.with("column", &column.name).with("type", ty))
        }
    }
}

fn list_columns<'a>(exprs: &[ast::Expr], columns: &'a [Column]) -> Result<Vec<&'a Column>> {
    let mut listed: Vec<&Column> = Vec::with_capacity(exprs.len());
    for expr in exprs {
        let column = plain_column(expr, columns)?;
        if !column.ty.can_be_key() {
            let error = Error::invalid("a column of this type cannot partition a table");
            return Err(error.with("column", &column.name).with("type", column.ty));
        }
        if listed.iter().any(|c| c.id == column.id) {
            return Err(Error::invalid("a column stands twice in PARTITION BY").with("column", &column.name));
        }
        listed.push(column);
    }
    Ok(listed)
}

/// Partitions added to a `date_trunc` table must be those that rows would create, or a row would find two.
fn check_periods(added: &[Named], unit: TimeUnit) -> Result<()> {
    for (name, bounds) in added {
        let fits = match bounds {
            Bounds::Range { lower: Some(lower), upper: Some(upper) } => batch::is_period(lower, upper, unit),
            _ => false,
        };
        if !fits {
            let message = format!("a partition of this table must be exactly one {unit}");
            return Err(Error::invalid(message).with("partition", name));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
