//! Sends one statement's answer: OK, or column definitions and rows straight from Arrow arrays.
//!
//! Rows are encoded into one buffer that goes to the socket whenever it passes 64 KiB; the next batch is asked for only
//! when the socket took it. So a slow client holds one batch and its own query, nothing else.

use crate::mysql::column;
use crate::mysql::frontend::ClientSession;
use crate::mysql::ok_err::{ErrorReply, end, ok, status_flags};
use crate::mysql::packet::PacketWriter;
use crate::mysql::row_binary;
use crate::mysql::row_text::{self, Column, Frame};
use crate::process_list::ProcessHandle;
use crate::reply::{Reply, ResultColumn, Rows};
use crate::time_limit::{TimeLimit, hold};
use base::{Error, Result};
use datafusion::arrow::array::{Array, ArrayRef, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use futures::StreamExt;
use mysql_common::constants::CapabilityFlags;
use mysql_common::io::BufMutExt;
use tokio::io::AsyncWrite;

const FLUSH_BYTES: usize = 64 << 10;

/// Why a command got no regular answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The client is told.
    Reply(ErrorReply),
    /// The client is told, and the connection ends: its login failed, or its session may be in any state.
    Last(ErrorReply),
    /// Nobody is there to be told.
    Gone,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Reply(ErrorReply::from(&error))
    }
}

impl From<ErrorReply> for Failure {
    fn from(error: ErrorReply) -> Self {
        Failure::Reply(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(_: std::io::Error) -> Self {
        Failure::Gone
    }
}

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowFormat {
    /// For COM_QUERY.
    Text,
    /// For COM_STMT_EXECUTE.
    Binary,
}

/// What a reply's form depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReplyForm {
    pub(super) rows: RowFormat,
    pub(super) capabilities: CapabilityFlags,
    /// Another result of the same command follows.
    pub(super) more_results: bool,
}

/// Runs a statement and writes its whole answer; the last packets may still be in the writer afterwards.
pub(super) async fn execute<W: AsyncWrite + Unpin>(
    session: &mut dyn ClientSession,
    sql: &str,
    writer: &mut PacketWriter<W>,
    form: ReplyForm,
    process: &ProcessHandle,
) -> Result<(), Failure> {
    match session.execute(sql).await? {
        Reply::Done(done) => {
            let status = status_flags(session.status(), form.more_results);
            writer.packet(|out| ok(out, &done, status));
        }
        Reply::Rows(rows) => {
            process.set_state("sending");
            send_rows(session, rows, writer, form).await?;
        }
    }
    Ok(())
}

/// Writes column definitions and, for clients that want it, the EOF packet behind them.
pub(super) fn write_definitions<W: AsyncWrite + Unpin>(
    columns: &[ResultColumn],
    writer: &mut PacketWriter<W>,
    capabilities: CapabilityFlags,
    status: mysql_common::constants::StatusFlags,
) {
    for column in columns {
        writer.packet(|out| column::definition(out, column));
    }
    if !capabilities.contains(CapabilityFlags::CLIENT_DEPRECATE_EOF) {
        writer.packet(|out| end(out, capabilities, 0, status));
    }
}

async fn send_rows<W: AsyncWrite + Unpin>(
    session: &mut dyn ClientSession,
    mut rows: Rows,
    writer: &mut PacketWriter<W>,
    form: ReplyForm,
) -> Result<(), Failure> {
    // An error before the first row should not come behind column definitions, which some clients show first.
    let mut batch = rows.batches.next().await.transpose()?;
    let status = status_flags(session.status(), form.more_results);
    writer.packet(|out| out.put_lenenc_int(rows.columns.len() as u64));
    write_definitions(&rows.columns, writer, form.capabilities, status);
    let limit = session.time_limit();
    while let Some(current) = batch {
        send_batch(&rows.columns, &current, writer, form.rows, limit).await?;
        batch = rows.batches.next().await.transpose()?;
    }
    // Dropping the stream first lets the session count what the query left behind, such as warnings.
    drop(rows);
    let session = session.status();
    let status = status_flags(session, form.more_results);
    writer.packet(|out| end(out, form.capabilities, session.warnings, status));
    Ok(())
}

async fn send_batch<W: AsyncWrite + Unpin>(
    columns: &[ResultColumn],
    batch: &RecordBatch,
    writer: &mut PacketWriter<W>,
    format: RowFormat,
    limit: Option<TimeLimit>,
) -> Result<(), Failure> {
    let arrays = arrays(columns, batch, format)?;
    let columns: Vec<Column<'_>> = arrays
        .iter()
        .map(|array| {
            let cell = match format {
                RowFormat::Text => row_text::cell(array, Frame::Length)?,
                RowFormat::Binary => row_binary::cell(array)?,
            };
            Ok(Column::new(array, cell))
        })
        .collect::<Result<_>>()?;
    for row in 0..batch.num_rows() {
        match format {
            RowFormat::Text => writer.packet(|out| row_text::write_row(&columns, row, out)),
            RowFormat::Binary => writer.packet(|out| row_binary::write_row(&columns, row, out)),
        }
        if writer.pending_bytes() >= FLUSH_BYTES {
            // Waiting for a client that does not read takes from the statement's time, too.
            hold(limit, async { Ok(writer.flush().await) }).await??;
        }
    }
    Ok(())
}

/// The batch's arrays in a form that can be encoded: dictionaries unpacked and, where the definition fixes the bytes,
/// of the type that the client was told.
fn arrays(columns: &[ResultColumn], batch: &RecordBatch, format: RowFormat) -> Result<Vec<ArrayRef>> {
    if columns.len() != batch.num_columns() {
        let error = Error::internal("a batch has another number of columns than its result set");
        return Err(error.with("columns", columns.len()).with("batch_columns", batch.num_columns()));
    }
    let converted = columns.iter().zip(batch.columns()).map(|(column, array)| {
        let told = unpacked(&column.data_type);
        let wanted = match format {
            RowFormat::Text => unpacked(array.data_type()),
            RowFormat::Binary if has_fixed_form(told) || has_fixed_form(unpacked(array.data_type())) => told,
            RowFormat::Binary => unpacked(array.data_type()),
        };
        if wanted == array.data_type() {
            return Ok(ArrayRef::clone(array));
        }
        cast(array, wanted).map_err(|e| {
            Error::internal("a batch has a column of another type than its result set")
                .with("column", &column.name)
                .with("type", wanted)
                .with("batch_type", array.data_type())
                .caused_by(e)
        })
    });
    converted.collect()
}

/// The type of the values behind a dictionary or runs.
fn unpacked(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => unpacked(values),
        DataType::RunEndEncoded(_, values) => unpacked(values.data_type()),
        plain => plain,
    }
}

