//! A server whose sessions answer a few made-up statements, and echo every other one.

use crate::mysql::{ClientSession, Frontend, Login, PasswordHash, SALT_BYTES, SessionStatus, Settings, serve};
use crate::process_list::{ProcessHandle, ProcessList};
use crate::reply::{ColumnKind, Done, Reply, ResultColumn, Rows};
use crate::time_limit::TimeLimit;
use async_trait::async_trait;
use base::clock::Clock;
use base::{Error, ErrorKind, Result};
use datafusion::arrow::array::*;
use datafusion::arrow::datatypes::{DataType, Field, Int32Type, Schema, TimeUnit};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use mysql_async::{Conn, OptsBuilder};
use parking_lot::Mutex;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(super) const DEFAULT_SETTINGS: Settings = Settings { connections_max: 8, drain_timeout: Duration::from_secs(60) };

pub(super) struct Fake {
    pub(super) processes: ProcessList,
    /// One permit per statement that began to hang.
    pub(super) hanging: Arc<Semaphore>,
    /// One permit per hanging statement that was dropped.
    pub(super) dropped: Arc<Semaphore>,
    /// Batches that `endless` produced.
    pub(super) produced: Arc<AtomicU64>,
    pub(super) logins: Mutex<Vec<Login>>,
}

pub(super) struct Server {
    pub(super) port: u16,
    pub(super) fake: Arc<Fake>,
    pub(super) shutdown: CancellationToken,
    pub(super) task: JoinHandle<()>,
}

impl Server {
    pub(super) async fn start() -> Self {
        Self::start_with(DEFAULT_SETTINGS).await
    }

    pub(super) async fn start_with(settings: Settings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let fake = Arc::new(Fake {
            processes: ProcessList::new(Clock::manual(0)),
            hanging: Arc::new(Semaphore::new(0)),
            dropped: Arc::new(Semaphore::new(0)),
            produced: Arc::default(),
            logins: Mutex::default(),
        });
        let shutdown = CancellationToken::new();
        let frontend: Arc<dyn Frontend> = Arc::clone(&fake) as _;
        let task = tokio::spawn(serve(listener, frontend, settings, shutdown.clone()));
        Server { port, fake, shutdown, task }
    }

    /// Options that ask nothing at connect.
    pub(super) fn options(&self) -> OptsBuilder {
        OptsBuilder::default()
            .ip_or_hostname("127.0.0.1")
            .tcp_port(self.port)
            .user(Some("t"))
            .pass(Some("pw"))
            .prefer_socket(false)
            .max_allowed_packet(Some(1 << 30))
            .wait_timeout(Some(28_800))
    }

    pub(super) async fn connect(&self) -> Conn {
        Conn::new(self.options()).await.unwrap()
    }

    /// Waits until a statement hangs.
    pub(super) async fn hanging(&self) {
        self.fake.hanging.acquire().await.unwrap().forget();
    }

    /// Waits until a hanging statement was dropped.
    pub(super) async fn dropped(&self) {
        self.fake.dropped.acquire().await.unwrap().forget();
    }
}

impl Frontend for Fake {
    fn server_version(&self) -> String {
        "8.0.33".to_string()
    }

    fn authenticate(&self, user: &str, _: SocketAddr, salt: &[u8; SALT_BYTES], scramble: &[u8]) -> Result<()> {
        let password = match user {
            "t" | "hurried" => "pw",
            "nopw" | "impatient" => "",
            "locked" => return Err(Error::new(ErrorKind::Privilege, "the account is locked")),
            _ => return Err(Error::new(ErrorKind::AccessDenied, "no such user")),
        };
        let accepted = PasswordHash::of(password).accepts(salt, scramble);
        accepted.then_some(()).ok_or_else(|| Error::new(ErrorKind::AccessDenied, "wrong password"))
    }

    fn open(&self, login: Login) -> Box<dyn ClientSession> {
        self.logins.lock().push(login.clone());
        let (hanging, dropped) = (Arc::clone(&self.hanging), Arc::clone(&self.dropped));
        let idle_ms = if login.user == "impatient" { 0 } else { 28_800_000 };
        let write_timeout = Duration::from_millis(if login.user == "hurried" { 50 } else { 60_000 });
        Box::new(Session {
            processes: self.processes.clone(),
            process: login.process,
            hanging,
            dropped,
            produced: Arc::clone(&self.produced),
            database: None,
            status: SessionStatus::default(),
            wait_timeout: Duration::from_millis(idle_ms),
            write_timeout,
        })
    }

    fn processes(&self) -> &ProcessList {
        &self.processes
    }
}

