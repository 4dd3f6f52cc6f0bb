//! SET: variables, user variables, NAMES, CHARACTER SET, TRANSACTION.
//! Test: sql-tests/statement/set.test

use super::{Statement, StatementKind};
use crate::reply::Reply;
use crate::session::Session;
use async_trait::async_trait;
use base::session_variable::{Assigned, SessionVariables};
use base::{Error, ErrorKind, Result};
use datafusion::arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::Schema;
use datafusion::scalar::ScalarValue;
use futures::TryStreamExt;
use sql::ast;
use sql::set::{Assignment, Scope, SetValue};
use sql::{Cursor, Hint};
use std::sync::Arc;

pub(super) const KIND: StatementKind = StatementKind { heads: &[&["SET"]], parse };

/// Character sets that clients may ask for: everything Viewmill sends is UTF-8, which these all can carry or contain.
const CHARSETS: &[&str] = &["utf8mb4", "utf8", "utf8mb3", "binary", "latin1", "ascii", "gbk"];
/// Those in which Viewmill's bytes mean what they should.
const UTF8: &[&str] = &["utf8mb4", "utf8", "utf8mb3", "binary", "ascii"];

struct Set {
    assignments: Vec<Assignment>,
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Box<dyn Statement>> {
    Ok(Box::new(Set { assignments: sql::set::parse(cursor)? }))
}

#[async_trait]
impl Statement for Set {
    async fn run(self: Box<Self>, session: &mut Session) -> Result<Reply> {
        // All or nothing: an error in the third assignment undoes the first two.
        let before = (session.variables.clone(), session.user_variables.clone());
        for assignment in self.assignments {
            if let Err(e) = assign(session, assignment).await {
                (session.variables, session.user_variables) = before;
                return Err(e);
            }
        }
        Ok(Reply::done())
    }
}

async fn assign(session: &mut Session, assignment: Assignment) -> Result<()> {
    match assignment {
        Assignment::Variable { scope, name, value } => {
            let value = match value {
                SetValue::Default => None,
                SetValue::Expr(expr) => Some(text(&evaluate(session, expr).await?)),
            };
            set_variable(session, scope, &name, value.as_deref())
        }
        Assignment::UserVariable { name, value } => {
            let value = evaluate(session, value).await?;
            session.user_variables.insert(name, value);
            Ok(())
        }
        Assignment::Names { charset, collation } => {
            let charset = charset.unwrap_or_else(|| "utf8mb4".to_string());
            set_charset(session, &charset)?;
            if let Some(collation) = collation {
                session.variables.set("collation_connection", &collation)?;
            }
            Ok(())
        }
        Assignment::CharacterSet(charset) => set_charset(session, charset.as_deref().unwrap_or("utf8mb4")),
        Assignment::Transaction { scope, isolation, read_only } => {
            if let Some(isolation) = isolation {
                set_variable(session, scope, "transaction_isolation", Some(&isolation))?;
                set_variable(session, scope, "tx_isolation", Some(&isolation))?;
            }
            if let Some(read_only) = read_only {
                let value = if read_only { "1" } else { "0" };
                set_variable(session, scope, "transaction_read_only", Some(value))?;
                set_variable(session, scope, "tx_read_only", Some(value))?;
            }
            Ok(())
        }
        Assignment::Password { .. } => Err(Error::unsupported(
            "passwords are set by the configuration key root_password, SET PASSWORD is not supported yet",
        )),
    }
}

fn set_variable(session: &mut Session, scope: Scope, name: &str, value: Option<&str>) -> Result<()> {
    if name == "time_zone" {
        check_time_zone(value.unwrap_or("UTC"))?;
    }
    let apply = |variables: &mut SessionVariables| match value {
        Some(value) => variables.set(name, value),
        None => variables.set_default(name),
    };
    let assigned = match scope {
        Scope::Session => apply(&mut session.variables)?,
        Scope::Global => apply(&mut session.server.global_variables.write())?,
    };
    if assigned == Assigned::WithoutEffect && !is_spoken(name, value.unwrap_or_default()) {
        session.note_without_effect(format_args!("variable {name}"));
    }
    if name == "sql_mode" {
        for mode in ineffective_modes(value.unwrap_or_default()) {
            session.note_without_effect(format_args!("sql_mode {mode}"));
        }
    }
    Ok(())
}

/// Whether a client asks for the character set that it gets anyway; drivers do so at every connection.
fn is_spoken(name: &str, value: &str) -> bool {
    let of_client = ["character_set_client", "character_set_connection", "character_set_results"].contains(&name);
    of_client && (value.is_empty() || UTF8.contains(&value.to_lowercase().as_str()))
}

/// The modes that change nothing here: neither do statements look at them, nor is what they ask for always so.
fn ineffective_modes(modes: &str) -> Vec<String> {
    const EFFECTIVE: &[&str] = &["ANSI", "ONLY_FULL_GROUP_BY", "PIPES_AS_CONCAT"];
    const ALWAYS_SO: &[&str] = &[
        "NO_AUTO_CREATE_USER",
        "NO_ENGINE_SUBSTITUTION",
        "NO_ZERO_DATE",
        "NO_ZERO_IN_DATE",
        "STRICT_ALL_TABLES",
        "STRICT_TRANS_TABLES",
    ];
    let named = modes.split(',').map(|mode| mode.trim().to_uppercase()).filter(|mode| !mode.is_empty());
    let is_number = |mode: &str| mode.bytes().all(|b| b.is_ascii_digit());
    let does = |mode: &str| EFFECTIVE.contains(&mode) || ALWAYS_SO.contains(&mode) || is_number(mode);
    named.filter(|mode| !does(mode)).collect()
}

fn check_time_zone(name: &str) -> Result<()> {
    let offset = name.strip_prefix(['+', '-']).and_then(|rest| rest.split_once(':'));
    let known = match offset {
        Some((hours, minutes)) => {
            hours.parse::<u32>().is_ok_and(|h| h <= 14)
                && minutes.len() == 2
                && minutes.parse::<u32>().is_ok_and(|m| m < 60)
        }
        None => {
            name.eq_ignore_ascii_case("SYSTEM")
                || name.eq_ignore_ascii_case("UTC")
                || name.parse::<chrono_tz::Tz>().is_ok()
        }
    };
    if known {
        return Ok(());
    }
    Err(Error::new(ErrorKind::WrongValue, format!("Unknown or incorrect time zone: '{name}'")))
}

fn set_charset(session: &mut Session, charset: &str) -> Result<()> {
    let folded = charset.to_lowercase();
    if !CHARSETS.contains(&folded.as_str()) {
        return Err(Error::new(
            ErrorKind::WrongValue,
            format!("Unknown character set: '{charset}'; Viewmill speaks utf8mb4"),
        ));
    }
    for name in ["character_set_client", "character_set_connection", "character_set_results"] {
        session.variables.set(name, &folded)?;
    }
    if !UTF8.contains(&folded.as_str()) {
        session.warn(1105, format!("text is sent and read as utf8mb4, not as {folded}"));
    }
    Ok(())
}

/// The value of a constant expression or of a scalar subquery.
async fn evaluate(session: &Session, expr: ast::Expr) -> Result<ScalarValue> {
    // A word that is no column is a text: SET sql_mode = ANSI.
    if let ast::Expr::Identifier(word) = &expr {
        return Ok(ScalarValue::Utf8(Some(word.value.clone())));
    }
    if contains_subquery(&expr) {
        let mut query = sql::parse_query("SELECT NULL")?;
        if let ast::SetExpr::Select(select) = &mut *query.body {
            select.projection = vec![ast::SelectItem::UnnamedExpr(expr)];
        }
        let planned = session.server.engine.plan(query, session.snapshot(), session.info()).await?;
        let batches: Vec<RecordBatch> = planned.run().await?.try_collect().await?;
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let batch = batches.iter().find(|b| b.num_rows() > 0);
        return match batch {
            Some(batch) if rows == 1 => first(batch.column(0)),
            _ => Err(Error::invalid("SET needs a subquery with one row")),
        };
    }
    let schema = Arc::new(Schema::empty());
    let compiled = session.server.engine.compile(vec![expr], &schema, session.snapshot(), session.info())?;
    let options = RecordBatchOptions::new().with_row_count(Some(1));
    let row = RecordBatch::try_new_with_options(schema, Vec::new(), &options)
        .map_err(|e| Error::internal("could not evaluate an expression").caused_by(e))?;
    first(&compiled.evaluate(&row)?[0])
}

fn contains_subquery(expr: &ast::Expr) -> bool {
    use std::ops::ControlFlow;
    let found = ast::visit_expressions(expr, |e| match e {
        ast::Expr::Subquery(_) | ast::Expr::Exists { .. } | ast::Expr::InSubquery { .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}

fn first(array: &ArrayRef) -> Result<ScalarValue> {
    ScalarValue::try_from_array(array, 0).map_err(|e| Error::internal("could not read a value").caused_by(e))
}

/// A value as SET stores it.
fn text(value: &ScalarValue) -> String {
    match value {
        ScalarValue::Boolean(Some(v)) => i32::from(*v).to_string(),
        value if value.is_null() => String::new(),
        value => value.to_string(),
    }
}

/// Sets the variables of `/*+ SET_VAR(a=b) */`; the caller restores them after the statement.
pub(super) fn apply_hints(session: &mut Session, hints: &[Hint]) -> Result<()> {
    for hint in hints {
        match hint {
            Hint::SetVar(pairs) => {
                for (name, value) in pairs {
                    set_variable(session, Scope::Session, &name.to_lowercase(), Some(value))?;
                }
            }
            Hint::Join(name) => session.note_without_effect(format_args!("join hint [{name}]")),
            Hint::Other(text) => session.note_without_effect(format_args!("hint {text}")),
        }
    }
    Ok(())
}
