//! What SQL files cannot reach: a server that dies at any moment. Runs the real program on free ports.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod kill;
mod program;
