//! A query planned in one snapshot: its columns, its rows, the tables it reads.

use crate::analyze::{explain_error, rewrite_query};
use crate::distribute::{Placement, Route, Url, lost_node, node_lost};
use crate::engine::{Engine, Scope};
use crate::optimize::null_safe_keys;
use crate::session::SessionInfo;
use crate::table::native_scan::NativeScan;
use crate::table::native_sink::NativeSinkExec;
use crate::write::WritePlan;
use base::ids::{ColumnId, TableId};
use base::metrics::Metric;
use base::names::{DEFAULT_CATALOG, INFORMATION_SCHEMA};
use base::{Error, ErrorKind, Result};
use catalog::Snapshot;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{FieldRef, SchemaRef};
use datafusion::common::DataFusionError;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::source_as_provider;
use datafusion::execution::{SendableRecordBatchStream, SessionState, TaskContext};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::sql::parser::Statement;
use futures::StreamExt;
use futures::stream::BoxStream;
use sql::ast;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

static SPREAD: Metric =
    Metric::counter("engine_spread_queries_total", "Queries, inserts and refreshes that ran on compute nodes.");
static REPEATED: Metric = Metric::counter(
    "engine_repeated_queries_total",
    "Queries, inserts and refreshes that began again because a compute node was lost.",
);

/// A column of a query's result.
#[derive(Debug, Clone)]
pub struct OutputColumn {
    /// As the client sees it.
    pub name: String,
    /// Type, nullability, and in its metadata the SQL type of a stored column.
    pub field: FieldRef,
}

/// A query that can run, once or several times, always on the same snapshot.
#[derive(Debug, Clone)]
pub struct PlannedQuery {
    pub(crate) scope: Scope,
    pub(crate) state: SessionState,
    pub(crate) plan: LogicalPlan,
    columns: Vec<OutputColumn>,
    /// Where its rows go, if not to the caller.
    sink: Option<Arc<WritePlan>>,
}

impl Engine {
    /// Resolves names and types; reads no rows.
    ///
    /// # Errors
    /// In MySQL's terms: `UnknownTable`, `UnknownColumn`, `Invalid` …
    pub async fn plan(
        &self,
        query: Box<ast::Query>,
        snapshot: Snapshot,
        session: Arc<SessionInfo>,
    ) -> Result<PlannedQuery> {
        let scope = self.scope(snapshot, session);
        let state = scope.state()?;
        let mut query = query;
        let labels = rewrite_query(&mut query, &scope.context.session.facts())?;
        let statement = Statement::Statement(Box::new(ast::Statement::Query(query)));
        check_names(&scope, &state, &statement)?;
        let plan = state.statement_to_plan(statement).await.map_err(|e| labels.explain(e))?;
        // Types are final only now: a UNION has those that its inputs have in common.
        let plan = analyzed(&state, plan).map_err(|e| labels.explain(e))?;
        let names = labels.apply(plan.schema());
        let fields = plan.schema().fields();
        let columns =
            names.into_iter().zip(fields).map(|(name, f)| OutputColumn { name, field: FieldRef::clone(f) }).collect();
        Ok(PlannedQuery { scope, state, plan, columns, sink: None })
    }
}

/// Tells a missing catalog, database or choice of database from a missing table: DataFusion knows only the last.
fn check_names(scope: &Scope, state: &SessionState, statement: &Statement) -> Result<()> {
    let snapshot = &scope.context.snapshot;
    for reference in state.resolve_table_references(statement).map_err(explain_error)? {
        if reference.catalog().is_some_and(|c| c != DEFAULT_CATALOG) {
            let message = format!("Unknown catalog '{}'", reference.catalog().unwrap_or_default());
            return Err(Error::new(ErrorKind::UnknownCatalog, message));
        }
        match reference.schema() {
            Some(name) if name.eq_ignore_ascii_case(INFORMATION_SCHEMA) => {}
            Some(name) => {
                snapshot.database(name)?;
            }
            // A function needs no database.
            None if state.table_functions().contains_key(reference.table()) => {}
            None if scope.context.session.database.is_none() => {
                return Err(Error::new(ErrorKind::NoDatabase, "No database selected"));
            }
            None => {}
        }
    }
    Ok(())
}

/// A view's query as a plan whose columns are named in lower case.
pub(crate) async fn plan_view(scope: &Scope, text: &str) -> Result<LogicalPlan> {
    let mut query = sql::parse_query(text)?;
    let state = scope.state()?;
    let labels = rewrite_query(&mut query, &scope.context.session.facts())?;
    let statement = Statement::Statement(Box::new(ast::Statement::Query(query)));
    let plan = state.statement_to_plan(statement).await.map_err(|e| labels.explain(e))?;
    let plan = analyzed(&state, plan).map_err(|e| labels.explain(e))?;
    let names = labels.apply(plan.schema());
    named(plan, &names).map_err(explain_error)
}

