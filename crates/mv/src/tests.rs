//! The scheduler against a catalog and an engine on a local directory.

use crate::scheduler::{Refresher, RefresherOptions};
use crate::task_run::{self, Wish};
use crate::{new_query_id, run};
use base::clock::Clock;
use base::config::Config;
use base::ids::{ColumnId, DbId, TableId, TaskId};
use base::store::Store;
use catalog::change::Change;
use catalog::{
    Base, Bounds, Catalog, CatalogOptions, Column, Database, Layout, MvDefinition, Object, PartitionMeta, Partitioning,
    Refresh, RefreshScheme, RunState, SqlType, TableMeta, Task, TaskRun,
};
use engine::{Engine, EngineBuilder};
use std::path::PathBuf;
use std::sync::Arc;

struct Fixture {
    catalog: Catalog,
    engine: Engine,
    mv: TableId,
    folder: tempfile::TempDir,
}

fn column() -> Column {
    let (name, comment) = ("a".to_string(), String::new());
    Column { id: ColumnId(1), name, ty: SqlType::Int, nullable: true, default: None, comment }
}

fn layout() -> Layout {
    Layout {
        key_columns: vec![],
        sort_key: vec![],
        partitioning: Partitioning::None,
        bucket_columns: vec![],
        buckets: None,
        properties: Default::default(),
    }
}

fn table(id: TableId, db: DbId, name: &str, object: Object) -> Change {
    let (name, comment) = (name.to_string(), String::new());
    let meta = TableMeta { id, db, name, comment, columns: vec![column()], next_column_id: 2, object, created_ms: 0 };
    Change::PutTable(Arc::new(meta))
}

impl Fixture {
    /// A table `d.t`, and a view `d.m` on it with this query that is refreshed on demand.
    async fn new(query: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::local(folder.path()).unwrap();
        let options = CatalogOptions { clock: Clock::system(), checkpoint_records: 1_000 };
        let catalog = Catalog::open(store.clone(), options).await.unwrap();
        let query = query.to_string();
        let created = catalog.commit(move |draft| {
            let (db, base, mv) = (DbId(draft.new_id()), TableId(draft.new_id()), TableId(draft.new_id()));
            let task = TaskId(draft.new_id());
            let database = Database { id: db, name: "d".into(), properties: Default::default(), created_ms: 0 };
            draft.apply(Change::PutDatabase(database))?;
            draft.apply(table(base, db, "t", Object::Table(layout())))?;
            draft.apply(Change::PutTask(Task { id: task, name: "mv".into(), db, mv, created_ms: 0 }))?;
            let columns = vec![ColumnId(1)];
            let definition = MvDefinition {
                query,
                database: "d".into(),
                refresh: Refresh { immediate: false, scheme: RefreshScheme::Manual },
                bases: vec![Base { table: base, database: "d".into(), name: "t".into(), columns, view_query: None }],
                time_dependent: false,
                creator: String::new(),
                task,
            };
            let definition = Box::new(definition);
            draft.apply(table(mv, db, "m", Object::MaterializedView { layout: layout(), definition }))?;
            for table in [base, mv] {
                let id = base::ids::PartitionId(draft.new_id());
                let partition = PartitionMeta { id, name: "all".into(), bounds: Bounds::All };
                draft.apply(Change::AddPartition { table, partition })?;
            }
            Ok(mv)
        });
        let mv = created.await.unwrap().0;
        let functions = functions::all();
        let builder = EngineBuilder::new(store).functions(functions.scalar, functions.aggregate).parallelism(1);
        let engine = builder.build().unwrap();
        Fixture { catalog, engine, mv, folder }
    }

    /// A run that is RUNNING in the catalog.
    async fn running(&self) -> TaskRun {
        let mv = self.mv;
        let wish = Wish { query_id: new_query_id(), force: false, manual: true, attempt: 0 };
        let started = self.catalog.commit(move |draft| {
            let id = task_run::request(draft, mv, wish)?.id;
            Ok(task_run::start(draft, id)?.unwrap())
        });
        started.await.unwrap().0
    }

    fn start(&self) -> Refresher {
        let options = RefresherOptions::from_config(&Config::default());
        Refresher::start(self.catalog.clone(), self.engine.clone(), options).0
    }

