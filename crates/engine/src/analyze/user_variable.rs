//! `@v := expr` among select items: later items that read `@v` read the expression itself.
//!
//! Drivers use it to name a value within one row (MariaDB's ODBC driver lists columns that way). A variable that is read
//! before the query assigns it would carry values from row to row; that is refused, as rows have no order here. The
//! session's variable keeps its value.

use std::collections::HashSet;
use std::ops::ControlFlow;

use base::{Error, Result};
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CaseWhen, Expr, SelectItem, Visit, VisitMut, Visitor, VisitorMut,
};

use super::{node, shape};

/// Nodes that substitution may add to one select list; variables that double each other grow without end.
const NODES_MAX: usize = 20_000;

/// Replaces assignments by their values and later reads by the assigned expressions.
///
/// # Errors
/// `Unsupported` if a value depends on other rows or is not assigned in every case, `Invalid` if the list grows too
/// large.
pub(super) fn inline(projection: &mut [SelectItem]) -> Result<()> {
    let assigned: HashSet<String> = projection.iter().filter_map(item_expr).flat_map(assigned_in).collect();
    if assigned.is_empty() {
        return Ok(());
    }
    let mut values: Vec<(String, Expr)> = Vec::new();
    let mut nodes = 0;
    for item in projection {
        let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item else { continue };
        let mut read = Read { values: &values, assigned: &assigned, inside: 0 };
        if let ControlFlow::Break(error) = VisitMut::visit(expr, &mut read) {
            return Err(error);
        }
        nodes += count(expr);
        if nodes > NODES_MAX {
            return Err(Error::invalid("the assignments of user variables make the query too large"));
        }
        for name in assigned_in(expr) {
            let value = value_of(&name, expr)
                .ok_or_else(|| refused("is not assigned in every case of the item").with("variable", &name))?;
            values.retain(|(known, _)| *known != name);
            values.push((name, value));
        }
        let _ = VisitMut::visit(expr, &mut Strip);
        shape::bound(expr)?;
    }
    Ok(())
}

fn refused(why: &str) -> Error {
    Error::unsupported(format!("a user variable that the query assigns {why}; use a window function or SET"))
}

fn item_expr(item: &SelectItem) -> Option<&Expr> {
    match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    }
}

fn variable(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(ident) if ident.quote_style.is_none() && ident.value.starts_with('@') => {
            Some(ident.value.to_lowercase()).filter(|name| !name.starts_with("@@"))
        }
        _ => None,
    }
}

fn assignment(expr: &Expr) -> Option<(String, &Expr)> {
    match expr {
        Expr::BinaryOp { left, op: BinaryOperator::Assignment, right } => Some((variable(left)?, right)),
        _ => None,
    }
}