fn analyzed(state: &SessionState, plan: LogicalPlan) -> datafusion::common::Result<LogicalPlan> {
    state.analyzer().execute_and_check(plan, state.config_options(), |_, _| {})
}

/// The plan with columns renamed to the folded form of `names`, the spelling kept as display name.
fn named(plan: LogicalPlan, names: &[String]) -> datafusion::common::Result<LogicalPlan> {
    use datafusion::logical_expr::{Expr, LogicalPlanBuilder, expr::Alias};
    let columns: Vec<_> = plan.schema().columns();
    let fields: Vec<FieldRef> = plan.schema().fields().iter().cloned().collect();
    let renamed = columns.into_iter().zip(fields).zip(names).map(|((column, field), name)| {
        let mut metadata = field.metadata().clone();
        metadata.insert(storage::schema::DISPLAY_NAME.to_string(), name.clone());
        let alias = Alias::new(Expr::Column(column), None::<&str>, base::names::fold_column(name));
        Expr::Alias(alias.with_metadata(Some(metadata.into())))
    });
    let renamed: Vec<Expr> = renamed.collect();
    LogicalPlanBuilder::from(plan).project(renamed)?.build()
}

impl PlannedQuery {
    pub fn columns(&self) -> &[OutputColumn] {
        &self.columns
    }

    /// The views that names were resolved to.
    pub fn views(&self) -> BTreeSet<TableId> {
        self.scope.views.lock().clone()
    }

    pub fn snapshot(&self) -> &Snapshot {
        &self.scope.context.snapshot
    }

