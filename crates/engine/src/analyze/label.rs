//! The labels of result columns: the alias as written, else the column as written, else the expression printed again.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use base::names::fold_column;
use datafusion::common::{DFSchema, TableReference};
use datafusion::sql::sqlparser::ast::{Expr, Ident, Value, ValueWithSpan, VisitMut, VisitorMut};

use super::failure::Clause;

/// Key of the field metadata that holds a column's name as CREATE TABLE spelled it.
pub const DISPLAY_NAME: &str = "display_name";

/// The result columns of a rewritten query, and what its errors need to know about it.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    items: Vec<Item>,
    /// Spelling of the columns of derived tables by (table alias, folded name), for wildcards.
    spellings: HashMap<(String, String), String>,
    /// The clause in which a column, by table and name, appears first.
    pub(super) clauses: BTreeMap<(String, String), Clause>,
}

#[derive(Debug, Clone)]
enum Item {
    /// A column that DataFusion knows by `name`.
    One {
        name: String,
        label: String,
    },
    Wildcard,
}

impl Labels {
    /// Display names for the columns of the planned query, in their order.
    pub fn apply(&self, schema: &DFSchema) -> Vec<String> {
        let positional = self.items.len() == schema.fields().len() && self.wildcards() == 0;
        schema
            .iter()
            .enumerate()
            .map(|(position, (qualifier, field))| {
                let item = if positional { self.items.get(position) } else { self.named(qualifier, field.name()) };
                match item {
                    Some(Item::One { label, .. }) => label.clone(),
                    _ => self.wildcard_label(qualifier, field.name(), field.metadata()),
                }
            })
            .collect()
    }

    pub(super) fn push(&mut self, name: String, label: String) {
        self.items.push(Item::One { name, label });
    }

    pub(super) fn push_wildcard(&mut self) {
        self.items.push(Item::Wildcard);
    }

    /// Makes the spelling of this query's columns known to a query that reads them as `alias`.
    pub(super) fn expose(&self, alias: &str, reader: &mut Labels) {
        for item in &self.items {
            match item {
                Item::One { name, label } => {
                    reader.spellings.insert((alias.to_string(), name.clone()), label.clone());
                }
                Item::Wildcard => {
                    for ((_, name), label) in &self.spellings {
                        reader.spellings.insert((alias.to_string(), name.clone()), label.clone());
                    }
                }
            }
        }
    }

    /// Gives the columns the names of a column list, as in `WITH t (a, b)`.
    pub(super) fn rename(&mut self, names: &[Ident]) {
        self.items = names
            .iter()
            .map(|ident| Item::One { name: fold_column(&ident.value), label: ident.value.clone() })
            .collect();
    }

    fn wildcards(&self) -> usize {
        self.items.iter().filter(|item| matches!(item, Item::Wildcard)).count()
    }

    fn named(&self, qualifier: Option<&TableReference>, wanted: &str) -> Option<&Item> {
        if qualifier.is_some() {
            return None;
        }
        self.items.iter().find(|item| matches!(item, Item::One { name, .. } if name == wanted))
    }

    fn wildcard_label(
        &self,
        qualifier: Option<&TableReference>,
        name: &str,
        metadata: &HashMap<String, String>,
    ) -> String {
        let table = qualifier.map_or("", TableReference::table).to_string();
        if let Some(spelling) = self.spellings.get(&(table, name.to_string())) {
            return spelling.clone();
        }
        // An alias keeps the metadata of its column: only a spelling of this very name counts.
        match metadata.get(DISPLAY_NAME) {
            Some(spelling) if fold_column(spelling) == name => spelling.clone(),
            _ => name.to_string(),
        }
    }
}

/// The label of an expression without alias.
pub(super) fn label_of(expr: &Expr) -> String {
    match expr {
        Expr::Identifier(ident) => ident.value.clone(),
        Expr::CompoundIdentifier(parts) if !is_variable(parts) => {
            parts.last().map_or_else(String::new, |last| last.value.clone())
        }
        _ => {
            let mut copy = expr.clone();
            let _ = copy.visit(&mut Plain);
            copy.to_string()
        }
    }
}

fn is_variable(parts: &[Ident]) -> bool {
    parts.first().is_some_and(|first| first.value.starts_with('@') && first.quote_style.is_none())
}

/// Prints as StarRocks does: strings in single quotes, columns without table and quotes.
struct Plain;

impl VisitorMut for Plain {
    type Break = ();

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<()> {
        if let Value::DoubleQuotedString(text) = &mut value.value {
            value.value = Value::SingleQuotedString(std::mem::take(text));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(ident) => ident.quote_style = None,
            Expr::CompoundIdentifier(parts) if !is_variable(parts) => {
                if let Some(last) = parts.pop() {
                    *expr = Expr::Identifier(Ident::new(last.value));
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::sql::sqlparser::dialect::MySqlDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    #[test]
    fn labels_print_expressions_as_starrocks_does() {
        for (sql, label) in [
            ("CRASH_DATE", "CRASH_DATE"),
            ("crashdata.CRASH_DATE", "CRASH_DATE"),
            ("`a b`", "a b"),
            ("count(*)", "count(*)"),
            ("COUNT( * )", "COUNT(*)"),
            ("avg(weatherdata.HourlyDryBulbTemperature)", "avg(HourlyDryBulbTemperature)"),
            ("date_trunc(\"minute\", '2020-01-01')", "date_trunc('minute', '2020-01-01')"),
            ("@@version_comment", "@@version_comment"),
            ("@@session.sql_mode", "@@session.sql_mode"),
            ("DATABASE()", "DATABASE()"),
            ("1+`a`", "1 + a"),
            ("'x'", "'x'"),
        ] {
            let expr = Parser::new(&MySqlDialect {}).try_with_sql(sql).unwrap().parse_expr().unwrap();
            assert_eq!(label_of(&expr), label, "{sql}");
        }
    }
}
