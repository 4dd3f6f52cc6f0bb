//! Whole queries back to SQL, with every name in back-ticks.
//!
//! sqlparser prints the tree; what it would print wrongly for MySQL is replaced first by words that it prints as they are:
//! its own escaping knows neither backslashes nor texts that contain doubled quotes, and MAP types have a syntax of their
//! own.

use std::ops::ControlFlow;

use sqlparser::ast::{
    ArrayElemTypeDef, DataType, ExcludeSelectItem, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    Ident, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart, OneOrManyWithParens, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, TableAlias, TableFactor, TableVersion, TableWithJoins, UnaryOperator, Value,
    ValueWithSpan, VisitMut, VisitorMut, WildcardAdditionalOptions,
};

use crate::{VERSION_NAMED, quote};

/// The query on one line, names of columns, tables and aliases in back-ticks, texts escaped so that they read back.
///
/// Names are printed as they stand in the tree: whoever wants `db`.`table` puts it there first.
pub fn print_query(query: &Query) -> String {
    let mut query = query.clone();
    let _ = query.visit(&mut Quoter);
    query.to_string()
}

/// The expression, printed like [`print_query`] does.
pub fn print_expr(expr: &Expr) -> String {
    let mut expr = expr.clone();
    let _ = expr.visit(&mut Quoter);
    expr.to_string()
}

struct Quoter;

impl VisitorMut for Quoter {
    type Break = ();

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        for cte in query.with.iter_mut().flat_map(|with| &mut with.cte_tables) {
            quote_table_alias(&mut cte.alias);
        }
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        for item in &mut select.projection {
            match item {
                SelectItem::ExprWithAlias { alias, .. } => quote_ident(alias),
                SelectItem::QualifiedWildcard(kind, options) => {
                    if let SelectItemQualifiedWildcardKind::ObjectName(name) = kind {
                        quote_object_name(name);
                    }
                    quote_wildcard(options);
                }
                SelectItem::Wildcard(options) => quote_wildcard(options),
                _ => {}
            }
        }
        select.from.iter_mut().for_each(quote_joins);
        ControlFlow::Continue(())
    }

    fn post_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<()> {
        quote_object_name(relation);
        ControlFlow::Continue(())
    }

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table { name, alias, partitions, version, .. } => {
                partitions.iter_mut().for_each(quote_ident);
                if let Some(ObjectNamePart::Identifier(last)) = name.0.last_mut() {
                    // sqlparser prints the version after the alias, where it cannot be read.
                    let version = version.take().map(|version| version_text(&version)).unwrap_or_default();
                    // It also prints no space between the name and PARTITION.
                    let space = if partitions.is_empty() { "" } else { " " };
                    last.value = format!("{}{version}{space}", last.value);
                }
                alias.iter_mut().for_each(quote_table_alias);
            }
            TableFactor::NestedJoin { alias, table_with_joins } => {
                quote_joins(table_with_joins);
                alias.iter_mut().for_each(quote_table_alias);
            }
            TableFactor::Derived { alias, .. }
            | TableFactor::TableFunction { alias, .. }
            | TableFactor::Function { alias, .. } => alias.iter_mut().for_each(quote_table_alias),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::Function(function) = expr {
            keep_unit(function);
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(ident) => quote_ident(ident),
            Expr::CompoundIdentifier(parts) if !parts[0].value.starts_with('@') => {
                parts.iter_mut().for_each(quote_ident)
            }
            Expr::Lambda(lambda) => match &mut lambda.params {
                OneOrManyWithParens::One(param) => quote_ident(&mut param.name),
                OneOrManyWithParens::Many(params) => params.iter_mut().for_each(|param| quote_ident(&mut param.name)),
            },
            Expr::Cast { data_type, .. } => {
                *data_type = DataType::Custom(ObjectName::from(vec![Ident::new(type_text(data_type))]), Vec::new());
            }
            // `- -1` must not become the start of a comment.
            Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, expr: inner }
                if matches!(**inner, Expr::UnaryOp { .. }) =>
            {
                let operand = std::mem::replace(&mut **inner, Expr::Identifier(Ident::new("")));
                **inner = Expr::Nested(Box::new(operand));
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn post_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<()> {
        if let Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) = &value.value {
            value.value = Value::Placeholder(quote::string(text));
        }
        ControlFlow::Continue(())
    }
}

fn quote_ident(ident: &mut Ident) {
    // Variables are no names of columns.
    if ident.value.starts_with('@') && ident.quote_style.is_none() {
        return;
    }
    ident.value = quote::identifier(&ident.value);
    ident.quote_style = None;
}

fn quote_object_name(name: &mut ObjectName) {
    for part in &mut name.0 {
        if let ObjectNamePart::Identifier(ident) = part {
            quote_ident(ident);
        }
    }
}

fn quote_table_alias(alias: &mut TableAlias) {
    quote_ident(&mut alias.name);
    alias.columns.iter_mut().for_each(|column| quote_ident(&mut column.name));
}

fn quote_wildcard(options: &mut WildcardAdditionalOptions) {
    match &mut options.opt_exclude {
        Some(ExcludeSelectItem::Single(name)) => quote_object_name(name),
        Some(ExcludeSelectItem::Multiple(names)) => names.iter_mut().for_each(quote_object_name),
        None => {}
    }
    if let Some(except) = &mut options.opt_except {
        quote_ident(&mut except.first_element);
        except.additional_elements.iter_mut().for_each(quote_ident);
    }
}

