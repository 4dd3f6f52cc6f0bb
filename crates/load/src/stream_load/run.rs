//! One Stream Load from its headers to its response.
//!
//! Called by the HTTP endpoint. Whatever happens, either the rows are committed under the label, or nothing is left:
//! the files are deleted and the label is free again.

use super::admission::Admission;
use super::error_log::ErrorLogs;
use super::feed::{self, Body, BodyLimits};
use super::front::{BeginLoad, Begun, LoadFront, Refused};
use super::headers::{Rejected, StreamLoadRequest};
use super::pipeline;
use super::response::{Response, Status, Times};
use super::transform::{Reading, Scope, Transform};
use crate::quality::{Quality, RejectedRows};
use base::config::Config;
use base::ids::{PartitionId, WriterId};
use base::metrics::Metric;
use base::session_variable::SessionVariables;
use base::{Error, ErrorKind, Result};
use catalog::load::{LoadCounts, LoadProgress};
use catalog::{Snapshot, Table};
use engine::{Engine, SessionInfo};
use std::io::BufWriter;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use storage::{TableWriter, WriteOptions, WrittenFiles};
use tokio::time::Instant;
use uuid::Uuid;

// Named as StarRocks names them, with units.
static REQUESTS: Metric = Metric::counter("streaming_load_requests_total", "Stream Loads that were asked for.");
static FAILURES: Metric = Metric::counter("streaming_load_failures_total", "Stream Loads that loaded nothing.");
static BYTES: Metric = Metric::counter("streaming_load_bytes_total", "Bytes of bodies that were received.");
static ROWS: Metric = Metric::counter("streaming_load_rows_total", "Rows that were loaded.");
static DURATION: Metric = Metric::counter("streaming_load_duration_ms_total", "Time that Stream Loads took.");
static RUNNING: Metric = Metric::gauge("streaming_load_current_processing", "Stream Loads that run now.");

/// Buffered rows need more bytes than their text: numbers are wider, and text is kept by view.
const BUFFER_BYTES_PER_BODY_BYTE: usize = 4;
const BUFFER_BYTES_MIN: usize = 32 << 20;

/// What the configuration says about Stream Load.
#[derive(Debug, Clone)]
pub struct Settings {
    pub timeout: Duration,
    pub stall: Duration,
    pub body_bytes_max: u64,
    pub empty_is_error: bool,
    /// Encoded size up to which files are filled.
    pub file_bytes_max: usize,
}

impl Settings {
    pub fn new(config: &Config) -> Self {
        Settings {
            timeout: Duration::from_secs(config.integer("stream_load_default_timeout_second")),
            stall: Duration::from_secs(config.integer("stream_load_stall_timeout_second")),
            body_bytes_max: config.integer("streaming_load_max_mb").saturating_mul(1 << 20),
            empty_is_error: config.bool("empty_load_as_error"),
            file_bytes_max: (config.integer("compaction_file_mb") as usize).saturating_mul(1 << 20),
        }
    }
}

/// A request as HTTP delivers it.
pub struct HttpLoad {
    pub database: String,
    pub table: String,
    pub user: String,
    /// What expressions see of the session variables, before the header `timezone`.
    pub variables: SessionVariables,
    /// The request's credentials, if the user is not authenticated here.
    pub authorization: Option<String>,
    pub headers: Vec<(String, Vec<u8>)>,
    /// Content-Length.
    pub content_length: Option<u64>,
    pub body: Body,
    /// `http://host:port` under which the client reaches this server; error logs are linked from there.
    pub base_url: String,
}

/// Runs Stream Loads; clones share everything.
#[derive(Clone)]
pub struct StreamLoader {
    front: Arc<dyn LoadFront>,
    engine: Engine,
    settings: Settings,
    logs: ErrorLogs,
    admission: Admission,
}

/// What a load has found out so far; the response is made of it also when it fails.
#[derive(Default)]
struct Facts {
    quality: Arc<Quality>,
    received: Arc<AtomicU64>,
    times: Times,
    rejected_path: Option<PathBuf>,
    /// The first lines end with CR LF, but records end with LF.
    carriage_returns: Arc<AtomicBool>,
}

