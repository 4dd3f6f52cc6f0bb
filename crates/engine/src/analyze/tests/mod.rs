//! Statements through the whole path: parse, rewrite, plan, run; rows and labels against what MySQL or StarRocks says.

mod dialect;
mod fixture;
mod labels;
mod names;
mod operators;
mod session;
mod tpch;

use fixture::{Session, check};