/// The columns of `USING (…)`, which the visitor does not reach.
fn quote_joins(tables: &mut TableWithJoins) {
    for join in &mut tables.joins {
        let constraint = match &mut join.join_operator {
            JoinOperator::Join(constraint)
            | JoinOperator::Inner(constraint)
            | JoinOperator::Left(constraint)
            | JoinOperator::LeftOuter(constraint)
            | JoinOperator::Right(constraint)
            | JoinOperator::RightOuter(constraint)
            | JoinOperator::FullOuter(constraint)
            | JoinOperator::CrossJoin(constraint)
            | JoinOperator::Semi(constraint)
            | JoinOperator::LeftSemi(constraint)
            | JoinOperator::RightSemi(constraint)
            | JoinOperator::Anti(constraint)
            | JoinOperator::LeftAnti(constraint)
            | JoinOperator::RightAnti(constraint)
            | JoinOperator::StraightJoin(constraint) => constraint,
            _ => continue,
        };
        if let JoinConstraint::Using(names) = constraint {
            names.iter_mut().for_each(quote_object_name);
        }
    }
}

/// The version with a space before it, a named one as it was written.
fn version_text(version: &TableVersion) -> String {
    let text = version.to_string();
    let named = text.strip_prefix("TIMESTAMP AS OF ").and_then(|text| text.strip_prefix(VERSION_NAMED));
    match named.and_then(|text| text.strip_prefix('(')).and_then(|text| text.strip_suffix(')')) {
        Some(name) => format!(" VERSION AS OF {name}"),
        None => format!(" {text}"),
    }
}

/// Functions with an argument that is a word of the language and not a column, and where it stands.
const WORD_ARGUMENTS: [(&str, usize); 5] =
    [("timestampdiff", 0), ("timestampadd", 0), ("date_slice", 2), ("time_slice", 2), ("last_day", 1)];

/// Keeps the unit of `timestampdiff(DAY, a, b)` from being quoted like a column.
fn keep_unit(function: &mut Function) {
    let name = function.name.to_string();
    let Some((_, at)) = WORD_ARGUMENTS.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)) else { return };
    let FunctionArguments::List(list) = &mut function.args else { return };
    if let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))) = list.args.get_mut(*at)
        && let Expr::Identifier(word) = expr
        && word.quote_style.is_none()
    {
        *expr = Expr::value(Value::Placeholder(word.value.clone()));
    }
}

fn type_text(data_type: &DataType) -> String {
    match data_type {
        DataType::Array(ArrayElemTypeDef::AngleBracket(element)) => format!("ARRAY<{}>", type_text(element)),
        DataType::Map(key, value) => format!("MAP<{}, {}>", type_text(key), type_text(value)),
        DataType::Struct(fields, _) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|field| {
                    let name = field.field_name.as_ref().map_or("", |name| name.value.as_str());
                    format!("{} {}", quote::identifier(name), type_text(&field.field_type))
                })
                .collect();
            format!("STRUCT<{}>", fields.join(", "))
        }
        plain => plain.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{parse_expr, parse_query};

    #[test]
    fn queries_print_with_back_ticks() {
        let cases = [
            (
                "select a, t.b as x, count(*) from db.t where s = 'it''s' group by 1",
                "SELECT `a`, `t`.`b` AS `x`, count(*) FROM `db`.`t` WHERE `s` = 'it\\'s' GROUP BY 1",
            ),
            (
                "with w(k) as (select 1 as c) select w.k + 2 from w join (select 3 as d) u on w.k = u.d",
                "WITH `w` (`k`) AS (SELECT 1 AS `c`) SELECT `w`.`k` + 2 FROM `w` JOIN (SELECT 3 AS `d`) `u` \
                 ON `w`.`k` = `u`.`d`",
            ),
            ("select @x, @@session.y", "SELECT @x, @@session.y"),
            ("select * from t for version as of 'b' x", "SELECT * FROM `t` VERSION AS OF 'b' `x`"),
            ("select * from t timestamp as of now()", "SELECT * FROM `t` TIMESTAMP AS OF now()"),
            (
                "select t.*, * except (`a b`) from t partition (p) join u using (`k k`)",
                "SELECT `t`.*, * EXCEPT (`a b`) FROM `t` PARTITION (`p`) JOIN `u` USING(`k k`)",
            ),
            (
                "select array_map(x -> x + 1, a) from (t join u on true)",
                "SELECT array_map(`x` -> `x` + 1, `a`) FROM (`t` JOIN `u` ON true)",
            ),
        ];
        for (sql, expected) in cases {
            let printed = print_query(&parse_query(sql).unwrap());
            assert_eq!(printed, expected);
            assert_eq!(print_query(&parse_query(&printed).unwrap()), printed, "printing again changes nothing");
        }
    }

    #[test]
    fn expressions_read_back_as_they_were() {
        let cases = [
            ("- -1", "-(-1)"),
            ("!a = b", "(NOT `a`) = `b`"),
            ("timestampdiff(day, `day`, b)", "timestampdiff(day, `day`, `b`)"),
            ("cast(a as map<int, array<struct<x int>>>)", "CAST(`a` AS MAP<INT, ARRAY<STRUCT<`x` INT>>>)"),
            (r"a like '50\%\\' escape '\\'", r"`a` LIKE '50\%\\' ESCAPE '\\'"),
            ("group_concat(a separator '\\n')", r"group_concat(`a` SEPARATOR '\n')"),
            ("current_user = utc_date", "current_user = utc_date"),
            ("a DIV 2 mod 3", "`a` DIV 2 % 3"),
        ];
        for (sql, expected) in cases {
            let printed = print_expr(&parse_expr(sql).unwrap());
            assert_eq!(printed, expected, "{sql}");
            assert_eq!(print_expr(&parse_expr(&printed).unwrap()), printed, "printing again changes nothing");
        }
    }
}
