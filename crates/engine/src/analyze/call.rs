//! Function calls and syntax that stands for function calls.

use base::{Error, Result};
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CeilFloorKind, DateTimeField, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentClause, FunctionArguments, ObjectName, TrimWhereField, Value, ValueWithSpan,
};

use super::expression::as_condition;
use super::{marker, node};

/// Aggregates over numbers: text is read as a number first. Sorted.
const NUMERIC_AGGREGATES: &[&str] = &[
    "avg",
    "corr",
    "covar",
    "covar_pop",
    "covar_samp",
    "mean",
    "median",
    "multi_distinct_sum",
    "percentile_cont",
    "std",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "sum",
    "var",
    "var_pop",
    "var_samp",
    "variance",
    "variance_pop",
    "variance_samp",
];

/// Other names of the same function, as other dialects spell them.
const SYNONYMS: &[(&str, &str)] = &[("arg_max", "max_by"), ("arg_min", "min_by"), ("mid", "substring")];

/// Replaces calls whose arguments are special, before the arguments are rewritten.
///
/// # Errors
/// `Invalid` if the arguments do not fit.
pub(super) fn prepare(expr: &mut Expr) -> Result<()> {
    let Expr::Function(function) = expr else { return Ok(()) };
    let Some(name) = node::function_name(function) else { return Ok(()) };
    if let Some((_, other)) = SYNONYMS.iter().find(|(synonym, _)| *synonym == name) {
        function.name = ObjectName::from(vec![(*other).into()]);
    }
    match name.as_str() {
        "group_concat" => group_concat(function),
        "count" => count(function),
        _ => Ok(()),
    }
}

/// `GROUP_CONCAT(a, b ORDER BY c SEPARATOR '-')` becomes `group_concat(concat(a, b), '-' ORDER BY c)`.
fn group_concat(function: &mut Function) -> Result<()> {
    let Some(args) = node::arguments(function) else { return Ok(()) };
    let text = match args.as_slice() {
        [] => return Err(Error::invalid("group_concat needs an argument")),
        [only] => (*only).clone(),
        several => node::call("concat", several.iter().map(|arg| (*arg).clone()).collect()),
    };
    let FunctionArguments::List(list) = &mut function.args else { return Ok(()) };
    let mut separator: ValueWithSpan = Value::SingleQuotedString(",".to_string()).into();
    list.clauses.retain(|clause| match clause {
        FunctionArgumentClause::Separator(value) => {
            separator = value.clone();
            false
        }
        _ => true,
    });
    list.args = [text, Expr::Value(separator)].map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg))).to_vec();
    Ok(())
}

/// `COUNT(DISTINCT a, b)` counts rows of non-NULL values.
fn count(function: &mut Function) -> Result<()> {
    let FunctionArguments::List(list) = &function.args else { return Ok(()) };
    let distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
    let Some(args) = node::arguments(function) else { return Ok(()) };
    match (distinct, args.as_slice()) {
        (_, []) => Err(Error::invalid("count needs an argument: use count(*)")),
        (_, [_]) => Ok(()),
        (false, _) => Err(Error::invalid("count takes several arguments only with DISTINCT")),
        (true, several) => {
            let any_null = several
                .iter()
                .map(|arg| Expr::IsNull(Box::new((*arg).clone())))
                .reduce(|any, next| node::binary(any, BinaryOperator::Or, next))
                .unwrap_or_else(node::null);
            let row = node::call("struct", several.iter().map(|arg| (*arg).clone()).collect());
            let counted = node::call(marker::CASE, vec![any_null, node::null(), row]);
            if let FunctionArguments::List(list) = &mut function.args {
                list.args = vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(counted))];
            }
            Ok(())
        }
    }
}

/// Finishes a call whose arguments are rewritten.
pub(super) fn finish(expr: &mut Expr) {
    let Expr::Function(function) = expr else { return };
    if let Some(filter) = &mut function.filter {
        as_condition(filter);
    }
    let Some(name) = node::function_name(function) else { return };
    if NUMERIC_AGGREGATES.binary_search(&name.as_str()).is_ok() {
        for arg in node::arguments_mut(function) {
            if node::literal_number(arg).is_none() {
                *arg = node::call(marker::NUMERIC, vec![node::take(arg)]);
            }
        }
    }
}

