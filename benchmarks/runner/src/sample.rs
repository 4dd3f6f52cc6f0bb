//! Samples, medians, ratios, goals.

use std::fmt;

/// One measured action.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sample {
    pub(crate) wall_s: f64,
    /// Of all threads of the engine's process.
    pub(crate) cpu_s: f64,
}

/// What a suite wants to hold.
#[derive(Debug)]
pub(crate) struct Goal {
    pub(crate) text: String,
    pub(crate) value: f64,
    pub(crate) bound: Bound,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Goal {
    pub(crate) fn met(&self) -> bool {
        match self.bound {
            Bound::AtLeast(bound) => self.value >= bound,
            Bound::AtMost(bound) => self.value <= bound,
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, bound) = match self.bound {
            Bound::AtLeast(bound) => (">=", bound),
            Bound::AtMost(bound) => ("<=", bound),
        };
        let verdict = if self.met() { "met   " } else { "MISSED" };
        write!(f, "{verdict} {}: {:.2} (goal {word} {bound})", self.text, self.value)
    }
}

/// The middle value; 0 for none.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        n if n % 2 == 1 => values[n / 2],
        n => f64::midpoint(values[n / 2 - 1], values[n / 2]),
    }
}

pub(crate) fn geometric_mean(values: &[f64]) -> f64 {
    (values.iter().map(|v| v.ln()).sum::<f64>() / values.len().max(1) as f64).exp()
}

pub(crate) fn median_wall(samples: &[Sample]) -> f64 {
    median(samples.iter().map(|s| s.wall_s))
}

pub(crate) fn median_cpu(samples: &[Sample]) -> f64 {
    median(samples.iter().map(|s| s.cpu_s))
}

/// The median over rounds of `ours / theirs` of the same round: what the machine does meanwhile hits both.
pub(crate) fn ratio(ours: &[Sample], theirs: &[Sample], what: impl Fn(&Sample) -> f64) -> f64 {
    // A CPU clock of 10 ms ticks may read 0 for a short action.
    const LEAST: f64 = 0.000_1;
    median(ours.iter().zip(theirs).map(|(o, t)| what(o).max(LEAST) / what(t).max(LEAST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_pairs_the_rounds() {
        let samples = |walls: &[f64]| walls.iter().map(|w| Sample { wall_s: *w, cpu_s: 1.0 }).collect::<Vec<_>>();
        let (ours, theirs) = (samples(&[2.0, 20.0, 3.0]), samples(&[1.0, 10.0, 1.0]));
        assert_eq!(ratio(&ours, &theirs, |s| s.wall_s), 2.0);
        assert_eq!(median([4.0, 1.0, 3.0, 2.0]), 2.5);
        assert!((geometric_mean(&[1.0, 4.0]) - 2.0).abs() < 1e-12);
    }
}