/// What a load writes to; the label is held elsewhere, so that a load can be cancelled while it writes.
struct Target {
    user: String,
    variables: SessionVariables,
    table: Arc<Table>,
    snapshot: Snapshot,
    writer: WriterId,
    now_us: i64,
    progress: Arc<LoadProgress>,
}

impl Target {
    fn of(begun: &Begun) -> Self {
        Target {
            user: begun.user.clone(),
            variables: begun.variables.clone(),
            table: Arc::clone(&begun.table),
            snapshot: Arc::clone(&begun.snapshot),
            writer: begun.writer,
            now_us: begun.now_us,
            progress: Arc::clone(begun.transaction.progress()),
        }
    }
}

impl StreamLoader {
    pub fn new(front: Arc<dyn LoadFront>, engine: Engine, settings: Settings, logs: ErrorLogs) -> Self {
        let admission = Admission::new(engine.write_memory().clone());
        StreamLoader { front, engine, settings, logs, admission }
    }

    pub fn logs(&self) -> &ErrorLogs {
        &self.logs
    }

    /// Runs a load to its end, also when the caller goes away: a commit must not stop half-way.
    pub async fn run(&self, load: HttpLoad) -> Response {
        let label = given_label(&load.headers).unwrap_or_else(|| Uuid::new_v4().to_string());
        let (loader, owned_label) = (self.clone(), label.clone());
        let run = tokio::spawn(async move { loader.counted(load, owned_label).await }).await;
        run.unwrap_or_else(|e| {
            Response::refused(label, Error::internal("the load failed unexpectedly, see the server's log").caused_by(e))
        })
    }

    async fn counted(self, load: HttpLoad, label: String) -> Response {
        REQUESTS.add(1);
        RUNNING.add(1);
        let response = self.load(load, label).await;
        RUNNING.add(-1);
        BYTES.add(response.bytes as i64);
        DURATION.add(response.times.total_ms as i64);
        ROWS.add(response.counts.loaded as i64);
        if !response.is_success() {
            FAILURES.add(1);
        }
        response
    }

    async fn load(self, load: HttpLoad, label: String) -> Response {
        let started = Instant::now();
        let headers = load.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        let request = match StreamLoadRequest::read(headers) {
            Ok(request) => request,
            Err(error) => return Response::refused(label, error),
        };
        let begun = match self.opening(&load, &label) {
            Ok(opening) => self.front.begin(opening).await,
            Err(error) => Err(error.into()),
        };
        let mut to = match begun {
            Ok(begun) => begun,
            Err(refused) => return refused_response(label, refused),
        };
        let mut facts = Facts::default();
        facts.times.begin_ms = ms_since(started);
        let (base_url, mut warnings) = (load.base_url.clone(), request.warnings.clone());
        let target = Target::of(&to);
        let written = tokio::select! {
            reason = to.transaction.cancelled() => Err(reason),
            written = self.write(&mut facts, &target, request, load, started) => written,
        };
        // Dropped, the files of a cancelled load are deleted.
        let written = written.and_then(|files| to.transaction.close().map(|()| files));
        if facts.carriage_returns.load(Ordering::Relaxed) {
            warnings.push(
                "lines end with CR LF, and the CR belongs to the last field: set row_delimiter to \\r\\n".to_string(),
            );
        }
        let counts = facts.quality.counts();
        let error_url = self.save_error_log(&facts.quality, &base_url);
        let bytes = facts.received.load(Ordering::Relaxed);
        let mut response = Response {
            txn: Some(to.txn),
            label,
            status: Status::Success,
            counts,
            bytes,
            times: facts.times,
            error_url: error_url.clone(),
            rejected_path: facts.rejected_path.map(|path| path.display().to_string()),
            warnings,
        };
        let recorded = LoadCounts {
            rows_loaded: counts.loaded,
            rows_filtered: counts.filtered,
            rows_unselected: counts.unselected,
            bytes,
        };
        let committing = Instant::now();
        let committed = match written {
            Ok(written) => {
                let transaction = to.transaction;
                written.commit(move |files| transaction.commit(files, recorded, error_url)).await
            }
            Err(error) => {
                to.transaction.fail(&error, recorded, error_url).await;
                Err(error)
            }
        };
        if let Err(error) = committed {
            response.counts.loaded = 0;
            response.status = match error.kind() {
                // An earlier request's commit was on its way when this one began.
                ErrorKind::LabelExists => {
                    Status::LabelAlreadyExists { running: false, message: error.message().to_string() }
                }
                _ => Status::Fail(error),
            };
        }
        response.times.commit_ms = ms_since(committing);
        response.times.total_ms = ms_since(started);
        response
    }

