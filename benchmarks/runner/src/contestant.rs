//! Runs one case for several engines in turn, and compares what they answer.

use crate::peer::Peer;
use crate::sample::{Sample, median_cpu, median_wall};
use crate::viewmill::Viewmill;

/// A result as text; `None` is NULL.
pub(crate) type Rows = Vec<Vec<Option<String>>>;

pub(crate) enum Engine<'a> {
    Viewmill(&'a mut Viewmill),
    Peer(&'a mut Peer),
}

impl Engine<'_> {
    fn name(&self) -> &str {
        match self {
            Engine::Viewmill(_) => "Viewmill",
            Engine::Peer(peer) => &peer.version,
        }
    }

    async fn query(&mut self, sql: &str) -> Result<(Sample, Rows), String> {
        match self {
            Engine::Viewmill(viewmill) => viewmill.query(sql).await,
            Engine::Peer(peer) => peer.query(sql),
        }
    }
}

/// The samples of each engine, in the order given; the first round warms up and is not counted.
///
/// # Errors
/// An engine fails, or its rows differ from the first engine's.
pub(crate) async fn compare_queries(
    case: &str,
    engines: &mut [(Engine<'_>, &str)],
    rounds: usize,
) -> Result<Vec<Vec<Sample>>, String> {
    let mut samples = vec![Vec::new(); engines.len()];
    let mut first: Option<(String, Rows)> = None;
    for round in 0..=rounds {
        for turn in 0..engines.len() {
            let at = (turn + round) % engines.len();
            let (engine, sql) = &mut engines[at];
            let (sample, rows) = engine.query(sql).await.map_err(|e| format!("{case} on {}: {e}", engine.name()))?;
            if round > 0 {
                samples[at].push(sample);
                continue;
            }
            match &first {
                None => first = Some((engine.name().to_string(), sorted(rows))),
                Some((name, expected)) => check_equal(expected, &sorted(rows))
                    .map_err(|why| format!("{case}: {} and {name} disagree: {why}", engine.name()))?,
            }
        }
    }
    for ((engine, _), samples) in engines.iter().zip(&samples) {
        report(case, engine.name(), samples);
    }
    Ok(samples)
}

/// Prints one engine's medians.
pub(crate) fn report(case: &str, engine: &str, samples: &[Sample]) {
    let (wall_ms, cpu_ms) = (median_wall(samples) * 1e3, median_cpu(samples) * 1e3);
    println!("{case:<28} {engine:<22} {wall_ms:>10.1} ms wall {cpu_ms:>10.1} ms CPU");
}

/// Sorted so that ties in ORDER BY may fall either way; numbers by value.
fn sorted(mut rows: Rows) -> Rows {
    rows.sort_by_cached_key(|row| row.iter().map(|v| v.as_deref().map(rounded)).collect::<Vec<_>>());
    rows
}

fn rounded(text: &str) -> String {
    text.parse::<f64>().map_or_else(|_| text.to_string(), |number| format!("{number:.3e}"))
}

fn check_equal(expected: &Rows, got: &Rows) -> Result<(), String> {
    if expected.len() != got.len() {
        return Err(format!("{} rows, expected {}", got.len(), expected.len()));
    }
    for (e, g) in expected.iter().zip(got) {
        let same = e.len() == g.len() && e.iter().zip(g).all(|(a, b)| same_value(a.as_deref(), b.as_deref()));
        if !same {
            return Err(format!("{g:?}, expected {e:?}"));
        }
    }
    Ok(())
}

/// Engines write numbers and moments differently and round differently at the end of a long sum.
fn same_value(a: Option<&str>, b: Option<&str>) -> bool {
    // ClickHouse's columns are not nullable by default: empty text stands for NULL.
    let (a, b) = (a.unwrap_or(""), b.unwrap_or(""));
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(x), Ok(y)) => (x - y).abs() <= 1e-6 * x.abs().max(y.abs()).max(1e-6),
        _ => a == b || a.trim_end_matches(" 00:00:00") == b.trim_end_matches(" 00:00:00"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_compared_as_numbers_where_they_are() {
        for (a, b, same) in [
            (Some("1.50"), Some("1.5"), true),
            (Some("100.0000001"), Some("100"), true),
            (Some("100.1"), Some("100"), false),
            (Some("2024-01-01 00:00:00"), Some("2024-01-01"), true),
            (None, Some(""), true),
            (Some("a"), Some("b"), false),
        ] {
            assert_eq!(same_value(a, b), same, "{a:?} {b:?}");
        }
    }
}
