//! Many small files into few, in the background. Rows stay the same, so views and readers notice nothing.

use crate::read::read_file;
use crate::write::{TableWriter, WriteOptions, discard};
use arrow::array::ArrayRef;
use base::ids::{PartitionId, TableId};
use base::metrics::Metric;
use base::{Error, ErrorKind, Result};
use catalog::change::{Change, FileEdit};
use catalog::{Catalog, Column, DataFile, Partition, State, Table};
use std::sync::Arc;

static COMPACTIONS: Metric = Metric::counter("storage_compactions_total", "Partitions whose small files were merged.");
static COMPACTED: Metric = Metric::counter("storage_compacted_bytes_total", "Bytes read by compactions.");

/// Bytes that one compaction reads at the most: it holds the rows in memory.
const INPUT_BYTES_MAX: u64 = 256 << 20;

#[derive(Debug, Clone)]
pub struct CompactOptions {
    /// Small files that start a compaction.
    pub files_min: usize,
    /// Files of at least half this size are left alone.
    pub file_bytes_max: usize,
}

/// A partition and the files of it that are to become one.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub table: TableId,
    pub partition: PartitionId,
    pub files: Vec<Arc<DataFile>>,
}

/// What to compact next: the partition with most small files. Pure.
pub fn pick(state: &State, options: &CompactOptions) -> Option<Job> {
    let partitions = state.tables().flat_map(|t| t.partitions.values().map(move |p| (t, p)));
    let jobs = partitions.filter_map(|(t, p)| pick_in(t, p, options));
    jobs.max_by_key(|job| job.files.len())
}

fn pick_in(table: &Table, partition: &Partition, options: &CompactOptions) -> Option<Job> {
    let small = |f: &&Arc<DataFile>| f.bytes < (options.file_bytes_max / 2) as u64;
    let mut files: Vec<Arc<DataFile>> = partition.files.iter().filter(small).cloned().collect();
    files.sort_by_key(|f| f.bytes);
    let mut bytes = 0;
    files.retain(|f| {
        bytes += f.bytes;
        bytes <= INPUT_BYTES_MAX
    });
    (files.len() >= options.files_min).then(|| Job { table: table.meta.id, partition: partition.meta.id, files })
}

/// Merges the files of a job and commits the result. `missing` fills columns that old files lack.
///
/// # Errors
/// `Conflict` if the table changed in a way that makes the job void; nothing happened then.
pub async fn run(
    catalog: &Catalog,
    job: Job,
    options: &CompactOptions,
    missing: impl Fn(&Column, usize) -> Result<ArrayRef> + Send,
) -> Result<()> {
    let snapshot = catalog.snapshot();
    let gone = || Error::new(ErrorKind::Conflict, "the table was dropped meanwhile");
    let table = Arc::clone(snapshot.table_by_id(job.table).ok_or_else(gone)?);
    let write = WriteOptions {
        file_bytes_max: options.file_bytes_max,
        only_partitions: Some(vec![job.partition]),
        ..WriteOptions::default()
    };
    let writer = Arc::new(TableWriter::new(catalog.store().clone(), catalog.epoch(), &table, write)?);
    for file in &job.files {
        let batches = read_file(catalog.store(), &file.path, &table.meta.columns, &missing).await?;
        let sink = Arc::clone(&writer);
        let written = tokio::task::spawn_blocking(move || {
            let outside = batches.iter().try_fold(0, |n, b| sink.write(b).map(|outside| n + outside.len()))?;
            if outside > 0 {
                return Err(Error::new(ErrorKind::Corrupt, "a file has rows that do not belong to its partition"));
            }
            Ok(())
        });
        written.await.map_err(|e| Error::internal("a compaction was interrupted").caused_by(e))??;
    }
    let writer = Arc::into_inner(writer).ok_or_else(|| Error::internal("a compaction's writer is still in use"))?;
    let add: Vec<DataFile> = writer.finish().await?.into_iter().map(|f| f.file).collect();
    let paths: Vec<String> = add.iter().map(|f| f.path.clone()).collect();
    let bytes: u64 = job.files.iter().map(|f| f.bytes).sum();
    let remove = job.files.iter().map(|f| f.path.clone()).collect();
    let schema_before = table.meta.columns.clone();
    let committed = catalog.commit(move |draft| {
        let now = draft.state().table_by_id(job.table).ok_or_else(gone)?;
        if now.meta.columns != schema_before {
            return Err(Error::new(ErrorKind::Conflict, "the table was altered meanwhile"));
        }
        let edits = vec![FileEdit { partition: job.partition, add, remove }];
        draft.apply(Change::Files { table: job.table, edits, rows_changed: false })
    });
    match committed.await {
        Ok(_) => {
            COMPACTIONS.add(1);
            COMPACTED.add(bytes as i64);
            Ok(())
        }
        Err(e) => {
            // With an unknown outcome the files may be in use.
            if e.kind() != ErrorKind::Unavailable {
                discard(catalog.store(), paths);
            }
            Err(e)
        }
    }
}
