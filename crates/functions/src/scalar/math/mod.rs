//! Numeric functions. Results that are no finite number (the logarithm of 0, the root of -1) are NULL.

mod bit;
mod extreme;
mod integer;
mod random;
mod real;
mod round;

use crate::define::Def;

pub(super) fn functions() -> Vec<Def> {
    let files = [
        bit::functions(),
        extreme::functions(),
        integer::functions(),
        random::functions(),
        real::functions(),
        round::functions(),
    ];
    files.into_iter().flatten().collect()
}
