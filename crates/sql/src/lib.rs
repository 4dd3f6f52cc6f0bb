//! MySQL and StarRocks text to syntax trees. Pure: no I/O, no catalog, no meaning.
//!
//! Statements are read by their own files in the server, each with a [`Cursor`] over its tokens. Queries and expressions
//! are sqlparser's, read in the StarRocks dialect (`dialect.rs`) and handed out as [`ast`]. Clauses that several
//! statements share have typed readers here.

mod adapt;
pub mod alter_table;
mod clause;
pub mod create_table;
mod cursor;
mod definition;
mod depth;
mod dialect;
pub mod explain;
mod hint;
pub mod insert;
mod lexer;
pub mod materialized_view;
pub mod partition;
mod print;
mod query;
pub mod quote;
pub mod set;
pub mod split;
mod suggest;
mod syntax_error;
pub mod table_clause;
pub mod types;
pub mod update;
pub mod view;

pub use adapt::VERSION_NAMED;
pub use clause::{ObjectName, ShowFilter, UserName};
pub use cursor::{Cursor, Mark, Placed, Position};
pub use definition::{check_definition, qualify};
pub use hint::Hint;
pub use lexer::Pipes;
pub use print::{print_expr, print_query};
pub use sqlparser::ast;
pub use suggest::suggest;
pub use types::TypeName;

use base::Result;

/// Reads a text that is one query and nothing else.
pub fn parse_query(sql: &str) -> Result<Box<ast::Query>> {
    whole(sql, Cursor::query)
}

/// Reads a text that is one expression and nothing else.
pub fn parse_expr(sql: &str) -> Result<ast::Expr> {
    whole(sql, Cursor::expr)
}

/// Reads a text that is expressions separated by commas.
pub fn parse_exprs(sql: &str) -> Result<Vec<ast::Expr>> {
    whole(sql, Cursor::exprs)
}

fn whole<'a, T>(sql: &'a str, read: impl FnOnce(&mut Cursor<'a>) -> Result<T>) -> Result<T> {
    let mut cursor = Cursor::new(sql)?;
    let found = read(&mut cursor)?;
    cursor.expect_end()?;
    Ok(found)
}
