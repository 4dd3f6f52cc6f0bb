//! Many small files into few, in the background. Rows stay the same, so views and readers notice nothing.

use crate::read;
use crate::write::{TableWriter, WriteOptions};
use arrow::array::ArrayRef;
use base::ids::{PartitionId, TableId};
use base::metrics::Metric;
use base::{Error, ErrorKind, Result};
use catalog::change::{Change, FileEdit};
use catalog::{Catalog, Column, DataFile, NewFile, Partition, Snapshot, State};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

static COMPACTIONS: Metric = Metric::counter("storage_compactions_total", "Partitions whose small files were merged.");
static COMPACTED: Metric = Metric::counter("storage_compacted_bytes_total", "Bytes read by compactions.");

/// Bytes that one compaction reads at the most: it holds the rows in memory.
const INPUT_BYTES_MAX: u64 = 256 << 20;
/// Files up to this size are of one tier; each further tier has files up to four times as large. Only files of a tier are
/// merged, so that a row is rewritten once a tier and not with every merge of its partition.
const SMALLEST_TIER_BYTES: u64 = 64 << 10;
const TIER_FACTOR: u64 = 4;
/// A partition whose compaction failed is left alone for so long, twice as long after each further failure.
const BACK_OFF_MIN: Duration = Duration::from_secs(10);
const BACK_OFF_MAX: Duration = Duration::from_secs(3600);

#[derive(Debug, Clone)]
pub struct CompactOptions {
    /// Small files of similar size that start a compaction.
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

/// Partitions whose compaction has failed: one damaged file must not keep all others from being compacted.
#[derive(Debug, Default)]
pub struct Failures(HashMap<(TableId, PartitionId), Failure>);

#[derive(Debug)]
struct Failure {
    until: Instant,
    wait: Duration,
}

impl Failures {
    pub fn add(&mut self, table: TableId, partition: PartitionId, now: Instant) {
        let before = self.0.remove(&(table, partition));
        let wait = before.map_or(BACK_OFF_MIN, |failure| (failure.wait * 2).min(BACK_OFF_MAX));
        self.0.insert((table, partition), Failure { until: now + wait, wait });
    }

    pub fn succeeded(&mut self, table: TableId, partition: PartitionId) {
        self.0.remove(&(table, partition));
    }

