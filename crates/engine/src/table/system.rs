//! Tables whose rows are made from the catalog's state when they are asked for.

use crate::engine::SystemContext;
use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A table of `information_schema`.
pub trait SystemTable: fmt::Debug + Send + Sync {
    /// Lower case.
    fn name(&self) -> &'static str;

    /// Fields are named in lower case; their display names are upper case.
    fn schema(&self) -> SchemaRef;

    /// The rows; those that `wanted` rules out may be left out.
    fn rows(&self, context: &SystemContext, wanted: &Wanted) -> base::Result<RecordBatch>;
}

/// `column = 'text'` conditions of a query, so that a table need not list everything: BI tools always send them.
#[derive(Debug, Default, Clone)]
pub struct Wanted {
    equal: BTreeMap<String, String>,
}

impl Wanted {
    /// Whether a row with this value in the column can be in the result.
    pub fn allows(&self, column: &str, value: &str) -> bool {
        self.equal.get(column).is_none_or(|wanted| wanted == value)
    }

    fn of(filters: &[Expr]) -> Self {
        let mut wanted = Wanted::default();
        for filter in filters {
            let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = filter else { continue };
            let pair = match (left.as_ref(), right.as_ref()) {
                (Expr::Column(c), Expr::Literal(v, _)) | (Expr::Literal(v, _), Expr::Column(c)) => {
                    text(v).map(|v| (&c.name, v))
                }
                _ => None,
            };
            if let Some((column, value)) = pair {
                wanted.equal.insert(column.clone(), value);
            }
        }
        wanted
    }
}

fn text(value: &ScalarValue) -> Option<String> {
    match value {
        ScalarValue::Utf8(v) | ScalarValue::Utf8View(v) | ScalarValue::LargeUtf8(v) => v.clone(),
        _ => None,
    }
}

#[derive(Debug)]
pub(crate) struct SystemScan {
    table: Arc<dyn SystemTable>,
    context: SystemContext,
}

impl SystemScan {
    pub(crate) fn new(table: Arc<dyn SystemTable>, context: SystemContext) -> Self {
        SystemScan { table, context }
    }
}

#[async_trait]
impl TableProvider for SystemScan {
    fn schema(&self) -> SchemaRef {
        self.table.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let rows = self.table.rows(&self.context, &Wanted::of(filters));
        let rows = rows.map_err(|e| DataFusionError::External(Box::new(e)))?;
        let source = MemorySourceConfig::try_new_exec(&[vec![rows]], self.table.schema(), projection.cloned())?;
        Ok(source)
    }
}
