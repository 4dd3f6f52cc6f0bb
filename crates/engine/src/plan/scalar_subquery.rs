//! Scalar subqueries of a query that is to be spread over nodes.
//!
//! DataFusion computes a scalar subquery beside the plan and hands its value over in memory, which other nodes cannot see.
//! So subqueries that do not depend on the query's rows are computed first, each a query of its own that may be spread
//! too, and their values stand in the plan. Scans can then also be pruned by them.

use super::query::PlannedQuery;
use crate::analyze::explain_error;
use base::Result;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, exec_datafusion_err};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::logical_plan::Subquery;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::scalar::ScalarValue;
use futures::TryStreamExt;

impl PlannedQuery {
    /// The plan with the values of its scalar subqueries.
    ///
    /// # Errors
    /// Those of running them; `SubqueryRows` for one with several rows.
    pub(super) async fn with_scalars(&self, plan: LogicalPlan) -> Result<LogicalPlan> {
        let mut values = Vec::new();
        for subquery in independent(&plan).map_err(explain_error)? {
            let value = Box::pin(self.scalar(&subquery)).await?;
            values.push((subquery, value));
        }
        replaced(plan, &values).map_err(explain_error)
    }

    async fn scalar(&self, subquery: &Subquery) -> Result<ScalarValue> {
        let query = self.of_plan(LogicalPlan::clone(&subquery.subquery));
        let mut rows = query.run().await?;
        let mut value = None;
        while let Some(batch) = rows.try_next().await? {
            if batch.num_rows() + usize::from(value.is_some()) > 1 {
                let several = exec_datafusion_err!("Scalar subquery returned more than one row");
                return Err(explain_error(several));
            }
            if batch.num_rows() == 1 {
                value = Some(ScalarValue::try_from_array(batch.column(0), 0).map_err(explain_error)?);
            }
        }
        match value {
            Some(value) => Ok(value),
            None => ScalarValue::try_new_null(subquery.subquery.schema().field(0).data_type()).map_err(explain_error),
        }
    }
}

/// Scalar subqueries that need no value of the query around them, each once.
fn independent(plan: &LogicalPlan) -> Result<Vec<Subquery>, DataFusionError> {
    let mut found: Vec<Subquery> = Vec::new();
    plan.apply(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                if let Expr::ScalarSubquery(subquery) = expr
                    && subquery.outer_ref_columns.is_empty()
                    && !found.contains(subquery)
                {
                    found.push(subquery.clone());
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(found)
}

fn replaced(plan: LogicalPlan, values: &[(Subquery, ScalarValue)]) -> Result<LogicalPlan, DataFusionError> {
    let plan = plan.transform_down(|node| {
        let names = NamePreserver::new(&node);
        node.map_expressions(|expr| {
            let name = names.save(&expr);
            let expr = expr.transform(|expr| {
                let Expr::ScalarSubquery(subquery) = &expr else { return Ok(Transformed::no(expr)) };
                Ok(match values.iter().find(|(known, _)| known == subquery) {
                    Some((_, value)) => Transformed::yes(Expr::Literal(value.clone(), None)),
                    None => Transformed::no(expr),
                })
            })?;
            Ok(expr.update_data(|expr| name.restore(expr)))
        })
    })?;
    Ok(plan.data)
}
