//! Walks the clauses of a query: FROM first, so that names are known, then the expressions, then aliases.

use std::collections::BTreeMap;

use base::{Error, Result};
use datafusion::sql::sqlparser::ast::{
    Cte, Expr, LimitClause, OrderBy, OrderByKind, Query, Select, SetExpr, SetOperator, SetQuantifier, Values, With,
};

use super::facts::SessionFacts;
use super::failure::Clause;
use super::from::{column_names, drop_dual};
use super::label::Labels;
use super::scope::{Scope, fold, fold_alias};
use super::{grouping, node, select_list, shape, user_variable};

/// Rewrites a query in place into what DataFusion understands; gives the labels of its result columns.
///
/// # Errors
/// - `Invalid`, `UnknownVariable`, `WrongValue`: the query means nothing.
/// - `Unsupported`: a clause that Viewmill does not act on.
pub fn rewrite_query(query: &mut Query, facts: &SessionFacts) -> Result<Labels> {
    shape::bound(query)?;
    let mut rewriter = Rewriter::new(facts);
    let mut labels = rewriter.query(query, Place::Result)?;
    labels.clauses = rewriter.clauses;
    Ok(labels)
}

/// Rewrites a single expression, whose columns are those of one unnamed table.
pub fn rewrite_expr(expr: &mut Expr, facts: &SessionFacts) -> Result<()> {
    shape::bound(expr)?;
    Rewriter::new(facts).expression(expr, Clause::FieldList)
}

/// Adds `LIMIT sql_select_limit` to a statement's query that has no LIMIT of its own.
///
/// Not for the queries inside INSERT, CREATE TABLE AS or views, which the variable does not concern.
pub fn apply_select_limit(query: &mut Query, facts: &SessionFacts) {
    let rows = facts.variables.integer("sql_select_limit");
    let limited = facts.variables.get("sql_select_limit").is_ok_and(|text| text.parse::<u64>().is_ok());
    if limited && rows < i64::MAX as u64 && query.limit_clause.is_none() {
        query.limit_clause =
            Some(LimitClause::LimitOffset { limit: Some(node::number(rows)), offset: None, limit_by: vec![] });
    }
}

/// Where a query stands; decides how its columns are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Its columns go to the client: names only have to be unique.
    Result,
    /// Its columns are read by name or not at all.
    Inner,
}

pub(super) struct Rewriter<'a> {
    pub(super) facts: &'a SessionFacts<'a>,
    /// FROM clauses around the current place, innermost last.
    pub(super) scopes: Vec<Scope>,
    /// Names of the CTEs that are visible, with their columns; innermost last.
    pub(super) ctes: Vec<(String, Labels)>,
    /// Where a column, by table and name, is named first.
    pub(super) clauses: BTreeMap<(String, String), Clause>,
}

impl<'a> Rewriter<'a> {
    fn new(facts: &'a SessionFacts<'a>) -> Self {
        Rewriter { facts, scopes: vec![], ctes: vec![], clauses: BTreeMap::new() }
    }

    pub(super) fn query(&mut self, query: &mut Query, place: Place) -> Result<Labels> {
        refuse_clauses(query)?;
        let visible = self.ctes.len();
        if let Some(with) = &mut query.with {
            self.with(with)?;
        }
        let labels = match query.body.as_mut() {
            SetExpr::Select(select) => self.select(select, query.order_by.as_mut(), place)?,
            _ => self.combined(query, place)?,
        };
        if let Some(limit) = &mut query.limit_clause {
            self.limit(limit)?;
        }
        self.ctes.truncate(visible);
        Ok(labels)
    }

    fn with(&mut self, with: &mut With) -> Result<()> {
        for cte in &mut with.cte_tables {
            fold(&mut cte.alias.name);
            let name = cte.alias.name.value.clone();
            if with.recursive {
                self.ctes.push((name.clone(), Labels::default()));
            }
            let labels = self.cte(cte)?;
            if with.recursive {
                self.ctes.pop();
            }
            self.ctes.push((name, labels));
        }
        Ok(())
    }

    fn cte(&mut self, cte: &mut Cte) -> Result<Labels> {
        // A CTE sees no columns of the query around it.
        let scopes = std::mem::take(&mut self.scopes);
        let labels = self.query(&mut cte.query, Place::Inner);
        self.scopes = scopes;
        let mut labels = labels?;
        if !cte.alias.columns.is_empty() {
            labels.rename(&column_names(&cte.alias));
            fold_alias(&mut cte.alias);
        }
        Ok(labels)
    }

    /// A set operation, VALUES or a query in parentheses, with its ORDER BY.
    fn combined(&mut self, query: &mut Query, place: Place) -> Result<Labels> {
        let labels = self.body(&mut query.body, place)?;
        let Some(OrderBy { kind: OrderByKind::Expressions(orders), .. }) = &mut query.order_by else {
            return Ok(labels);
        };
        self.scopes.push(Scope::default());
        for order in orders.iter_mut() {
            self.expression(&mut order.expr, Clause::Order)?;
            if let Some(first) = first_select(&query.body) {
                select_list::order_by_output(&mut order.expr, first);
            }
        }
        self.scopes.pop();
        Ok(labels)
    }