    fn holds_back(&self, job: &Job, now: Instant) -> bool {
        self.0.get(&(job.table, job.partition)).is_some_and(|failure| now < failure.until)
    }
}

/// What to compact next: the partition with most small files of one tier. Pure.
pub fn pick(state: &State, options: &CompactOptions, failures: &Failures, now: Instant) -> Option<Job> {
    let partitions = state.tables().flat_map(|t| t.partitions.values().map(move |p| (t, p)));
    let jobs = partitions.filter_map(|(t, p)| pick_in(t.meta.id, p, options));
    jobs.filter(|job| !failures.holds_back(job, now)).max_by_key(|job| job.files.len())
}

fn pick_in(table: TableId, partition: &Partition, options: &CompactOptions) -> Option<Job> {
    let small = |f: &&Arc<DataFile>| f.bytes < (options.file_bytes_max / 2) as u64;
    let mut tiers: BTreeMap<u32, Vec<Arc<DataFile>>> = BTreeMap::new();
    for file in partition.files.iter().filter(small) {
        tiers.entry(tier(file.bytes)).or_default().push(Arc::clone(file));
    }
    let mut files = tiers.into_values().max_by_key(Vec::len)?;
    let mut bytes = 0;
    files.retain(|f| {
        bytes += f.bytes;
        bytes <= INPUT_BYTES_MAX
    });
    (files.len() >= options.files_min).then_some(Job { table, partition: partition.meta.id, files })
}

fn tier(bytes: u64) -> u32 {
    (bytes / SMALLEST_TIER_BYTES).checked_ilog(TIER_FACTOR).map_or(0, |n| n + 1)
}

/// Merges the files of a job and commits the result. `missing` fills columns that old files lack.
///
/// # Errors
/// `Conflict` if the table changed in a way that makes the job void; nothing happened then.
pub async fn run(
    catalog: &Catalog,
    job: Job,
    options: &CompactOptions,
    missing: impl Fn(&Column, usize) -> Result<ArrayRef> + Clone + Send + 'static,
) -> Result<()> {
    let gone = || Error::new(ErrorKind::Conflict, "the table was dropped meanwhile");
    // Keeps the files from being deleted while they are read.
    let snapshot: Snapshot = catalog.snapshot();
    let table = Arc::clone(snapshot.table_by_id(job.table).ok_or_else(gone)?);
    let write = WriteOptions {
        file_bytes_max: options.file_bytes_max,
        only_partitions: Some(vec![job.partition]),
        ..WriteOptions::default()
    };
    let active = catalog.begin_write();
    let writer = Arc::new(TableWriter::new(catalog.store().clone(), active.id(), &table, write)?);
    for file in &job.files {
        let bytes = read::fetch(catalog.store(), &file.path).await?;
        let (sink, table, missing) = (Arc::clone(&writer), Arc::clone(&table), missing.clone());
        let copied = tokio::task::spawn_blocking(move || {
            for batch in read::decode(bytes, &table.meta.columns, missing)? {
                if !sink.write(&batch?)?.is_empty() {
                    return Err(Error::new(ErrorKind::Corrupt, "a file has rows that do not belong to its partition"));
                }
            }
            Ok(())
        });
        let copied = copied.await.map_err(|e| Error::internal("a compaction was interrupted").caused_by(e))?;
        copied.map_err(|e: Error| e.with("path", &file.path))?;
    }
    let writer = Arc::into_inner(writer).ok_or_else(|| Error::internal("a compaction's writer is still in use"))?;
    let written = writer.finish().await?.of(active);
    let bytes: u64 = job.files.iter().map(|f| f.bytes).sum();
    let (catalog, schema_before) = (catalog.clone(), table.meta.columns.clone());
    let commit = move |files: Vec<NewFile>| async move {
        let committed = catalog.commit(move |draft| {
            let now = draft.state().table_by_id(job.table).ok_or_else(gone)?;
            if now.meta.columns != schema_before {
                return Err(Error::new(ErrorKind::Conflict, "the table was altered meanwhile"));
            }
            let remove = job.files.iter().map(|f| f.path.clone()).collect();
            let add = files.into_iter().map(|f| f.file).collect();
            let edits = vec![FileEdit { partition: job.partition, add, remove }];
            draft.apply(Change::Files { table: job.table, edits, rows_changed: false })
        });
        committed.await
    };
    written.commit(commit).await?;
    COMPACTIONS.add(1);
    COMPACTED.add(bytes as i64);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::ids::Version;
    use catalog::{Bounds, PartitionMeta};

    fn file(bytes: u64) -> Arc<DataFile> {
        Arc::new(DataFile { path: String::new(), rows: 1, bytes, columns: vec![], sorted: true })
    }

    #[test]
    fn many_small_loads_are_rewritten_a_few_times() {
        let options = CompactOptions { files_min: 8, file_bytes_max: 128 << 20 };
        let meta = PartitionMeta { id: PartitionId(1), name: "p".into(), bounds: Bounds::All };
        let version = Version(1);
        let files = Default::default();
        let mut partition = Partition { meta, data_version: version, phys_version: version, data_time_ms: 0, files };
        let (mut loaded, mut rewritten, mut files_max) = (0, 0, 0);
        for _ in 0..20_000 {
            partition.files.push_back(file(10_000));
            loaded += 10_000;
            while let Some(job) = pick_in(TableId(1), &partition, &options) {
                let bytes: u64 = job.files.iter().map(|f| f.bytes).sum();
                partition.files.retain(|f| !job.files.iter().any(|merged| Arc::ptr_eq(f, merged)));
                partition.files.push_back(file(bytes));
                rewritten += bytes;
            }
            files_max = files_max.max(partition.files.len());
        }
        assert!(rewritten < 6 * loaded, "each byte was written {} times", rewritten / loaded);
        assert!(files_max < 50, "{files_max} files");
    }
}
