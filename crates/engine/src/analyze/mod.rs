//! MySQL and StarRocks semantics on top of DataFusion.
//!
//! ```text
//! sql text -> ast::Query --rewrite_query--> ast::Query that DataFusion understands, Labels
//!          -> SqlToRel with expr_planners + type_planner  -> LogicalPlan
//!          -> analyzer_rules (before DataFusion's own)    -> LogicalPlan without implicit casts
//! ```
//!
//! The session calls [`rewrite_query`], plans, and labels the result with [`Labels::apply`]; sessions are built with
//! [`functions`], [`expr_planners`], [`type_planner`] and [`analyzer_rules`]. Single expressions (load mappings, VALUES,
//! defaults) go through [`rewrite_expr`] and, once planned, [`finish_expr`].
//!
//! What must hold around it: `sql_parser.enable_ident_normalization = false`, `sql_parser.parse_float_as_decimal = true`,
//! `sql_parser.default_null_ordering = "nulls_min"`; tables expose lower-case column names and keep the spelling of
//! CREATE TABLE in the field's metadata under [`DISPLAY_NAME`].
//!
//! - [`facts`]: what expressions may ask of the session
//! - on the AST: [`shape`] bounds depth, [`query`] and [`from`] walk clauses, [`scope`] folds names, [`select_list`] and [`grouping`]
//!   resolve aliases, [`expression`] rewrites operators and calls, [`subquery`] subqueries as values, [`user_variable`]
//!   assignments, [`label`] prints labels
//! - on DataFusion's expressions: [`operator`] plans binary operators, [`compare`], [`arithmetic`] and [`conversion`]
//!   say what they mean, [`predicate_subquery`] and [`coercion`] are the analyzer rules, [`types`] the type names
//! - [`failure`]: planning errors in MySQL's terms

mod arithmetic;
mod call;
mod cast;
mod coercion;
mod compare;
mod conversion;
mod expression;
mod facts;
mod failure;
mod from;
mod grouping;
mod interval;
mod kernel;
mod kind;
mod label;
mod marker;
mod node;
mod operator;
mod predicate_subquery;
mod query;
mod scope;
mod select_list;
mod session_function;
mod shape;
mod subquery;
#[cfg(test)]
mod tests;
mod types;
mod user_variable;

pub use coercion::{analyzer_rules, finish_expr, install};
pub use facts::SessionFacts;
pub use failure::explain_error;
pub use kernel::Kernels;
pub use label::{DISPLAY_NAME, Labels};
pub use marker::functions;
pub use operator::expr_planners;
pub use query::{apply_select_limit, rewrite_expr, rewrite_query};
pub use types::type_planner;
