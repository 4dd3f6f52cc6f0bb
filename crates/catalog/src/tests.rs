//! Recovery, fencing and labels, through the public interface.

mod flaky;
mod outcome;

use crate::change::Change;
use crate::load::{LabelState, LoadCounts, LoadKind, LoadRequest};
use crate::*;
use base::clock::Clock;
use base::ids::{ColumnId, DbId, TableId, TxnId};
use base::store::Store;
use base::{ErrorKind, Result};
use flaky::Flaky;
use std::sync::Arc;

fn options() -> CatalogOptions {
    CatalogOptions { clock: Clock::manual(1_000), checkpoint_records: 1_000_000 }
}

async fn open(store: &Store) -> Catalog {
    Catalog::open(store.clone(), options()).await.unwrap()
}

async fn table_in(catalog: &Catalog) -> (DbId, TableId) {
    let created = catalog.commit(|draft| {
        let db = DbId(draft.new_id());
        let now = draft.now_ms();
        draft.apply(Change::PutDatabase(Database {
            id: db,
            name: "d".into(),
            properties: Default::default(),
            created_ms: now,
        }))?;
        let id = TableId(draft.new_id());
        let column = Column {
            id: ColumnId(1),
            name: "A".into(),
            ty: SqlType::Int,
            nullable: true,
            default: None,
            comment: String::new(),
        };
        let layout = Layout {
            key_columns: vec![],
            sort_key: vec![],
            partitioning: Partitioning::List { columns: vec![ColumnId(1)], automatic: true },
            bucket_columns: vec![],
            buckets: None,
            properties: Default::default(),
        };
        draft.apply(Change::PutTable(Arc::new(TableMeta {
            id,
            db,
            name: "t".into(),
            comment: String::new(),
            columns: vec![column],
            next_column_id: 2,
            object: Object::Table(layout),
            created_ms: now,
        })))?;
        Ok((db, id))
    });
    created.await.unwrap().0
}

fn write(table: TableId, path: &str, value: i128) -> TableWrite {
    let file = DataFile { path: path.into(), rows: 1, bytes: 10, columns: vec![], sorted: true };
    let target = PartitionTarget::Automatic(Bounds::List(vec![vec![Datum::Int(value)]]));
    TableWrite { table, files: vec![NewFile { target, file }], mode: WriteMode::Append }
}

fn request(db: DbId, table: TableId, label: &str) -> LoadRequest {
    LoadRequest {
        label: label.into(),
        kind: LoadKind::Stream,
        db,
        database: "d".into(),
        table,
        table_name: "t".into(),
        user: "root".into(),
    }
}

#[tokio::test]
async fn a_reopened_store_has_every_commit_and_the_same_state() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::local(dir.path()).unwrap();
    let catalog = open(&store).await;
    let (db, table) = table_in(&catalog).await;
    for n in 0..5 {
        let load = catalog.begin_load(request(db, table, &format!("l{n}"))).unwrap();
        load.commit(write(table, &format!("f{n}"), n % 2), LoadCounts::default(), None).await.unwrap();
    }
    let before = catalog.snapshot();
    let partitions: Vec<String> =
        before.table("d", "t").unwrap().partitions.values().map(|p| format!("{}:{}", p.meta.name, p.rows())).collect();
    assert_eq!(partitions, ["p0:3", "p1:2"]);

    let after = open(&store).await.snapshot();
    assert_eq!((after.epoch, after.seq), (before.epoch + 1, before.seq + 1));
    let same = |state: &State| {
        let State { seq, epoch, next_id, next_txn, leads, .. } = (*before).clone();
        assert!(state.next_txn > next_txn + 1000, "numbers given out after the last record may be given out again");
        assert_eq!(State { seq, epoch, next_id, next_txn, leads, ..state.clone() }, *before);
    };
    same(&after);
    journal::write_checkpoint(&store, &after).await.unwrap();
    let again = open(&store).await.snapshot();
    same(&again);
    assert_eq!(again.leads, [1, before.seq + 1, before.seq + 2].into_iter().collect());
}

#[tokio::test]
async fn a_late_leader_cannot_commit() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::local(dir.path()).unwrap();
    let old = open(&store).await;
    let (db, table) = table_in(&old).await;
    let new = open(&store).await;
    let late = old.begin_load(request(db, table, "late")).unwrap();
    let error = late.commit(write(table, "f", 1), LoadCounts::default(), None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fenced);
    assert_eq!(new.snapshot().table("d", "t").unwrap().rows(), 0);
    let load = new.begin_load(request(db, table, "late")).unwrap();
    load.commit(write(table, "g", 1), LoadCounts::default(), None).await.unwrap();
}

