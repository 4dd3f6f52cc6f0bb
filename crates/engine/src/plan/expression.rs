//! Expressions over given columns, without a query around them: load mappings, VALUES, defaults.

use crate::analyze::{explain_error, finish_expr, rewrite_expr};
use crate::engine::Engine;
use crate::session::SessionInfo;
use base::Result;
use catalog::Snapshot;
use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::DFSchema;
use datafusion::physical_expr::PhysicalExpr;
use sql::ast;
use std::sync::Arc;

/// Compiled expressions; they may be evaluated by many threads at once.
#[derive(Debug, Clone)]
pub struct Expressions {
    compiled: Vec<Arc<dyn PhysicalExpr>>,
    types: Vec<DataType>,
}

impl Engine {
    /// Compiles expressions over columns named in lower case.
    ///
    /// # Errors
    /// `UnknownColumn`, `UnknownFunction`, `Invalid`.
    pub fn compile(
        &self,
        exprs: Vec<ast::Expr>,
        input: &SchemaRef,
        snapshot: Snapshot,
        session: Arc<SessionInfo>,
    ) -> Result<Expressions> {
        let scope = self.scope(snapshot, session);
        let state = scope.state()?;
        let schema = DFSchema::try_from(SchemaRef::clone(input)).map_err(explain_error)?;
        let mut out = Expressions { compiled: Vec::new(), types: Vec::new() };
        for mut expr in exprs {
            rewrite_expr(&mut expr, &scope.context.session.facts())?;
            let expr = ast::ExprWithAlias { expr, alias: None };
            let logical = state.create_logical_expr_from_sql_expr(expr, &schema).map_err(explain_error)?;
            let logical = finish_expr(logical, &schema, &self.parts.kernels).map_err(explain_error)?;
            let physical = state.create_physical_expr(logical, &schema).map_err(explain_error)?;
            out.types.push(physical.data_type(input).map_err(explain_error)?);
            out.compiled.push(physical);
        }
        Ok(out)
    }
}

impl Expressions {
    /// One type an expression.
    pub fn types(&self) -> &[DataType] {
        &self.types
    }

    /// One array of the batch's length an expression.
    pub fn evaluate(&self, batch: &RecordBatch) -> Result<Vec<ArrayRef>> {
        let evaluate = |e: &Arc<dyn PhysicalExpr>| e.evaluate(batch)?.into_array(batch.num_rows());
        self.compiled.iter().map(evaluate).collect::<Result<_, _>>().map_err(explain_error)
    }
}