    fn state_of(&self, run: u64) -> RunState {
        self.catalog.snapshot().task_run(run).unwrap().state
    }

    /// Where log records go; while a file stands there, none can be written.
    fn log(&self) -> PathBuf {
        self.folder.path().join("meta/log")
    }
}

#[tokio::test]
async fn a_run_that_nobody_executes_is_executed() {
    let f = Fixture::new("SELECT a FROM t").await;
    let refresher = f.start();
    // As it is after a start or an end that could not be recorded.
    let stray = f.running().await;
    refresher.wait(stray.id).await.unwrap();
    assert_eq!(f.state_of(stray.id), RunState::Success);
}

#[tokio::test]
async fn a_failure_is_recorded_when_the_log_can_be_written_again() {
    let f = Fixture::new("SELECT nosuch FROM t").await;
    let run = f.running().await;
    let away = f.folder.path().join("log");
    std::fs::rename(f.log(), &away).unwrap();
    std::fs::write(f.log(), "").unwrap();
    let (catalog, engine, executed) = (f.catalog.clone(), f.engine.clone(), run.clone());
    let execution = tokio::spawn(async move { run::execute(&catalog, &engine, executed, 10).await });
    // The first try has ended when one behind it has.
    let touched = |draft: &mut catalog::Draft| draft.apply(Change::ForgetTaskRuns(vec![]));
    while f.catalog.commit(touched).await.is_ok() {}
    assert_eq!(f.state_of(run.id), RunState::Running);
    std::fs::remove_file(f.log()).unwrap();
    std::fs::rename(away, f.log()).unwrap();
    execution.await.unwrap();
    assert_eq!(f.state_of(run.id), RunState::Failed);
}

#[tokio::test]
async fn a_failed_run_knows_what_it_was_tried_on() {
    let f = Fixture::new("SELECT nosuch FROM t").await;
    let run = f.running().await;
    run::execute(&f.catalog, &f.engine, run.clone(), 10).await;
    let snapshot = f.catalog.snapshot();
    let failed = snapshot.task_run(run.id).unwrap();
    assert_eq!(failed.failed_on, task_run::cut_of(&snapshot, f.mv));
    assert!(!failed.failed_on.is_empty() && !failed.retryable);
}

#[tokio::test]
async fn a_panic_is_an_error() {
    let caught = run::caught::<()>(async { panic!("in planning") }).await;
    assert!(caught.unwrap_err().to_string().contains("unexpectedly"));
}

#[tokio::test]
async fn retries_count_once_against_the_view() {
    let f = Fixture::new("SELECT a FROM t").await;
    let run = f.running().await;
    let failures = |retryable, attempt| {
        let (run, catalog) = (TaskRun { attempt, ..run.clone() }, f.catalog.clone());
        async move {
            let error = base::Error::new(base::ErrorKind::Exhausted, "memory is short");
            let mut failure = task_run::Failure::new(&error, Default::default());
            failure.retryable = retryable;
            let failed = catalog.commit(move |draft| {
                draft.apply(Change::PutTaskRun(run.clone()))?;
                task_run::fail(draft, &run, failure, 10)?;
                Ok(draft.state().table_by_id(run.mv).unwrap().mv.as_ref().unwrap().failures_in_a_row)
            });
            failed.await.unwrap().0
        }
    };
    assert_eq!(failures(true, 0).await, 1);
    assert_eq!(failures(true, 1).await, 1);
    assert_eq!(failures(false, 2).await, 2);
}

#[tokio::test]
async fn a_refresh_waits_for_the_memory_that_other_writers_have() {
    let f = Fixture::new("SELECT a FROM t").await;
    let run = f.running().await;
    let memory = f.engine.write_memory().clone();
    let all = memory.reserve(memory.bytes()).await.unwrap();
    let refresh = run::execute(&f.catalog, &f.engine, run.clone(), 10);
    tokio::pin!(refresh);
    let early = tokio::time::timeout(std::time::Duration::from_millis(200), &mut refresh).await;
    assert!(early.is_err());
    drop(all);
    refresh.await;
    assert_eq!(f.state_of(run.id), RunState::Success);
}
