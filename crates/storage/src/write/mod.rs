//! Rows into files: route to partitions, sort, encode, make durable.
//!
//! ```text
//!   write(batch) ─ route ─▶ one buffer a partition ─ full ─▶ sort + encode a row group ─▶ open file ─ full ─▶ store
//! ```
//! [`TableWriter::write`] does its work on the caller's thread and may be called by many threads at once: the buffers are
//! shared, sorting and encoding happen outside the lock. Memory is bounded by [`WriteOptions::buffer_bytes_max`] plus the
//! row groups in work.

mod file;
mod route;
mod sort;
mod stats;
mod written;

use crate::schema;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};
use base::ids::{PartitionId, TableId, WriterId};
use base::store::Store;
use base::{Error, Result, limits};
use catalog::{Column, NewFile, Table};
use file::{Encoding, OpenFile, RowGroup};
use parking_lot::Mutex;
use route::Router;
pub use route::partition_values;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::runtime::Handle;
pub use written::WrittenFiles;

/// Rows after which a row group is closed: DataFusion reads row groups in parallel, and prunes by them.
pub const ROW_GROUP_ROWS: usize = 122_880;
/// Bytes of buffered rows after which a row group is closed early.
const ROW_GROUP_BYTES: usize = 64 << 20;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WriteOptions {
    /// Encoded size at which a file is closed and the next begun.
    pub file_bytes_max: usize,
    /// Buffered and encoded bytes that one writer holds in memory.
    pub buffer_bytes_max: usize,
    /// Rows may go only to these partitions; `None`: to all, and automatic ones are created.
    pub only_partitions: Option<Vec<PartitionId>>,
}

impl Default for WriteOptions {
    fn default() -> Self {
        WriteOptions { file_bytes_max: 128 << 20, buffer_bytes_max: 512 << 20, only_partitions: None }
    }
}

/// Writes rows of one table into files that a commit can then make visible. Dropping it without [`TableWriter::finish`]
/// deletes what it wrote.
pub struct TableWriter {
    store: Store,
    writer: WriterId,
    table: TableId,
    file_schema: SchemaRef,
    encoding: Encoding,
    router: Router,
    options: WriteOptions,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    targets: HashMap<Target, Buffer>,
    /// Of all buffers and open files.
    bytes: usize,
    finished: Vec<NewFile>,
}

/// Index into the router's targets.
type Target = usize;

#[derive(Default)]
struct Buffer {
    batches: Vec<RecordBatch>,
    rows: usize,
    bytes: usize,
    file: Option<OpenFile>,
    /// The part of [`Open::bytes`] that is the file's.
    file_bytes: usize,
}

impl TableWriter {
    /// A writer of `table` as it is now; files are named after `writer` ([`catalog::ActiveWrite::id`]).
    ///
    /// # Errors
    /// `Unsupported` for a compression that Viewmill lacks.
    pub fn new(store: Store, writer: WriterId, table: &Table, options: WriteOptions) -> Result<Self> {
        let layout = table.meta.layout().ok_or_else(|| Error::internal("only tables have files"))?;
        let columns: &[Column] = &table.meta.columns;
        let file_schema = schema::file_schema(columns);
        Ok(TableWriter {
            store,
            writer,
            table: table.meta.id,
            encoding: Encoding::new(&file_schema, columns, layout)?,
            router: Router::new(table, options.only_partitions.as_deref())?,
            file_schema,
            options,
            open: Mutex::default(),
        })
    }

    /// Takes rows in table column order and types. Blocks: call it on a blocking thread of a Tokio runtime.
    ///
    /// Returns the rows (indices into the batch, ascending) that belong to no partition; they are not written.
    ///
    /// # Errors
    /// `Exhausted` if the load would create more than [`limits::PARTITIONS_CREATED_PER_LOAD_MAX`] partitions;
    /// `Unavailable` if the store refuses.
    pub fn write(&self, batch: &RecordBatch) -> Result<Vec<u32>> {
        if batch.num_rows() == 0 {
            return Ok(Vec::new());
        }
        let batch = RecordBatch::try_new(self.file_schema.clone(), batch.columns().to_vec())
            .map_err(|e| Error::internal("rows do not have the table's columns").caused_by(e))?;
        let routed = self.router.route(&batch)?;
        for (target, rows) in routed.parts {
            self.buffer(target, own_text(rows)?)?;
        }
        Ok(routed.outside)
    }

    /// Writes what is buffered. Durable on return.
    pub async fn finish(self) -> Result<WrittenFiles> {
        let finished = tokio::task::spawn_blocking(move || self.finish_blocking()).await;
        finished.map_err(|e| Error::internal("writing files was interrupted").caused_by(e))?
    }

    fn finish_blocking(self) -> Result<WrittenFiles> {
        let targets: Vec<Target> = self.open.lock().targets.keys().copied().collect();
        // One partition's last row group cannot be split; several are encoded at once.
        std::thread::scope(|scope| {
            let threads = std::thread::available_parallelism().map_or(1, usize::from).min(targets.len().max(1));
            let handle = Handle::current();
            let workers: Vec<_> = (0..threads)
                .map(|n| {
                    let (this, handle) = (&self, handle.clone());
                    let mine: Vec<Target> = targets.iter().skip(n).step_by(threads).copied().collect();
                    scope.spawn(move || {
                        let _runtime = handle.enter();
                        mine.into_iter().try_for_each(|t| this.close(t))
                    })
                })
                .collect();
            workers.into_iter().try_for_each(|w| {
                w.join().unwrap_or_else(|_| Err(Error::internal("encoding failed unexpectedly, see the server's log")))
            })
        })?;
        let files = std::mem::take(&mut self.open.lock().finished);
        Ok(WrittenFiles::new(self.store.clone(), files))
    }

