//! Values of any type into a column's type, as MySQL assigns: leniently, with what does not fit becoming NULL, so that
//! the caller decides whether that is an error.

use base::{Error, ErrorKind, Result};
use catalog::{Column, SqlType};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Field, SchemaRef};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF};
use std::sync::Arc;

use crate::engine::Engine;

/// From one type to one column.
#[derive(Debug, Clone)]
pub struct Conversion {
    column: Column,
    target: DataType,
    /// Reads text leniently; its result is cast on.
    parse: Option<Arc<ScalarUDF>>,
}

impl Conversion {
    pub fn new(engine: &Engine, source: &DataType, column: &Column) -> Self {
        let function = |name: &str| engine.parts.base.scalar_functions().get(name).cloned();
        let parse = match (is_text(source), column.ty) {
            (true, SqlType::Date) => function("vm_to_date"),
            (true, SqlType::DateTime) => function("vm_to_datetime"),
            (true, SqlType::Float | SqlType::Double) => function("vm_to_double"),
            (true, SqlType::TinyInt | SqlType::SmallInt | SqlType::Int | SqlType::BigInt) => function("vm_to_bigint"),
            // 20240131 is a date, not a number of days.
            (false, SqlType::Date) if source.is_integer() => function("vm_to_date"),
            (false, SqlType::DateTime) if source.is_integer() => function("vm_to_datetime"),
            _ => None,
        };
        Conversion { column: column.clone(), target: storage::schema::arrow_type(column.ty), parse }
    }

    pub fn column(&self) -> &Column {
        &self.column
    }

    /// The values in the column's type; NULL where a value cannot be represented.
    pub fn apply(&self, array: &ArrayRef) -> Result<ArrayRef> {
        if *array.data_type() == self.target {
            return Ok(ArrayRef::clone(array));
        }
        let failed =
            |e| self.error(ErrorKind::Invalid, "values of this type cannot be stored in the column").caused_by(e);
        let mut array = ArrayRef::clone(array);
        if let Some(parse) = &self.parse {
            array = call(parse, array)
                .map_err(|e| self.error(ErrorKind::Internal, "could not convert values").caused_by(e))?;
        } else if *array.data_type() == DataType::Boolean && self.column.ty.is_text() {
            array = cast_with_options(&array, &DataType::Int8, &options()).map_err(failed)?;
        }
        cast_with_options(&array, &self.target, &options()).map_err(failed)
    }

    /// Fails on the first row whose value was lost, is NULL where it must not be, or is too long.
    ///
    /// # Errors
    /// `BadData`, `NullNotAllowed`, naming the column and the value.
    pub fn check(&self, source: &ArrayRef, converted: &ArrayRef) -> Result<()> {
        if converted.null_count() > source.logical_null_count() {
            let lost = (0..source.len()).find(|i| converted.is_null(*i) && !source.is_null(*i));
            if let Some(row) = lost {
                let error = self.error(ErrorKind::BadData, "a value does not fit the column's type");
                return Err(error.with("type", self.column.ty).with("value", shown(source, row)));
            }
        }
        if !self.column.nullable && converted.null_count() > 0 {
            let message = format!("Column '{}' cannot be null", self.column.name);
            return Err(Error::new(ErrorKind::NullNotAllowed, message));
        }
        if let Some(row) = too_long(&self.column, converted).first() {
            return Err(Error::new(ErrorKind::BadData, too_long_message(&self.column, converted, *row)));
        }
        Ok(())
    }

    fn error(&self, kind: ErrorKind, message: &str) -> Error {
        Error::new(kind, message).with("column", &self.column.name)
    }
}

/// Rows whose text has more bytes than the column allows.
pub fn too_long(column: &Column, array: &ArrayRef) -> Vec<usize> {
    let limit = match column.ty {
        SqlType::Char(n) | SqlType::Varchar(n) | SqlType::Varbinary(n) => n as usize,
        _ => return Vec::new(),
    };
    let long = |i: &usize| match array.data_type() {
        DataType::Utf8View => array.as_string_view().views()[*i] as u32 as usize > limit,
        DataType::BinaryView => array.as_binary_view().views()[*i] as u32 as usize > limit,
        _ => false,
    };
    (0..array.len()).filter(|i| long(i) && array.is_valid(*i)).collect()
}

/// StarRocks' message for a text that is too long.
pub fn too_long_message(column: &Column, array: &ArrayRef, row: usize) -> String {
    let value = shown(array, row);
    let limit = match column.ty {
        SqlType::Char(n) | SqlType::Varchar(n) | SqlType::Varbinary(n) => n,
        _ => 0,
    };
    format!("String '{value}'(length: {}) is too long. The max length of '{}' is {limit}", value.len(), column.name)
}

/// Text of one value, cut at 100 characters, for messages.
fn shown(array: &ArrayRef, row: usize) -> String {
    let options = FormatOptions::default();
    let text = ArrayFormatter::try_new(array, &options).map(|f| f.value(row).to_string()).unwrap_or_default();
    text.chars().take(100).collect()
}

fn is_text(ty: &DataType) -> bool {
    matches!(ty, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

fn options() -> CastOptions<'static> {
    let format = FormatOptions::new().with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.f"));
    CastOptions { safe: true, format_options: format }
}

fn call(function: &ScalarUDF, array: ArrayRef) -> datafusion::common::Result<ArrayRef> {
    let rows = array.len();
    let field = Arc::new(Field::new("value", array.data_type().clone(), true));
    let return_type = function.return_type(std::slice::from_ref(array.data_type()))?;
    let args = ScalarFunctionArgs {
        args: vec![ColumnarValue::Array(array)],
        arg_fields: vec![field],
        number_rows: rows,
        return_field: Arc::new(Field::new("value", return_type, true)),
        config_options: Arc::new(ConfigOptions::default()),
    };
    function.invoke_with_args(args)?.into_array(rows)
}

/// A batch of these arrays under the columns' stored schema.
pub fn assemble(columns: &[Column], arrays: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let schema: SchemaRef = storage::schema::file_schema(columns);
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(schema, arrays, &options)
        .map_err(|e| Error::internal("rows do not fit their table").caused_by(e))
}
