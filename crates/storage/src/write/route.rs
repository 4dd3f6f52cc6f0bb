//! Which partition each row belongs to.

use super::too_many_partitions;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use base::ids::{ColumnId, PartitionId};
use base::{Error, Result, limits};
use catalog::{Bounds, Datum, PartitionTarget, Partitioning, Table, TimeUnit};
use chrono::{DateTime, Datelike, Months, NaiveDate};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::OnceLock;

const HOUR_US: i64 = 3_600_000_000;
const DAY_US: i64 = 24 * HOUR_US;

/// Maps rows to targets. Targets are numbered as they appear.
pub(super) struct Router {
    partitioning: Partitioning,
    /// Positions of the partition columns.
    columns: Vec<usize>,
    existing: Existing,
    may_create: bool,
    state: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    targets: Vec<PartitionTarget>,
    created: HashMap<Bounds, usize>,
}

/// The partitions that were there when the write began, found by what they hold.
#[derive(Default)]
struct Existing {
    partitions: Vec<(PartitionId, Bounds)>,
    /// The number of each partition's target, once a row has come.
    targets: Vec<OnceLock<usize>>,
    all: Option<usize>,
    null: Option<usize>,
    lists: HashMap<Vec<Datum>, usize>,
    /// By lower bound, none first; ranges do not overlap.
    ranges: Vec<(Option<Datum>, usize)>,
}

impl Existing {
    fn new(partitions: Vec<(PartitionId, Bounds)>) -> Self {
        let mut new = Existing { targets: vec![OnceLock::new(); partitions.len()], ..Existing::default() };
        for (i, (_, bounds)) in partitions.iter().enumerate() {
            match bounds {
                Bounds::All => new.all = Some(i),
                Bounds::Null => new.null = Some(i),
                Bounds::List(tuples) => new.lists.extend(tuples.iter().map(|t| (t.clone(), i))),
                Bounds::Range { lower, .. } => new.ranges.push((lower.clone(), i)),
            }
        }
        new.ranges.sort_unstable();
        Existing { partitions, ..new }
    }

    /// The partition that a row with these partition column values belongs to.
    fn find(&self, values: &[Datum]) -> Option<usize> {
        let null = self.null.filter(|_| values.first().is_some_and(Datum::is_null));
        self.all.or(null).or_else(|| self.lists.get(values).copied()).or_else(|| {
            let value = values.first()?;
            let below = self.ranges.partition_point(|(lower, _)| lower.as_ref().is_none_or(|lower| lower <= value));
            let (_, i) = self.ranges.get(below.checked_sub(1)?)?;
            self.partitions[*i].1.contains(values).then_some(*i)
        })
    }
}

pub(super) struct Routed {
    pub(super) parts: Vec<(usize, RecordBatch)>,
    /// Rows that fit no partition, ascending.
    pub(super) outside: Vec<u32>,
}

impl Router {
    pub(super) fn new(table: &Table, only: Option<&[PartitionId]>) -> Result<Self> {
        let layout = table.meta.layout().ok_or_else(|| Error::internal("only tables have partitions"))?;
        let ids: Vec<ColumnId> = match &layout.partitioning {
            Partitioning::None => Vec::new(),
            Partitioning::DateTrunc { column, .. } | Partitioning::Range { column } => vec![*column],
            Partitioning::List { columns, .. } => columns.clone(),
        };
        let position = |id: &ColumnId| table.meta.columns.iter().position(|c| c.id == *id);
        let columns = ids.iter().map(position).collect::<Option<Vec<_>>>();
        let allowed = |id: &PartitionId| only.is_none_or(|only| only.contains(id));
        let existing = table.partitions.values().filter(|p| allowed(&p.meta.id));
        let automatic =
            matches!(layout.partitioning, Partitioning::DateTrunc { .. } | Partitioning::List { automatic: true, .. });
        Ok(Router {
            partitioning: layout.partitioning.clone(),
            columns: columns.ok_or_else(|| Error::internal("a partition column is gone"))?,
            existing: Existing::new(existing.map(|p| (p.meta.id, p.meta.bounds.clone())).collect()),
            may_create: automatic && only.is_none(),
            state: Mutex::default(),
        })
    }

    pub(super) fn target(&self, index: usize) -> PartitionTarget {
        self.state.lock().targets[index].clone()
    }

    pub(super) fn route(&self, batch: &RecordBatch) -> Result<Routed> {
        let rows = batch.num_rows();
        let targets: Vec<Option<usize>> = match &self.partitioning {
            Partitioning::None => {
                return Ok(match self.existing.find(&[]).map(|i| self.existing_target(i)) {
                    Some(t) => Routed { parts: vec![(t, batch.clone())], outside: Vec::new() },
                    None => Routed { parts: Vec::new(), outside: (0..rows as u32).collect() },
                });
            }
            Partitioning::DateTrunc { unit, .. } => self.by_time(batch.column(self.columns[0]), *unit)?,
            Partitioning::Range { .. } | Partitioning::List { .. } => self.by_values(batch)?,
        };
        split(batch, &targets)
    }

