//! What is done to a parsed query before anyone sees it.

use std::ops::ControlFlow;

use sqlparser::ast::{Query, SetExpr, SetOperator, SetQuantifier, VisitMut, VisitorMut};

/// Shorter chains of UNION keep their shape.
const CHAIN_BALANCED_MIN: usize = 64;

/// Set operations of different kinds in one query, which cannot be balanced.
const MIXED_SET_OPERATIONS_MAX: usize = 100;

/// Whether the query is only a query: sqlparser also reads `WITH … DELETE …` as one.
pub(crate) fn reads_only(query: &Query) -> bool {
    let mut bodies = vec![&*query.body];
    while let Some(body) = bodies.pop() {
        match body {
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => return false,
            SetExpr::SetOperation { left, right, .. } => bodies.extend([&**left, &**right]),
            SetExpr::Query(query) => bodies.push(&query.body),
            SetExpr::Select(_) | SetExpr::Values(_) | SetExpr::Table(_) => {}
        }
    }
    true
}

/// Makes long UNION chains shallow, here and in every subquery; `None` when other set operations stay too deep.
///
/// UNION and UNION ALL are associative and rows have no order, so the result stays the same.
pub(crate) fn balanced(mut query: Box<Query>) -> Option<Box<Query>> {
    match query.visit(&mut Balancer) {
        ControlFlow::Continue(()) => Some(query),
        ControlFlow::Break(()) => None,
    }
}

struct Balancer;

impl VisitorMut for Balancer {
    type Break = ();

    /// Runs before the bodies are visited, so that the visit itself stays shallow.
    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        let Some((quantifier, terms)) = union_terms(&query.body) else { return depth_is_fine(&query.body) };
        if terms >= CHAIN_BALANCED_MIN {
            let empty = SetExpr::Table(Box::new(sqlparser::ast::Table { table_name: None, schema_name: None }));
            let body = std::mem::replace(&mut *query.body, empty);
            *query.body = balance(split(body, terms), quantifier);
        }
        depth_is_fine(&query.body)
    }
}

/// The kind and number of terms of the chain of UNIONs of one kind that the body ends with.
fn union_terms(body: &SetExpr) -> Option<(SetQuantifier, usize)> {
    let SetExpr::SetOperation { op: SetOperator::Union, set_quantifier: quantifier, .. } = body else { return None };
    let mut terms = 1;
    let mut rest = body;
    while let SetExpr::SetOperation { op: SetOperator::Union, set_quantifier, left, .. } = rest
        && set_quantifier == quantifier
    {
        terms += 1;
        rest = left;
    }
    Some((*quantifier, terms))
}

fn split(mut body: SetExpr, terms: usize) -> Vec<SetExpr> {
    let mut found = Vec::with_capacity(terms);
    while found.len() + 1 < terms {
        let SetExpr::SetOperation { left, right, .. } = body else { break };
        found.push(*right);
        body = *left;
    }
    found.push(body);
    found.reverse();
    found
}

fn balance(mut terms: Vec<SetExpr>, quantifier: SetQuantifier) -> SetExpr {
    if terms.len() == 1 {
        return terms.remove(0);
    }
    let right = terms.split_off(terms.len() / 2);
    SetExpr::SetOperation {
        op: SetOperator::Union,
        set_quantifier: quantifier,
        left: Box::new(balance(terms, quantifier)),
        right: Box::new(balance(right, quantifier)),
    }
}

/// Follows the left sides, where chains grow; right sides only nest through brackets.
fn depth_is_fine(body: &SetExpr) -> ControlFlow<()> {
    let mut depth = 0;
    let mut rest = body;
    while let SetExpr::SetOperation { left, .. } = rest {
        depth += 1;
        rest = left;
    }
    if depth > MIXED_SET_OPERATIONS_MAX { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}
