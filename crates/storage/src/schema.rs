//! SQL types as Arrow types, table columns as an Arrow schema.
//!
//! Fields carry two pieces of metadata: the column's id under Parquet's own key, so that files are read by id and not by
//! name, and the column's name as the user wrote it, because the field itself is named in lower case.

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use base::ids::ColumnId;
use catalog::{Column, SqlType};
use std::collections::HashMap;
use std::sync::Arc;

/// Parquet's key for field ids in Arrow metadata.
pub const FIELD_ID: &str = "PARQUET:field_id";
/// The column's name as the user wrote it.
pub const DISPLAY_NAME: &str = "display_name";
/// The SQL type where Arrow's does not tell (`largeint`, `json`, `char(3)`).
pub const SQL_TYPE: &str = "sql_type";

pub fn arrow_type(ty: SqlType) -> DataType {
    match ty {
        SqlType::Boolean => DataType::Boolean,
        SqlType::TinyInt => DataType::Int8,
        SqlType::SmallInt => DataType::Int16,
        SqlType::Int => DataType::Int32,
        SqlType::BigInt => DataType::Int64,
        SqlType::LargeInt => DataType::Decimal128(38, 0),
        SqlType::Float => DataType::Float32,
        SqlType::Double => DataType::Float64,
        SqlType::Decimal { precision, scale } => DataType::Decimal128(precision, scale),
        SqlType::Date => DataType::Date32,
        SqlType::DateTime => DataType::Timestamp(TimeUnit::Microsecond, None),
        SqlType::Char(_) | SqlType::Varchar(_) | SqlType::Json => DataType::Utf8View,
        SqlType::Varbinary(_) => DataType::BinaryView,
    }
}

pub fn arrow_field(column: &Column) -> Field {
    let metadata = HashMap::from([
        (FIELD_ID.to_string(), column.id.to_string()),
        (DISPLAY_NAME.to_string(), column.name.clone()),
        (SQL_TYPE.to_string(), column.ty.to_string()),
    ]);
    Field::new(column.folded(), arrow_type(column.ty), column.nullable).with_metadata(metadata)
}

/// The schema under which queries see a table.
pub fn table_schema(columns: &[Column]) -> SchemaRef {
    Arc::new(Schema::new(columns.iter().map(arrow_field).collect::<Vec<_>>()))
}

/// The schema of a data file: field ids only, since names and SQL types may change later.
pub fn file_schema(columns: &[Column]) -> SchemaRef {
    let field = |c: &Column| {
        let metadata = HashMap::from([(FIELD_ID.to_string(), c.id.to_string())]);
        Field::new(c.folded(), arrow_type(c.ty), true).with_metadata(metadata)
    };
    Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()))
}

pub fn field_id(field: &Field) -> Option<ColumnId> {
    field.metadata().get(FIELD_ID)?.parse().ok().map(ColumnId)
}

/// The SQL type that a query's result column becomes when it is stored.
///
/// `None` for types that tables cannot hold.
pub fn sql_type(field: &Field) -> Option<SqlType> {
    if let Some(known) = field.metadata().get(SQL_TYPE).and_then(|text| parse_sql_type(text))
        && arrow_type(known) == *field.data_type()
    {
        return Some(known);
    }
    Some(match field.data_type() {
        DataType::Boolean => SqlType::Boolean,
        DataType::Int8 => SqlType::TinyInt,
        DataType::Int16 | DataType::UInt8 => SqlType::SmallInt,
        DataType::Int32 | DataType::UInt16 => SqlType::Int,
        DataType::Int64 | DataType::UInt32 => SqlType::BigInt,
        // Counts are unsigned in the engine and never reach the sign bit.
        DataType::UInt64 => SqlType::BigInt,
        DataType::Float16 | DataType::Float32 => SqlType::Float,
        DataType::Float64 => SqlType::Double,
        DataType::Decimal32(p, s) | DataType::Decimal64(p, s) | DataType::Decimal128(p, s) => {
            SqlType::Decimal { precision: *p, scale: (*s).max(0) }
        }
        DataType::Decimal256(_, s) => SqlType::Decimal { precision: 38, scale: (*s).max(0) },
        DataType::Date32 | DataType::Date64 => SqlType::Date,
        DataType::Timestamp(_, _) => SqlType::DateTime,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => {
            SqlType::Varchar(base::limits::VARCHAR_BYTES_MAX)
        }
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            SqlType::Varbinary(base::limits::VARCHAR_BYTES_MAX)
        }
        _ => return None,
    })
}

/// Reads what [`SqlType`]'s Display wrote.
fn parse_sql_type(text: &str) -> Option<SqlType> {
    let (name, args) = text.split_once('(').unwrap_or((text, ""));
    let args: Vec<u64> = args.trim_end_matches(')').split(',').filter_map(|a| a.trim().parse().ok()).collect();
    SqlType::from_name(&name.to_uppercase(), &args).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_type_survives_a_query() {
        let types = [
            SqlType::LargeInt,
            SqlType::Json,
            SqlType::Char(3),
            SqlType::Varchar(7),
            SqlType::Decimal { precision: 18, scale: 2 },
            SqlType::DateTime,
            SqlType::TinyInt,
        ];
        for ty in types {
            let column =
                Column { id: ColumnId(1), name: "C".into(), ty, nullable: true, default: None, comment: String::new() };
            assert_eq!(sql_type(&arrow_field(&column)), Some(ty));
        }
    }
}
