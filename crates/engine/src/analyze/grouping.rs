//! GROUP BY modifiers, HAVING on aliases and without groups, and columns outside of GROUP BY.

use std::collections::HashSet;
use std::ops::ControlFlow;

use base::{Error, Result};
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, GroupByExpr, GroupByWithModifier, Ident, Query, Select, SelectItem, UnaryOperator, Visit,
    VisitMut, Visitor, VisitorMut,
};

use super::select_list::{Kind, Written, group_by_names};
use super::{marker, node};

/// Functions that aggregate when called without OVER. Sorted.
const AGGREGATES: &[&str] = &[
    "any_value",
    "approx_count_distinct",
    "approx_distinct",
    "approx_median",
    "approx_percentile_cont",
    "approx_top_k",
    "arbitrary",
    "array_agg",
    "array_agg_distinct",
    "array_unique_agg",
    "avg",
    "bit_and",
    "bit_or",
    "bit_xor",
    "bitmap_agg",
    "bitmap_intersect",
    "bitmap_union",
    "bitmap_union_count",
    "bitmap_union_int",
    "bool_and",
    "bool_or",
    "boolor_agg",
    "corr",
    "count",
    "count_if",
    "covar",
    "covar_pop",
    "covar_samp",
    "first_value",
    "group_concat",
    "grouping",
    "grouping_id",
    "hll_raw_agg",
    "hll_union",
    "hll_union_agg",
    "intersect_count",
    "last_value",
    "map_agg",
    "max",
    "max_by",
    "mean",
    "median",
    "min",
    "min_by",
    "multi_distinct_count",
    "multi_distinct_sum",
    "ndv",
    "nth_value",
    "percentile_approx",
    "percentile_approx_weighted",
    "percentile_cont",
    "percentile_disc",
    "percentile_disc_lc",
    "percentile_union",
    "retention",
    "std",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "string_agg",
    "sum",
    "sum_map",
    "var",
    "var_pop",
    "var_samp",
    "variance",
    "variance_pop",
    "variance_samp",
    "window_funnel",
];

/// Whether the expression is the call of an aggregate function (not a window function).
pub(super) fn is_aggregate(expr: &Expr) -> bool {
    let Expr::Function(function) = expr else { return false };
    function.over.is_none()
        && node::function_name(function).is_some_and(|name| AGGREGATES.binary_search(&name.as_str()).is_ok())
}

pub(super) fn has_aggregate(expr: &Expr) -> bool {
    contains(expr, is_aggregate)
}

/// Whether the expression contains another, not counting subqueries.
pub(super) fn contains(expr: &Expr, wanted: fn(&Expr) -> bool) -> bool {
    expr.visit(&mut Found { wanted, subqueries: 0 }).is_break()
}

fn item_expr(item: &SelectItem) -> Option<&Expr> {
    match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    }
}

pub(super) fn group_by_is_empty(select: &Select) -> bool {
    matches!(&select.group_by, GroupByExpr::Expressions(exprs, _) if exprs.is_empty())
}

/// Whether the SELECT returns groups rather than rows.
fn aggregates(select: &Select, orders: &[&mut Expr]) -> bool {
    !group_by_is_empty(select)
        || select.projection.iter().filter_map(item_expr).any(has_aggregate)
        || select.having.iter().any(has_aggregate)
        || orders.iter().any(|order| has_aggregate(order))
}

/// `GROUP BY a, b WITH ROLLUP` becomes `GROUP BY ROLLUP (a, b)`; ordinals become the expressions they count.
///
/// # Errors
/// `Unsupported` for WITH TOTALS and several modifiers.
pub(super) fn expand_modifiers(select: &mut Select) -> Result<()> {
    let Select { projection, group_by, .. } = select;
    let (GroupByExpr::All(modifiers) | GroupByExpr::Expressions(_, modifiers)) = group_by;
    let modifiers = std::mem::take(modifiers);
    let modifier = match modifiers.as_slice() {
        [] => return Ok(()),
        [modifier] => modifier,
        _ => return Err(Error::unsupported("several modifiers after GROUP BY are not supported")),
    };
    let GroupByExpr::Expressions(exprs, _) = group_by else {
        return Err(Error::unsupported("a modifier after GROUP BY ALL is not supported"));
    };
    let keys = |exprs: &[Expr]| exprs.iter().map(|expr| vec![key(expr, projection)]).collect::<Vec<_>>();
    let expanded = match modifier {
        GroupByWithModifier::Rollup => Expr::Rollup(keys(exprs)),
        GroupByWithModifier::Cube => Expr::Cube(keys(exprs)),
        GroupByWithModifier::GroupingSets(sets) => sets.clone(),
        GroupByWithModifier::Totals => return Err(Error::unsupported("WITH TOTALS is not supported")),
    };
    *exprs = vec![expanded];
    Ok(())
}

/// Hides numbers of the select list from GROUP BY, which would take the number behind an alias for an ordinal.
pub(super) fn hide_numbers(select: &mut Select) {
    if group_by_is_empty(select) {
        return;
    }
    for item in &mut select.projection {
        if let SelectItem::ExprWithAlias { expr, .. } = item
            && is_number(expr)
        {
            *expr = node::call(marker::NUMERIC, vec![node::take(expr)]);
        }
    }
}

fn is_number(expr: &Expr) -> bool {
    match expr {
        Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, expr } => is_number(expr),
        other => node::literal_number(other).is_some(),
    }
}