#[tokio::test]
async fn a_late_leader_cannot_commit_after_its_records_number_was_trimmed() {
    let (_, store) = Flaky::store();
    let old = open(&store).await;
    let (db, table) = table_in(&old).await;
    let new = open(&store).await;
    for n in 0..4 {
        let load = new.begin_load(request(db, table, &format!("l{n}"))).unwrap();
        load.commit(write(table, &format!("f{n}"), n), LoadCounts::default(), None).await.unwrap();
        journal::write_checkpoint(&store, &new.snapshot()).await.unwrap();
    }
    // A late checkpoint must not remove what it knows nothing of.
    let error = journal::write_checkpoint(&store, &old.snapshot()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fenced);
    let late = old.begin_load(request(db, table, "late")).unwrap();
    let error = late.commit(write(table, "f", 1), LoadCounts::default(), None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fenced);
    drop((old, new));
    let after = open(&store).await;
    assert_eq!(after.snapshot().table("d", "t").unwrap().rows(), 4);
    let mut log: Vec<String> = store.list("meta/log").await.unwrap().iter().map(|o| o.location.to_string()).collect();
    log.sort();
    let expected = [1, 3, 7, 8].map(|n| format!("meta/log/{n:020}"));
    assert_eq!(log, expected, "three leads and the record after the older checkpoint");
}

#[tokio::test]
async fn failed_loads_cost_no_label() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = open(&Store::local(dir.path()).unwrap()).await;
    let (db, table) = table_in(&catalog).await;
    for label in ["a", "b"] {
        let load = catalog.begin_load(request(db, table, label)).unwrap();
        load.commit(write(table, label, 1), LoadCounts::default(), None).await.unwrap();
    }
    for _ in 0..5 {
        let load = catalog.begin_load(request(db, table, "bad")).unwrap();
        load.fail(&base::Error::invalid("bad"), LoadCounts::default(), None).await;
    }
    let snapshot = catalog.snapshot();
    let labels = |txns: Vec<TxnId>| -> Vec<String> {
        snapshot.loads().filter(|l| txns.contains(&l.txn)).map(|l| l.label.clone()).collect()
    };
    assert_eq!(labels(snapshot.loads_to_forget(2, 0)), ["bad"; 3]);
    assert_eq!(labels(snapshot.loads_to_forget(1, 0)), ["a", "bad", "bad", "bad", "bad"]);
    assert_eq!(snapshot.loads_to_forget(9, i64::MAX).len(), 7);
    let newest = snapshot.failed_load(db, "bad").unwrap().txn;
    assert_eq!(Some(newest), snapshot.loads().next_back().map(|l| l.txn));
    let all = snapshot.loads_to_forget(9, i64::MAX);
    catalog.commit(move |d| d.apply(Change::ForgetLoads(all))).await.unwrap();
    assert!(catalog.snapshot().failed_load(db, "bad").is_none());
}

#[tokio::test]
async fn a_label_is_used_once_and_free_after_failure() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = open(&Store::local(dir.path()).unwrap()).await;
    let (db, table) = table_in(&catalog).await;
    let first = catalog.begin_load(request(db, table, "x")).unwrap();
    assert_eq!(catalog.begin_load(request(db, table, "x")).unwrap_err().kind(), ErrorKind::LabelExists);
    assert_eq!(catalog.label_state(db, "x"), Some(LabelState::Running));
    first.fail(&base::Error::invalid("bad"), LoadCounts::default(), None).await;
    assert_eq!(catalog.label_state(db, "x"), None);
    let second = catalog.begin_load(request(db, table, "x")).unwrap();
    second.commit(write(table, "f", 1), LoadCounts::default(), None).await.unwrap();
    assert_eq!(catalog.label_state(db, "x"), Some(LabelState::Finished));
    assert_eq!(catalog.begin_load(request(db, table, "x")).unwrap_err().kind(), ErrorKind::LabelExists);
}

#[tokio::test]
async fn a_failed_edit_leaves_no_trace_and_does_not_hurt_its_group() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = open(&Store::local(dir.path()).unwrap()).await;
    let (_, table) = table_in(&catalog).await;
    let writes = (0..20).map(|n| {
        let catalog = catalog.clone();
        async move {
            let done: Result<((), Snapshot)> = catalog
                .commit(move |draft| {
                    draft.write_table(write(table, &format!("f{n}"), n))?;
                    if n % 2 == 0 { Err(base::Error::invalid("no")) } else { Ok(()) }
                })
                .await;
            done.is_ok()
        }
    });
    let mut tasks = tokio::task::JoinSet::new();
    writes.for_each(|w| drop(tasks.spawn(w)));
    let succeeded = tasks.join_all().await.into_iter().filter(|ok| *ok).count();
    assert_eq!(succeeded, 10);
    assert_eq!(catalog.snapshot().table("d", "t").unwrap().rows(), 10);
    let panicked = catalog.commit(|_| -> Result<()> { panic!("an edit with a bug") }).await;
    assert_eq!(panicked.unwrap_err().kind(), ErrorKind::Internal);
    assert_eq!(catalog.snapshot().table("d", "t").unwrap().partitions.len(), 10);
}

