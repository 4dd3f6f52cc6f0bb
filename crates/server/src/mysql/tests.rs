//! The protocol over a loopback socket: a real client for what clients do, raw bytes for what they seldom do.

mod client;
mod fake;
mod interruption;
mod raw;
mod raw_login;
mod wire;
