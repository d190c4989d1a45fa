//! A photo with its label and what the model gave, and figures over such cases with their intervals.

use skintree::pack::Pack;
use skintree::taxonomy::{Level, NodeIndex, Taxonomy};

use crate::bootstrap::Resampler;
use crate::labels::LabelledPhoto;
use crate::result::Estimate;

/// A photo with its label and what the model gave.
pub(crate) struct Case<'a> {
    pub(crate) photo: &'a LabelledPhoto,
    /// Own probability of each of the pack's classes.
    pub(crate) fine: &'a [f64],
    /// Probability of each node of the taxonomy.
    pub(crate) sums: Vec<f64>,
}

/// The parts every figure needs.
pub(crate) struct Context<'a> {
    pub(crate) pack: &'a Pack,
    pub(crate) resamples: usize,
    pub(crate) seed: u64,
}

impl Context<'_> {
    /// Draws lesions (photos, where the table names none) within their labels.
    fn resampler(cases: &[&Case<'_>], members: &[usize]) -> Resampler {
        let photo = |&member: &usize| cases[member].photo;
        let strata: Vec<NodeIndex> = members.iter().map(|member| photo(member).label).collect();
        let clusters: Vec<(&str, &str)> = members
            .iter()
            .map(|member| match &photo(member).lesion {
                Some(lesion) => (lesion.as_str(), ""),
                None => ("", photo(member).file.as_str()),
            })
            .collect();
        Resampler::new(&strata, &clusters)
    }

    /// Figures and their intervals over some of the cases; the weights are in the order of `members`.
    pub(crate) fn estimates(
        &self,
        cases: &[&Case<'_>],
        members: &[usize],
        figures: impl Fn(&[u32]) -> Vec<Option<f64>>,
    ) -> Vec<Estimate> {
        let values = figures(&vec![1; members.len()]);
        if values.iter().all(Option::is_none) {
            return vec![Estimate::default(); values.len()];
        }
        let mut intervals = Self::resampler(cases, members).intervals(self.resamples, self.seed, figures).into_iter();
        let estimate = |value: Option<f64>| {
            let interval = intervals.next().flatten();
            Estimate { value, interval: value.and(interval) }
        };
        values.into_iter().map(estimate).collect()
    }
}

/// The node of a level that a node is or lies below.
pub(crate) fn at_level(taxonomy: &Taxonomy, mut node: NodeIndex, level: Level) -> Option<NodeIndex> {
    loop {
        let found = taxonomy.node(node);
        if found.level == level {
            return Some(node);
        }
        node = found.parent?;
    }
}
