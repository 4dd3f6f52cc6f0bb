//! Whole loads against a catalog and an engine on a local directory.

mod failures;
mod rows;

use super::*;
use base::clock::Clock;
use base::ids::{ColumnId, DbId, PartitionId, TableId};
use base::store::Store;
use base::{Error, Result};
use bytes::Bytes;
use catalog::change::Change;
use catalog::{
    Bounds, Catalog, CatalogOptions, Column, Database, DefaultValue, Layout, Object, PartitionMeta, Partitioning,
    SqlType, TableMeta,
};
use engine::{Engine, EngineBuilder, SessionInfo};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// 2024-02-01 00:00:00 UTC.
const NOW_MS: i64 = 1_706_745_600_000;

struct Fixture {
    catalog: Catalog,
    engine: Engine,
    front: CatalogFront,
    loader: StreamLoader,
    folder: tempfile::TempDir,
}

fn settings() -> Settings {
    Settings {
        timeout: Duration::from_secs(60),
        stall: Duration::from_secs(60),
        body_bytes_max: 1 << 30,
        empty_is_error: true,
        file_bytes_max: 1 << 20,
    }
}

impl Fixture {
    /// A table `d.t` with these columns: `name type [not null] [default x]`, comma-separated.
    async fn new(columns: &str, partitioning: Partitioning, partitions: Vec<(&str, Bounds)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::local(folder.path()).unwrap();
        let options = CatalogOptions { clock: Clock::manual(NOW_MS), checkpoint_records: 100 };
        let catalog = Catalog::open(store.clone(), options).await.unwrap();
        create_table(&catalog, parse_columns(columns), partitioning, partitions).await;
        let functions = functions::all();
        let builder = EngineBuilder::new(store).functions(functions.scalar, functions.aggregate).parallelism(3);
        let engine = builder.build().unwrap();
        let logs = ErrorLogs::new(folder.path().join("logs"));
        let front = CatalogFront::new(catalog.clone());
        let loader = StreamLoader::new(Arc::new(front.clone()), engine.clone(), settings(), logs);
        Fixture { catalog, engine, front, loader, folder }
    }

    async fn plain(columns: &str) -> Self {
        Self::new(columns, Partitioning::None, vec![("t", Bounds::All)]).await
    }

    /// Sends `body` in chunks of seven bytes.
    async fn load(&self, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Value {
        let chunks: Vec<Result<Bytes>> = body.as_ref().chunks(7).map(|c| Ok(Bytes::copy_from_slice(c))).collect();
        self.load_body(headers, stream::iter(chunks).boxed()).await
    }

    async fn load_body(&self, headers: &[(&str, &str)], body: Body) -> Value {
        serde_json::from_str(&self.loader.run(request(headers, body)).await.to_json()).unwrap()
    }

    /// The rows of a query, their values joined by `|`.
    async fn query(&self, sql: &str) -> Vec<String> {
        let session = Arc::new(SessionInfo::internal(Some("d".to_string()), NOW_MS * 1000));
        let planned = self.engine.plan(sql::parse_query(sql).unwrap(), self.catalog.snapshot(), session).await.unwrap();
        let batches: Vec<_> = planned.run().await.unwrap().try_collect().await.unwrap();
        let text = |batch: &arrow::array::RecordBatch| {
            let options = arrow::util::display::FormatOptions::default().with_null("NULL");
            let columns: Vec<_> = batch
                .columns()
                .iter()
                .map(|c| arrow::util::display::ArrayFormatter::try_new(c.as_ref(), &options).unwrap())
                .collect();
            let row = |i| columns.iter().map(|c| c.value(i).to_string()).collect::<Vec<_>>().join("|");
            (0..batch.num_rows()).map(row).collect::<Vec<_>>()
        };
        batches.iter().flat_map(text).collect()
    }

    /// Asserts that no file of the table is left and the label is free. Files are deleted in the background.
    async fn assert_nothing_left(&self, label: &str) {
        let db = self.catalog.snapshot().database("d").unwrap().id;
        assert_eq!(self.catalog.label_state(db, label), None);
        let gone = async {
            while !self.catalog.store().list(storage::layout::DATA).await.unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), gone).await.expect("files of a failed load are left");
        assert_eq!(self.query("select count(*) from t").await, ["0"]);
    }

