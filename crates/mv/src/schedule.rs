//! When a view with `EVERY` is due. Pure.

use base::clock::UnixMs;

/// The first tick after `after_ms`: ticks are at `start + n * every`, whatever happened before, so they do not drift.
pub(crate) fn next_tick(start_ms: UnixMs, every_ms: i64, after_ms: UnixMs) -> UnixMs {
    if after_ms < start_ms {
        return start_ms;
    }
    let passed = (after_ms - start_ms) / every_ms + 1;
    start_ms + passed * every_ms
}

/// The wait before try number `attempt` (1 is the first retry): doubles, at most five minutes.
pub(crate) fn retry_wait_ms(base_ms: i64, attempt: u32) -> i64 {
    const WAIT_MS_MAX: i64 = 300_000;
    base_ms.saturating_mul(1 << attempt.saturating_sub(1).min(20)).min(WAIT_MS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_counted_from_the_start() {
        for (start, every, after, expected) in [
            (100, 10, 50, 100),
            (100, 10, 100, 110),
            (100, 10, 109, 110),
            (100, 10, 1_000_005, 1_000_010),
            (0, 60, -5, 0),
        ] {
            assert_eq!(next_tick(start, every, after), expected);
        }
    }

    #[test]
    fn retries_back_off() {
        assert_eq!([1, 2, 3, 30].map(|a| retry_wait_ms(1000, a)), [1000, 2000, 4000, 300_000]);
    }
}