struct Session {
    processes: ProcessList,
    process: ProcessHandle,
    hanging: Arc<Semaphore>,
    dropped: Arc<Semaphore>,
    produced: Arc<AtomicU64>,
    database: Option<String>,
    status: SessionStatus,
    wait_timeout: Duration,
    write_timeout: Duration,
}

/// Tells when it is dropped.
struct DropGuard(Arc<Semaphore>);

impl Drop for DropGuard {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}

#[async_trait]
impl ClientSession for Session {
    async fn use_database(&mut self, name: &str) -> Result<()> {
        if name == "nosuch" {
            return Err(Error::new(ErrorKind::UnknownDatabase, "Unknown database 'nosuch'"));
        }
        self.process.set_database(Some(name));
        self.database = Some(name.to_string());
        Ok(())
    }

    async fn execute(&mut self, sql: &str) -> Result<Reply> {
        let (word, argument) = sql.split_once(' ').unwrap_or((sql, ""));
        let number = || argument.parse().unwrap_or(0);
        self.status.warnings = 0;
        match word {
            "hang" => {
                let _guard = DropGuard(Arc::clone(&self.dropped));
                self.hanging.add_permits(1);
                std::future::pending::<()>().await;
            }
            "panic" => panic!("made to fail"),
            "fail" => return Err(Error::new(ErrorKind::UnknownTable, "Unknown table 'nope'")),
            "change" => {
                let info = "Records: 3  Duplicates: 0  Warnings: 1".to_string();
                return Ok(Done { affected_rows: 300, last_insert_id: 7, info, warnings: 1 }.into());
            }
            "begin" | "commit" => {
                self.status.in_transaction = word == "begin";
                return Ok(Reply::done());
            }
            "manual" => {
                self.status.autocommit = false;
                return Ok(Reply::done());
            }
            "KILL" => {
                let (what, id) = argument.split_once(' ').unwrap_or_default();
                let id = id.parse().unwrap_or(0);
                if what == "QUERY" {
                    self.processes.kill_query(id)?
                } else {
                    self.processes.kill_connection(id)?
                }
                return Ok(Reply::done());
            }
            "database" => return Ok(echo(self.database.as_deref().unwrap_or("none"))),
            "types" => return Ok(types()),
            "rows" => {
                self.status.warnings = 2;
                return Ok(self.numbers(number()));
            }
            "bytes" => return Ok(echo(&"x".repeat(argument.parse().unwrap_or(0)))),
            "stream" => return Ok(self.stream_and(argument)),
            "endless" => return Ok(self.endless()),
            _ => {}
        }
        Ok(echo(sql))
    }

    async fn describe(&mut self, sql: &str) -> Result<Option<Vec<ResultColumn>>> {
        match sql.split_once(' ').map_or(sql, |(word, _)| word) {
            "select" => Ok(Some(vec![ResultColumn::text("sql")])),
            "types" => Ok(Some(type_columns())),
            "limit" if sql.contains("NULL") => Err(Error::invalid("a limit is a number")),
            "limit" => Ok(Some(vec![ResultColumn::text("a"), ResultColumn::text("b")])),
            "any" => Err(Error::invalid("the types of the parameters are needed")),
            "unpreparable" => Err(Error::unsupported("not in this way")),
            "fail" => Err(Error::new(ErrorKind::UnknownTable, "Unknown table 'nope'")),
            _ => Ok(None),
        }
    }

    async fn field_list(&mut self, table: &str) -> Result<Vec<ResultColumn>> {
        if table == "nope" {
            return Err(Error::new(ErrorKind::UnknownTable, "Unknown table 'nope'"));
        }
        let column = |name: &str| ResultColumn::new(name, DataType::Int32, true).from_table("demo", table, name);
        Ok(vec![column("id"), column("name")])
    }

    async fn reset(&mut self) {
        self.status = SessionStatus::default();
    }

    fn status(&self) -> SessionStatus {
        self.status
    }

    fn wait_timeout(&self) -> Duration {
        self.wait_timeout
    }

    fn write_timeout(&self) -> Duration {
        self.write_timeout
    }

    fn time_limit(&self) -> Option<TimeLimit> {
        None
    }
}

impl Session {
    fn numbers(&self, count: i64) -> Reply {
        let starts: Vec<i64> = (0..count).step_by(8192).collect();
        let batches = starts.into_iter().map(move |start| {
            let end = (start + 8192).min(count);
            batch(vec![("n", Arc::new(Int64Array::from_iter_values(start..end)))])
        });
        Rows::of(vec![ResultColumn::new("n", DataType::Int64, false)], batches.collect()).into()
    }