#[tokio::test]
async fn files_are_held_while_a_reader_needs_them() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = open(&Store::local(dir.path()).unwrap()).await;
    let (_, table) = table_in(&catalog).await;
    catalog.commit(move |d| d.write_table(write(table, "old", 1))).await.unwrap();
    let reader = catalog.snapshot();
    let overwrite = TableWrite { mode: WriteMode::Overwrite, ..write(table, "new", 1) };
    let ((), now) = catalog.commit(move |d| d.write_table(overwrite)).await.unwrap();
    let garbage: Vec<_> = now.garbage().cloned().collect();
    assert_eq!(garbage.len(), 1);
    assert!(catalog.oldest_held_seq() < garbage[0].since_seq);
    drop(reader);
    assert!(catalog.oldest_held_seq() >= garbage[0].since_seq);
}

#[tokio::test]
async fn damage_is_reported_and_not_read_over() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::local(dir.path()).unwrap();
    table_in(&open(&store).await).await;
    let path = "meta/log/00000000000000000002";
    let mut bytes = store.get(path).await.unwrap().unwrap().to_vec();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    store.put(path, bytes.into()).await.unwrap();
    let error = Catalog::open(store.clone(), options()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
}

fn task_run(id: u64, mv: u64, state: RunState) -> TaskRun {
    TaskRun {
        id,
        query_id: String::new(),
        task: base::ids::TaskId(1),
        task_name: String::new(),
        db: DbId(1),
        database: String::new(),
        mv: TableId(mv),
        definition: String::new(),
        state,
        created_ms: 0,
        started_ms: None,
        finished_ms: None,
        error_code: 0,
        error_message: String::new(),
        force: false,
        manual: false,
        rows: 0,
        partitions: Vec::new(),
        base_partitions: Vec::new(),
        attempt: 0,
        failed_on: Default::default(),
        retryable: false,
    }
}

#[tokio::test]
async fn runs_are_found_by_view_and_by_being_unfinished() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::local(dir.path()).unwrap();
    let found = |catalog: &Catalog| {
        let state = catalog.snapshot();
        let of: Vec<u64> = state.runs_of(TableId(1)).map(|r| r.id).collect();
        let unfinished: Vec<u64> = state.unfinished_runs().map(|r| r.id).collect();
        (of, unfinished)
    };
    let catalog = open(&store).await;
    let put = |draft: &mut Draft| {
        for (id, mv) in [(1, 1), (2, 2), (3, 1), (4, 1), (5, 2)] {
            draft.apply(Change::PutTaskRun(task_run(id, mv, RunState::Pending)))?;
        }
        draft.apply(Change::PutTaskRun(task_run(3, 1, RunState::Failed)))?;
        draft.apply(Change::ForgetTaskRuns(vec![1, 2]))
    };
    catalog.commit(put).await.unwrap();
    let expected = (vec![4, 3], vec![4, 5]);
    assert_eq!(found(&catalog), expected);
    journal::write_checkpoint(&store, &catalog.snapshot()).await.unwrap();
    assert_eq!(found(&open(&store).await), expected);
}

#[tokio::test]
async fn a_table_is_updated_when_its_rows_change() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::local(dir.path()).unwrap();
    let clock = Clock::manual(1_000);
    let catalog = Catalog::open(store, CatalogOptions { clock: clock.clone(), ..options() }).await.unwrap();
    let (_, table) = table_in(&catalog).await;
    let updated_ms = |catalog: &Catalog| catalog.snapshot().table_by_id(table).unwrap().updated_ms;
    clock.advance_ms(1_000);
    catalog.commit(move |draft| draft.write_table(write(table, "f", 1))).await.unwrap();
    assert_eq!(updated_ms(&catalog), 2_000);
    // As compaction does.
    clock.advance_ms(1_000);
    let compact = move |draft: &mut Draft| draft.apply(Change::Files { table, edits: Vec::new(), rows_changed: false });
    catalog.commit(compact).await.unwrap();
    assert_eq!(updated_ms(&catalog), 2_000);
}
