//! IN, ANY and ALL over subqueries in WHERE, HAVING and QUALIFY, with SQL's three truth values.
//!
//! DataFusion plans IN and EXISTS in conditions as joins that know true and false only. Where a term of an outermost AND
//! or OR is not true, it does not matter which of the others it is; everywhere else the question becomes a CASE of
//! questions whose answers are never NULL:
//!
//! ```text
//! x IN (q)       CASE WHEN x IN (q) THEN true
//!                     WHEN x IS NULL AND EXISTS (q) OR EXISTS (q WHERE value IS NULL) THEN NULL ELSE false END
//! x < ANY (q)    CASE WHEN EXISTS (q WHERE x < value) THEN true
//!                     WHEN EXISTS (q WHERE (x < value) IS NULL) THEN NULL ELSE false END
//! x < ALL (q)    CASE WHEN EXISTS (q WHERE NOT x < value) THEN false
//!                     WHEN EXISTS (q WHERE (x < value) IS NULL) THEN NULL ELSE true END
//! ```

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DFSchema, ExprSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::{Exists, InSubquery, SetComparison, SetQuantifier};
use datafusion::logical_expr::{
    BinaryExpr, Expr, Filter, LogicalPlan, LogicalPlanBuilder, Operator, Subquery, binary_expr, lit, when,
};
use datafusion::optimizer::AnalyzerRule;

#[derive(Debug)]
pub(super) struct PredicateSubqueries;

impl AnalyzerRule for PredicateSubqueries {
    fn name(&self) -> &str {
        "predicate_subqueries"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|plan| match plan {
            LogicalPlan::Filter(Filter { predicate, input, .. }) if has_question(&predicate) => {
                let predicate = Condition { input: input.schema() }.term(predicate, Place::Outermost)?;
                Ok(Transformed::yes(LogicalPlan::Filter(Filter::try_new(predicate, input)?)))
            }
            other => Ok(Transformed::no(other)),
        })
        .data()
    }
}

fn has_question(predicate: &Expr) -> bool {
    predicate.exists(|expr| Ok(matches!(expr, Expr::InSubquery(_) | Expr::SetComparison(_)))).unwrap_or(true)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A term of the outermost AND.
    Outermost,
    /// A term of nothing but AND and OR.
    Term,
}

struct Condition<'a> {
    /// The columns of the filtered rows.
    input: &'a DFSchema,
}

impl Condition<'_> {
    /// An expression of which it matters only whether it is true.
    fn term(&self, expr: Expr, place: Place) -> Result<Expr> {
        match expr {
            Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::And | Operator::Or), right }) => {
                let place = if op == Operator::And { place } else { Place::Term };
                Ok(binary_expr(self.term(*left, place)?, op, self.term(*right, place)?))
            }
            Expr::Not(inner) if matches!(*inner, Expr::InSubquery(_)) => {
                let Expr::InSubquery(mut question) = *inner else { return Ok(Expr::Not(inner)) };
                question.negated = !question.negated;
                self.term(Expr::InSubquery(question), place)
            }
            Expr::InSubquery(question) if is_joinable(&question, place) => Ok(Expr::InSubquery(question)),
            Expr::SetComparison(question) => {
                let all = question.quantifier == SetQuantifier::All;
                let compared = self.compared(&question)?;
                // ALL is true if no row makes the comparison anything but true.
                let wanted = if all { Expr::IsNotTrue(Box::new(compared)) } else { compared };
                exists(&question.subquery, wanted, all)
            }
            other => other.transform_up(|expr| self.value(expr)).data(),
        }
    }

    /// One whose NULL matters.
    fn value(&self, expr: Expr) -> Result<Transformed<Expr>> {
        match expr {
            Expr::InSubquery(question) => contained(question).map(Transformed::yes),
            Expr::SetComparison(question) => {
                let all = question.quantifier == SetQuantifier::All;
                let compared = self.compared(&question)?;
                let decisive = if all { Expr::IsFalse(Box::new(compared.clone())) } else { compared.clone() };
                let decided = exists(&question.subquery, decisive, false)?;
                let unknown = exists(&question.subquery, Expr::IsNull(Box::new(compared)), false)?;
                when(decided, lit(!all)).when(unknown, unknown_value()).otherwise(lit(all)).map(Transformed::yes)
            }
            other => Ok(Transformed::no(other)),
        }
    }

    /// `x op value` as the subquery sees it.
    fn compared(&self, question: &SetComparison) -> Result<Expr> {
        let outer = question.expr.as_ref().clone().transform_up(|expr| match expr {
            Expr::Column(column) => {
                let field = Arc::clone(self.input.field_from_column(&column)?);
                Ok(Transformed::yes(Expr::OuterReferenceColumn(field, column)))
            }
            other => Ok(Transformed::no(other)),
        });
        Ok(binary_expr(outer.data()?, question.op, value_of(&question.subquery)))
    }
}

/// Whether the join that DataFusion makes of it is right.
fn is_joinable(question: &InSubquery, place: Place) -> bool {
    // Its join for NOT IN knows NULL, but neither what belongs to the row outside nor constants.
    let null_aware = place == Place::Outermost
        && question.subquery.outer_ref_columns.is_empty()
        && !question.expr.column_refs().is_empty();
    !question.negated || null_aware
}

fn contained(question: InSubquery) -> Result<Expr> {
    let InSubquery { expr, subquery, negated } = question;
    let left_unknown = Expr::IsNull(expr.clone()).and(exists(&subquery, lit(true), false)?);
    let value_unknown = exists(&subquery, Expr::IsNull(Box::new(value_of(&subquery))), false)?;
    when(Expr::InSubquery(InSubquery::new(expr, subquery, false)), lit(!negated))
        .when(left_unknown.or(value_unknown), unknown_value())
        .otherwise(lit(negated))
}

/// Whether a row of the subquery satisfies a condition.
fn exists(subquery: &Subquery, condition: Expr, negated: bool) -> Result<Expr> {
    let plan = LogicalPlanBuilder::from(subquery.subquery.as_ref().clone());
    let plan = if condition == lit(true) { plan } else { plan.filter(condition)? }.build()?;
    let outer_ref_columns = plan.all_out_ref_exprs();
    let subquery = Subquery { subquery: Arc::new(plan), outer_ref_columns, spans: subquery.spans.clone() };
    Ok(Expr::Exists(Exists::new(subquery, negated)))
}

/// The subquery's only column.
fn value_of(subquery: &Subquery) -> Expr {
    Expr::from(subquery.subquery.schema().qualified_field(0))
}

fn unknown_value() -> Expr {
    lit(ScalarValue::Boolean(None))
}