    fn body(&mut self, body: &mut SetExpr, place: Place) -> Result<Labels> {
        match body {
            SetExpr::Select(select) => self.select(select, None, place),
            SetExpr::Query(query) => self.query(query, place),
            SetExpr::SetOperation { left, right, op, set_quantifier } => {
                // DataFusion would keep or drop all copies of a row.
                if *op != SetOperator::Union && matches!(set_quantifier, SetQuantifier::All | SetQuantifier::AllByName)
                {
                    return Err(Error::unsupported("INTERSECT ALL and EXCEPT ALL: only the DISTINCT forms exist"));
                }
                if *op == SetOperator::Minus {
                    *op = SetOperator::Except;
                }
                let labels = self.body(left, place)?;
                self.body(right, Place::Inner)?;
                Ok(labels)
            }
            SetExpr::Values(values) => self.values(values),
            other => Err(Error::unsupported("only SELECT and VALUES can be queried").with("found", other)),
        }
    }

    fn values(&mut self, values: &mut Values) -> Result<Labels> {
        let mut labels = Labels::default();
        for row in &mut values.rows {
            for expr in &mut row.content {
                self.expression(expr, Clause::FieldList)?;
            }
        }
        let columns = values.rows.first().map_or(0, |row| row.content.len());
        (1..=columns).for_each(|i| labels.push(format!("column{i}"), format!("column_{}", i - 1)));
        Ok(labels)
    }

    fn select(&mut self, select: &mut Select, order_by: Option<&mut OrderBy>, place: Place) -> Result<Labels> {
        refuse_select_clauses(select)?;
        let mut labels = Labels::default();
        drop_dual(&mut select.from);
        self.scopes.push(Scope::default());
        let done = self.select_clauses(select, order_by, place, &mut labels);
        self.scopes.pop();
        done.map(|()| labels)
    }

    fn select_clauses(
        &mut self,
        select: &mut Select,
        order_by: Option<&mut OrderBy>,
        place: Place,
        labels: &mut Labels,
    ) -> Result<()> {
        for item in &mut select.from {
            self.table_with_joins(item, labels)?;
        }
        for item in &mut select.from {
            self.join_conditions(item)?;
        }
        let names = select_list::written_names(&select.projection);
        user_variable::inline(&mut select.projection)?;
        self.select_expressions(select)?;
        let mut orders = match order_by.map(|order_by| &mut order_by.kind) {
            Some(OrderByKind::Expressions(orders)) => orders.iter_mut().map(|order| &mut order.expr).collect(),
            _ => Vec::new(),
        };
        for order in &mut orders {
            self.expression(order, Clause::Order)?;
        }
        grouping::expand_modifiers(select)?;
        grouping::resolve_having(select, &names, &orders);
        select_list::name_items(select, &names, &mut orders, place, labels);
        if !self.facts.only_full_group_by() {
            grouping::wrap_ungrouped(select, &mut orders);
        }
        grouping::hide_numbers(select);
        Ok(())
    }

    fn limit(&mut self, limit: &mut LimitClause) -> Result<()> {
        let mut parts = match limit {
            LimitClause::LimitOffset { limit, offset, .. } => {
                limit.iter_mut().chain(offset.iter_mut().map(|offset| &mut offset.value)).collect()
            }
            LimitClause::OffsetCommaLimit { offset, limit } => vec![offset, limit],
        };
        for part in &mut parts {
            self.expression(part, Clause::FieldList)?;
            // Drivers bind the row count of `LIMIT ?` as a double.
            let whole = node::literal_number(part)
                .filter(|digits| digits.parse::<u64>().is_err())
                .and_then(|digits| digits.parse::<f64>().ok())
                .filter(|rows| rows.fract() == 0.0 && (0.0..9e18).contains(rows));
            if let Some(rows) = whole {
                **part = node::number(rows as u64);
            }
        }
        Ok(())
    }
}

fn first_select(body: &SetExpr) -> Option<&Select> {
    match body {
        SetExpr::Select(select) => Some(select),
        SetExpr::SetOperation { left, .. } => first_select(left),
        SetExpr::Query(query) => first_select(&query.body),
        _ => None,
    }
}

/// Clauses that DataFusion would drop without a word.
fn refuse_clauses(query: &Query) -> Result<()> {
    let refused = [
        (!query.locks.is_empty(), "FOR UPDATE or FOR SHARE"),
        (query.for_clause.is_some(), "the FOR clause"),
        (query.settings.is_some(), "the SETTINGS clause"),
        (query.format_clause.is_some(), "the FORMAT clause"),
        (!query.pipe_operators.is_empty(), "pipe operators"),
    ];
    first_refused(&refused)
}

fn refuse_select_clauses(select: &mut Select) -> Result<()> {
    // The other modifiers advise the optimizer; there is nothing to tell it.
    let counts_rows = select.select_modifiers.take().is_some_and(|modifiers| modifiers.sql_calc_found_rows);
    let refused = [
        (counts_rows, "SQL_CALC_FOUND_ROWS"),
        (select.into.is_some(), "SELECT ... INTO"),
        (select.prewhere.is_some(), "PREWHERE"),
        (!select.connect_by.is_empty(), "CONNECT BY"),
        (select.value_table_mode.is_some(), "SELECT AS STRUCT or VALUE"),
        (select.exclude.is_some(), "EXCLUDE after the select list"),
    ];
    first_refused(&refused)
}

pub(super) fn first_refused(refused: &[(bool, &str)]) -> Result<()> {
    match refused.iter().find(|(present, _)| *present) {
        Some((_, clause)) => Err(Error::unsupported(format!("the query uses {clause}, which is not supported"))),
        None => Ok(()),
    }
}
