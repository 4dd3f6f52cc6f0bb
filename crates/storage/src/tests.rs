//! Writing, compacting and collecting through the catalog, on a local directory.

use crate::compact::{self, CompactOptions, Failures};
use crate::gc::Collector;
use crate::{TableWriter, WriteOptions, WrittenFiles, gc, read, schema};
use arrow::array::{ArrayRef, AsArray, Int32Array, RecordBatch, StringViewArray, TimestampMicrosecondArray};
use arrow::datatypes::Int32Type;
use base::clock::Clock;
use base::ids::{ColumnId, DbId, PartitionId, TableId, WriterId};
use base::store::Store;
use base::{Error, ErrorKind, Result};
use catalog::change::{Change, FileEdit};
use catalog::*;
use std::sync::Arc;
use std::time::{Duration, Instant};

const WRITER: WriterId = WriterId { epoch: 1, write: 1 };
const DAY_US: i64 = 86_400_000_000;

fn column(id: u64, name: &str, ty: SqlType) -> Column {
    Column { id: ColumnId(id), name: name.into(), ty, nullable: true, default: None, comment: String::new() }
}

async fn catalog_with_table(dir: &std::path::Path, partitioning: Partitioning) -> (Catalog, TableId) {
    let store = Store::local(dir).unwrap();
    let options = CatalogOptions { clock: Clock::system(), checkpoint_records: 100 };
    let catalog = Catalog::open(store, options).await.unwrap();
    let created = catalog.commit(move |draft| {
        let db = DbId(draft.new_id());
        draft.apply(Change::PutDatabase(Database {
            id: db,
            name: "d".into(),
            properties: Default::default(),
            created_ms: 0,
        }))?;
        let id = TableId(draft.new_id());
        let unpartitioned = partitioning == Partitioning::None;
        let layout = Layout {
            key_columns: vec![],
            sort_key: vec![ColumnId(1)],
            partitioning,
            bucket_columns: vec![],
            buckets: None,
            properties: Default::default(),
        };
        let columns =
            vec![column(1, "N", SqlType::Int), column(2, "S", SqlType::Varchar(9)), column(3, "T", SqlType::DateTime)];
        draft.apply(Change::PutTable(Arc::new(TableMeta {
            id,
            db,
            name: "t".into(),
            comment: String::new(),
            columns,
            next_column_id: 4,
            object: Object::Table(layout),
            created_ms: 0,
        })))?;
        if unpartitioned {
            let partition = PartitionMeta { id: PartitionId(draft.new_id()), name: "t".into(), bounds: Bounds::All };
            draft.apply(Change::AddPartition { table: id, partition })?;
        }
        Ok(id)
    });
    let id = created.await.unwrap().0;
    (catalog, id)
}

fn batch(table: &Table, rows: &[(i32, i64)]) -> RecordBatch {
    let n: ArrayRef = Arc::new(Int32Array::from_iter_values(rows.iter().map(|r| r.0)));
    let s: ArrayRef = Arc::new(StringViewArray::from_iter_values(rows.iter().map(|r| format!("row {}", r.0))));
    let t: ArrayRef = Arc::new(TimestampMicrosecondArray::from_iter_values(rows.iter().map(|r| r.1 * DAY_US)));
    RecordBatch::try_new(schema::file_schema(&table.meta.columns), vec![n, s, t]).unwrap()
}

async fn append(catalog: &Catalog, id: TableId, rows: &[(i32, i64)]) {
    let table = Arc::clone(catalog.snapshot().table_by_id(id).unwrap());
    let writer = TableWriter::new(catalog.store().clone(), WRITER, &table, WriteOptions::default()).unwrap();
    assert!(writer.write(&batch(&table, rows)).unwrap().is_empty());
    commit(catalog, id, writer.finish().await.unwrap()).await.unwrap();
}

async fn commit(catalog: &Catalog, id: TableId, written: WrittenFiles) -> Result<()> {
    let catalog = catalog.clone();
    let commit = move |files| async move {
        let write = TableWrite { table: id, files, mode: WriteMode::Append };
        catalog.commit(move |d| d.write_table(write)).await.map(|_| ())
    };
    written.commit(commit).await
}

/// Collects when the committer has let go of the states before.
async fn collect(catalog: &Catalog) -> Result<usize> {
    while catalog.oldest_held_seq() < catalog.snapshot().seq {
        tokio::task::yield_now().await;
    }
    Collector::default().collect(catalog).await
}

