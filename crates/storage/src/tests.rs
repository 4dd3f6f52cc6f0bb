//! Writing, compacting and collecting through the catalog, on a local directory.

use crate::compact::{self, CompactOptions};
use crate::{TableWriter, WriteOptions, gc, read, schema};
use arrow::array::{ArrayRef, AsArray, Int32Array, RecordBatch, StringViewArray, TimestampMicrosecondArray};
use arrow::datatypes::Int32Type;
use base::clock::Clock;
use base::ids::{ColumnId, DbId, TableId};
use base::store::Store;
use catalog::change::Change;
use catalog::*;
use std::sync::Arc;

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
            key: KeyModel::Duplicate,
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
            let partition =
                PartitionMeta { id: base::ids::PartitionId(draft.new_id()), name: "t".into(), bounds: Bounds::All };
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
    let writer = TableWriter::new(catalog.store().clone(), catalog.epoch(), &table, WriteOptions::default()).unwrap();
    assert!(writer.write(&batch(&table, rows)).unwrap().is_empty());
    let files = writer.finish().await.unwrap();
    let write = TableWrite { table: id, files, mode: WriteMode::Append };
    catalog.commit(move |d| d.write_table(write)).await.unwrap();
}

async fn numbers(catalog: &Catalog, id: TableId) -> Vec<i32> {
    let snapshot = catalog.snapshot();
    let table = snapshot.table_by_id(id).unwrap();
    let mut out = Vec::new();
    for file in table.partitions.values().flat_map(|p| p.files.iter()) {
        let missing = |c: &Column, rows| Ok(read::nulls(c, rows));
        for b in read::read_file(catalog.store(), &file.path, &table.meta.columns, missing).await.unwrap() {
            out.extend(b.column(0).as_primitive::<Int32Type>().values());
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
    let job = compact::pick(&catalog.snapshot(), &options).unwrap();
    assert_eq!(job.files.len(), 5);
    compact::run(&catalog, job, &options, |c, rows| Ok(read::nulls(c, rows))).await.unwrap();
    assert_eq!(numbers(&catalog, id).await, [0, 1, 2, 3, 4, 6, 7, 8, 9, 10]);
    let after = catalog.snapshot();
    let table = after.table_by_id(id).unwrap();
    assert_eq!((table.data_version, table.partition("t").unwrap().files.len()), (before, 1));
    assert_eq!(compact::pick(&after, &options), None);
    drop(after);
    assert_eq!(gc::collect(&catalog).await.unwrap(), 5);
    assert_eq!(catalog.store().list("data").await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_writer_and_a_dead_process_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (catalog, id) = catalog_with_table(dir.path(), Partitioning::None).await;
    append(&catalog, id, &[(1, 0)]).await;
    let table = Arc::clone(catalog.snapshot().table_by_id(id).unwrap());
    let orphan = crate::layout::new_data_file(id, catalog.epoch());
    catalog.store().put(&orphan, "x".into()).await.unwrap();
    assert_eq!(gc::sweep(&catalog).await.unwrap(), 0, "files of the living leader are left alone");
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
    let writer = Arc::new(TableWriter::new(catalog.store().clone(), catalog.epoch(), &table, options).unwrap());
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
    let files = Arc::into_inner(writer).unwrap().finish().await.unwrap();
    assert!(files.len() > 1);
    let write = TableWrite { table: id, files, mode: WriteMode::Append };
    catalog.commit(move |d| d.write_table(write)).await.unwrap();
    let mut seen = numbers(&catalog, id).await;
    seen.sort_unstable();
    assert_eq!(seen, (0..20_000).collect::<Vec<_>>());
}
