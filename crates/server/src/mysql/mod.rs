//! The MySQL wire protocol, from accepted socket to statement text and from Arrow batches back to packets.
//!
//! ```text
//! listener ── connection ── handshake            who is it
//!                ├ query ── command, prepared     what is asked        packet: framing of both directions
//!                └───────── result_set            what is answered     ok_err: OK, EOF and ERR
//!                             ├ column                 definitions
//!                             └ row_text, row_binary   values ── nested_text, number_text
//! ```
//!
//! The rest of the server is reached through [`Frontend`] and [`ClientSession`] only. TLS, compression, LOCAL INFILE,
//! cursors and session tracking are not offered, so no client uses them.

mod column;
mod command;
mod connection;
mod frontend;
mod handshake;
mod listener;
mod native_password;
mod nested_text;
mod number_text;
mod ok_err;
mod packet;
mod parameter;
mod prepared;
mod query;
mod result_set;
mod row_binary;
mod row_text;

#[cfg(test)]
mod tests;

pub use frontend::{ClientSession, Frontend, Login, SessionStatus};
pub use listener::{Settings, serve};
pub use native_password::{PasswordHash, SALT_BYTES};
