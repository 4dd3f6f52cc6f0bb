//! Functions about the running statement rather than its data: `uuid`, `sleep`, `typeof`.

use std::thread;
use std::time::Duration;

use datafusion::arrow::datatypes::{DataType, Int32Type};
use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;
use uuid::Uuid;

use crate::call::Call;
use crate::define::{Def, TEXT};

/// A sleep is cut into steps, so that long ones do not overflow a timer.
const SLEEP_STEP_SECONDS: f64 = 0.1;
const SLEEP_SECONDS_MAX: f64 = 86_400.0;

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
        Def::new("sleep", 1..=1, DataType::Int32, sleep).volatile(),
        Def::new("typeof", 1..=1, TEXT, |call| {
            let name = type_name(&call.argument_type(0));
            call.slices(|_| Some(name.as_str()))
        }),
    ]
}

/// Blocks the executing thread for a number of seconds per row and returns 1.
fn sleep(call: &Call) -> Result<ColumnarValue> {
    let seconds = call.double(0)?;
    call.values::<Int32Type>(|row| {
        let mut left = seconds.get(row).filter(|seconds| *seconds >= 0.0)?.min(SLEEP_SECONDS_MAX);
        while left > 0.0 {
            thread::sleep(Duration::from_secs_f64(left.min(SLEEP_STEP_SECONDS)));
            left -= SLEEP_STEP_SECONDS;
        }
        Some(1)
    })
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