/// Whether the binary protocol has another form than a string for the type.
fn has_fixed_form(data_type: &DataType) -> bool {
    data_type.is_integer()
        || matches!(
            data_type,
            DataType::Null
                | DataType::Boolean
                | DataType::Float32
                | DataType::Float64
                | DataType::Date32
                | DataType::Timestamp(..)
                | DataType::Time32(_)
                | DataType::Time64(_)
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{AsArray, DictionaryArray, Int32Array, StringArray};
    use datafusion::arrow::datatypes::{Field, Int8Type, Int64Type, Schema};
    use std::sync::Arc;

    fn batch(array: ArrayRef) -> RecordBatch {
        let schema = Schema::new(vec![Field::new("c", array.data_type().clone(), true)]);
        RecordBatch::try_new(Arc::new(schema), vec![array]).unwrap()
    }

    #[test]
    fn dictionaries_are_unpacked() {
        let words: DictionaryArray<Int8Type> = vec!["a", "b", "a"].into_iter().collect();
        let columns = [ResultColumn::text("c")];
        for format in [RowFormat::Text, RowFormat::Binary] {
            let arrays = arrays(&columns, &batch(Arc::new(words.clone())), format).unwrap();
            assert_eq!(arrays[0].as_string::<i32>(), &StringArray::from(vec!["a", "b", "a"]));
        }
    }

    #[test]
    fn binary_rows_keep_to_the_type_that_was_told() {
        let columns = [ResultColumn::new("c", DataType::Int64, true)];
        let narrow = batch(Arc::new(Int32Array::from(vec![1, 2])));
        let converted = arrays(&columns, &narrow, RowFormat::Binary).unwrap();
        assert_eq!(converted[0].as_primitive::<Int64Type>().values(), &[1, 2]);
    }

    #[test]
    fn a_batch_of_another_width_is_a_bug() {
        let narrow = batch(Arc::new(Int32Array::from(vec![1])));
        let error = arrays(&[], &narrow, RowFormat::Text).unwrap_err();
        assert_eq!(error.kind(), base::ErrorKind::Internal);
    }
}