/// The value of the variable after the expression is computed, if every way through it assigns the variable.
fn value_of(name: &str, expr: &Expr) -> Option<Expr> {
    if let Some((assigned, value)) = assignment(expr) {
        return (assigned == name).then(|| stripped(value));
    }
    match expr {
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => value_of(name, inner),
        Expr::Case { operand, conditions, else_result: Some(otherwise), case_token, end_token } => {
            let conditions: Option<Vec<CaseWhen>> = conditions
                .iter()
                .map(|when| {
                    Some(CaseWhen { condition: stripped(&when.condition), result: value_of(name, &when.result)? })
                })
                .collect();
            Some(Expr::Case {
                operand: operand.as_ref().map(|operand| Box::new(stripped(operand))),
                conditions: conditions?,
                else_result: Some(Box::new(value_of(name, otherwise)?)),
                case_token: case_token.clone(),
                end_token: end_token.clone(),
            })
        }
        Expr::Function(function) if node::function_name(function).as_deref() == Some("if") => {
            match node::arguments(function)?.as_slice() {
                [condition, yes, no] => {
                    Some(node::call("if", vec![stripped(condition), value_of(name, yes)?, value_of(name, no)?]))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

fn stripped(expr: &Expr) -> Expr {
    let mut copy = expr.clone();
    let _ = VisitMut::visit(&mut copy, &mut Strip);
    copy
}

fn assigned_in(expr: &Expr) -> HashSet<String> {
    let mut collect = Assigned(HashSet::new());
    let _ = Visit::visit(expr, &mut collect);
    collect.0
}

fn count(expr: &Expr) -> usize {
    let mut count = Count(0);
    let _ = Visit::visit(expr, &mut count);
    count.0
}

struct Assigned(HashSet<String>);

impl Visitor for Assigned {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        self.0.extend(assignment(expr).map(|(name, _)| name));
        ControlFlow::Continue(())
    }
}

struct Count(usize);

impl Visitor for Count {
    type Break = ();

    fn pre_visit_expr(&mut self, _expr: &Expr) -> ControlFlow<()> {
        self.0 += 1;
        ControlFlow::Continue(())
    }
}

struct Strip;

impl VisitorMut for Strip {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if assignment(expr).is_some()
            && let Expr::BinaryOp { right, .. } = expr
        {
            *expr = Expr::Nested(Box::new(node::take(right)));
        }
        ControlFlow::Continue(())
    }
}

struct Read<'a> {
    values: &'a [(String, Expr)],
    assigned: &'a HashSet<String>,
    /// Depth inside what was put in, and on the left of assignments.
    inside: usize,
}

impl VisitorMut for Read<'_> {
    type Break = Error;

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        if self.inside > 0 {
            self.inside += 1;
            return ControlFlow::Continue(());
        }
        if let Expr::BinaryOp { left, op: BinaryOperator::Assignment, .. } = expr {
            // Hides the target from the visit of the operands; `post_visit_expr` brings it back.
            if let Expr::Identifier(ident) = left.as_mut() {
                ident.quote_style = Some('@');
            }
            return ControlFlow::Continue(());
        }
        let Some(name) = variable(expr).filter(|name| self.assigned.contains(name)) else {
            return ControlFlow::Continue(());
        };
        match self.values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => {
                *expr = Expr::Nested(Box::new(value.clone()));
                self.inside += 1;
                ControlFlow::Continue(())
            }
            None => ControlFlow::Break(refused("is read before").with("variable", name)),
        }
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        self.inside = self.inside.saturating_sub(1);
        if let Expr::BinaryOp { left, op: BinaryOperator::Assignment, .. } = expr
            && let Expr::Identifier(ident) = left.as_mut()
        {
            ident.quote_style = None;
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::sql::sqlparser::ast::SetExpr;
    use datafusion::sql::sqlparser::dialect::MySqlDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    fn inlined(sql: &str) -> Result<String> {
        let mut query = Parser::new(&MySqlDialect {}).try_with_sql(sql).unwrap().parse_query().unwrap();
        if let SetExpr::Select(select) = query.body.as_mut() {
            inline(&mut select.projection)?;
        }
        Ok(query.to_string())
    }

    #[test]
    fn variables_name_values_within_a_row() {
        for (sql, result) in [
            ("SELECT @a := 1 + 1, @a * 2", "SELECT (1 + 1), (1 + 1) * 2"),
            ("SELECT CAST(@a := x AS SIGNED), @A, @b", "SELECT CAST((x) AS SIGNED), (x), @b"),
            (
                "SELECT CASE t WHEN 1 THEN @d := 5 ELSE @d := if(y, 6, 7) END, @d",
                "SELECT CASE t WHEN 1 THEN (5) ELSE (if(y, 6, 7)) END, (CASE t WHEN 1 THEN 5 ELSE if(y, 6, 7) END)",
            ),
        ] {
            assert_eq!(inlined(sql).unwrap(), result, "{sql}");
        }
    }

    #[test]
    fn running_values_are_refused() {
        for sql in [
            "SELECT @n := @n + 1",
            "SELECT @a, @a := 1",
            "SELECT CASE WHEN x THEN @a := 1 END, @a",
            "SELECT 1 + (@a := 2), @a",
        ] {
            assert_eq!(inlined(sql).unwrap_err().kind(), base::ErrorKind::Unsupported, "{sql}");
        }
        let doubling: Vec<String> = (1..40).map(|i| format!("@v{i} := @v{} + @v{}", i - 1, i - 1)).collect();
        let error = inlined(&format!("SELECT @v0 := 1, {}", doubling.join(", "))).unwrap_err();
        assert_eq!(error.kind(), base::ErrorKind::Invalid);
    }
}
