//! Functions about the running statement rather than its data: `uuid`, `typeof`.

use datafusion::arrow::datatypes::DataType;
use uuid::Uuid;

use crate::define::{Def, TEXT};

pub(super) fn functions() -> Vec<Def> {
    vec![
        Def::new("uuid", 0..=0, TEXT, |call| {
            call.texts(|_, out| {
                out.push_str(Uuid::new_v4().hyphenated().encode_lower(&mut Uuid::encode_buffer()));
                Some(())
            })
        })
        .volatile(),
        Def::new("uuid_numeric", 0..=0, DataType::Decimal128(38, 0), |call| {
            call.decimals(|_| Some((Uuid::new_v4().as_u128() >> 2) as i128 % 10_i128.pow(37)))
        })
        .volatile(),
        Def::new("typeof", 1..=1, TEXT, |call| {
            let name = type_name(&call.argument_type(0));
            call.slices(|_| Some(name.as_str()))
        }),
    ]
}

/// The name of a type in SQL.
fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Null => "null_type".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Int8 => "tinyint".to_owned(),
        DataType::Int16 => "smallint".to_owned(),
        DataType::Int32 => "int".to_owned(),
        DataType::Int64 => "bigint".to_owned(),
        DataType::Decimal128(38, 0) => "largeint".to_owned(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision}, {scale})"),
        DataType::Float32 => "float".to_owned(),
        DataType::Float64 => "double".to_owned(),
        DataType::Date32 => "date".to_owned(),
        DataType::Timestamp(_, _) => "datetime".to_owned(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "varbinary".to_owned(),
        DataType::List(item) | DataType::LargeList(item) => format!("array<{}>", type_name(item.data_type())),
        DataType::Struct(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|field| format!("{} {}", field.name(), type_name(field.data_type()))).collect();
            format!("struct<{}>", fields.join(", "))
        }
        other if crate::define::is_text(other) => "varchar".to_owned(),
        other => other.to_string().to_lowercase(),
    }
}
