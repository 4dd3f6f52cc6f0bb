//! Whole files back into rows in a table's present shape, for compaction. Queries scan through the engine.

use crate::schema;
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::datatypes::SchemaRef;
use base::store::Store;
use base::{Error, ErrorKind, Result};
use bytes::Bytes;
use catalog::Column;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

const BATCH_ROWS: usize = 8192;

/// Every row of an encoded file in the order and types of `columns`. Columns that the file lacks are filled by `missing`,
/// called with the column and the number of rows. Decodes as it goes: call it, and the iterator, on a blocking thread.
///
/// # Errors
/// `Corrupt` if the file is damaged.
pub fn decode<'a>(
    bytes: Bytes,
    columns: &'a [Column],
    missing: impl Fn(&Column, usize) -> Result<ArrayRef> + 'a,
) -> Result<impl Iterator<Item = Result<RecordBatch>> + 'a> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(damaged)?;
    let file_schema = builder.schema().clone();
    let source: Vec<Option<usize>> =
        columns.iter().map(|c| file_schema.fields().iter().position(|f| schema::field_id(f) == Some(c.id))).collect();
    let target = schema::file_schema(columns);
    let reader = builder.with_batch_size(BATCH_ROWS).build().map_err(damaged)?;
    Ok(reader.map(move |batch| {
        let batch = batch.map_err(damaged)?;
        let arrays = columns.iter().zip(&source).map(|(column, source)| match source {
            Some(i) => present(batch.column(*i), column),
            None => missing(column, batch.num_rows()),
        });
        assemble(&target, arrays.collect::<Result<_>>()?, batch.num_rows())
    }))
}

/// The bytes of a data file.
///
/// # Errors
/// `Corrupt` if the file is gone.
pub async fn fetch(store: &Store, path: &str) -> Result<Bytes> {
    let gone = || Error::new(ErrorKind::Corrupt, "a data file is gone").with("path", path);
    store.get(path).await?.ok_or_else(gone)
}

fn damaged(e: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Corrupt, "a data file is damaged").caused_by(e)
}

fn present(array: &ArrayRef, column: &Column) -> Result<ArrayRef> {
    let wanted = schema::arrow_type(column.ty);
    if *array.data_type() == wanted {
        return Ok(ArrayRef::clone(array));
    }
    arrow::compute::cast(array, &wanted).map_err(|e| {
        Error::internal("could not read a column in its present type").with("column", &column.name).caused_by(e)
    })
}

fn assemble(schema: &SchemaRef, arrays: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(SchemaRef::clone(schema), arrays, &options)
        .map_err(|e| Error::internal("a file does not fit its table").caused_by(e))
}

/// A column of NULLs, for columns without a default.
pub fn nulls(column: &Column, rows: usize) -> ArrayRef {
    new_null_array(&schema::arrow_type(column.ty), rows)
}
