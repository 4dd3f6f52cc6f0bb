//! Names of select items: unique for DataFusion, as written for the client, found by ORDER BY.
//!
//! An item keeps its alias (folded) as its name wherever that is unambiguous. It gets a name of its own when DataFusion
//! would see two columns of that name: `SELECT 1, 1`, `SELECT a.id, b.id`, `SELECT *, id AS id`, and when ORDER BY reads
//! the column of that name inside an aggregate (`SUM(x) AS x ... ORDER BY AVG(x)`).

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use base::names::fold_column;
use datafusion::sql::sqlparser::ast::{Expr, GroupByExpr, Ident, Query, Select, SelectItem, VisitMut, VisitorMut};

use super::grouping::is_aggregate;
use super::label::{Labels, label_of};
use super::node;
use super::query::Place;

/// Longer labels make bad column names.
const NAME_BYTES_MAX: usize = 200;

/// How the text of the query calls a select item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    /// Folded.
    pub(super) name: String,
    label: String,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Alias,
    /// A column without alias.
    Column,
    /// Anything else without alias.
    Expression,
    Wildcard,
}

/// Reads the names before any rewriting.
pub(super) fn written_names(projection: &[SelectItem]) -> Vec<Written> {
    projection.iter().enumerate().map(|(position, item)| written(position, item)).collect()
}

fn written(position: usize, item: &SelectItem) -> Written {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => {
            Written { name: fold_column(&alias.value), label: alias.value.clone(), kind: Kind::Alias }
        }
        SelectItem::UnnamedExpr(expr) => {
            let label = label_of(expr);
            if is_column(expr) {
                return Written { name: fold_column(&label), label, kind: Kind::Column };
            }
            let short = label.len() <= NAME_BYTES_MAX;
            let name = if short { fold_column(&label) } else { format!("expression#{position}") };
            Written { name, label, kind: Kind::Expression }
        }
        _ => Written { name: String::new(), label: String::new(), kind: Kind::Wildcard },
    }
}

fn is_column(expr: &Expr) -> bool {
    match expr {
        Expr::Identifier(ident) => !is_variable(ident),
        Expr::CompoundIdentifier(parts) => !parts.first().is_some_and(is_variable),
        _ => false,
    }
}

fn is_variable(ident: &Ident) -> bool {
    ident.value.starts_with('@') && ident.quote_style.is_none()
}

/// Gives every item a unique name, points ORDER BY and QUALIFY to it, and notes the labels.
pub(super) fn name_items(
    select: &mut Select,
    written: &[Written],
    orders: &mut [&mut Expr],
    place: Place,
    labels: &mut Labels,
) {
    order_by_items(select, orders);
    let names = unique_names(select, written, orders, place);
    let mut renamed: HashMap<String, &str> = HashMap::new();
    for (position, (written, name)) in written.iter().zip(&names).enumerate() {
        renamed.insert(place_name(position), name);
        if written.kind != Kind::Column && written.name != *name {
            renamed.entry(written.name.clone()).or_insert(name);
        }
    }
    // An alias that one of several equal ones kept is not renamed.
    renamed.retain(|written, _| !names.contains(written));
    if !orders.is_empty() || select.qualify.is_some() {
        let mut rename = Rename { renamed: &renamed, inside: 0 };
        for expr in orders.iter_mut().map(|order| &mut **order).chain(select.qualify.iter_mut()) {
            let _ = expr.visit(&mut rename);
        }
    }
    for ((item, written), name) in select.projection.iter_mut().zip(written).zip(names) {
        if written.kind == Kind::Wildcard {
            labels.push_wildcard();
            continue;
        }
        set_name(item, written, &name);
        labels.push(name, written.label.clone());
    }
}

fn set_name(item: &mut SelectItem, written: &Written, name: &str) {
    let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item else { return };
    if written.kind == Kind::Column && written.name == name && is_column(expr) {
        return;
    }
    let alias = Ident::with_quote('`', name);
    *item = SelectItem::ExprWithAlias { expr: node::take(expr), alias };
}

/// Stands for the item at a position until names are given.
fn place_name(position: usize) -> String {
    format!("#{position}")
}