    /// The result, row by row as it is computed. The stream keeps the snapshot's files until it is dropped.
    pub async fn run(&self) -> Result<BoxStream<'static, Result<RecordBatch>>> {
        let physical = self.physical().await?;
        self.stream(&physical)
    }

    pub(crate) fn stream(&self, physical: &Physical) -> Result<BoxStream<'static, Result<RecordBatch>>> {
        let rows = Rows { stream: self.execute(physical)?, route: physical.route.clone() };
        Ok(self.pinned(rows))
    }

    fn execute(&self, physical: &Physical) -> Result<SendableRecordBatchStream> {
        // Operators start tasks when they are executed; those belong to the query threads too.
        let _threads = self.scope.engine.parts.threads.handle().enter();
        SPREAD.add(i64::from(physical.route.is_some()));
        execute_stream(Arc::clone(&physical.plan), Arc::clone(&physical.task)).map_err(explain_error)
    }

    /// Another query in the same scope, for its rows.
    pub(super) fn of_plan(&self, plan: LogicalPlan) -> Self {
        PlannedQuery { plan, sink: None, columns: Vec::new(), ..self.clone() }
    }

    /// The same query, with its rows written; its result then is [`native_sink::written`].
    pub(crate) fn writing(&self, plan: WritePlan) -> Self {
        PlannedQuery { sink: Some(Arc::new(plan)), ..self.clone() }
    }

    /// The rows, computed in a task on the query threads: a deadline or KILL then works at once, even while an operator
    /// is busy. The task ends when the stream is dropped. If a node is lost before the first rows came, it begins again.
    fn pinned(&self, mut rows: Rows) -> BoxStream<'static, Result<RecordBatch>> {
        let query = self.clone();
        let (sender, receiver) = tokio::sync::mpsc::channel(BATCHES_AHEAD);
        let task = AbortOnDrop(self.scope.engine.parts.threads.handle().spawn(async move {
            let mut may_repeat = rows.route.is_some();
            while let Some(batch) = query.next(&mut rows).await {
                let batch = match batch {
                    Err(e) if may_repeat && lost_node(&e).is_some() => {
                        may_repeat = false;
                        REPEATED.add(1);
                        match query.again().await {
                            Ok(again) => {
                                rows = again;
                                continue;
                            }
                            Err(e) => Err(e),
                        }
                    }
                    batch => batch.map_err(explain_error),
                };
                may_repeat = false;
                if sender.send(batch).await.is_err() {
                    return;
                }
            }
        }));
        futures::stream::unfold(Some((receiver, task)), |state| async move {
            let (mut receiver, mut task) = state?;
            if let Some(batch) = receiver.recv().await {
                return Some((batch, Some((receiver, task))));
            }
            // A task that ended early must not look like the end of the rows.
            let error = (&mut task.0).await.err()?;
            Some((Err(Error::internal("the query failed unexpectedly, see the server's log").caused_by(error)), None))
        })
        .boxed()
    }

    /// The next rows, or the loss of a node that computes them.
    async fn next(&self, rows: &mut Rows) -> Option<datafusion::common::Result<RecordBatch>> {
        let (Some(route), Some(cluster)) = (&rows.route, &self.scope.engine.parts.cluster) else {
            return rows.stream.next().await;
        };
        let next = loop {
            tokio::select! {
                batch = rows.stream.next() => break batch,
                node = cluster.lost(route.used()) => break Some(Err(node_lost(&node))),
                // Until then further nodes may have got work.
                () = tokio::time::sleep(NODES_LOOKED_AT_EVERY) => {}
            }
        };
        if let Some(Err(e)) = &next
            && let Some(node) = lost_node(e)
        {
            tracing::warn!(%node, error = %e, "a compute node was lost while it worked on a query");
            cluster.suspect(&node);
        }
        next
    }

    async fn again(&self) -> Result<Rows> {
        let physical = self.physical().await?;
        Ok(Rows { stream: self.execute(&physical)?, route: physical.route })
    }

    pub(crate) async fn physical(&self) -> Result<Physical> {
        self.scope.notes.lock().clear();
        let optimized = self.optimized()?;
        let plan = self.operators(&optimized).await?;
        let Some(cluster) = &self.scope.engine.parts.cluster else { return Ok(self.here(plan)) };
        match cluster.place(&plan, &self.state).await? {
            Placement::AfterScalars => {
                let optimized = self.with_scalars(optimized).await?;
                self.scope.notes.lock().clear();
                let plan = self.operators(&optimized).await?;
                let placement = cluster.place(&plan, &self.state).await?;
                Ok(self.placed(plan, placement))
            }
            placement => Ok(self.placed(plan, placement)),
        }
    }

    async fn operators(&self, optimized: &LogicalPlan) -> Result<Arc<dyn ExecutionPlan>> {
        let planner = self.state.query_planner();
        let plan = planner.create_physical_plan(optimized, &self.state).await.map_err(explain_error)?;
        Ok(match &self.sink {
            Some(sink) => Arc::new(NativeSinkExec::new(plan, Arc::clone(sink))),
            None => plan,
        })
    }

    fn here(&self, plan: Arc<dyn ExecutionPlan>) -> Physical {
        Physical { plan, task: self.state.task_ctx(), route: None }
    }

    fn placed(&self, plan: Arc<dyn ExecutionPlan>, placement: Placement) -> Physical {
        let (physical, note) = match placement {
            Placement::Here(reason) => (self.here(plan), format!("this one, {reason}")),
            Placement::AfterScalars => (self.here(plan), "this one, a scalar subquery depends on its rows".to_string()),
            Placement::Nodes { plan, task, route } => {
                let nodes: Vec<&str> = route.nodes().iter().map(Url::as_str).collect();
                let note = nodes.join(", ");
                (Physical { plan, task, route: Some(route) }, note)
            }
        };
        self.scope.notes.lock().push(format!("NODES: {note}"));
        physical
    }

    pub(super) fn optimized(&self) -> Result<LogicalPlan> {
        let rules = self.state.optimizer();
        let optimized = rules.optimize(self.plan.clone(), &self.state, |_, _| {});
        optimized.and_then(|plan| null_safe_keys(plan, &self.state)).map_err(explain_error)
    }

    /// The native tables it reads, through views too, with the columns in use; and the views.
    ///
    /// # Errors
    /// `Invalid` if it reads `information_schema`, which has no versions.
    pub fn reads(&self) -> Result<Reads> {
        let optimized = self.optimized()?;
        let mut reads = Reads { tables: BTreeMap::new(), views: self.scope.views.lock().clone() };
        let mut system = None;
        let visit = |node: &LogicalPlan| {
            if let LogicalPlan::TableScan(scan) = node {
                let provider = source_as_provider(&scan.source)?;
                match provider.downcast_ref::<NativeScan>() {
                    Some(native) => {
                        let used = reads.tables.entry(native.table_id()).or_default();
                        used.extend(native.columns(scan.projection.as_ref(), &scan.filters));
                    }
                    None => system = Some(scan.table_name.to_string()),
                }
            }
            Ok::<_, DataFusionError>(TreeNodeRecursion::Continue)
        };
        optimized.apply_with_subqueries(visit).map_err(explain_error)?;
        if let Some(table) = system {
            return Err(
                Error::new(ErrorKind::Invalid, "a materialized view cannot read system tables").with("table", table)
            );
        }
        // Tables that the optimiser proved unneeded still belong to the definition.
        for id in self.scope.tables.lock().iter() {
            reads.tables.entry(*id).or_default();
        }
        Ok(reads)
    }

    /// Arrow schema of the result.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(self.plan.schema().inner())
    }
}

/// A query as it runs: operators, their session, and the nodes if it is spread over several.
pub(crate) struct Physical {
    pub(crate) plan: Arc<dyn ExecutionPlan>,
    pub(crate) task: Arc<TaskContext>,
    pub(crate) route: Option<Arc<Route>>,
}

/// Rows on their way.
struct Rows {
    stream: SendableRecordBatchStream,
    route: Option<Arc<Route>>,
}

const NODES_LOOKED_AT_EVERY: Duration = Duration::from_millis(250);
/// Batches that a query computes before its reader has taken the last one.
const BATCHES_AHEAD: usize = 2;

struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What a query depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    pub tables: BTreeMap<TableId, BTreeSet<ColumnId>>,
    pub views: BTreeSet<TableId>,
}