    /// One row, and then an error, a panic, or nothing ever.
    fn stream_and(&self, then: &str) -> Reply {
        let guard = DropGuard(Arc::clone(&self.dropped));
        let (hanging, then) = (Arc::clone(&self.hanging), then.to_string());
        let first = batch(vec![("n", Arc::new(Int64Array::from(vec![1])))]);
        let rest = stream::once(async move {
            let _guard = guard;
            match then.as_str() {
                "fail" => return Err(Error::new(ErrorKind::BadData, "the second row is bad")),
                "panic" => panic!("made to fail in rows"),
                _ => hanging.add_permits(1),
            }
            std::future::pending().await
        });
        let batches = stream::iter([Ok(first)]).chain(rest).boxed();
        Rows { columns: vec![ResultColumn::new("n", DataType::Int64, false)], batches }.into()
    }

    fn endless(&self) -> Reply {
        let guard = DropGuard(Arc::clone(&self.dropped));
        let produced = Arc::clone(&self.produced);
        let megabyte: ArrayRef = Arc::new(StringArray::from(vec!["x".repeat(1 << 20)]));
        let batches: BoxStream<'static, Result<RecordBatch>> = stream::repeat_with(move || {
            let _ = &guard;
            produced.fetch_add(1, Ordering::SeqCst);
            Ok(batch(vec![("s", Arc::clone(&megabyte))]))
        })
        .boxed();
        Rows { columns: vec![ResultColumn::text("s")], batches }.into()
    }
}

fn echo(text: &str) -> Reply {
    let texts: ArrayRef = Arc::new(StringArray::from(vec![text]));
    Rows::of(vec![ResultColumn::text("sql")], vec![batch(vec![("sql", texts)])]).into()
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let fields: Vec<Field> = columns.iter().map(|(n, a)| Field::new(*n, a.data_type().clone(), true)).collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

/// One column per type; the first row has values, the second only NULLs.
fn type_arrays() -> Vec<(&'static str, ArrayRef, ColumnKind)> {
    use ColumnKind as K;
    let decimal = |v: i128, p, s| -> ArrayRef {
        Arc::new(Decimal128Array::from(vec![Some(v), None]).with_precision_and_scale(p, s).unwrap())
    };
    let instant = TimestampMicrosecondArray::from(vec![Some(1_391_414_400_000_001), None]);
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None]), None]);
    vec![
        ("boolean", Arc::new(BooleanArray::from(vec![Some(true), None])), K::Plain),
        ("tinyint", Arc::new(Int8Array::from(vec![Some(-8), None])), K::Plain),
        ("smallint", Arc::new(Int16Array::from(vec![Some(-16), None])), K::Plain),
        ("int", Arc::new(Int32Array::from(vec![Some(-32), None])), K::Plain),
        ("bigint", Arc::new(Int64Array::from(vec![Some(i64::MIN), None])), K::Plain),
        ("unsigned", Arc::new(UInt64Array::from(vec![Some(u64::MAX), None])), K::Plain),
        ("largeint", decimal(-(10_i128.pow(37)), 38, 0), K::LargeInt),
        ("float", Arc::new(Float32Array::from(vec![Some(0.5), None])), K::Plain),
        ("double", Arc::new(Float64Array::from(vec![Some(32.0), None])), K::Plain),
        ("decimal", decimal(-150, 10, 2), K::Plain),
        ("date", Arc::new(Date32Array::from(vec![Some(16_104), None])), K::Plain),
        ("datetime", Arc::new(instant), K::Plain),
        ("varchar", Arc::new(StringArray::from(vec![Some("é'\\"), None])), K::Varchar { length: 50 }),
        ("varbinary", Arc::new(BinaryArray::from(vec![Some(&b"\0\xFF"[..]), None])), K::Plain),
        ("json", Arc::new(StringViewArray::from(vec![Some("{\"a\": 1}"), None])), K::Json),
        ("array", Arc::new(list), K::Plain),
        ("nothing", Arc::new(NullArray::new(2)), K::Plain),
    ]
}

fn type_columns() -> Vec<ResultColumn> {
    let told = |array: &ArrayRef| match array.data_type() {
        DataType::Timestamp(..) => DataType::Timestamp(TimeUnit::Microsecond, None),
        other => other.clone(),
    };
    type_arrays().iter().map(|(n, a, kind)| ResultColumn::new(*n, told(a), true).with_kind(*kind)).collect()
}

fn types() -> Reply {
    let arrays = type_arrays().into_iter().map(|(name, array, _)| (name, array)).collect();
    Rows::of(type_columns(), vec![batch(arrays)]).into()
}
