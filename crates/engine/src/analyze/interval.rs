//! INTERVAL and units of time: every form becomes a call with the unit as text.
//!
//! `d + INTERVAL n DAY`, `DATE_SUB(d, INTERVAL n DAY)`, `TIMESTAMPADD(DAY, n, d)` are `vm_date_add(d, n, 'day')`.

use base::{Error, Result};
use datafusion::sql::sqlparser::ast::{BinaryOperator, DateTimeField, Expr, Function, Interval, UnaryOperator};

use super::node;

/// What `vm_date_add` adds.
const DATE_ADD: &str = "vm_date_add";

/// Units that follow each other in composite units such as DAY_MINUTE.
const CLOCK: &[&str] = &["day", "hour", "minute", "second", "microsecond"];
const CALENDAR: &[&str] = &["year", "month"];

/// Replaces the expression if it is one of the forms; its operands are still to be rewritten.
///
/// # Errors
/// `Invalid` if a unit or an interval's text means nothing.
pub(super) fn rewrite(expr: &mut Expr) -> Result<()> {
    let replaced = match expr {
        Expr::BinaryOp { left, op: op @ (BinaryOperator::Plus | BinaryOperator::Minus), right } => {
            let minus = *op == BinaryOperator::Minus;
            if let Some(interval) = as_interval(right) {
                Some(add(node::take(left), &interval, minus)?)
            } else if let Some(interval) = as_interval(left).filter(|_| !minus) {
                Some(add(node::take(right), &interval, false)?)
            } else {
                None
            }
        }
        Expr::Function(function) => rewrite_call(function)?,
        Expr::Extract { field, expr: operand, .. } => Some(extract(field, operand)?),
        _ => None,
    };
    if let Some(replacement) = replaced {
        *expr = replacement;
    }
    Ok(())
}

fn as_interval(expr: &Expr) -> Option<Interval> {
    match node::bare(expr) {
        Expr::Interval(interval) => Some(interval.clone()),
        _ => None,
    }
}

fn rewrite_call(function: &Function) -> Result<Option<Expr>> {
    let (Some(name), Some(args)) = (node::function_name(function), node::arguments(function)) else { return Ok(None) };
    Ok(match (name.as_str(), args.as_slice()) {
        ("date_add" | "adddate" | "date_sub" | "subdate", [date, amount]) => {
            let minus = name.contains("sub");
            Some(match as_interval(amount) {
                Some(interval) => add((*date).clone(), &interval, minus)?,
                None => add_units((*date).clone(), (*amount).clone(), "day", minus),
            })
        }
        ("timestampadd", [unit, amount, date]) => {
            Some(add_units((*date).clone(), (*amount).clone(), &unit_argument(unit)?, false))
        }
        ("timestampdiff" | "date_diff", [unit, from, to]) => {
            Some(node::call(&name, vec![node::text(unit_argument(unit)?), (*from).clone(), (*to).clone()]))
        }
        ("time_slice" | "date_slice", [date, width, rest @ ..]) => Some(slice(&name, date, width, rest)?),
        _ => None,
    })
}

/// `time_slice(d, INTERVAL 5 MINUTE, CEIL)` becomes `time_slice(d, 5, 'minute', 'ceil')`.
fn slice(name: &str, date: &Expr, width: &Expr, rest: &[&Expr]) -> Result<Expr> {
    let Some(interval) = as_interval(width) else {
        return Err(Error::invalid(format!("the second argument of {name} must be an interval")).with("found", width));
    };
    let unit = unit_of(&interval)?;
    let mut args = vec![date.clone(), (*interval.value).clone(), node::text(unit)];
    for word in rest {
        args.push(match node::bare(word) {
            Expr::Identifier(ident) => node::text(ident.value.to_lowercase()),
            other => other.clone(),
        });
    }
    Ok(node::call(name, args))
}

