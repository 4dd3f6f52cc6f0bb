//! The server: processes, protocols, statements.
//!
//! `mysql` and `http` speak to clients, `session` turns a statement's text into a reply by way of `statement`,
//! `information_schema` shows what exists, `startup` puts everything together.

pub mod args;
mod background;
pub mod client;
mod cluster;
pub mod demo;
pub mod http;
pub mod information_schema;
pub mod mysql;
pub mod process_list;
pub mod reply;
pub mod server;
pub mod session;
mod sockets;
pub mod startup;
pub(crate) mod statement;
pub mod time_limit;