    fn by_time(&self, column: &ArrayRef, unit: TimeUnit) -> Result<Vec<Option<usize>>> {
        let us = microseconds(column)?;
        let dates = column.data_type() == &DataType::Date32;
        let datum = |us: i64| if dates { Datum::Date((us / DAY_US) as i32) } else { Datum::DateTime(us) };
        let mut last: Option<(i64, i64, Option<usize>)> = None;
        let mut null = None;
        let mut targets = Vec::with_capacity(us.len());
        for value in us {
            let Some(value) = value else {
                let target = match null {
                    Some(target) => target,
                    None => self.resolve(&[Datum::Null], || Bounds::Null)?,
                };
                null = Some(target);
                targets.push(target);
                continue;
            };
            // Neighbouring rows mostly share a partition.
            if let Some((start, end, target)) = last
                && (start..end).contains(&value)
            {
                targets.push(target);
                continue;
            }
            let (start, end) = period(value, unit).ok_or_else(|| Error::invalid("a date is out of range"))?;
            let bounds = || Bounds::Range { lower: Some(datum(start)), upper: Some(datum(end)) };
            let target = self.resolve(&[datum(start)], bounds)?;
            last = Some((start, end, target));
            targets.push(target);
        }
        Ok(targets)
    }

    fn by_values(&self, batch: &RecordBatch) -> Result<Vec<Option<usize>>> {
        let columns: Vec<ArrayRef> = self.columns.iter().map(|c| ArrayRef::clone(batch.column(*c))).collect();
        let mut last: Option<(&Bounds, usize)> = None;
        let mut targets = Vec::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            let values = partition_values(&columns, row)?;
            // Neighbouring rows mostly share a partition.
            if let Some((_, target)) = last.filter(|(bounds, _)| bounds.contains(&values)) {
                targets.push(Some(target));
                continue;
            }
            targets.push(match self.existing.find(&values) {
                Some(i) => {
                    let target = self.existing_target(i);
                    last = Some((&self.existing.partitions[i].1, target));
                    Some(target)
                }
                None => self.resolve_new(|| Bounds::List(vec![values]))?,
            });
        }
        Ok(targets)
    }

    /// The target for rows with these partition values; a new one with `bounds` where that is allowed.
    fn resolve(&self, values: &[Datum], bounds: impl FnOnce() -> Bounds) -> Result<Option<usize>> {
        match self.existing.find(values) {
            Some(i) => Ok(Some(self.existing_target(i))),
            None => self.resolve_new(bounds),
        }
    }

    fn existing_target(&self, i: usize) -> usize {
        *self.existing.targets[i].get_or_init(|| {
            let mut state = self.state.lock();
            state.targets.push(PartitionTarget::Existing(self.existing.partitions[i].0));
            state.targets.len() - 1
        })
    }

    fn resolve_new(&self, bounds: impl FnOnce() -> Bounds) -> Result<Option<usize>> {
        if !self.may_create {
            return Ok(None);
        }
        let bounds = bounds();
        let mut state = self.state.lock();
        if let Some(target) = state.created.get(&bounds) {
            return Ok(Some(*target));
        }
        if state.created.len() >= limits::PARTITIONS_CREATED_PER_LOAD_MAX {
            return Err(too_many_partitions());
        }
        let target = state.targets.len();
        state.targets.push(PartitionTarget::Automatic(bounds.clone()));
        state.created.insert(bounds, target);
        Ok(Some(target))
    }
}

fn split(batch: &RecordBatch, targets: &[Option<usize>]) -> Result<Routed> {
    if let Some(Some(only)) = targets.first().filter(|first| targets.iter().all(|t| t == *first)) {
        return Ok(Routed { parts: vec![(*only, batch.clone())], outside: Vec::new() });
    }
    let mut rows_of: HashMap<usize, Vec<u32>> = HashMap::new();
    let mut outside = Vec::new();
    for (row, target) in targets.iter().enumerate() {
        match target {
            Some(t) => rows_of.entry(*t).or_default().push(row as u32),
            None => outside.push(row as u32),
        }
    }
    let part = |(target, rows): (usize, Vec<u32>)| {
        let taken = take_record_batch(batch, &UInt32Array::from(rows));
        taken.map(|b| (target, b)).map_err(|e| Error::internal("could not divide rows").caused_by(e))
    };
    Ok(Routed { parts: rows_of.into_iter().map(part).collect::<Result<_>>()?, outside })
}