    fn opening(&self, load: &HttpLoad, label: &str) -> Result<BeginLoad> {
        if load.content_length.is_some_and(|bytes| bytes > self.settings.body_bytes_max) {
            return Err(feed::too_large(self.settings.body_bytes_max));
        }
        Ok(BeginLoad {
            database: load.database.clone(),
            table: load.table.clone(),
            label: label.to_string(),
            user: load.user.clone(),
            variables: load.variables.clone(),
            authorization: load.authorization.clone(),
        })
    }

    /// Everything between taking the label and committing.
    async fn write(
        &self,
        facts: &mut Facts,
        to: &Target,
        request: StreamLoadRequest,
        load: HttpLoad,
        started: Instant,
    ) -> Result<WrittenFiles> {
        let planning = Instant::now();
        let (rejected, rejected_path) = self.rejected_rows(request.rejected)?;
        facts.rejected_path = rejected_path;
        facts.quality = Arc::new(Quality::new(rejected));
        let transform = Arc::new(self.transform(facts, to, &request, &load)?);
        facts.times.plan_ms = ms_since(planning);
        let timeout = request.timeout.unwrap_or(self.settings.timeout);
        let workers = request.parallelism.unwrap_or(usize::MAX).clamp(1, self.engine.parallelism().max(1));
        // The reading thread counts too.
        let _pass = self.admission.enter(workers + 1, buffer_bytes(&request, &load), started + timeout).await?;
        let input = pipeline::Input {
            body: load.body,
            limits: BodyLimits {
                stall: self.settings.stall,
                bytes_max: self.settings.body_bytes_max,
                bytes_expected: load.content_length,
            },
            compression: request.compression,
            dialect: request.dialect,
            skip_header: request.skip_header,
            workers,
            deadline: started + timeout,
            timeout,
            received: Arc::clone(&facts.received),
            carriage_returns: Arc::clone(&facts.carriage_returns),
        };
        let writing = Instant::now();
        let finished = pipeline::run(input, &transform).await?;
        facts.times.read_ms = finished.read_at.duration_since(writing).as_millis() as u64;
        self.judge(&facts.quality, request.max_filter_ratio, &transform)?;
        let transform = Arc::into_inner(transform).ok_or_else(|| Error::internal("a finished load is still in use"))?;
        let files = transform.into_writer().finish().await?;
        facts.times.write_ms = ms_since(writing);
        Ok(files)
    }

    fn transform(&self, facts: &Facts, to: &Target, request: &StreamLoadRequest, load: &HttpLoad) -> Result<Transform> {
        let mut session = SessionInfo::internal(Some(load.database.clone()), to.now_us);
        session.user.clone_from(&to.user);
        session.variables = to.variables.clone();
        session.global_variables = to.variables.clone();
        if let Some(zone) = &request.timezone {
            session.variables.set("time_zone", zone)?;
        }
        let options = WriteOptions {
            file_bytes_max: self.settings.file_bytes_max,
            buffer_bytes_max: buffer_bytes(request, load),
            only_partitions: partition_ids(&to.table, &request.partitions)?,
        };
        let writer = TableWriter::new(self.engine.store().clone(), to.writer, &to.table, options)?;
        let scope = Scope { engine: &self.engine, snapshot: Arc::clone(&to.snapshot), session: Arc::new(session) };
        let reading = Reading {
            dialect: request.dialect.clone(),
            columns: request.columns.as_deref(),
            filter: request.filter.as_deref(),
            strict: request.strict,
        };
        Transform::new(&scope, &to.table, reading, Arc::clone(&facts.quality), Arc::clone(&to.progress), writer)
    }

