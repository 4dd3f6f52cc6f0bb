//! SQL in, text out: every function through a session that has the library registered.

mod aggregate;
mod condition;
mod datetime;
mod library;
mod number;
mod string;

use datafusion::arrow::array::Array;
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::cast::to_texts;

/// A session with the library, in a time zone.
fn session(time_zone: &str) -> SessionContext {
    let mut config = SessionConfig::new();
    config.options_mut().execution.time_zone = Some(time_zone.to_owned());
    let context = SessionContext::new_with_config(config);
    let functions = crate::all();
    for function in functions.scalar {
        context.register_udf(function.as_ref().clone());
    }
    for function in functions.aggregate {
        context.register_udaf(function.as_ref().clone());
    }
    context
}

/// The rows of a query; columns are separated by `|`, NULL is `NULL`.
fn rows(context: &SessionContext, sql: &str) -> Result<Vec<String>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime can be built");
    let batches = runtime.block_on(async {
        let frame = context.sql(sql).await.map_err(|error| error.to_string())?;
        frame.collect().await.map_err(|error| error.to_string())
    })?;
    let mut rows = vec![];
    for batch in batches {
        let columns: Vec<_> = batch.columns().iter().map(|column| to_texts(column).expect("texts")).collect();
        for row in 0..batch.num_rows() {
            let values = columns.iter().map(|c| if c.is_null(row) { "NULL" } else { c.value(row) });
            rows.push(values.collect::<Vec<_>>().join("|"));
        }
    }
    Ok(rows)
}

/// Checks expressions, each as a constant and as a computation per row of a table (where nothing can be folded).
fn check(cases: &[(&str, &str)]) {
    let context = session("UTC");
    let mut wrong = vec![];
    for (expression, expected) in cases {
        let got = rows(&context, &format!("SELECT {expression}"));
        if got.as_ref().map(|rows| rows.join(",")) != Ok((*expected).to_owned()) {
            wrong.push(format!("{expression}: expected {expected}, got {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Checks an expression over the column `x` of the rows given as SQL literals.
fn check_rows(values: &str, cases: &[(&str, &[&str])]) {
    let context = session("UTC");
    let mut wrong = vec![];
    for (expression, expected) in cases {
        let got = rows(&context, &format!("SELECT {expression} FROM (VALUES {values}) AS t(x)"));
        let expected: Vec<String> = expected.iter().map(|row| (*row).to_owned()).collect();
        if got.as_ref() != Ok(&expected) {
            wrong.push(format!("{expression}: expected {expected:?}, got {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Checks that a statement is refused with a message that contains a text.
fn check_error(sql: &str, message: &str) {
    let got = rows(&session("UTC"), sql);
    assert!(got.as_ref().is_err_and(|error| error.contains(message)), "{sql}: {got:?}");
}