async fn numbers(catalog: &Catalog, id: TableId) -> Vec<i32> {
    let snapshot = catalog.snapshot();
    let table = snapshot.table_by_id(id).unwrap();
    let mut out = Vec::new();
    for file in table.partitions.values().flat_map(|p| p.files.iter()) {
        let missing = |c: &Column, rows| Ok(read::nulls(c, rows));
        let bytes = read::fetch(catalog.store(), &file.path).await.unwrap();
        for b in read::decode(bytes, &table.meta.columns, missing).unwrap() {
            out.extend(b.unwrap().column(0).as_primitive::<Int32Type>().values());
        }
    }
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_sorted_counted_and_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let (catalog, id) = catalog_with_table(dir.path(), Partitioning::None).await;
    append(&catalog, id, &[(3, 0), (1, 0), (2, 0)]).await;
    assert_eq!(numbers(&catalog, id).await, [1, 2, 3]);
    let snapshot = catalog.snapshot();
    let file = snapshot.table_by_id(id).unwrap().partition("t").unwrap().files[0].clone();
    assert_eq!(
        (file.rows, file.columns[0].min.clone(), file.columns[0].max.clone()),
        (3, Some(Datum::Int(1)), Some(Datum::Int(3)))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_appear_with_their_rows() {
    let dir = tempfile::tempdir().unwrap();
    let partitioning = Partitioning::DateTrunc { column: ColumnId(3), unit: TimeUnit::Day };
    let (catalog, id) = catalog_with_table(dir.path(), partitioning).await;
    append(&catalog, id, &[(1, 0), (2, 1), (3, 0)]).await;
    append(&catalog, id, &[(4, 1)]).await;
    let snapshot = catalog.snapshot();
    let table = snapshot.table_by_id(id).unwrap();
    let rows: Vec<(String, u64)> = table.partitions.values().map(|p| (p.meta.name.clone(), p.rows())).collect();
    let mut rows = rows;
    rows.sort();
    assert_eq!(rows, [("p19700101".to_string(), 2), ("p19700102".to_string(), 2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn compaction_keeps_rows_and_data_version_and_frees_files() {
    let dir = tempfile::tempdir().unwrap();
    let (catalog, id) = catalog_with_table(dir.path(), Partitioning::None).await;
    for n in 0..5 {
        append(&catalog, id, &[(n, 0), (10 - n, 0)]).await;
    }
    let before = catalog.snapshot().table_by_id(id).unwrap().data_version;
    let options = CompactOptions { files_min: 3, file_bytes_max: 1 << 20 };
    let pick = |catalog: &Catalog| compact::pick(&catalog.snapshot(), &options, &Failures::default(), Instant::now());
    let job = pick(&catalog).unwrap();
    assert_eq!(job.files.len(), 5);
    compact::run(&catalog, job, &options, |c, rows| Ok(read::nulls(c, rows))).await.unwrap();
    assert_eq!(numbers(&catalog, id).await, [0, 1, 2, 3, 4, 6, 7, 8, 9, 10]);
    let after = catalog.snapshot();
    let table = after.table_by_id(id).unwrap();
    assert_eq!((table.data_version, table.partition("t").unwrap().files.len()), (before, 1));
    assert_eq!(pick(&catalog), None);
    drop(after);
    assert_eq!(collect(&catalog).await.unwrap(), 5);
    assert_eq!(catalog.store().list("data").await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_writer_and_a_dead_process_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (catalog, id) = catalog_with_table(dir.path(), Partitioning::None).await;
    append(&catalog, id, &[(1, 0)]).await;
    let table = Arc::clone(catalog.snapshot().table_by_id(id).unwrap());
    let write = catalog.begin_write();
    for _ in 0..2 {
        catalog.store().put(&crate::layout::new_data_file(id, write.id()), "x".into()).await.unwrap();
    }
    assert_eq!(gc::sweep(&catalog).await.unwrap(), 0, "files of a write that goes on are left alone");
    drop(write);
    assert_eq!(gc::sweep(&catalog).await.unwrap(), 2);
    let orphan = crate::layout::new_data_file(id, catalog.begin_write().id());
    catalog.store().put(&orphan, "x".into()).await.unwrap();
    let store = catalog.store().clone();
    drop((catalog, table));
    let options = CatalogOptions { clock: Clock::system(), checkpoint_records: 100 };
    let next = Catalog::open(store, options).await.unwrap();
    assert_eq!(gc::sweep(&next).await.unwrap(), 1);
    assert_eq!(numbers(&next, id).await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_threads_write_every_row_once() {
    let dir = tempfile::tempdir().unwrap();
    let (catalog, id) = catalog_with_table(dir.path(), Partitioning::None).await;
    let table = Arc::clone(catalog.snapshot().table_by_id(id).unwrap());
    // Small bounds, so that buffers and files are closed all the time.
    let options = WriteOptions { file_bytes_max: 20_000, buffer_bytes_max: 100_000, only_partitions: None };
    let writer = Arc::new(TableWriter::new(catalog.store().clone(), WRITER, &table, options).unwrap());
    let mut tasks = tokio::task::JoinSet::new();
    for t in 0..4 {
        let (writer, table) = (Arc::clone(&writer), Arc::clone(&table));
        tasks.spawn_blocking(move || {
            for n in 0..50 {
                let rows: Vec<(i32, i64)> = (0..100).map(|i| (t * 5000 + n * 100 + i, 0)).collect();
                writer.write(&batch(&table, &rows)).unwrap();
            }
        });
    }
    tasks.join_all().await;
    let written = Arc::into_inner(writer).unwrap().finish().await.unwrap();
    assert!(written.files().len() > 1);
    commit(&catalog, id, written).await.unwrap();
    let mut seen = numbers(&catalog, id).await;
    seen.sort_unstable();
    assert_eq!(seen, (0..20_000).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn compaction_merges_files_of_similar_size_and_goes_on_after_a_failure() {
    let dir = tempfile::tempdir().unwrap();
    let (catalog, id) = catalog_with_table(dir.path(), Partitioning::None).await;
    let ((), _) = catalog
        .commit(move |d| {
            let partition = |id| PartitionMeta { id: PartitionId(id), name: format!("p{id}"), bounds: Bounds::All };
            let file = |n: u64, bytes| DataFile {
                path: format!("data/{id}/{n}"),
                rows: 1,
                bytes,
                columns: vec![],
                sorted: true,
            };
            d.apply(Change::AddPartition { table: id, partition: partition(77) })?;
            // The result of earlier merges, large and small, and four new files.
            let mixed = [30 << 20, 5 << 20, 1 << 20, 10_000, 11_000, 12_000, 13_000];
            let mixed = mixed.iter().enumerate().map(|(n, bytes)| file(n as u64, *bytes)).collect();
            let first = d.state().table_by_id(id).unwrap().partition("t").unwrap().meta.id;
            let edits = vec![
                FileEdit { partition: first, add: mixed, remove: vec![] },
                FileEdit { partition: PartitionId(77), add: (10..13).map(|n| file(n, 9)).collect(), remove: vec![] },
            ];
            d.apply(Change::Files { table: id, edits, rows_changed: true })
        })
        .await
        .unwrap();
    let options = CompactOptions { files_min: 3, file_bytes_max: 128 << 20 };
    let (mut failures, now) = (Failures::default(), Instant::now());
    let pick = |failures: &Failures, now| compact::pick(&catalog.snapshot(), &options, failures, now);
    let job = pick(&failures, now).unwrap();
    assert_eq!(job.files.iter().map(|f| f.bytes).collect::<Vec<_>>(), [10_000, 11_000, 12_000, 13_000]);
    // There is no such file: the other partition comes next, and this one again after a while.
    let (table, partition) = (job.table, job.partition);
    let error = compact::run(&catalog, job.clone(), &options, |c, rows| Ok(read::nulls(c, rows))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    failures.add(table, partition, now);
    assert_eq!(pick(&failures, now).unwrap().partition, PartitionId(77));
    failures.add(table, PartitionId(77), now);
    assert_eq!(pick(&failures, now), None);
    assert_eq!(pick(&failures, now + Duration::from_secs(11)), Some(job.clone()));
    failures.add(table, partition, now);
    assert_eq!(pick(&failures, now + Duration::from_secs(11)).unwrap().partition, PartitionId(77));
    failures.succeeded(table, partition);
    assert_eq!(pick(&failures, now), Some(job));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_nobody_commits_are_deleted_and_unknown_ones_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let (catalog, id) = catalog_with_table(dir.path(), Partitioning::None).await;
    let table = Arc::clone(catalog.snapshot().table_by_id(id).unwrap());
    let write = || {
        let writer = TableWriter::new(catalog.store().clone(), WRITER, &table, WriteOptions::default()).unwrap();
        writer.write(&batch(&table, &[(1, 0)])).unwrap();
        writer.finish()
    };
    let files = async || catalog.store().list("data").await.unwrap().len();
    let until = async |count| {
        while files().await != count {
            tokio::task::yield_now().await;
        }
    };
    // Dropped while it is written, before it is committed, and because the commit fails.
    let mut finishing = Box::pin(write());
    assert!(futures::poll!(&mut finishing).is_pending());
    drop(finishing);
    drop(write().await.unwrap());
    let failed = write().await.unwrap().commit(|_| async { Err::<(), _>(Error::invalid("no")) }).await;
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Invalid);
    until(0).await;
    let unknown = || async { Err::<(), _>(Error::new(ErrorKind::OutcomeUnknown, "no answer")) };
    write().await.unwrap().commit(|_| unknown()).await.unwrap_err();
    // A commit goes on without its statement.
    let mut committing = Box::pin(commit(&catalog, id, write().await.unwrap()));
    assert!(futures::poll!(&mut committing).is_pending());
    drop(committing);
    while catalog.snapshot().table_by_id(id).unwrap().rows() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(files().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_partitions_do_not_make_many_row_groups() {
    let dir = tempfile::tempdir().unwrap();
    let partitioning = Partitioning::DateTrunc { column: ColumnId(3), unit: TimeUnit::Day };
    let (catalog, id) = catalog_with_table(dir.path(), partitioning).await;
    let table = Arc::clone(catalog.snapshot().table_by_id(id).unwrap());
    let options = WriteOptions { buffer_bytes_max: 64 << 20, ..WriteOptions::default() };
    let writer = Arc::new(TableWriter::new(catalog.store().clone(), WRITER, &table, options).unwrap());
    let sink = Arc::clone(&writer);
    let written = tokio::task::spawn_blocking(move || {
        let text = "x".repeat(100);
        for part in 0..20 {
            let n: ArrayRef = Arc::new(Int32Array::from_iter_values(0..4096));
            let s: ArrayRef =
                Arc::new(StringViewArray::from_iter_values((0..4096).map(|n| format!("{part}{n}{text}"))));
            let days = (0..4096).map(|n| (n * 7 + part) % 100 * DAY_US);
            let t: ArrayRef = Arc::new(TimestampMicrosecondArray::from_iter_values(days));
            let rows = RecordBatch::try_new(schema::file_schema(&table.meta.columns), vec![n, s, t]).unwrap();
            sink.write(&rows).unwrap();
        }
    });
    written.await.unwrap();
    let written = Arc::into_inner(writer).unwrap().finish().await.unwrap();
    // 10 MB of rows fit into the buffer, so each partition has one row group.
    let groups: Vec<bool> = written.files().iter().map(|f| f.file.sorted).collect();
    assert_eq!((groups.len(), groups.iter().all(|one| *one)), (100, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_tables_folder_goes_with_its_files() {
    let dir = tempfile::tempdir().unwrap();
    let (catalog, id) = catalog_with_table(dir.path(), Partitioning::None).await;
    append(&catalog, id, &[(1, 0)]).await;
    let folder = dir.path().join(format!("data/{id}"));
    assert!(folder.exists());
    catalog.commit(move |d| d.apply(Change::DropTable(id))).await.unwrap();
    assert_eq!(collect(&catalog).await.unwrap(), 1);
    assert!(!folder.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_displaced_leader_deletes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (late, id) = catalog_with_table(dir.path(), Partitioning::None).await;
    append(&late, id, &[(1, 0)]).await;
    late.commit(move |d| d.apply(Change::DropTable(id))).await.unwrap();
    let options = CatalogOptions { clock: Clock::system(), checkpoint_records: 100 };
    let _leader = Catalog::open(late.store().clone(), options).await.unwrap();
    assert_eq!(collect(&late).await.unwrap_err().kind(), ErrorKind::Fenced);
    assert_eq!(late.store().list("data").await.unwrap().len(), 1);
}
