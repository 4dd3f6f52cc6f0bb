//! Subqueries as values: EXISTS and IN in SELECT, GROUP BY and ORDER BY, which DataFusion plans in conditions only. The
//! subqueries are rewritten already; those in conditions are left to [`super::predicate_subquery`].

use base::{Error, Result};
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CaseWhen, Expr, Query, Select, SelectItem, SetExpr, TableFactor, Value,
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
    as_membership(expr)?;
    if !matches!(clause, Clause::FieldList | Clause::Group | Clause::Order) {
        return Ok(());
    }
    let (value, negated) = match expr {
        Expr::Exists { subquery, negated } => (is_some(subquery, None)?, *negated),
        Expr::InSubquery { expr: left, subquery, negated } => (contained(left, subquery)?, *negated),
        _ => return Ok(()),
    };
    *expr = if negated { node::not(value) } else { value };
    Ok(())
}

/// `x = ANY (q)` is IN, `x <> ALL (q)` is NOT IN.
fn as_membership(expr: &mut Expr) -> Result<()> {
    let (left, right, negated) = match expr {
        Expr::AnyOp { left, compare_op, right, .. } => {
            (left, right, (*compare_op == BinaryOperator::Eq).then_some(false))
        }
        Expr::AllOp { left, compare_op, right } => {
            (left, right, (*compare_op == BinaryOperator::NotEq).then_some(true))
        }
        _ => return Ok(()),
    };
    let Expr::Subquery(subquery) = right.as_mut() else {
        return Err(Error::unsupported("ANY and ALL compare with a subquery").with("found", right));
    };
    if let Some(negated) = negated {
        let subquery = std::mem::replace(subquery, template()?);
        *expr = Expr::InSubquery { expr: Box::new(node::take(left)), subquery, negated };
    }
    Ok(())
}

/// `x IN (q)`: NULL if there is no equal row, but an unknown one.
fn contained(left: &Expr, subquery: &Query) -> Result<Expr> {
    let equal = node::binary(left.clone(), BinaryOperator::Eq, node::column(VALUE));
    let left_unknown =
        node::binary(Expr::IsNull(Box::new(left.clone())), BinaryOperator::And, is_some(subquery, None)?);
    let unknown = is_some(subquery, Some(Expr::IsNull(Box::new(node::column(VALUE)))))?;
    let when = |condition, result| CaseWhen { condition, result };
    Ok(node::case(
        vec![
            when(is_some(subquery, Some(equal))?, node::boolean(true)),
            when(node::binary(left_unknown, BinaryOperator::Or, unknown), Expr::value(Value::Null)),
        ],
        node::boolean(false),
    ))
}

/// Whether the subquery has a row for which a condition on [`VALUE`] holds.
fn is_some(subquery: &Query, condition: Option<Expr>) -> Result<Expr> {
    Ok(node::binary(count_where(subquery, condition)?, BinaryOperator::Gt, node::number(0)))
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
