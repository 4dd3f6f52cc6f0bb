//! Bounds how deep a query nests, before anything else walks it.
//!
//! The parser builds `a OR b OR c ...` as a list leaning to the left, one level per operand, without using its own
//! recursion limit. Long AND and OR chains are legitimate (tools send thousands of terms), so they are rebuilt as
//! balanced trees; everything else that is deeper than the limit is an error instead of a stack overflow.

use std::ops::ControlFlow;

use base::{Error, Result};
use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, Query, SetExpr, VisitMut, VisitorMut};

use super::node;

/// Levels of expressions and subqueries inside each other. The recursions over the tree below need less than 4 KiB
/// per level; threads that plan have stacks of at least 2 MiB.
const EXPRESSION_DEPTH_MAX: usize = 600;
/// Operands of UNION, INTERSECT and EXCEPT in one query.
const SET_OPERANDS_MAX: usize = 1000;
/// Operands of one AND or OR chain.
const CHAIN_OPERANDS_MAX: usize = 100_000;

/// Balances AND and OR chains in place and checks the depth of everything else.
///
/// # Errors
/// `Invalid` if the query nests too deep.
pub(super) fn bound(node: &mut impl VisitMut) -> Result<()> {
    let mut visitor = Bound { depth: 0 };
    match node.visit(&mut visitor) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct Bound {
    depth: usize,
}

impl Bound {
    fn enter(&mut self) -> ControlFlow<Error> {
        self.depth += 1;
        if self.depth <= EXPRESSION_DEPTH_MAX {
            return ControlFlow::Continue(());
        }
        let error = Error::invalid("the expression nests too deep; split it or use IN for long lists")
            .with("levels_max", EXPRESSION_DEPTH_MAX);
        ControlFlow::Break(error)
    }
}

impl VisitorMut for Bound {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        let operands = set_operands(&query.body);
        if operands > SET_OPERANDS_MAX {
            let error = Error::invalid("too many queries are combined by set operations")
                .with("operands", operands)
                .with("operands_max", SET_OPERANDS_MAX);
            return ControlFlow::Break(error);
        }
        self.enter()
    }

    fn post_visit_query(&mut self, _query: &mut Query) -> ControlFlow<Error> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        if let Some(op) = chain_operator(expr) {
            let operands = take_operands(expr, &op);
            if operands.len() > CHAIN_OPERANDS_MAX {
                return ControlFlow::Break(Error::invalid("too many operands of AND or OR"));
            }
            *expr = balanced(operands, &op);
        }
        self.enter()
    }

    fn post_visit_expr(&mut self, _expr: &mut Expr) -> ControlFlow<Error> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }
}

fn set_operands(body: &SetExpr) -> usize {
    let (mut operands, mut body) = (1, body);
    while let SetExpr::SetOperation { left, .. } = body {
        operands += 1;
        body = left;
    }
    operands
}

/// The operator, if the expression is a chain of at least three operands.
fn chain_operator(expr: &Expr) -> Option<BinaryOperator> {
    let Expr::BinaryOp { left, op: op @ (BinaryOperator::And | BinaryOperator::Or), .. } = expr else { return None };
    match left.as_ref() {
        Expr::BinaryOp { op: below, .. } if below == op => Some(op.clone()),
        _ => None,
    }
}

/// Takes a chain apart from the top without recursion; operands in the order of the text.
fn take_operands(expr: &mut Expr, op: &BinaryOperator) -> Vec<Expr> {
    let mut operands = Vec::new();
    let mut rest = node::take(expr);
    loop {
        match rest {
            Expr::BinaryOp { left, op: below, right } if below == *op => {
                operands.push(*right);
                rest = *left;
            }
            first => {
                operands.push(first);
                break;
            }
        }
    }
    operands.reverse();
    operands
}

fn balanced(mut operands: Vec<Expr>, op: &BinaryOperator) -> Expr {
    while operands.len() > 1 {
        let mut pairs = Vec::with_capacity(operands.len().div_ceil(2));
        let mut rest = operands.into_iter();
        while let Some(left) = rest.next() {
            pairs.push(match rest.next() {
                Some(right) => node::binary(left, op.clone(), right),
                None => left,
            });
        }
        operands = pairs;
    }
    operands.pop().unwrap_or_else(node::null)
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::sql::sqlparser::dialect::MySqlDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    fn parse(sql: &str) -> Expr {
        Parser::new(&MySqlDialect {}).with_recursion_limit(10_000).try_with_sql(sql).unwrap().parse_expr().unwrap()
    }

    #[test]
    fn long_chains_are_balanced_in_order() {
        let mut expr = parse("a OR b OR c OR d OR e");
        bound(&mut expr).unwrap();
        let Expr::BinaryOp { left, right, .. } = &expr else { panic!("{expr}") };
        assert_eq!((left.to_string().as_str(), right.to_string().as_str()), ("a OR b OR c OR d", "e"));
        let terms: Vec<String> = (0..10_000).map(|i| format!("x = {i}")).collect();
        bound(&mut parse(&terms.join(" AND "))).unwrap();
    }

    #[test]
    fn deep_expressions_are_errors() {
        for deep in [
            format!("1{}", " + 1".repeat(5000)),
            format!("1{}", " = 1".repeat(700)),
            format!("{}1", "- ".repeat(700)),
        ] {
            let mut expr = parse(&deep);
            assert!(bound(&mut expr).unwrap_err().message().contains("nests too deep"));
        }
        bound(&mut parse(&format!("1{}", " + 1".repeat(590)))).unwrap();
    }
}
