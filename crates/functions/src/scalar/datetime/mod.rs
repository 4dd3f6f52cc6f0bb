//! Date and time functions. DATETIME has microseconds and no zone; only the Unix time functions look at the session's.

mod clock;
mod day;
mod diff;
mod extract;
mod format;
mod parse;
mod preimage;
mod shift;
mod slice;
mod truncate;
mod unit;
mod unix;
mod zone;

use crate::define::Def;

pub(super) fn functions() -> Vec<Def> {
    let files = [
        clock::functions(),
        day::functions(),
        diff::functions(),
        extract::functions(),
        format::functions(),
        parse::functions(),
        shift::functions(),
        slice::functions(),
        truncate::functions(),
        unix::functions(),
    ];
    files.into_iter().flatten().collect()
}
