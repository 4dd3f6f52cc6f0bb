//! What the catalog knows about a file, in DataFusion's terms.
//!
//! `Exact` bounds are promises: DataFusion answers MIN, MAX and COUNT from them and replaces a column whose bounds are
//! equal by a constant without reading it.

use catalog::{ColumnStats, DataFile, Datum};
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics};
use std::collections::HashMap;
use storage::schema::field_id;

/// Statistics of a file for the columns of the table, in the table's order.
pub(super) fn of_file(file: &DataFile, schema: &Schema) -> Statistics {
    let by_id: HashMap<_, _> = file.columns.iter().map(|c| (c.id, c)).collect();
    let column = |field: &datafusion::arrow::datatypes::FieldRef| {
        let known = field_id(field).and_then(|id| by_id.get(&id));
        known.map_or_else(ColumnStatistics::new_unknown, |s| of_column(s, field.data_type()))
    };
    Statistics {
        num_rows: Precision::Exact(file.rows as usize),
        total_byte_size: Precision::Inexact(file.bytes as usize),
        column_statistics: schema.fields().iter().map(column).collect(),
    }
}

fn of_column(stats: &ColumnStats, ty: &DataType) -> ColumnStatistics {
    let bound = |value: &Option<Datum>| match value.as_ref().and_then(|v| scalar(v, ty)) {
        Some(value) if stats.exact => Precision::Exact(value),
        Some(value) => Precision::Inexact(value),
        None => Precision::Absent,
    };
    ColumnStatistics {
        null_count: Precision::Exact(stats.nulls as usize),
        min_value: bound(&stats.min),
        max_value: bound(&stats.max),
        ..ColumnStatistics::new_unknown()
    }
}

/// A stored value as a scalar of the column's present type; `None` if the type has changed since.
pub(super) fn scalar(value: &Datum, ty: &DataType) -> Option<ScalarValue> {
    Some(match (value, ty) {
        (Datum::Bool(v), DataType::Boolean) => ScalarValue::Boolean(Some(*v)),
        (Datum::Int(v), DataType::Int8) => ScalarValue::Int8(Some(i8::try_from(*v).ok()?)),
        (Datum::Int(v), DataType::Int16) => ScalarValue::Int16(Some(i16::try_from(*v).ok()?)),
        (Datum::Int(v), DataType::Int32) => ScalarValue::Int32(Some(i32::try_from(*v).ok()?)),
        (Datum::Int(v), DataType::Int64) => ScalarValue::Int64(Some(i64::try_from(*v).ok()?)),
        (Datum::Float(v), DataType::Float32) => ScalarValue::Float32(Some(*v as f32)),
        (Datum::Float(v), DataType::Float64) => ScalarValue::Float64(Some(*v)),
        (Datum::Decimal(v), DataType::Decimal128(p, s)) => ScalarValue::Decimal128(Some(*v), *p, *s),
        (Datum::Date(v), DataType::Date32) => ScalarValue::Date32(Some(*v)),
        (Datum::DateTime(v), DataType::Timestamp(_, None)) => ScalarValue::TimestampMicrosecond(Some(*v), None),
        (Datum::Text(v), DataType::Utf8View) => ScalarValue::Utf8View(Some(v.clone())),
        _ => return None,
    })
}