/// `EXTRACT(YEAR FROM d)` is `year(d)`; a composite unit is its parts as one number.
fn extract(field: &DateTimeField, operand: &Expr) -> Result<Expr> {
    let unit = field.to_string().to_lowercase();
    let parts = composite(&unit).unwrap_or_else(|| vec![unit.as_str()]);
    let mut whole: Option<Expr> = None;
    for part in parts {
        let function = match part.trim_end_matches('s') {
            "dow" | "dayofweek" => "dayofweek",
            "doy" | "dayofyear" => "dayofyear",
            name @ ("year" | "quarter" | "month" | "week" | "day" | "hour" | "minute" | "second" | "microsecond") => {
                name
            }
            _ => return Err(Error::invalid("EXTRACT cannot take this unit").with("unit", field)),
        };
        let value = node::call(function, vec![operand.clone()]);
        let scale = node::number(if part == "microsecond" { 1_000_000 } else { 100 });
        whole = Some(match whole {
            Some(whole) => {
                node::binary(node::binary(whole, BinaryOperator::Multiply, scale), BinaryOperator::Plus, value)
            }
            None => value,
        });
    }
    whole.ok_or_else(|| Error::internal("a unit without parts"))
}

fn add(date: Expr, interval: &Interval, minus: bool) -> Result<Expr> {
    if interval.last_field.is_some() {
        return Err(Error::unsupported("INTERVAL with TO is not supported").with("interval", interval));
    }
    let unit = match &interval.leading_field {
        Some(field) => field.to_string().to_lowercase(),
        None => return Err(Error::invalid("INTERVAL needs a unit").with("interval", interval)),
    };
    if let Some(units) = composite(&unit) {
        return add_composite(date, &interval.value, &units, minus);
    }
    let unit = plain_unit(&unit)?;
    let (amount, unit) = amount(&interval.value, unit)?;
    Ok(add_units(date, amount, unit, minus))
}

fn add_units(date: Expr, amount: Expr, unit: &str, minus: bool) -> Expr {
    let amount = if minus { negated(amount) } else { amount };
    node::call(DATE_ADD, vec![date, amount, node::text(unit)])
}

fn negated(amount: Expr) -> Expr {
    match signed_digits(&amount) {
        Some(digits) => match digits.strip_prefix('-') {
            Some(positive) => node::number(positive),
            None => node::number(format!("-{digits}")),
        },
        None => node::binary(node::number(0), BinaryOperator::Minus, Expr::Nested(Box::new(amount))),
    }
}

fn signed_digits(amount: &Expr) -> Option<String> {
    match node::bare(amount) {
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => {
            node::literal_number(expr).map(|digits| format!("-{digits}"))
        }
        other => node::literal_number(other).map(str::to_string),
    }
}

/// Constant amounts as numbers; a fraction of a second is counted in microseconds.
fn amount<'u>(value: &Expr, unit: &'u str) -> Result<(Expr, &'u str)> {
    let written = signed_digits(value).or_else(|| node::literal_text(value).map(|text| text.trim().to_string()));
    let Some(written) = written else { return Ok((value.clone(), unit)) };
    if let Ok(whole) = written.parse::<i64>() {
        return Ok((node::number(whole), unit));
    }
    let number: f64 = written.parse().map_err(|_| Error::invalid(format!("Incorrect INTERVAL value: '{written}'")))?;
    if unit == "second" {
        return Ok((node::number((number * 1e6).round() as i64), "microsecond"));
    }
    Ok((node::number(number.round() as i64), unit))
}

/// `'1 2:30'` with DAY_MINUTE: the last group of digits counts in the last unit.
fn add_composite(date: Expr, value: &Expr, units: &[&str], minus: bool) -> Result<Expr> {
    let Some(written) = node::literal_text(value).map(str::to_string).or_else(|| signed_digits(value)) else {
        return Err(Error::unsupported("a composite INTERVAL unit needs a constant").with("value", value));
    };
    let minus = minus != written.trim_start().starts_with('-');
    let groups: Vec<&str> = written.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    if groups.is_empty() || groups.len() > units.len() {
        return Err(Error::invalid(format!("Incorrect INTERVAL value: '{written}'")));
    }
    let mut sum = date;
    for (group, unit) in groups.iter().zip(&units[units.len() - groups.len()..]) {
        sum = add_units(sum, node::number(group), unit, minus);
    }
    Ok(sum)
}

