//! Bounds how deep a query nests, before anything else walks it.
//!
//! The parser builds `a OR b OR c ...` as a list leaning to the left, one level per operand, without using its own
//! recursion limit. Long chains are legitimate (tools send thousands of terms), so chains of AND, OR, `+`, `*` and `||`
//! are rebuilt as balanced trees; everything else that is deeper than the limit is an error instead of a stack overflow.
//! A long sum of DOUBLE may so differ in its last digits from adding in the order of the text.

use std::ops::ControlFlow;

use base::{Error, Result};
use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, Query, SetExpr, VisitMut, VisitorMut};

use super::node;

/// Levels of expressions and subqueries inside each other. Planning takes up to 10 KiB of stack per level (without
/// optimization), and threads that plan have 2 MiB or more.
const EXPRESSION_DEPTH_MAX: usize = 160;
/// Operands of UNION, INTERSECT and EXCEPT in one query.
const SET_OPERANDS_MAX: usize = 1000;
/// Operands of one chain.
const CHAIN_OPERANDS_MAX: usize = 100_000;
/// Shorter arithmetic keeps its order.
const ARITHMETIC_CHAIN_MIN: usize = 32;

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
                let error = Error::invalid("too many operands of one operator; use IN for long lists");
                return ControlFlow::Break(error.with("operands_max", CHAIN_OPERANDS_MAX));
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

/// The operator, if the expression is a chain that may be balanced.
fn chain_operator(expr: &Expr) -> Option<BinaryOperator> {
    use BinaryOperator as B;
    let Expr::BinaryOp { left, op, .. } = expr else { return None };
    let long_enough = match op {
        B::And | B::Or => 3,
        B::Plus | B::Multiply | B::StringConcat => ARITHMETIC_CHAIN_MIN,
        _ => return None,
    };
    let mut operands = 2;
    let mut rest = left.as_ref();
    while let Expr::BinaryOp { left, op: below, right } = rest {
        // Dates and intervals are added in their order.
        if below != op || matches!(right.as_ref(), Expr::Interval(_)) {
            break;
        }
        operands += 1;
        rest = left;
    }
    (operands >= long_enough).then(|| op.clone())
}

/// Takes a chain apart from the top without recursion; operands in the order of the text.
fn take_operands(expr: &mut Expr, op: &BinaryOperator) -> Vec<Expr> {
    let mut operands = Vec::new();
    let mut rest = node::take(expr);
    loop {
        match rest {
            Expr::BinaryOp { left, op: below, right }
                if below == *op && !matches!(right.as_ref(), Expr::Interval(_)) =>
            {
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
        bound(&mut parse(&format!("1{}", " + 1".repeat(5000)))).unwrap();
    }

    #[test]
    fn deep_expressions_are_errors() {
        for deep in
            [format!("1{}", " - 1".repeat(5000)), format!("1{}", " = 1".repeat(700)), format!("{}1", "- ".repeat(700))]
        {
            let mut expr = parse(&deep);
            let start = deep[..20].to_string();
            assert!(bound(&mut expr).is_err_and(|error| error.message().contains("nests too deep")), "{start}");
        }
        bound(&mut parse(&format!("1{}", " - 1".repeat(150)))).unwrap();
    }
}
