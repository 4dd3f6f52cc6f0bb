//! Rows of a query into files of a table, on whichever node the query runs.
//!
//! The operator has as many partitions as its input. They write through one writer; each gives one row, how many rows it
//! took, and the last one to finish adds the files, as JSON. Nothing belongs to the table before a commit takes the files.

use crate::convert::{Conversion, assemble};
use crate::engine::Engine;
use crate::plan::failure_wire;
use crate::write::{SMALL_BUFFER_BYTES, Source, WritePlan, default_value};
use crate::write_memory::Reservation;
use base::{Error, ErrorKind, Result};
use catalog::{Column, NewFile};
use datafusion::arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray, UInt64Array};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt64Type};
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, ReplaceChildrenOptions};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties, replace_children_if_necessary,
};
use futures::TryStreamExt;
use std::fmt::Formatter;
use std::sync::{Arc, LazyLock};
use storage::{TableWriter, WrittenFiles};
use tokio::sync::Mutex;

/// Statements with large buffers that can write at once, however small the memory is.
const WRITERS_MIN: usize = 4;

static RESULT: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![Field::new("rows", DataType::UInt64, false), Field::new("files", DataType::Utf8, true)]))
});

/// Writes the rows of its input.
#[derive(Debug)]
pub(crate) struct NativeSinkExec {
    input: Arc<dyn ExecutionPlan>,
    plan: Arc<WritePlan>,
    writing: Arc<Writing>,
    properties: Arc<PlanProperties>,
}

/// What the partitions of one sink share.
#[derive(Debug)]
struct Writing {
    shared: Mutex<Shared>,
}

#[derive(Debug)]
struct Shared {
    open: Option<Arc<Open>>,
    /// Partitions that have not finished.
    left: usize,
}

struct Open {
    writer: TableWriter,
    rows: Rows,
    _reserved: Option<Reservation>,
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Open").finish_non_exhaustive()
    }
}

impl NativeSinkExec {
    pub(crate) fn new(input: Arc<dyn ExecutionPlan>, plan: Arc<WritePlan>) -> Self {
        let partitions = input.output_partitioning().partition_count();
        let properties = PlanProperties::new(
            EquivalenceProperties::new(SchemaRef::clone(&RESULT)),
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        let shared = Mutex::new(Shared { open: None, left: partitions });
        NativeSinkExec { input, plan, writing: Arc::new(Writing { shared }), properties: Arc::new(properties) }
    }

    pub(crate) fn plan(&self) -> &WritePlan {
        &self.plan
    }
}

/// What a sink's rows say: rows taken, and files that are durable and belong to nothing yet.
///
/// # Errors
/// `Internal` for rows that are not a sink's.
pub(crate) fn written(batch: &RecordBatch) -> Result<(u64, Vec<NewFile>)> {
    let damaged = || Error::internal("what a writer has written cannot be read");
    let rows = batch.column_by_name("rows").and_then(|c| c.as_primitive_opt::<UInt64Type>()).ok_or_else(damaged)?;
    let files = batch.column_by_name("files").and_then(|c| c.as_string_opt::<i32>()).ok_or_else(damaged)?;
    let mut all = Vec::new();
    for text in files.iter().flatten() {
        let files: Vec<NewFile> = serde_json::from_str(text).map_err(|e| damaged().caused_by(e))?;
        all.extend(files);
    }
    Ok((rows.values().iter().sum(), all))
}

impl DisplayAs for NativeSinkExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "NativeSinkExec: table={}", self.plan.table.meta.name)
    }
}

impl ExecutionPlan for NativeSinkExec {
    fn name(&self) -> &'static str {
        "NativeSinkExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> datafusion::common::Result<TreeNodeRecursion>,
    ) -> datafusion::common::Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(NativeSinkExec::new(children.swap_remove(0), Arc::clone(&self.plan))))
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
        replace_children_if_necessary(self, children)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> datafusion::common::Result<SendableRecordBatchStream> {
        let engine = Engine::of_task(&context)?;
        let input = self.input.execute(partition, context)?;
        let (writing, plan) = (Arc::clone(&self.writing), Arc::clone(&self.plan));
        let result = async move { writing.run(&engine, &plan, input).await };
        Ok(Box::pin(RecordBatchStreamAdapter::new(SchemaRef::clone(&RESULT), futures::stream::once(result))))
    }
}

impl Writing {
    /// Writes one partition.
    async fn run(
        &self,
        engine: &Engine,
        plan: &WritePlan,
        mut input: SendableRecordBatchStream,
    ) -> datafusion::common::Result<RecordBatch> {
        let open = self.open(engine, plan, &input.schema()).await.map_err(failure_wire::to_datafusion)?;
        let mut rows = 0;
        // Errors of the input go on as they are: they may tell that a node was lost.
        while let Some(batch) = input.try_next().await? {
            rows += write_batch(&open, &batch).await.map_err(failure_wire::to_datafusion)?;
        }
        drop(open);
        self.end(rows).await.map_err(failure_wire::to_datafusion)
    }

