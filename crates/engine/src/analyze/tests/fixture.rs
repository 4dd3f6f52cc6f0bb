//! Two small tables in memory and a way to ask them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};

use base::session_variable::SessionVariables;
use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array, RecordBatch,
    StringViewArray, TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::catalog::{MemorySchemaProvider, SchemaProvider};
use datafusion::datasource::MemTable;
use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::scalar::ScalarValue;
use datafusion::sql::parser::Statement as DfStatement;
use sql::ast::{Query, Statement};
use sql::{Cursor, Pipes};

use crate::analyze::{self, DISPLAY_NAME, Kernels, SessionFacts};

const DAY_US: i64 = 86_400_000_000;

static CONTEXT: LazyLock<SessionContext> = LazyLock::new(context);

/// A session to run statements in; changes of its variables are its own.
pub(super) struct Session {
    pub(super) variables: SessionVariables,
    pub(super) user_variables: BTreeMap<String, ScalarValue>,
    pub(super) database: &'static str,
}

impl Session {
    pub(super) fn new() -> Self {
        Session { variables: SessionVariables::default(), user_variables: BTreeMap::new(), database: "db" }
    }

    pub(super) fn with(variable: &str, value: &str) -> Self {
        let mut session = Session::new();
        session.variables.set(variable, value).unwrap();
        session
    }

    pub(super) fn facts(&self) -> SessionFacts<'_> {
        SessionFacts {
            database: Some(self.database),
            catalog: "default_catalog",
            user: "root",
            host: "10.0.0.1",
            role: "",
            connection_id: 7,
            variables: &self.variables,
            global_variables: &self.variables,
            user_variables: &self.user_variables,
            now_us: 1_706_697_000_123_456,
            last_query_id: "q-1",
            current_version: "0.1.0 abcdef1",
            last_insert_id: 0,
            found_rows: 3,
            row_count: -1,
        }
    }

    pub(super) fn parse(&self, sql: &str) -> base::Result<Box<Query>> {
        let pipes = if self.facts().pipes_as_concat() { Pipes::Concat } else { Pipes::Or };
        let mut cursor = Cursor::with_pipes(sql, pipes)?;
        let query = cursor.query()?;
        cursor.expect_end()?;
        Ok(query)
    }

    /// Labels and rows as `a,b | 1,x | 2,NULL`, or `error Kind: message`.
    pub(super) fn ask(&self, sql: &str) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        match runtime.block_on(self.run(sql)) {
            Ok(answer) => answer,
            Err(error) => format!("error {:?}: {error}", error.kind()),
        }
    }

    async fn run(&self, sql: &str) -> base::Result<String> {
        let (labels, batches) = self.query(sql).await?;
        let mut lines = vec![labels.join(",")];
        lines.extend(print(&batches));
        Ok(lines.join(" | "))
    }

    async fn query(&self, sql: &str) -> base::Result<(Vec<String>, Vec<RecordBatch>)> {
        let mut query = self.parse(sql)?;
        let labels = analyze::rewrite_query(&mut query, &self.facts())?;
        let state = CONTEXT.state();
        let statement = DfStatement::Statement(Box::new(Statement::Query(query)));
        let plan = state.statement_to_plan(statement).await.map_err(|error| labels.explain(error))?;
        let names = labels.apply(plan.schema());
        let frame = CONTEXT.execute_logical_plan(plan).await.map_err(analyze::explain_error)?;
        let batches = frame.collect().await.map_err(analyze::explain_error)?;
        Ok((names, batches))
    }

    /// The optimized plan, to see what reaches the scan.
    pub(super) fn plan(&self, sql: &str) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut query = self.parse(sql).unwrap();
            analyze::rewrite_query(&mut query, &self.facts()).unwrap();
            let state = CONTEXT.state();
            let statement = DfStatement::Statement(Box::new(Statement::Query(query)));
            let plan = state.statement_to_plan(statement).await.unwrap();
            state.optimize(&plan).unwrap().display_indent().to_string()
        })
    }
}

/// One line per row.
pub(super) fn print(batches: &[RecordBatch]) -> Vec<String> {
    let options = FormatOptions::default().with_null("NULL");
    let mut lines = Vec::new();
    for batch in batches {
        let columns: Vec<ArrayFormatter> =
            batch.columns().iter().map(|c| ArrayFormatter::try_new(c, &options).unwrap()).collect();
        for row in 0..batch.num_rows() {
            let values: Vec<String> = columns.iter().map(|c| c.value(row).to_string()).collect();
            lines.push(values.join(","));
        }
    }
    lines
}

