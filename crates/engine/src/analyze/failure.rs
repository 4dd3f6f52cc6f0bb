//! Planning and execution errors in MySQL's terms.

use crate::distribute::lost_node;
use crate::plan::failure_wire;
use base::names::edit_distance;
use base::{Error, ErrorKind};
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;

use super::label::Labels;

/// The clause of a query, as MySQL's messages call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clause {
    FieldList,
    From,
    On,
    Where,
    Group,
    Having,
    Order,
}

impl Clause {
    fn text(self) -> &'static str {
        match self {
            Clause::FieldList => "field list",
            Clause::From => "from clause",
            Clause::On => "on clause",
            Clause::Where => "where clause",
            Clause::Group => "group statement",
            Clause::Having => "having clause",
            Clause::Order => "order clause",
        }
    }
}

/// Turns an error of DataFusion into one that a MySQL client understands.
pub fn explain_error(error: DataFusionError) -> Error {
    if let Some(node) = lost_node(&error) {
        let message = "a compute node was lost while it worked on the query, run the query again";
        return Error::new(ErrorKind::Unavailable, message).with("node", node).caused_by(error);
    }
    explain(error, None)
}

impl Labels {
    /// As [`explain_error`], for an error of planning the query that these labels belong to: names the clause of an
    /// unknown column.
    pub fn explain(&self, error: DataFusionError) -> Error {
        explain(error, Some(self))
    }
}

fn explain(error: DataFusionError, labels: Option<&Labels>) -> Error {
    match error {
        DataFusionError::Diagnostic(_, inner) => explain(*inner, labels),
        DataFusionError::Context(text, inner) => {
            failure_wire::from_context(&text).unwrap_or_else(|| explain(*inner, labels))
        }
        DataFusionError::Shared(inner) => match std::sync::Arc::try_unwrap(inner) {
            Ok(inner) => explain(inner, labels),
            Err(shared) => match &*shared {
                DataFusionError::Context(text, _) => {
                    failure_wire::from_context(text).unwrap_or_else(|| by_message(&shared.to_string()))
                }
                _ => by_message(&shared.to_string()),
            },
        },
        DataFusionError::Collection(errors) => match errors.into_iter().next() {
            Some(first) => explain(first, labels),
            None => Error::internal("planning failed without an error"),
        },
        DataFusionError::External(inner) => match inner.downcast::<Error>() {
            Ok(error) => *error,
            Err(inner) => match inner.downcast::<DataFusionError>() {
                Ok(error) => explain(*error, labels),
                Err(inner) => Error::internal("the query failed").caused_by(inner),
            },
        },
        DataFusionError::SchemaError(schema, _) => of_schema(&schema, labels),
        DataFusionError::Plan(message) => by_message(&message),
        DataFusionError::SQL(parse, _) => Error::parse(parse.to_string()),
        DataFusionError::NotImplemented(message) => not_implemented(&message),
        DataFusionError::ResourcesExhausted(message) => Error::new(
            ErrorKind::Exhausted,
            format!("the query needs more memory than it may use; lower parallelism or raise the limit: {message}"),
        ),
        DataFusionError::Execution(message) => by_message(&message),
        DataFusionError::ArrowError(inner, _) => Error::invalid(lower_first(&inner.to_string())),
        DataFusionError::ObjectStore(inner) => {
            Error::new(ErrorKind::Unavailable, "the storage does not answer").caused_by(*inner)
        }
        other => Error::internal("the query failed").caused_by(other),
    }
}

/// Expressions in places where DataFusion does not plan them, named without its printing of their insides.
fn not_implemented(message: &str) -> Error {
    let Some((_, expression)) = message.split_once("not support logical expression ") else {
        return Error::unsupported(lower_first(message));
    };
    let kind = expression.split('(').next().unwrap_or(expression);
    Error::unsupported(match kind {
        "InSubquery" | "Exists" | "ScalarSubquery" | "SetComparison" => {
            "a subquery in this place or with this condition is not supported; write it as a join"
        }
        "AggregateFunction" => "an aggregate function cannot be used in this place",
        "WindowFunction" => "a window function cannot be used in this place",
        _ => return Error::unsupported(format!("an expression of the kind {kind} in this place is not supported")),
    })
}

fn of_schema(error: &SchemaError, labels: Option<&Labels>) -> Error {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let name = &field.name;
            let written = match &field.relation {
                Some(relation) => format!("{}.{name}", relation.table()),
                None => name.clone(),
            };
            let table = field.relation.as_ref().map_or("", |relation| relation.table());
            let message = format!("Unknown column '{written}' in '{}'", clause(table, name, labels).text());
            let error = Error::new(ErrorKind::UnknownColumn, message);
            let near = valid_fields
                .iter()
                .map(|valid| (edit_distance(&valid.name, name), &valid.name))
                .min()
                .filter(|(distance, _)| *distance <= (name.chars().count() / 3).max(1));
            match near {
                Some((_, near)) => error.with("did you mean", near),
                None => error,
            }
        }
        SchemaError::AmbiguousReference { field } => ambiguous(&field.name, labels),
        SchemaError::DuplicateQualifiedField { name, .. } | SchemaError::DuplicateUnqualifiedField { name } => {
            Error::new(ErrorKind::DuplicateColumn, format!("Duplicate column name '{name}'"))
        }
    }
}