/// Start and end (exclusive) of the period that holds an instant, in microseconds.
fn period(us: i64, unit: TimeUnit) -> Option<(i64, i64)> {
    let fixed = |length: i64| {
        let start = us.div_euclid(length) * length;
        Some((start, start + length))
    };
    let months = |date: NaiveDate, count: u32| {
        let us = |d: NaiveDate| d.and_hms_opt(0, 0, 0).map(|t| t.and_utc().timestamp_micros());
        Some((us(date)?, us(date.checked_add_months(Months::new(count))?)?))
    };
    let date = || DateTime::from_timestamp_micros(us).map(|t| t.date_naive());
    match unit {
        TimeUnit::Hour => fixed(HOUR_US),
        TimeUnit::Day => fixed(DAY_US),
        TimeUnit::Month => months(date()?.with_day(1)?, 1),
        TimeUnit::Year => months(date()?.with_day(1)?.with_month(1)?, 12),
    }
}

fn microseconds(column: &ArrayRef) -> Result<Vec<Option<i64>>> {
    Ok(match column.data_type() {
        DataType::Date32 => {
            column.as_primitive::<Date32Type>().iter().map(|d| d.map(|d| i64::from(d) * DAY_US)).collect()
        }
        DataType::Timestamp(_, _) => column.as_primitive::<TimestampMicrosecondType>().iter().collect(),
        other => return Err(Error::internal("a time partition column has another type").with("type", other)),
    })
}

/// The partition column values of one row.
pub fn partition_values(arrays: &[ArrayRef], row: usize) -> Result<Vec<Datum>> {
    arrays.iter().map(|a| value(a, row)).collect()
}

fn value(array: &ArrayRef, row: usize) -> Result<Datum> {
    if array.is_null(row) {
        return Ok(Datum::Null);
    }
    Ok(match array.data_type() {
        DataType::Boolean => Datum::Bool(array.as_boolean().value(row)),
        DataType::Int8 => Datum::Int(array.as_primitive::<Int8Type>().value(row).into()),
        DataType::Int16 => Datum::Int(array.as_primitive::<Int16Type>().value(row).into()),
        DataType::Int32 => Datum::Int(array.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => Datum::Int(array.as_primitive::<Int64Type>().value(row).into()),
        DataType::Float32 => Datum::Float(array.as_primitive::<Float32Type>().value(row).into()),
        DataType::Float64 => Datum::Float(array.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal128(_, _) => Datum::Decimal(array.as_primitive::<Decimal128Type>().value(row)),
        DataType::Date32 => Datum::Date(array.as_primitive::<Date32Type>().value(row)),
        DataType::Timestamp(_, _) => Datum::DateTime(array.as_primitive::<TimestampMicrosecondType>().value(row)),
        DataType::Utf8View => Datum::Text(array.as_string_view().value(row).to_string()),
        DataType::Utf8 => Datum::Text(array.as_string::<i32>().value(row).to_string()),
        other => return Err(Error::internal("a value of this type cannot be a partition value").with("type", other)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_hold_their_instant() {
        let us = |text: &str| {
            chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap().and_utc().timestamp_micros()
        };
        let cases = [
            ("2024-02-29 23:59:59", TimeUnit::Hour, "2024-02-29 23:00:00", "2024-03-01 00:00:00"),
            ("2024-02-29 00:00:00", TimeUnit::Day, "2024-02-29 00:00:00", "2024-03-01 00:00:00"),
            ("2023-12-31 12:00:00", TimeUnit::Month, "2023-12-01 00:00:00", "2024-01-01 00:00:00"),
            ("2024-06-15 12:00:00", TimeUnit::Year, "2024-01-01 00:00:00", "2025-01-01 00:00:00"),
            ("1969-12-31 23:30:00", TimeUnit::Day, "1969-12-31 00:00:00", "1970-01-01 00:00:00"),
        ];
        for (instant, unit, start, end) in cases {
            assert_eq!(period(us(instant), unit), Some((us(start), us(end))), "{instant}");
        }
    }

    #[test]
    fn existing_partitions_are_found_as_their_bounds_say() {
        let range = |lower: Option<i128>, upper: Option<i128>| Bounds::Range {
            lower: lower.map(Datum::Int),
            upper: upper.map(Datum::Int),
        };
        let list = |tuples: &[i128]| Bounds::List(tuples.iter().map(|v| vec![Datum::Int(*v)]).collect());
        let tables = [
            vec![range(Some(30), Some(40)), range(None, Some(10)), range(Some(10), Some(20)), range(Some(50), None)],
            vec![range(Some(10), Some(20)), Bounds::Null],
            vec![list(&[1, 2]), list(&[3])],
            vec![Bounds::All],
        ];
        for bounds in tables {
            let ids = bounds.iter().enumerate().map(|(i, b)| (PartitionId(i as u64), b.clone())).collect();
            let existing = Existing::new(ids);
            for value in (-1..60).map(Datum::Int).chain([Datum::Null]) {
                let expected = bounds.iter().position(|b| b.contains(std::slice::from_ref(&value)));
                assert_eq!(existing.find(std::slice::from_ref(&value)), expected, "{value} in {bounds:?}");
            }
        }
    }
}