fn key(expr: &Expr, projection: &[SelectItem]) -> Expr {
    let item = node::literal_number(expr)
        .and_then(|digits| digits.parse::<usize>().ok())
        .and_then(|ordinal| projection.get(ordinal.checked_sub(1)?))
        .and_then(item_expr);
    item.unwrap_or(expr).clone()
}

/// HAVING may name select items; without groups it filters rows.
///
/// An alias wins over a column of its name, except inside aggregates and where GROUP BY names it too.
pub(super) fn resolve_having(select: &mut Select, written: &[Written], orders: &[&mut Expr]) {
    let Some(mut having) = select.having.take() else { return };
    let grouped = group_by_names(select);
    let items: Vec<(&str, &Expr)> = select
        .projection
        .iter()
        .zip(written)
        .filter(|(_, written)| written.kind == Kind::Alias && !grouped.contains(&written.name))
        .filter_map(|(item, written)| Some((written.name.as_str(), item_expr(item)?)))
        .collect();
    let _ = VisitMut::visit(&mut having, &mut Dealias { items: &items, inside: 0 });
    select.having = Some(having);
    if aggregates(select, orders) {
        return;
    }
    if let Some(having) = select.having.take() {
        select.selection = Some(match select.selection.take() {
            Some(selection) => node::binary(selection, BinaryOperator::And, having),
            None => having,
        });
    }
}

/// Without ONLY_FULL_GROUP_BY, a column outside of GROUP BY has any of its group's values.
pub(super) fn wrap_ungrouped(select: &mut Select, orders: &mut [&mut Expr]) {
    if !aggregates(select, orders) {
        return;
    }
    let GroupByExpr::Expressions(exprs, _) = &select.group_by else { return };
    let mut keys: Vec<Expr> = exprs.iter().map(|expr| key(expr, &select.projection)).collect();
    let mut names = HashSet::new();
    for item in &select.projection {
        if let SelectItem::ExprWithAlias { expr, alias } = item
            && exprs.iter().any(|key| matches!(key, Expr::Identifier(ident) if ident.value == alias.value))
        {
            keys.push(expr.clone());
        }
        if let SelectItem::ExprWithAlias { alias, .. } = item {
            names.insert(alias.value.clone());
        }
    }
    let columns = keys.iter().filter_map(column_name).map(str::to_string).collect();
    let mut wrap = AnyValue { keys: &keys, columns, skip: 0 };
    for item in &mut select.projection {
        match item {
            SelectItem::ExprWithAlias { expr, .. } => {
                let _ = VisitMut::visit(expr, &mut wrap);
            }
            SelectItem::UnnamedExpr(expr) => {
                let name = column_name(expr).map(str::to_string);
                let _ = VisitMut::visit(expr, &mut wrap);
                if let Some(name) = name.filter(|_| column_name(expr).is_none()) {
                    let alias = Ident::with_quote('`', name);
                    *item = SelectItem::ExprWithAlias { expr: node::take(expr), alias };
                }
            }
            _ => {}
        }
    }
    wrap.columns.extend(names);
    for expr in orders.iter_mut().map(|order| &mut **order).chain(select.having.iter_mut()) {
        let _ = VisitMut::visit(expr, &mut wrap);
    }
}

fn column_name(expr: &Expr) -> Option<&str> {
    match node::bare(expr) {
        Expr::Identifier(ident) => Some(&ident.value),
        Expr::CompoundIdentifier(parts) => parts.last().map(|last| last.value.as_str()),
        _ => None,
    }
}

struct Found {
    wanted: fn(&Expr) -> bool,
    subqueries: usize,
}

impl Visitor for Found {
    type Break = ();

    fn pre_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
        self.subqueries += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
        self.subqueries -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if self.subqueries == 0 && (self.wanted)(expr) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

struct Dealias<'a> {
    items: &'a [(&'a str, &'a Expr)],
    /// Depth inside aggregates, subqueries and expressions that were put in.
    inside: usize,
}

impl Dealias<'_> {
    fn item(&self, expr: &Expr) -> Option<&Expr> {
        let Expr::Identifier(ident) = expr else { return None };
        self.items.iter().find(|(name, _)| *name == ident.value).map(|(_, item)| *item)
    }
}

impl VisitorMut for Dealias<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, _query: &mut Query) -> ControlFlow<()> {
        self.inside += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &mut Query) -> ControlFlow<()> {
        self.inside -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if self.inside > 0 || is_aggregate(expr) {
            self.inside += 1;
        } else if let Some(item) = self.item(expr) {
            *expr = item.clone();
            self.inside += 1;
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, _expr: &mut Expr) -> ControlFlow<()> {
        self.inside = self.inside.saturating_sub(1);
        ControlFlow::Continue(())
    }
}

struct AnyValue<'a> {
    keys: &'a [Expr],
    columns: HashSet<String>,
    /// Depth inside keys, aggregates and what was wrapped.
    skip: usize,
}

impl VisitorMut for AnyValue<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, _query: &mut Query) -> ControlFlow<()> {
        self.skip += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &mut Query) -> ControlFlow<()> {
        self.skip -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if self.skip > 0 || is_aggregate(expr) || self.keys.contains(expr) {
            self.skip += 1;
        } else if column_name(expr).is_some_and(|name| !self.columns.contains(name)) {
            *expr = node::call("any_value", vec![node::take(expr)]);
            self.skip += 1;
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, _expr: &mut Expr) -> ControlFlow<()> {
        self.skip = self.skip.saturating_sub(1);
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aggregates_are_sorted_for_the_search() {
        assert!(AGGREGATES.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
