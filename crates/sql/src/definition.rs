//! The query of a view's definition: what may not be in it, and how it reads outside of its database.

use std::ops::ControlFlow;

use base::{Error, Result};
use sqlparser::ast::{Expr, Ident, ObjectName, ObjectNamePart, Query, Value, Visit, Visitor};

use crate::quote;

/// Refuses what has a meaning only while a statement runs.
///
/// # Errors
/// `Invalid` for a `?`.
pub fn check_definition(query: &Query) -> Result<()> {
    match query.visit(&mut Placeholder) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::invalid("a view's query cannot have parameters ('?'), write the values")),
    }
}

struct Placeholder;

impl Visitor for Placeholder {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let found = matches!(expr, Expr::Value(value) if matches!(value.value, Value::Placeholder(_)));
        if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// The query's text with the database before every table that is named without one, so that it means the same in other
/// databases; as it is where it does not parse.
pub fn qualify(text: &str, database: &str) -> String {
    let Ok(query) = crate::parse_query(text) else { return text.to_string() };
    let mut tables = Tables { text, ctes: Vec::new(), offsets: Vec::new() };
    let _ = query.visit(&mut tables);
    let mut qualified = text.to_string();
    tables.offsets.sort_unstable();
    tables.offsets.dedup();
    for offset in tables.offsets.into_iter().rev() {
        qualified.insert_str(offset, &format!("{}.", quote::identifier(database)));
    }
    qualified
}

struct Tables<'a> {
    text: &'a str,
    /// Names of common table expressions, for each query around the current place.
    ctes: Vec<Vec<String>>,
    offsets: Vec<usize>,
}

impl Visitor for Tables<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let names = query.with.iter().flat_map(|with| &with.cte_tables).map(|cte| cte.alias.name.value.clone());
        self.ctes.push(names.collect());
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.ctes.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        if let [ObjectNamePart::Identifier(name)] = relation.0.as_slice()
            && !self.ctes.iter().flatten().any(|cte| cte.eq_ignore_ascii_case(&name.value))
            && let Some(offset) = self.offset(name)
        {
            self.offsets.push(offset);
        }
        ControlFlow::Continue(())
    }
}

impl Tables<'_> {
    /// Where the name begins; `None` for a table function and for `dual`.
    fn offset(&self, name: &Ident) -> Option<usize> {
        let (start, end) = (name.span.start.column as usize, name.span.end.column as usize);
        let is_function = self.text.get(end.checked_sub(1)?..)?.trim_start().starts_with('(');
        let is_dual = name.quote_style.is_none() && name.value.eq_ignore_ascii_case("dual");
        start.checked_sub(1).filter(|offset| !is_function && !is_dual && self.text.is_char_boundary(*offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_get_their_database() {
        let cases = [
            ("select a from b", "select a from `d`.b"),
            ("SELECT é.x FROM `é` é JOIN other.t USING (x)", "SELECT é.x FROM `d`.`é` é JOIN other.t USING (x)"),
            (
                "with c as (select 1 from t) select * from c, u",
                "with c as (select 1 from `d`.t) select * from c, `d`.u",
            ),
            (
                "select (select max(x) from v) from t where a in (select a from w)",
                "select (select max(x) from `d`.v) from `d`.t where a in (select a from `d`.w)",
            ),
            ("select * from table(generate_series(1, 2)) g", "select * from table(generate_series(1, 2)) g"),
            ("select 1 from dual", "select 1 from dual"),
        ];
        for (text, expected) in cases {
            assert_eq!(qualify(text, "d"), expected);
        }
    }

    #[test]
    fn parameters_are_refused() {
        let check = |sql: &str| check_definition(&crate::parse_query(sql).unwrap());
        assert!(check("select a from t where b = ?").is_err());
        assert!(check("select a, '?' from t").is_ok());
    }
}
