//! What SQL files cannot reach: a server that dies at any moment. Runs the real program on free ports.

mod kill;
mod program;