    /// Whether what was read may be committed.
    fn judge(&self, quality: &Quality, max_filter_ratio: f64, transform: &Transform) -> Result<()> {
        quality.finish_rejected()?;
        let counts = quality.check(max_filter_ratio).map_err(|e| {
            // The usual reason for a wrong number of fields is a wrong list of columns: show it.
            let miscounted = e.message().contains("Target column count");
            if miscounted { e.with("fields_expected", transform.fields_expected()) } else { e }
        })?;
        if counts.loaded == 0 && self.settings.empty_is_error {
            let message = "No rows were imported from upstream";
            return Err(Error::new(ErrorKind::BadData, message)
                .with("total", counts.total)
                .with("filtered", counts.filtered));
        }
        Ok(())
    }

    fn rejected_rows(&self, rejected: Rejected) -> Result<(Option<RejectedRows>, Option<PathBuf>)> {
        let rows_max = match rejected {
            Rejected::None => return Ok((None, None)),
            Rejected::All => None,
            Rejected::UpTo(rows) => Some(rows),
        };
        let (file, path) = self.logs.create_rejected()?;
        Ok((Some(RejectedRows::new(Box::new(BufWriter::new(file)), rows_max)), Some(path)))
    }

    /// Keeps the error log, if there is one, and says where it can be read.
    fn save_error_log(&self, quality: &Quality, base_url: &str) -> Option<String> {
        let log = quality.error_log()?;
        match self.logs.save(&log) {
            Ok(name) => Some(format!("{base_url}/api/_load_error_log?file={name}")),
            Err(error) => {
                tracing::warn!(%error, "error log of a load not kept");
                None
            }
        }
    }
}

/// The response to a load that could not begin.
fn refused_response(label: String, refused: Refused) -> Response {
    let mut response = Response::refused(label, refused.error);
    if let (Some(running), Status::Fail(error)) = (refused.running, &response.status) {
        response.status = Status::LabelAlreadyExists { running, message: error.message().to_string() };
    }
    response
}

fn given_label(headers: &[(String, Vec<u8>)]) -> Option<String> {
    let (_, value) = headers.iter().find(|(name, value)| name.eq_ignore_ascii_case("label") && !value.is_empty())?;
    Some(String::from_utf8_lossy(value).trim().to_string()).filter(|label| !label.is_empty())
}

/// How much a load may buffer: what it asks for, and not more than its body can need.
fn buffer_bytes(request: &StreamLoadRequest, load: &HttpLoad) -> usize {
    let most = WriteOptions::default().buffer_bytes_max;
    let asked =
        request.memory_bytes_max.and_then(|bytes| usize::try_from(bytes).ok()).map_or(most, |bytes| bytes.min(most));
    match load.content_length {
        Some(bytes) if request.compression.is_none() => {
            let needed = (bytes as usize).saturating_mul(BUFFER_BYTES_PER_BODY_BYTE).max(BUFFER_BYTES_MIN);
            asked.min(needed)
        }
        _ => asked,
    }
}

fn partition_ids(table: &Table, names: &[String]) -> Result<Option<Vec<PartitionId>>> {
    if names.is_empty() {
        return Ok(None);
    }
    let id = |name: &String| match table.partition(name) {
        Some(partition) => Ok(partition.meta.id),
        None => Err(Error::new(
            ErrorKind::UnknownPartition,
            format!("Unknown partition '{name}' in table '{}'", table.meta.name),
        )),
    };
    names.iter().map(id).collect::<Result<_>>().map(Some)
}

fn ms_since(start: Instant) -> u64 {
    start.elapsed().as_millis() as u64
}
