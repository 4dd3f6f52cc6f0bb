//! Subqueries in places or forms that DataFusion does not plan: comparisons with ANY and ALL, EXISTS and IN outside of
//! conditions. The subqueries are rewritten already.

use std::ops::ControlFlow;

use base::{Error, Result};
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CaseWhen, Expr, Query, Select, SelectItem, SetExpr, TableFactor, UnaryOperator, Value, VisitMut,
    VisitorMut,
};
use datafusion::sql::sqlparser::dialect::MySqlDialect;
use datafusion::sql::sqlparser::parser::Parser;

use super::failure::Clause;
use super::node;

/// Replaces the expression if it is one of the forms.
///
/// # Errors
/// `Unsupported` for ANY and ALL over something else than a subquery.
pub(super) fn rewrite(expr: &mut Expr, clause: Clause) -> Result<()> {
    let is_value = matches!(clause, Clause::FieldList | Clause::Group | Clause::Order);
    let replacement = match expr {
        Expr::AnyOp { left, compare_op, right, .. } => compared_with(left, compare_op, right, false)?,
        Expr::AllOp { left, compare_op, right } => compared_with(left, compare_op, right, true)?,
        Expr::Exists { subquery, negated } if is_value => {
            let rows = node::binary(count_where(subquery, None)?, BinaryOperator::Gt, node::number(0));
            if *negated { node::not(rows) } else { rows }
        }
        Expr::InSubquery { expr: left, subquery, negated } if is_value => {
            let contained = contained(left, subquery)?;
            if *negated { node::not(contained) } else { contained }
        }
        _ => return Ok(()),
    };
    *expr = replacement;
    Ok(())
}

/// NOT IN inside of a condition: DataFusion knows its NULL only as one of the terms of an outermost AND, and for columns.
///
/// # Errors
/// As [`rewrite`].
pub(super) fn settle(condition: &mut Expr) -> Result<()> {
    match condition {
        Expr::Nested(inner) => settle(inner),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            settle(left)?;
            settle(right)
        }
        Expr::UnaryOp { op: UnaryOperator::Not, expr: inner }
            if matches!(node::bare(inner), Expr::InSubquery { .. }) =>
        {
            let mut question = node::take(inner);
            while let Expr::Nested(inner) = question {
                question = *inner;
            }
            if let Expr::InSubquery { negated, .. } = &mut question {
                *negated = !*negated;
            }
            *condition = question;
            settle(condition)
        }
        Expr::InSubquery { expr: left, .. } if names_column(left) => Ok(()),
        other => match other.visit(&mut Settle { negations: 0, subqueries: 0 }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(error) => Err(error),
        },
    }
}

struct Settle {
    /// NOT around the current place.
    negations: usize,
    subqueries: usize,
}

impl Settle {
    fn one(&self, expr: &mut Expr) -> Result<()> {
        if let Expr::InSubquery { expr: left, subquery, negated } = expr
            && (*negated || self.negations > 0)
        {
            let contained = contained(left, subquery)?;
            *expr = if *negated { node::not(contained) } else { contained };
        }
        Ok(())
    }
}

impl VisitorMut for Settle {
    type Break = Error;

    fn pre_visit_query(&mut self, _query: &mut Query) -> ControlFlow<Error> {
        self.subqueries += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &mut Query) -> ControlFlow<Error> {
        self.subqueries -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        self.negations += usize::from(is_not(expr) && self.subqueries == 0);
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        if self.subqueries > 0 {
            return ControlFlow::Continue(());
        }
        self.negations -= usize::from(is_not(expr));
        match self.one(expr) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }
}

fn is_not(expr: &Expr) -> bool {
    matches!(expr, Expr::UnaryOp { op: UnaryOperator::Not, .. })
}

fn names_column(expr: &Expr) -> bool {
    super::grouping::contains(expr, |expr| matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_)))
}