/// ORDER BY an expression of the select list means that item, which matters once rows are grouped or distinct.
fn order_by_items(select: &Select, orders: &mut [&mut Expr]) {
    let items: Vec<(&Expr, String)> = select
        .projection
        .iter()
        .enumerate()
        .filter_map(|(position, item)| match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some((expr, position)),
            _ => None,
        })
        .filter(|(expr, _)| !is_column(expr) && !matches!(expr, Expr::Value(_)))
        .map(|(expr, position)| (expr, place_name(position)))
        .collect();
    for order in orders {
        let _ = order.visit(&mut Replace { items: &items, subqueries: 0 });
    }
}

/// ORDER BY of a set operation: an expression of its first select list means that column.
pub(super) fn order_by_output(order: &mut Expr, first: &Select) {
    let found = first.projection.iter().find_map(|item| match item {
        SelectItem::ExprWithAlias { expr, alias } if expr == order && !matches!(expr, Expr::Value(_)) => Some(alias),
        _ => None,
    });
    if let Some(alias) = found {
        *order = node::column(alias.value.clone());
    }
}

fn unique_names(select: &Select, written: &[Written], orders: &mut [&mut Expr], place: Place) -> Vec<String> {
    let beside_wildcard = place == Place::Result && written.iter().any(|item| item.kind == Kind::Wildcard);
    let grouped = group_by_names(select);
    let aggregated = names_in_aggregates(orders);
    let mut keepers: HashMap<&str, usize> = HashMap::new();
    for (position, item) in written.iter().enumerate() {
        let keeper = keepers.entry(&item.name).or_insert(position);
        if item.kind == Kind::Alias && written[*keeper].kind != Kind::Alias {
            *keeper = position;
        }
    }
    written
        .iter()
        .enumerate()
        .map(|(position, item)| {
            let shadows = place == Place::Result && item.kind == Kind::Alias && aggregated.contains(&item.name);
            let own = keepers.get(item.name.as_str()) != Some(&position)
                || ((beside_wildcard || shadows) && !grouped.contains(&item.name));
            if own { format!("{}#{position}", item.name) } else { item.name.clone() }
        })
        .collect()
}

/// Columns and aliases that GROUP BY names.
pub(super) fn group_by_names(select: &Select) -> HashSet<String> {
    let GroupByExpr::Expressions(exprs, _) = &select.group_by else { return HashSet::new() };
    exprs
        .iter()
        .filter_map(|expr| match node::bare(expr) {
            Expr::Identifier(ident) => Some(ident.value.clone()),
            _ => None,
        })
        .collect()
}

fn names_in_aggregates(orders: &mut [&mut Expr]) -> HashSet<String> {
    let mut collect = InAggregates { inside: 0, names: HashSet::new() };
    for order in orders {
        let _ = order.visit(&mut collect);
    }
    collect.names
}

struct Replace<'a> {
    items: &'a [(&'a Expr, String)],
    subqueries: usize,
}

impl VisitorMut for Replace<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, _query: &mut Query) -> ControlFlow<()> {
        self.subqueries += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &mut Query) -> ControlFlow<()> {
        self.subqueries -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if self.subqueries == 0
            && let Some((_, name)) = self.items.iter().find(|(item, _)| *item == expr)
        {
            *expr = node::column(name);
        }
        ControlFlow::Continue(())
    }
}

struct Rename<'a> {
    renamed: &'a HashMap<String, &'a str>,
    inside: usize,
}

impl VisitorMut for Rename<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        self.inside += usize::from(is_aggregate(expr));
        if self.inside == 0
            && let Expr::Identifier(ident) = expr
            && let Some(name) = self.renamed.get(ident.value.as_str())
        {
            *expr = node::column(*name);
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        self.inside -= usize::from(is_aggregate(expr));
        ControlFlow::Continue(())
    }
}

struct InAggregates {
    inside: usize,
    names: HashSet<String>,
}

impl VisitorMut for InAggregates {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        self.inside += usize::from(is_aggregate(expr));
        if self.inside > 0
            && let Expr::Identifier(ident) = expr
        {
            self.names.insert(ident.value.clone());
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        self.inside -= usize::from(is_aggregate(expr));
        ControlFlow::Continue(())
    }
}