    /// Appends rows to a buffer; encodes it, or the largest one, when it is time.
    fn buffer(&self, target: Target, rows: RecordBatch) -> Result<()> {
        let bytes = rows.get_array_memory_size();
        let full = {
            let mut open = self.open.lock();
            open.bytes += bytes;
            let buffer = open.targets.entry(target).or_default();
            buffer.rows += rows.num_rows();
            buffer.bytes += bytes;
            buffer.batches.push(rows);
            let full = buffer.rows >= ROW_GROUP_ROWS || buffer.bytes >= ROW_GROUP_BYTES;
            if full {
                Some(target)
            } else if open.bytes > self.options.buffer_bytes_max {
                open.targets.iter().max_by_key(|(_, b)| b.size()).map(|(t, _)| *t)
            } else {
                None
            }
        };
        let Some(target) = full else { return Ok(()) };
        self.flush(target)?;
        if self.open.lock().bytes > self.options.buffer_bytes_max {
            // Encoded row groups fill the memory: close the largest file.
            let largest = self.open.lock().targets.iter().max_by_key(|(_, b)| b.size()).map(|(t, _)| *t);
            return largest.map_or(Ok(()), |t| self.close(t));
        }
        Ok(())
    }

    /// Encodes a buffer as a row group of its open file; stores the file if it is full.
    fn flush(&self, target: Target) -> Result<()> {
        let taken = {
            let mut open = self.open.lock();
            let Some(buffer) = open.targets.get_mut(&target) else { return Ok(()) };
            let batches = std::mem::take(&mut buffer.batches);
            let bytes = std::mem::take(&mut buffer.bytes);
            buffer.rows = 0;
            open.bytes -= bytes;
            batches
        };
        if taken.is_empty() {
            return Ok(());
        }
        let group = RowGroup::encode(&self.encoding, &taken)?;
        drop(taken);
        let full = {
            let mut open = self.open.lock();
            let buffer = open.targets.entry(target).or_default();
            let mut file = match buffer.file.take() {
                Some(file) => file,
                None => OpenFile::new(&self.encoding)?,
            };
            file.append(group)?;
            let counted = buffer.file_bytes;
            let full = file.bytes() >= self.options.file_bytes_max;
            let kept = if full { 0 } else { file.bytes() };
            buffer.file_bytes = kept;
            let full = if full {
                Some(file)
            } else {
                buffer.file = Some(file);
                None
            };
            open.bytes = open.bytes - counted + kept;
            full
        };
        full.map_or(Ok(()), |file| self.store_file(target, file))
    }

    /// Flushes a target and stores its file.
    fn close(&self, target: Target) -> Result<()> {
        self.flush(target)?;
        let file = {
            let mut open = self.open.lock();
            let Some(buffer) = open.targets.get_mut(&target) else { return Ok(()) };
            let (file, counted) = (buffer.file.take(), std::mem::take(&mut buffer.file_bytes));
            open.bytes -= counted;
            file
        };
        file.map_or(Ok(()), |file| self.store_file(target, file))
    }

    fn store_file(&self, target: Target, file: OpenFile) -> Result<()> {
        let path = crate::layout::new_data_file(self.table, self.writer);
        let (bytes, file) = file.close(&path)?;
        let new = NewFile { target: self.router.target(target), file };
        // Listed before it is written, so that a failure in between is cleaned up too.
        self.open.lock().finished.push(new);
        Handle::current().block_on(self.store.put(&path, bytes))
    }
}

impl Drop for TableWriter {
    fn drop(&mut self) {
        drop(WrittenFiles::new(self.store.clone(), std::mem::take(&mut self.open.get_mut().finished)));
    }
}

/// Checks the value of the table property `compression`.
///
/// # Errors
/// `WrongValue` naming the known ones.
pub fn check_compression(name: &str) -> Result<()> {
    file::compression(name).map(|_| ())
}

/// Rows that hold no text of other rows: rows taken from a batch by partition share all its text, and would each count,
/// and keep, the whole of it.
fn own_text(rows: RecordBatch) -> Result<RecordBatch> {
    let own = |array: &ArrayRef| -> ArrayRef {
        let DataType::Utf8View = array.data_type() else { return ArrayRef::clone(array) };
        let views = array.as_string_view();
        let kept: usize = views.data_buffers().iter().map(|b| b.len()).sum();
        if kept / 2 > views.total_buffer_bytes_used() { Arc::new(views.gc()) } else { ArrayRef::clone(array) }
    };
    let columns = rows.columns().iter().map(own).collect();
    RecordBatch::try_new(rows.schema(), columns).map_err(|e| Error::internal("could not copy rows").caused_by(e))
}

impl Buffer {
    fn size(&self) -> usize {
        self.bytes + self.file_bytes
    }
}

/// The error for a load that would create too many partitions.
fn too_many_partitions() -> Error {
    Error::new(
        base::ErrorKind::Exhausted,
        format!(
            "the rows belong to more than {} new partitions; load fewer at a time or partition more coarsely",
            limits::PARTITIONS_CREATED_PER_LOAD_MAX
        ),
    )
}