/// `x = ANY (q)` is IN, `x <> ALL (q)` is NOT IN; the others ask whether a row with or without the relation exists.
///
/// The latter are false where SQL says NULL, which is the same in a condition.
fn compared_with(left: &mut Expr, op: &BinaryOperator, right: &mut Expr, all: bool) -> Result<Expr> {
    let Expr::Subquery(subquery) = right else {
        return Err(Error::unsupported("ANY and ALL compare with a subquery").with("found", right));
    };
    let subquery = std::mem::replace(subquery, template()?);
    let left = node::take(left);
    let by_equality = if all { *op == BinaryOperator::NotEq } else { *op == BinaryOperator::Eq };
    if by_equality {
        return Ok(Expr::InSubquery { expr: Box::new(left), subquery, negated: all });
    }
    let related = node::binary(left, op.clone(), node::column(VALUE));
    let condition = if all { Expr::IsNotTrue(Box::new(related)) } else { related };
    let rows = over(*subquery, vec![SelectItem::UnnamedExpr(node::number(1))], Some(condition))?;
    Ok(Expr::Exists { subquery: rows, negated: all })
}

/// `x IN (q)` as a value: NULL if there is no equal row, but an unknown one.
fn contained(left: &Expr, subquery: &Query) -> Result<Expr> {
    let any = |condition| {
        Ok::<_, Error>(node::binary(count_where(subquery, condition)?, BinaryOperator::Gt, node::number(0)))
    };
    let equal = node::binary(left.clone(), BinaryOperator::Eq, node::column(VALUE));
    let left_unknown = node::binary(Expr::IsNull(Box::new(left.clone())), BinaryOperator::And, any(None)?);
    let unknown = any(Some(Expr::IsNull(Box::new(node::column(VALUE)))))?;
    let when = |condition, result| CaseWhen { condition, result };
    Ok(node::case(
        vec![
            when(any(Some(equal))?, node::boolean(true)),
            when(node::binary(left_unknown, BinaryOperator::Or, unknown), Expr::value(Value::Null)),
        ],
        node::boolean(false),
    ))
}

/// The number of the subquery's rows for which a condition on [`VALUE`] holds.
fn count_where(subquery: &Query, condition: Option<Expr>) -> Result<Expr> {
    let count = SelectItem::UnnamedExpr(node::call("count", vec![node::number(1)]));
    if condition.is_none()
        && let Some(counted) = counted_in_place(subquery, &count)
    {
        return Ok(Expr::Subquery(counted));
    }
    Ok(Expr::Subquery(over(subquery.clone(), vec![count], condition)?))
}

/// Counts without a derived table around the subquery, which could not read columns of the query outside.
fn counted_in_place(subquery: &Query, count: &SelectItem) -> Option<Box<Query>> {
    let mut counted = Box::new(subquery.clone());
    if counted.with.is_some() || counted.limit_clause.is_some() || counted.fetch.is_some() {
        return None;
    }
    let SetExpr::Select(select) = counted.body.as_mut() else { return None };
    if !is_plain(select) {
        return None;
    }
    select.projection = vec![count.clone()];
    counted.order_by = None;
    Some(counted)
}

/// Whether the SELECT returns a row for each row that its FROM and WHERE give.
fn is_plain(select: &Select) -> bool {
    let items = select.projection.iter().filter_map(|item| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    });
    super::grouping::group_by_is_empty(select)
        && select.having.is_none()
        && select.qualify.is_none()
        && select.distinct.is_none()
        && !items.into_iter().any(super::grouping::has_aggregate)
}

/// The only column of the derived table that [`over`] makes.
const VALUE: &str = "vm_value";

/// `SELECT items FROM (q) AS vm_rows (vm_value) WHERE condition`.
fn over(query: Query, items: Vec<SelectItem>, condition: Option<Expr>) -> Result<Box<Query>> {
    let mut outer = template()?;
    let SetExpr::Select(select) = outer.body.as_mut() else { return Err(Error::internal("the template is a SELECT")) };
    for table in &mut select.from {
        if let TableFactor::Derived { subquery, alias, .. } = &mut table.relation {
            if condition.is_none() {
                alias.iter_mut().for_each(|alias| alias.columns.clear());
            }
            **subquery = query.clone();
        }
    }
    select.projection = items;
    select.selection = condition;
    Ok(outer)
}

fn template() -> Result<Box<Query>> {
    let text = format!("SELECT 1 FROM (SELECT 1) AS vm_rows ({VALUE})");
    Parser::new(&MySqlDialect {})
        .try_with_sql(&text)
        .and_then(|mut parser| parser.parse_query())
        .map_err(|error| Error::internal("the template does not parse").caused_by(error))
}