/// The units of `DAY_MINUTE` and the like, largest first.
fn composite(unit: &str) -> Option<Vec<&'static str>> {
    let (from, to) = unit.split_once('_')?;
    [CLOCK, CALENDAR].iter().find_map(|units| {
        let from = units.iter().position(|unit| *unit == from)?;
        let to = units.iter().position(|unit| *unit == to)?;
        (from < to).then(|| units[from..=to].to_vec())
    })
}

fn unit_of(interval: &Interval) -> Result<&'static str> {
    match &interval.leading_field {
        Some(field) => plain_unit(&field.to_string().to_lowercase()),
        None => Err(Error::invalid("INTERVAL needs a unit").with("interval", interval)),
    }
}

/// A unit given as a word or as text: `DAY`, `SQL_TSI_DAY`, `'day'`.
fn unit_argument(unit: &Expr) -> Result<String> {
    let word = match node::bare(unit) {
        Expr::Identifier(ident) => ident.value.as_str(),
        other => {
            node::literal_text(other).ok_or_else(|| Error::invalid("a unit of time is expected").with("found", unit))?
        }
    };
    let word = word.to_lowercase();
    plain_unit(word.strip_prefix("sql_tsi_").unwrap_or(&word)).map(str::to_string)
}

fn plain_unit(unit: &str) -> Result<&'static str> {
    const UNITS: &[&str] =
        &["year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond", "microsecond"];
    UNITS
        .iter()
        .find(|known| **known == unit || unit.strip_suffix('s') == Some(known))
        .copied()
        .ok_or_else(|| Error::invalid("unknown unit of time").with("unit", unit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::sql::sqlparser::dialect::MySqlDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    fn rewritten(sql: &str) -> Result<String> {
        let mut expr = Parser::new(&MySqlDialect {}).try_with_sql(sql).unwrap().parse_expr().unwrap();
        rewrite(&mut expr)?;
        Ok(expr.to_string())
    }

    #[test]
    fn intervals_become_calls() {
        for (sql, call) in [
            ("d + interval 1 month", "vm_date_add(d, 1, 'month')"),
            ("d - INTERVAL '1' DAY", "vm_date_add(d, -1, 'day')"),
            ("interval 2 week + d", "vm_date_add(d, 2, 'week')"),
            ("DATE_ADD(d, INTERVAL (a+1) HOUR)", "vm_date_add(d, (a + 1), 'hour')"),
            ("date_sub(d, interval dayofweek(d) - 1 day)", "vm_date_add(d, 0 - (dayofweek(d) - 1), 'day')"),
            ("adddate(d, 3)", "vm_date_add(d, 3, 'day')"),
            ("d + interval 1.5 second", "vm_date_add(d, 1500000, 'microsecond')"),
            ("d - interval -2 day", "vm_date_add(d, 2, 'day')"),
            ("timestampadd(SQL_TSI_MINUTE, 5, d)", "vm_date_add(d, 5, 'minute')"),
            ("timestampdiff(DAY, a, b)", "timestampdiff('day', a, b)"),
            ("time_slice(d, interval 5 minute)", "time_slice(d, 5, 'minute')"),
            ("time_slice(d, interval 5 minute, CEIL)", "time_slice(d, 5, 'minute', 'ceil')"),
            ("extract(year from d)", "year(d)"),
        ] {
            assert_eq!(rewritten(sql).unwrap(), call, "{sql}");
        }
        assert!(rewritten("timestampdiff(parsec, a, b)").is_err());
        assert!(rewritten("d + interval 'soon' day").is_err());
    }

    #[test]
    fn composite_units_add_each_part() {
        let date = node::column("d");
        let sum = add_composite(date, &node::text("1 2:30"), &["day", "hour", "minute"], true).unwrap();
        assert_eq!(sum.to_string(), "vm_date_add(vm_date_add(vm_date_add(`d`, -1, 'day'), -2, 'hour'), -30, 'minute')");
        assert_eq!(composite("year_month"), Some(vec!["year", "month"]));
        assert_eq!(composite("hour_day"), None);
    }
}
