//! Functions and variables that depend on the session alone become literals before planning.

use base::session_variable::{Kind, SessionVariables, VARIABLES};
use base::{Error, Result};
use chrono::NaiveDateTime;
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{DataType, Expr, Function, Ident, TypedString, Value};

use super::facts::SessionFacts;
use super::node;

/// The value of `@@name`, `@@session.name`, `@@global.name` or `@name`; `None` if the name is a column.
///
/// # Errors
/// `UnknownVariable` for a system variable that does not exist.
pub(super) fn variable(parts: &[Ident], facts: &SessionFacts) -> Result<Option<Expr>> {
    let Some(first) = parts.first().filter(|first| first.quote_style.is_none()) else { return Ok(None) };
    if let Some(name) = first.value.strip_prefix("@@") {
        let (name, variables) = match parts {
            [scope, name] => (name.value.as_str(), variables_of(&scope.value[2..], facts)?),
            [_] => (name, facts.variables),
            _ => return Err(unknown_scope()),
        };
        return system_variable(name, variables).map(Some);
    }
    match first.value.strip_prefix('@') {
        Some(name) => {
            let name = name.trim_matches(['`', '\'', '"']).to_lowercase();
            facts.user_variables.get(&name).map_or(Ok(node::null()), literal).map(Some)
        }
        None => Ok(None),
    }
}

/// The variables that `@@scope.name` reads.
fn variables_of<'a>(scope: &str, facts: &SessionFacts<'a>) -> Result<&'a SessionVariables> {
    match scope.to_ascii_lowercase().as_str() {
        "session" | "local" => Ok(facts.variables),
        "global" | "persist" => Ok(facts.global_variables),
        _ => Err(unknown_scope()),
    }
}

fn unknown_scope() -> Error {
    Error::invalid("a system variable is @@name, @@session.name or @@global.name")
}

fn system_variable(name: &str, variables: &SessionVariables) -> Result<Expr> {
    let value = variables.get(name)?;
    let kind = VARIABLES.iter().find(|variable| variable.name.eq_ignore_ascii_case(name)).map(|variable| variable.kind);
    // Variables without a rule of their own hold what MySQL has as a number, too.
    let numeric = match kind {
        Some(Kind::Integer(..) | Kind::Bool) => true,
        _ => !name.to_ascii_lowercase().contains("version") && is_whole(value),
    };
    Ok(if numeric && is_whole(value) { node::number(value) } else { node::text(value) })
}

fn is_whole(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit())
}

/// A literal with the type of the value.
fn literal(value: &ScalarValue) -> Result<Expr> {
    if value.is_null() {
        return Ok(node::null());
    }
    Ok(match value {
        ScalarValue::Boolean(Some(value)) => node::boolean(*value),
        ScalarValue::Float32(_) | ScalarValue::Float64(_) => {
            node::cast(node::text(value.to_string()), DataType::DoublePrecision)
        }
        ScalarValue::Date32(_) => typed(DataType::Date, value.to_string()),
        ScalarValue::TimestampMicrosecond(Some(us), _) => {
            let moment = chrono::DateTime::from_timestamp_micros(*us)
                .ok_or_else(|| Error::internal("a user variable's time is out of range").with("us", us))?;
            datetime(moment.naive_utc(), 6)
        }
        value if value.data_type().is_numeric() => node::number(value),
        value => node::text(value.try_as_str().flatten().map_or_else(|| value.to_string(), str::to_string)),
    })
}

fn typed(data_type: DataType, text: String) -> Expr {
    let value = Value::SingleQuotedString(text).into();
    Expr::TypedString(TypedString { data_type, value, uses_odbc_syntax: false })
}

/// A DATETIME literal with `digits` of the fraction.
fn datetime(moment: NaiveDateTime, digits: usize) -> Expr {
    let seconds = moment.format("%Y-%m-%d %H:%M:%S");
    let text = match digits {
        0 => seconds.to_string(),
        _ => {
            let micros = format!("{:06}", moment.and_utc().timestamp_subsec_micros());
            format!("{seconds}.{}", &micros[..digits.min(6)])
        }
    };
    typed(DataType::Datetime(None), text)
}

fn time(moment: NaiveDateTime) -> Expr {
    node::text(moment.format("%H:%M:%S").to_string())
}

/// The value of a call that asks the session; `None` for every other call.
pub(super) fn replace(function: &Function, facts: &SessionFacts) -> Result<Option<Expr>> {
    let Some(name) = node::function_name(function) else { return Ok(None) };
    let args = node::arguments(function).unwrap_or_default();
    if function.over.is_some() || args.len() > 1 {
        return Ok(None);
    }
    if args.is_empty()
        && let Some(value) = without_arguments(&name, facts)?
    {
        return Ok(Some(value));
    }
    let Some(clock) = Clock::named(&name) else { return Ok(None) };
    let digits = match args.first() {
        None => 0,
        Some(digits) => match node::literal_number(digits).and_then(|digits| digits.parse::<usize>().ok()) {
            Some(digits) if digits <= 6 => digits,
            _ => return Err(Error::invalid(format!("the precision of {name} is a number from 0 to 6"))),
        },
    };
    clock.read(facts, digits).map(Some)
}

fn without_arguments(name: &str, facts: &SessionFacts) -> Result<Option<Expr>> {
    let address = || format!("{}@{}", facts.user, facts.host);
    let identity = || format!("'{}'@'%'", facts.user);
    Ok(Some(match name {
        "version" => node::text(facts.variables.get("version")?),
        "current_version" => node::text(facts.current_version),
        "database" | "schema" => facts.database.map_or_else(node::null, node::text),
        "catalog" | "current_catalog" => node::text(facts.catalog),
        "user" | "session_user" | "system_user" => node::text(address()),
        "current_user" => node::text(identity()),
        "current_role" => node::text(if facts.role.is_empty() { "NONE" } else { facts.role }),
        "connection_id" => node::number(facts.connection_id),
        "last_insert_id" => node::number(facts.last_insert_id),
        "found_rows" => node::number(facts.found_rows),
        "row_count" => node::number(facts.row_count),
        "last_query_id" if facts.last_query_id.is_empty() => node::null(),
        "last_query_id" => node::text(facts.last_query_id),
        "current_timezone" => node::text(facts.zone_name()?),
        "unix_timestamp" => node::number(facts.now_us.div_euclid(1_000_000)),
        _ => return Ok(None),
    }))
}

#[derive(Clone, Copy)]
enum Clock {
    Now,
    Today,
    Time,
    UtcNow,
    UtcToday,
    UtcTime,
}

impl Clock {
    fn named(name: &str) -> Option<Clock> {
        Some(match name {
            "now" | "current_timestamp" | "localtime" | "localtimestamp" | "sysdate" => Clock::Now,
            "curdate" | "current_date" => Clock::Today,
            "curtime" | "current_time" => Clock::Time,
            "utc_timestamp" => Clock::UtcNow,
            "utc_date" => Clock::UtcToday,
            "utc_time" => Clock::UtcTime,
            _ => return None,
        })
    }

    fn read(self, facts: &SessionFacts, digits: usize) -> Result<Expr> {
        let today = |moment: NaiveDateTime| typed(DataType::Date, moment.format("%Y-%m-%d").to_string());
        Ok(match self {
            Clock::Now => datetime(facts.local_now()?, digits),
            Clock::Today => today(facts.local_now()?),
            Clock::Time => time(facts.local_now()?),
            Clock::UtcNow => datetime(facts.utc_now()?, digits),
            Clock::UtcToday => today(facts.utc_now()?),
            Clock::UtcTime => time(facts.utc_now()?),
        })
    }
}