    /// What the partition has written; the last one closes the files.
    async fn end(&self, rows: u64) -> Result<RecordBatch> {
        let files = match self.finished().await {
            Some(open) => {
                let open = Arc::into_inner(open).ok_or_else(|| Error::internal("a finished write is still in use"))?;
                Some(open.writer.finish().await?)
            }
            None => None,
        };
        result(rows, files)
    }

    async fn open(&self, engine: &Engine, plan: &WritePlan, schema: &SchemaRef) -> Result<Arc<Open>> {
        let mut shared = self.shared.lock().await;
        if let Some(open) = &shared.open {
            return Ok(Arc::clone(open));
        }
        let mut options = plan.options.clone();
        let reserved = reserve(engine, &mut options).await?;
        let writer = TableWriter::new(engine.store().clone(), plan.writer, &plan.table, options)?;
        let open = Arc::new(Open { writer, rows: Rows::new(engine, schema, plan)?, _reserved: reserved });
        Ok(Arc::clone(shared.open.insert(open)))
    }

    /// Counts a partition as done; the last one gets the writer.
    async fn finished(&self) -> Option<Arc<Open>> {
        let mut shared = self.shared.lock().await;
        shared.left = shared.left.saturating_sub(1);
        if shared.left == 0 { shared.open.take() } else { None }
    }
}

/// Waits for the memory that a writer buffers rows in, and bounds what it buffers to that.
async fn reserve(engine: &Engine, options: &mut storage::WriteOptions) -> Result<Option<Reservation>> {
    if options.buffer_bytes_max <= SMALL_BUFFER_BYTES {
        return Ok(None);
    }
    // A long statement must not keep all others out.
    let part = engine.write_memory().bytes() / WRITERS_MIN;
    options.buffer_bytes_max = options.buffer_bytes_max.min(part).max(SMALL_BUFFER_BYTES);
    engine.write_memory().reserve(options.buffer_bytes_max).await.map(Some)
}

async fn write_batch(open: &Arc<Open>, batch: &RecordBatch) -> Result<u64> {
    let batch = open.rows.convert(batch)?;
    let rows = batch.num_rows() as u64;
    let open = Arc::clone(open);
    let written = tokio::task::spawn_blocking(move || open.writer.write(&batch)).await;
    let outside = written.map_err(|e| Error::internal("writing rows was interrupted").caused_by(e))??;
    if !outside.is_empty() {
        let message = "The row is out of partition ranges. Please add a new partition.";
        return Err(Error::new(ErrorKind::BadData, message).with("rows", outside.len()));
    }
    Ok(rows)
}

fn result(rows: u64, files: Option<WrittenFiles>) -> Result<RecordBatch> {
    let failed = |e: serde_json::Error| Error::internal("what was written cannot be told").caused_by(e);
    let text = files.as_ref().map(|files| serde_json::to_string(files.files())).transpose().map_err(failed)?;
    let columns: Vec<ArrayRef> =
        vec![Arc::new(UInt64Array::from_iter_values([rows])), Arc::new(StringArray::from_iter([text]))];
    let batch = RecordBatch::try_new(SchemaRef::clone(&RESULT), columns)
        .map_err(|e| Error::internal("what was written cannot be told").caused_by(e))?;
    // From here on they are the business of whoever reads the row.
    files.map(WrittenFiles::into_files);
    Ok(batch)
}

/// Converts batches of a query into rows of a table.
struct Rows {
    columns: Vec<Column>,
    sources: Vec<(Source, Conversion)>,
    defaults: Vec<ScalarValue>,
    strict: bool,
}

impl Rows {
    fn new(engine: &Engine, schema: &Schema, plan: &WritePlan) -> Result<Self> {
        let columns = plan.table.meta.columns.clone();
        let conversion = |(column, source): (&Column, &Source)| match source {
            Source::Query(i) => (*source, Conversion::new(engine, schema.field(*i).data_type(), column)),
            Source::Default => (*source, Conversion::new(engine, &storage::schema::arrow_type(column.ty), column)),
        };
        let sources = columns.iter().zip(&plan.sources).map(conversion).collect();
        let defaults = columns.iter().map(|c| default_value(engine, c, plan.now())).collect::<Result<_>>()?;
        Ok(Rows { columns, sources, defaults, strict: plan.strict })
    }

    fn convert(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let rows = batch.num_rows();
        let mut arrays = Vec::with_capacity(self.columns.len());
        for ((source, conversion), default) in self.sources.iter().zip(&self.defaults) {
            let given: ArrayRef = match source {
                Source::Query(i) => ArrayRef::clone(batch.column(*i)),
                Source::Default => default
                    .to_array_of_size(rows)
                    .map_err(|e| Error::internal("could not make a default value").caused_by(e))?,
            };
            let converted = conversion.apply(&given)?;
            // Non-strict forgives values, not missing ones.
            conversion.check(if self.strict { &given } else { &converted }, &converted)?;
            arrays.push(converted);
        }
        assemble(&self.columns, arrays, rows)
    }
}
