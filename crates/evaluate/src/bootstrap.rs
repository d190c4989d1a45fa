//! Confidence intervals by drawing cases with replacement (Efron 1979).
//!
//! Photos of one lesion are not independent, so lesions are drawn, with all their photos. Within each diagnosis as many
//! are drawn as there are, so that a rare one is in every resample and each resample has both sides of a question.

use std::collections::BTreeMap;

use fastrand::Rng;

/// 95 % intervals.
const LOW: f64 = 0.025;
const HIGH: f64 = 0.975;

/// Which cases are drawn together, and which in place of each other.
#[derive(Debug, Clone)]
pub struct Resampler {
    cases: usize,
    strata: Vec<Vec<Vec<usize>>>,
}

impl Resampler {
    /// `strata` and `clusters` give each case a stratum and a cluster: clusters are drawn within the stratum of their
    /// first case.
    #[must_use]
    pub fn new<S: Ord, C: Ord>(strata: &[S], clusters: &[C]) -> Self {
        let mut members: BTreeMap<&C, Vec<usize>> = BTreeMap::new();
        for (case, cluster) in clusters.iter().enumerate() {
            members.entry(cluster).or_default().push(case);
        }
        let mut by_stratum: BTreeMap<&S, Vec<Vec<usize>>> = BTreeMap::new();
        for cases in members.into_values() {
            by_stratum.entry(&strata[cases[0]]).or_default().push(cases);
        }
        Self { cases: clusters.len(), strata: by_stratum.into_values().collect() }
    }

    /// 95 % percentile intervals of the figures that `figures` gives for weights (how often each case was drawn), over
    /// `resamples` draws. The same seed gives the same intervals everywhere. A figure that was undefined in some draws
    /// has an interval over the others; `None` if it was so in all.
    #[must_use]
    pub fn intervals(
        &self,
        resamples: usize,
        seed: u64,
        figures: impl Fn(&[u32]) -> Vec<Option<f64>>,
    ) -> Vec<Option<[f64; 2]>> {
        let mut random = Rng::with_seed(seed);
        let mut values: Vec<Vec<f64>> = Vec::new();
        for _ in 0..resamples {
            let weights = self.draw(&mut random);
            let drawn = figures(&weights);
            values.resize_with(drawn.len(), Vec::new);
            for (values, value) in values.iter_mut().zip(drawn) {
                values.extend(value);
            }
        }
        let interval = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            Some([percentile(&values, LOW)?, percentile(&values, HIGH)?])
        };
        values.into_iter().map(interval).collect()
    }

    fn draw(&self, random: &mut Rng) -> Vec<u32> {
        let mut weights = vec![0; self.cases];
        for stratum in &self.strata {
            for _ in 0..stratum.len() {
                // u32, so that 32-bit and 64-bit machines draw the same.
                for &case in &stratum[random.u32(..stratum.len() as u32) as usize] {
                    weights[case] += 1;
                }
            }
        }
        weights
    }
}

/// The value below which a share of sorted values lies, interpolated linearly as numpy does; `None` of no values.
#[must_use]
pub fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    Some(below + (above - below) * (place - place.floor()))
}
