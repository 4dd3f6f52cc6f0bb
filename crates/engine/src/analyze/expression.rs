//! Rewrites expressions: names are folded, MySQL's operators and calls become what DataFusion plans.
//!
//! Going down, forms whose arguments are no expressions (`INTERVAL 1 DAY`, `timestampdiff(day, ..)`, `@@x`) are replaced;
//! going up, operators over rewritten operands. Subqueries are rewritten as a whole when they are met.

use std::ops::ControlFlow;

use base::{Error, Result};
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CaseWhen, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments,
    GroupByExpr, Ident, LambdaFunction, NamedWindowDefinition, NamedWindowExpr, ObjectName, ObjectNamePart, Query,
    Select, SelectItem, SelectItemQualifiedWildcardKind, UnaryOperator, Value, ValueWithSpan, VisitMut, VisitorMut,
    WildcardAdditionalOptions, WindowType,
};

use super::failure::Clause;
use super::query::{Place, Rewriter};
use super::scope::{fold, fold_qualifier};
use super::{call, cast, interval, marker, node, session_function, subquery};

impl Rewriter<'_> {
    pub(super) fn expression(&mut self, expr: &mut Expr, clause: Clause) -> Result<()> {
        self.visit(expr, clause)
    }

    /// An expression that is asked whether it is true.
    pub(super) fn condition(&mut self, expr: &mut Expr, clause: Clause) -> Result<()> {
        self.visit(expr, clause)?;
        as_condition(expr);
        Ok(())
    }

    pub(super) fn arguments(&mut self, args: &mut [FunctionArg], clause: Clause) -> Result<()> {
        for arg in args {
            if let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))
            | FunctionArg::Named { arg: FunctionArgExpr::Expr(expr), .. } = arg
            {
                self.visit(expr, clause)?;
            }
        }
        Ok(())
    }

    fn visit(&mut self, expr: &mut Expr, clause: Clause) -> Result<()> {
        let mut visitor = Expressions { rewriter: self, clause, subqueries: 0 };
        match expr.visit(&mut visitor) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(error) => Err(error),
        }
    }

    /// Every expression of a SELECT but those in FROM.
    pub(super) fn select_expressions(&mut self, select: &mut Select) -> Result<()> {
        for item in &mut select.projection {
            self.select_item(item)?;
        }
        if let Some(selection) = &mut select.selection {
            self.condition(selection, Clause::Where)?;
        }
        if let GroupByExpr::Expressions(exprs, _) = &mut select.group_by {
            for expr in exprs {
                self.expression(expr, Clause::Group)?;
            }
        }
        if let Some(having) = &mut select.having {
            self.condition(having, Clause::Having)?;
        }
        if let Some(qualify) = &mut select.qualify {
            self.condition(qualify, Clause::Having)?;
        }
        for NamedWindowDefinition(name, window) in &mut select.named_window {
            fold(name);
            match window {
                NamedWindowExpr::NamedWindow(other) => fold(other),
                NamedWindowExpr::WindowSpec(spec) => {
                    for expr in &mut spec.partition_by {
                        self.expression(expr, Clause::FieldList)?;
                    }
                    for order in &mut spec.order_by {
                        self.expression(&mut order.expr, Clause::FieldList)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn select_item(&mut self, item: &mut SelectItem) -> Result<()> {
        match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                self.expression(expr, Clause::FieldList)
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                fold_wildcard(options);
                self.fold_relation(name);
                Ok(())
            }
            SelectItem::Wildcard(options) => {
                fold_wildcard(options);
                Ok(())
            }
            other => Err(Error::unsupported("this kind of select item").with("found", other)),
        }
    }

    /// Remembers where a column is named first, for errors.
    fn note(&mut self, qualifier: &[Ident], name: &str, clause: Clause) {
        let table = qualifier.last().map_or("", |table| table.value.as_str());
        self.clauses.entry((table.to_string(), name.to_string())).or_insert(clause);
    }

    fn fold_relation(&self, name: &mut ObjectName) {
        let mut parts: Vec<_> = name.0.iter().filter_map(ObjectNamePart::as_ident).cloned().collect();
        fold_qualifier(&mut parts, &self.scopes);
        *name = ObjectName::from(parts);
    }
}

fn fold_wildcard(options: &mut WildcardAdditionalOptions) {
    use datafusion::sql::sqlparser::ast::ExcludeSelectItem;
    match &mut options.opt_exclude {
        Some(ExcludeSelectItem::Single(name)) => fold_parts(name),
        Some(ExcludeSelectItem::Multiple(names)) => names.iter_mut().for_each(fold_parts),
        None => {}
    }
    if let Some(except) = &mut options.opt_except {
        fold(&mut except.first_element);
        except.additional_elements.iter_mut().for_each(fold);
    }
}

fn fold_parts(name: &mut ObjectName) {
    for part in &mut name.0 {
        if let ObjectNamePart::Identifier(ident) = part {
            fold(ident);
        }
    }
}

/// Wraps an expression that may not be boolean into the question whether it is neither zero nor empty.
pub(super) fn as_condition(expr: &mut Expr) {
    if !is_boolean(expr) {
        *expr = node::call("vm_not_zero", vec![node::take(expr)]);
    }
}

/// Whether the expression is boolean by its form. Calls are not, except those that the rewriting puts in.
fn is_boolean(expr: &Expr) -> bool {
    use BinaryOperator as B;
    match node::bare(expr) {
        Expr::BinaryOp { op, .. } => {
            matches!(op, B::Eq | B::NotEq | B::Lt | B::LtEq | B::Gt | B::GtEq | B::And | B::Or | B::Xor | B::Spaceship)
        }
        Expr::UnaryOp { op: UnaryOperator::Not, .. }
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotUnknown(_)
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Between { .. }
        | Expr::Like { .. }
        | Expr::Exists { .. } => true,
        Expr::Value(value) => matches!(value.value, Value::Boolean(_)),
        Expr::Function(function) => {
            node::function_name(function).is_some_and(|name| name == "vm_not_zero" || name == "vm_regexp")
        }
        _ => false,
    }
}

struct Expressions<'r, 'a> {
    rewriter: &'r mut Rewriter<'a>,
    clause: Clause,
    /// Depth inside subqueries, which are already rewritten.
    subqueries: usize,
}

impl VisitorMut for Expressions<'_, '_> {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        if self.subqueries == 0
            && let Err(error) = self.rewriter.query(query, Place::Inner)
        {
            return ControlFlow::Break(error);
        }
        self.subqueries += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &mut Query) -> ControlFlow<Error> {
        self.subqueries -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        if self.subqueries > 0 {
            return ControlFlow::Continue(());
        }
        match self.down(expr) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        if self.subqueries > 0 {
            return ControlFlow::Continue(());
        }
        match self.up(expr) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<Error> {
        normalize_value(&mut value.value);
        ControlFlow::Continue(())
    }
}

/// One form for every string; hexadecimal text is text where it is UTF-8, as MySQL shows it.
fn normalize_value(value: &mut Value) {
    match value {
        Value::DoubleQuotedString(text)
        | Value::NationalStringLiteral(text)
        | Value::SingleQuotedByteStringLiteral(text)
        | Value::DoubleQuotedByteStringLiteral(text) => *value = Value::SingleQuotedString(std::mem::take(text)),
        Value::HexStringLiteral(digits) => {
            if let Some(text) = hex_text(digits) {
                *value = Value::SingleQuotedString(text);
            }
        }
        _ => {}
    }
}

fn hex_text(digits: &str) -> Option<String> {
    if !digits.is_ascii() || digits.len() % 2 == 1 {
        return None;
    }
    let bytes: Option<Vec<u8>> =
        (0..digits.len()).step_by(2).map(|i| u8::from_str_radix(&digits[i..i + 2], 16).ok()).collect();
    String::from_utf8(bytes?).ok()
}

impl Expressions<'_, '_> {
    fn down(&mut self, expr: &mut Expr) -> Result<()> {
        interval::rewrite(expr)?;
        match expr {
            Expr::Identifier(ident) => {
                if let Some(literal) = session_function::variable(std::slice::from_ref(ident), self.rewriter.facts)? {
                    *expr = literal;
                    return Ok(());
                }
                fold(ident);
                self.rewriter.note(&[], &ident.value, self.clause);
            }
            Expr::CompoundIdentifier(parts) => {
                if let Some(literal) = session_function::variable(parts, self.rewriter.facts)? {
                    *expr = literal;
                    return Ok(());
                }
                let (last, qualifier) =
                    parts.split_last_mut().ok_or_else(|| Error::internal("a compound name without parts"))?;
                fold(last);
                fold_qualifier(qualifier, &self.rewriter.scopes);
                self.rewriter.note(qualifier, &last.value, self.clause);
            }
            Expr::Function(function) => {
                fold_function(function);
                if let Some(literal) = session_function::replace(function, self.rewriter.facts)? {
                    *expr = literal;
                    return Ok(());
                }
                call::prepare(expr)?;
            }
            Expr::Lambda(lambda) => fold_lambda(lambda),
            Expr::InList { .. } | Expr::BinaryOp { .. } => split_rows(expr),
            _ => {}
        }
        Ok(())
    }

    fn up(&mut self, expr: &mut Expr) -> Result<()> {
        match expr {
            Expr::BinaryOp { op, .. } => {
                if *op == BinaryOperator::StringConcat && !self.rewriter.facts.pipes_as_concat() {
                    *op = BinaryOperator::Or;
                }
                call::rewrite_operator(expr)?;
            }
            Expr::UnaryOp { op, .. } => {
                if *op == UnaryOperator::BangNot {
                    *op = UnaryOperator::Not;
                }
                unary(expr);
            }
            Expr::IsTrue(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsFalse(inner)
            | Expr::IsNotFalse(inner)
            | Expr::IsUnknown(inner)
            | Expr::IsNotUnknown(inner) => as_condition(inner),
            Expr::Case { .. } => rewrite_case(expr),
            Expr::Cast { .. } | Expr::Convert { .. } | Expr::Collate { .. } | Expr::Prefixed { .. } => {
                cast::rewrite(expr)?
            }
            Expr::TypedString(_) => cast::typed_string(expr),
            Expr::Value(value) => {
                if let Value::Number(digits, _) = &value.value
                    && digits.contains(['e', 'E'])
                {
                    // A number with an exponent is a DOUBLE, not a decimal.
                    *expr = node::call("vm_to_double", vec![node::text(digits.clone())]);
                }
            }
            Expr::Function(_) => call::finish(expr),
            Expr::AnyOp { .. } | Expr::AllOp { .. } | Expr::Exists { .. } | Expr::InSubquery { .. } => {
                subquery::rewrite(expr, self.clause)?;
            }
            _ => call::rewrite_syntax(expr)?,
        }
        Ok(())
    }
}

fn fold_function(function: &mut Function) {
    if let [ObjectNamePart::Identifier(name)] = function.name.0.as_mut_slice() {
        name.value = name.value.to_lowercase();
        name.quote_style = None;
    }
    match &mut function.over {
        Some(WindowType::NamedWindow(name)) => fold(name),
        Some(WindowType::WindowSpec(spec)) => spec.window_name.iter_mut().for_each(fold),
        None => {}
    }
    if let FunctionArguments::List(list) = &mut function.args {
        for clause in &mut list.clauses {
            if let FunctionArgumentClause::Separator(value) = clause {
                normalize_value(&mut value.value);
            }
        }
    }
}

fn fold_lambda(lambda: &mut LambdaFunction) {
    use datafusion::sql::sqlparser::ast::OneOrManyWithParens as Params;
    match &mut lambda.params {
        Params::One(param) => fold(&mut param.name),
        Params::Many(params) => params.iter_mut().for_each(|param| fold(&mut param.name)),
    }
}

fn unary(expr: &mut Expr) {
    let Expr::UnaryOp { op, expr: operand } = expr else { return };
    match op {
        UnaryOperator::Not => as_condition(operand),
        // A sign before a digit belongs to the literal.
        UnaryOperator::Minus | UnaryOperator::Plus
            if matches!(**operand, Expr::Value(_)) && node::literal_number(operand).is_some() => {}
        UnaryOperator::Minus => **operand = node::call(marker::NUMERIC, vec![node::take(operand)]),
        UnaryOperator::Plus => *expr = node::call(marker::NUMERIC, vec![node::take(operand)]),
        UnaryOperator::BitwiseNot => *expr = node::call("bitnot", vec![node::take(operand)]),
        _ => {}
    }
}

/// CASE becomes a call whose type is that of all its results; see [`marker`].
fn rewrite_case(expr: &mut Expr) {
    let Expr::Case { operand, conditions, else_result, .. } = expr else { return };
    let mut args = Vec::with_capacity(conditions.len() * 2 + 1);
    for CaseWhen { condition, result } in std::mem::take(conditions) {
        let mut condition = match operand {
            Some(operand) => node::binary((**operand).clone(), BinaryOperator::Eq, condition),
            None => condition,
        };
        as_condition(&mut condition);
        args.push(condition);
        args.push(result);
    }
    args.extend(else_result.take().map(|result| *result));
    *expr = node::call(marker::CASE, args);
}

/// `(a, b) = (1, 2)` and `(a, b) IN ((1, 2), (3, 4))` become comparisons of the parts.
fn split_rows(expr: &mut Expr) {
    let equal = |left: &[Expr], right: &Expr| match node::bare(right) {
        Expr::Tuple(right) if right.len() == left.len() => left
            .iter()
            .zip(right)
            .map(|(l, r)| node::binary(l.clone(), BinaryOperator::Eq, r.clone()))
            .reduce(|all, next| node::binary(all, BinaryOperator::And, next)),
        _ => None,
    };
    let (rows, negated) = match expr {
        Expr::BinaryOp { left, op: op @ (BinaryOperator::Eq | BinaryOperator::NotEq), right } => {
            let Expr::Tuple(left) = node::bare(left) else { return };
            (equal(left, right), *op == BinaryOperator::NotEq)
        }
        Expr::InList { expr: left, list, negated } => {
            let Expr::Tuple(left) = node::bare(left) else { return };
            let rows: Option<Vec<Expr>> = list.iter().map(|row| equal(left, row)).collect();
            let any =
                rows.and_then(|rows| rows.into_iter().reduce(|any, next| node::binary(any, BinaryOperator::Or, next)));
            (any, *negated)
        }
        _ => return,
    };
    if let Some(rows) = rows {
        *expr = if negated { node::not(rows) } else { rows };
    }
}
