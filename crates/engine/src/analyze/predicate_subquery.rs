//! IN, ANY and ALL over subqueries in WHERE, HAVING, QUALIFY and ON, with SQL's three truth values.
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
use datafusion::logical_expr::utils::{check_all_columns_from_schema, conjunction, split_conjunction_owned};
use datafusion::logical_expr::{
    BinaryExpr, Expr, Filter, Join, JoinType, LogicalPlan, LogicalPlanBuilder, Operator, Subquery, binary_expr, lit,
    when,
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
            LogicalPlan::Filter(filter) => settled(filter.predicate, filter.input),
            LogicalPlan::Join(join) if join.filter.as_ref().is_some_and(has_subquery) => beside_join(join),
            other => Ok(Transformed::no(other)),
        })
        .data()
    }
}

/// The filter, with the questions in its predicate in forms that DataFusion joins rightly.
fn settled(predicate: Expr, input: Arc<LogicalPlan>) -> Result<Transformed<LogicalPlan>> {
    let asks = has_question(&predicate);
    let predicate = Condition { input: input.schema() }.term(predicate, Place::Outermost)?;
    Ok(Transformed::new_transformed(LogicalPlan::Filter(Filter::try_new(predicate, input)?), asks))
}

/// Subqueries of ON, which DataFusion plans in filters only: behind an inner join they filter its rows, and what asks about
/// the optional side of an outer join filters that side before.
fn beside_join(mut join: Join) -> Result<Transformed<LogicalPlan>> {
    let terms = join.filter.take().map(split_conjunction_owned).unwrap_or_default();
    let (mut kept, mut after) = (Vec::new(), Vec::new());
    for term in terms {
        let optional = match join.join_type {
            _ if !has_subquery(&term) => None,
            JoinType::Left => Some(&mut join.right),
            JoinType::Right => Some(&mut join.left),
            _ => None,
        };
        match optional {
            Some(input) if check_all_columns_from_schema(&term.column_refs(), input.schema())? => {
                *input = Arc::new(settled(term, Arc::clone(input))?.data);
            }
            None if join.join_type == JoinType::Inner && has_subquery(&term) => after.push(term),
            _ => kept.push(term),
        }
    }
    join.filter = conjunction(kept);
    let joined = LogicalPlan::Join(join);
    match conjunction(after) {
        Some(predicate) => settled(predicate, Arc::new(joined)).map(|done| Transformed::yes(done.data)),
        None => Ok(Transformed::yes(joined)),
    }
}

fn has_subquery(expr: &Expr) -> bool {
    let asks = |expr: &Expr| matches!(expr, Expr::InSubquery(_) | Expr::SetComparison(_) | Expr::Exists(_));
    expr.exists(|expr| Ok(asks(expr))).unwrap_or(true)
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
                let question = with_own_name(question)?;
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
                let question = with_own_name(question)?;
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

/// The question with a name for the subquery's column that no column outside has: side by side in a condition, DataFusion
/// would take `t.a` outside and `t.a` inside for one.
fn with_own_name(mut question: SetComparison) -> Result<SetComparison> {
    let plan = LogicalPlanBuilder::from(question.subquery.subquery.as_ref().clone());
    let named = plan.project(vec![value_of(&question.subquery).alias("vm_value")])?.build()?;
    question.subquery.subquery = Arc::new(named);
    Ok(question)
}

/// Whether the join that DataFusion makes of it is right.
fn is_joinable(question: &InSubquery, place: Place) -> bool {
    // Its join for NOT IN knows NULL, but only if both sides stay columns and nothing belongs to the row outside.
    let value = question.subquery.subquery.head_output_expr();
    let null_aware = place == Place::Outermost
        && question.subquery.outer_ref_columns.is_empty()
        && matches!(*question.expr, Expr::Column(_))
        && matches!(value, Ok(Some(Expr::Column(_))));
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