fn ambiguous(name: &str, labels: Option<&Labels>) -> Error {
    Error::invalid(format!("Column '{name}' in {} is ambiguous", clause("", name, labels).text()))
}

fn clause(table: &str, name: &str, labels: Option<&Labels>) -> Clause {
    let key = (table.to_string(), name.to_string());
    labels.and_then(|labels| labels.clauses.get(&key)).copied().unwrap_or(Clause::FieldList)
}

/// Errors that DataFusion has as text only.
fn by_message(message: &str) -> Error {
    let first_line = message.lines().next().unwrap_or(message);
    if let Some(name) = between(first_line, "table '", "' not found") {
        let parts: Vec<&str> = name.split('.').collect();
        let shown = if parts.len() > 2 { parts[parts.len() - 2..].join(".") } else { name.to_string() };
        return Error::new(ErrorKind::UnknownTable, format!("Table '{shown}' doesn't exist"));
    }
    if let Some(name) = between(first_line, "Invalid function '", "'") {
        let error = Error::new(ErrorKind::UnknownFunction, format!("FUNCTION {name} does not exist"));
        return match between(message, "Did you mean '", "'") {
            Some(near) if edit_distance(&near.to_lowercase(), &name.to_lowercase()) <= (name.len() / 3).max(1) => {
                error.with("did you mean", near)
            }
            _ => error,
        };
    }
    if let Some(start) = first_line.find("no matching function with signature: ") {
        let signature = &first_line[start..];
        return Error::invalid(signature.split(". ").next().unwrap_or(signature).trim_end_matches('.'));
    }
    if first_line.contains("must be in GROUP BY or an aggregate function") {
        let column = between(first_line, "column \"", "\"").unwrap_or("a column");
        let column = column.rsplit('.').next().unwrap_or(column);
        return Error::invalid(format!("'{column}' must be an aggregate expression or appear in GROUP BY clause"));
    }
    if first_line.contains("queries have different number of columns")
        || first_line.contains("Union schemas have different")
    {
        return Error::new(ErrorKind::ColumnCount, "The used SELECT statements have a different number of columns");
    }
    if first_line.contains("calls cannot be nested") || first_line.contains("not allowed in the WHERE clause") {
        return Error::invalid("Invalid use of group function");
    }
    if first_line.contains("subquery returned more than one row") {
        return Error::new(ErrorKind::SubqueryRows, "Subquery returns more than 1 row");
    }
    if let Some(name) = between(first_line, "WITH query name \"", "\"") {
        return Error::invalid(format!("Not unique table/alias: '{name}'"));
    }
    Error::invalid(lower_first(first_line))
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let rest = &text[text.find(before)? + before.len()..];
    Some(&rest[..rest.find(after)?])
}

fn lower_first(message: &str) -> String {
    let message = message.trim_end_matches('.');
    let mut chars = message.chars();
    match chars.next() {
        Some(first) if !chars.clone().next().is_some_and(char::is_uppercase) => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => message.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_in_mysql_terms() {
        for (message, kind, text) in [
            ("table 'default_catalog.db.t' not found", ErrorKind::UnknownTable, "Table 'db.t' doesn't exist"),
            (
                "Invalid function 'lenght'.\nDid you mean 'length'?",
                ErrorKind::UnknownFunction,
                "FUNCTION lenght does not exist (did you mean: length)",
            ),
            (
                "Column in SELECT must be in GROUP BY or an aggregate function: While expanding wildcard, column \"t.a\" must appear",
                ErrorKind::Invalid,
                "'a' must be an aggregate expression or appear in GROUP BY clause",
            ),
            (
                "Execution error: Function 'f' user-defined coercion failed with: Error during planning: no matching function with signature: f(int64). No function matches",
                ErrorKind::Invalid,
                "no matching function with signature: f(int64)",
            ),
            (
                "UNION queries have different number of columns",
                ErrorKind::ColumnCount,
                "The used SELECT statements have a different number of columns",
            ),
        ] {
            let error = explain_error(DataFusionError::Plan(message.to_string()));
            assert_eq!((error.kind(), error.to_string().as_str()), (kind, text));
        }
        let own = Error::new(ErrorKind::Unavailable, "gone");
        assert_eq!(explain_error(DataFusionError::External(Box::new(own))).kind(), ErrorKind::Unavailable);
    }
}