/// Runs every statement and compares its answer; reports all differences at once.
pub(super) fn check(cases: &[(&str, &str)]) {
    check_in(&Session::new(), cases);
}

pub(super) fn check_in(session: &Session, cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(sql, expected)| {
            let answer = session.ask(sql);
            (answer != *expected).then(|| format!("{sql}\n  expected {expected}\n  found    {answer}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn context() -> SessionContext {
    let mut config = SessionConfig::new().with_default_catalog_and_schema("default_catalog", "db");
    let options = config.options_mut();
    options.sql_parser.enable_ident_normalization = false;
    options.sql_parser.parse_float_as_decimal = true;
    options.sql_parser.default_null_ordering = "nulls_min".to_string();
    options.execution.target_partitions = 1;
    let library = functions::all();
    let kernels = Kernels::find(&library.scalar).unwrap();
    let builder = SessionStateBuilder::new().with_config(config).with_default_features();
    let builder = analyze::install(builder, &kernels);
    let context = SessionContext::from(builder.build());
    library.scalar.iter().chain(&analyze::functions()).for_each(|f| context.register_udf(f.as_ref().clone()));
    library.aggregate.iter().for_each(|f| context.register_udaf(f.as_ref().clone()));
    context.register_table("t", table_t()).unwrap();
    context.register_table("crashdata", crashdata()).unwrap();
    super::tpch::register(&context);
    let catalog = context.catalog("default_catalog").unwrap();
    let schema = MemorySchemaProvider::new();
    schema.register_table("tables".to_string(), tables()).unwrap();
    catalog.register_schema("information_schema", Arc::new(schema)).unwrap();
    context
}

pub(super) fn table(columns: Vec<(&str, ArrayRef)>) -> Arc<MemTable> {
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| {
            let spelling = HashMap::from([(DISPLAY_NAME.to_string(), (*name).to_string())]);
            Field::new(name.to_lowercase(), array.data_type().clone(), true).with_metadata(spelling)
        })
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).unwrap();
    Arc::new(MemTable::try_new(schema, vec![vec![batch]]).unwrap())
}

/// `Id` 1, 2, NULL; a column of every kind.
fn table_t() -> Arc<MemTable> {
    let decimals = Decimal128Array::from(vec![Some(150), Some(225), None]).with_precision_and_scale(10, 2).unwrap();
    table(vec![
        ("Id", Arc::new(Int32Array::from(vec![Some(1), Some(2), None]))),
        ("name", Arc::new(StringViewArray::from(vec![Some("01"), Some("abc"), None]))),
        ("d", Arc::new(Date32Array::from(vec![Some(19_753), Some(19_754), None]))),
        ("ts", Arc::new(TimestampMicrosecondArray::from(vec![Some(19_753 * DAY_US + 36_000_000_000), None, None]))),
        ("b", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]))),
        ("Dec", Arc::new(decimals)),
        ("f", Arc::new(Float64Array::from(vec![Some(1.5), Some(0.0), None]))),
        ("big", Arc::new(Int64Array::from(vec![Some(i64::MAX), Some(7), None]))),
    ])
}

fn crashdata() -> Arc<MemTable> {
    let hour = |h: i64| Some(16_071 * DAY_US + h * 3_600_000_000);
    table(vec![
        ("CRASH_DATE", Arc::new(TimestampMicrosecondArray::from(vec![hour(0), hour(0), hour(1)]))),
        ("BOROUGH", Arc::new(StringViewArray::from(vec![Some("BRONX"), Some("QUEENS"), None]))),
        ("COLLISION_ID", Arc::new(Int32Array::from(vec![10, 20, 30]))),
        ("visibility", Arc::new(StringViewArray::from(vec![Some("0.25"), Some("10"), Some("1.0")]))),
    ])
}

fn tables() -> Arc<MemTable> {
    table(vec![
        ("TABLE_SCHEMA", Arc::new(StringViewArray::from(vec!["db", "db", "mysql"]))),
        ("TABLE_NAME", Arc::new(StringViewArray::from(vec!["t", "crashdata", "user"]))),
        ("TABLE_TYPE", Arc::new(StringViewArray::from(vec!["BASE TABLE", "VIEW", "BASE TABLE"]))),
    ])
}