    fn error_log(&self, response: &Value) -> String {
        let url = response["ErrorURL"].as_str().expect("the response has an ErrorURL");
        let (base, name) = url.split_once("/api/_load_error_log?file=").unwrap();
        assert_eq!(base, "http://h:1");
        self.loader.logs().read(name).unwrap()
    }
}

fn request(headers: &[(&str, &str)], body: Body) -> HttpLoad {
    HttpLoad {
        database: "d".to_string(),
        table: "t".to_string(),
        user: "root".to_string(),
        variables: Default::default(),
        authorization: None,
        headers: headers.iter().map(|(n, v)| (n.to_string(), v.as_bytes().to_vec())).collect(),
        content_length: None,
        body,
        base_url: "http://h:1".to_string(),
    }
}

fn parse_columns(text: &str) -> Vec<Column> {
    let column = |(i, definition): (usize, &str)| {
        let words: Vec<&str> = definition.split_whitespace().collect();
        let default = words.iter().position(|w| *w == "default").map(|at| match words[at + 1] {
            "now" => DefaultValue::CurrentTimestamp,
            text => DefaultValue::Literal(text.to_string()),
        });
        let (name, args) = words[1]
            .split_once('(')
            .map_or((words[1], vec![]), |(name, n)| (name, vec![n.trim_end_matches(')').parse().unwrap()]));
        Column {
            id: ColumnId(i as u64 + 1),
            name: words[0].to_string(),
            ty: SqlType::from_name(&name.to_uppercase(), &args).unwrap(),
            nullable: !definition.contains("not null"),
            default,
            comment: String::new(),
        }
    };
    text.split(',').enumerate().map(column).collect()
}

async fn create_table(
    catalog: &Catalog,
    columns: Vec<Column>,
    partitioning: Partitioning,
    partitions: Vec<(&str, Bounds)>,
) {
    let partitions: Vec<(String, Bounds)> = partitions.into_iter().map(|(n, b)| (n.to_string(), b)).collect();
    let created = catalog.commit(move |draft| {
        let db = DbId(draft.new_id());
        let database = Database { id: db, name: "d".into(), properties: Default::default(), created_ms: 0 };
        draft.apply(Change::PutDatabase(database))?;
        let layout = Layout {
            key_columns: vec![],
            sort_key: vec![],
            partitioning,
            bucket_columns: vec![],
            buckets: None,
            properties: Default::default(),
        };
        let id = TableId(draft.new_id());
        let put = |name: &str, id: TableId, object: Object, columns: Vec<Column>| {
            let next_column_id = columns.len() as u64 + 1;
            let (name, comment) = (name.to_string(), String::new());
            Change::PutTable(Arc::new(TableMeta {
                id,
                db,
                name,
                comment,
                columns,
                next_column_id,
                object,
                created_ms: 0,
            }))
        };
        draft.apply(put("t", id, Object::Table(layout), columns.clone()))?;
        for (name, bounds) in partitions {
            let partition = PartitionMeta { id: PartitionId(draft.new_id()), name, bounds };
            draft.apply(Change::AddPartition { table: id, partition })?;
        }
        let view = Object::View { query: "select 1".to_string(), database: "d".to_string() };
        let view_id = TableId(draft.new_id());
        draft.apply(put("v", view_id, view, columns))
    });
    created.await.unwrap();
}

fn broken_body(start: &'static str) -> Body {
    let broken = Error::new(base::ErrorKind::Unavailable, "the connection was closed");
    stream::iter([Ok(Bytes::from_static(start.as_bytes())), Err(broken)]).boxed()
}