/// Binary operators that are calls.
///
/// # Errors
/// `Unsupported` for operators that only other databases have.
pub(super) fn rewrite_operator(expr: &mut Expr) -> Result<()> {
    let Expr::BinaryOp { left, op, right } = expr else { return Ok(()) };
    let name = match op {
        BinaryOperator::StringConcat => "concat",
        BinaryOperator::Arrow => "json_query",
        BinaryOperator::LongArrow => "get_json_string",
        BinaryOperator::Regexp | BinaryOperator::Match => "vm_regexp",
        BinaryOperator::Assignment => {
            return Err(Error::unsupported("user variables can only be assigned among select items; use SET"));
        }
        _ => return Ok(()),
    };
    *expr = node::call(name, vec![node::take(left), node::take(right)]);
    Ok(())
}

/// Syntax of its own that is a call: `SUBSTRING(s FROM 2)`, `a RLIKE b`, `TRIM(LEADING 'x' FROM s)`.
///
/// # Errors
/// `Invalid` or `Unsupported` for forms without meaning in MySQL.
pub(super) fn rewrite_syntax(expr: &mut Expr) -> Result<()> {
    let replacement = match expr {
        Expr::RLike { negated, expr: text, pattern, .. } => {
            let matches = node::call("vm_regexp", vec![node::take(text), node::take(pattern)]);
            if *negated { node::not(matches) } else { matches }
        }
        Expr::Substring { expr: text, substring_from, substring_for, .. } => {
            let mut args = vec![node::take(text)];
            args.push(substring_from.take().map_or_else(|| node::number(1), |from| *from));
            args.extend(substring_for.take().map(|length| *length));
            node::call("substring", args)
        }
        Expr::Trim { trim_where, trim_what, expr: text, trim_characters } => {
            let name = match trim_where {
                Some(TrimWhereField::Leading) => "ltrim",
                Some(TrimWhereField::Trailing) => "rtrim",
                _ => "trim",
            };
            let mut args = vec![node::take(text)];
            args.extend(trim_what.take().map(|what| *what));
            args.extend(trim_characters.take().unwrap_or_default());
            node::call(name, args)
        }
        Expr::Position { expr: part, r#in: whole } => node::call("locate", vec![node::take(part), node::take(whole)]),
        Expr::Ceil { expr: number, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
            node::call("ceil", vec![node::take(number)])
        }
        Expr::Floor { expr: number, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
            node::call("floor", vec![node::take(number)])
        }
        Expr::Like { pattern, escape_char: Some(escape), any: false, .. } => {
            escape_with_backslash(pattern, &escape.value)?;
            if let Expr::Like { escape_char, .. } = expr {
                *escape_char = None;
            }
            return Ok(());
        }
        _ => return Ok(()),
    };
    *expr = replacement;
    Ok(())
}

/// Rewrites a constant LIKE pattern so that it escapes with a backslash, the only character DataFusion knows.
fn escape_with_backslash(pattern: &mut Expr, escape: &Value) -> Result<()> {
    let escape = match escape {
        Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => text.as_str(),
        _ => "",
    };
    if escape == "\\" {
        return Ok(());
    }
    let mut chars = escape.chars();
    let (escape, None) = (chars.next(), chars.next()) else {
        return Err(Error::invalid("Incorrect arguments to ESCAPE"));
    };
    let Some(written) = node::literal_text(pattern) else {
        return Err(Error::unsupported("ESCAPE needs a constant pattern"));
    };
    let mut rewritten = String::with_capacity(written.len() + 8);
    let mut rest = written.chars();
    while let Some(c) = rest.next() {
        if Some(c) == escape {
            if let Some(literal) = rest.next() {
                if matches!(literal, '%' | '_' | '\\') {
                    rewritten.push('\\');
                }
                rewritten.push(literal);
            }
        } else {
            if c == '\\' {
                rewritten.push('\\');
            }
            rewritten.push(c);
        }
    }
    *pattern = node::text(rewritten);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_characters_become_backslashes() {
        for (pattern, escape, rewritten) in [
            ("10|%", "|", "10\\%"),
            ("a||b", "|", "a|b"),
            ("a\\b", "!", "a\\\\b"),
            ("x_", "\\", "x_"),
            ("%a|", "|", "%a"),
        ] {
            let mut expr = node::text(pattern);
            escape_with_backslash(&mut expr, &Value::SingleQuotedString(escape.to_string())).unwrap();
            assert_eq!(node::literal_text(&expr), Some(rewritten), "{pattern}");
        }
    }

    #[test]
    fn aggregates_are_sorted_for_the_search() {
        assert!(NUMERIC_AGGREGATES.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
