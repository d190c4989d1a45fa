//! Figures of one level of the taxonomy.

use std::collections::BTreeMap;

use crate::calibration::{BINS, Calibration};
use crate::case::{Case, Context, at_level};
use crate::metrics::{self, Decisions};
use crate::result::{ClassFigures, Fold, Folds, LevelFigures};
use crate::roc::{Proportion, Ranking};
use skintree::pack::Pack;
use skintree::taxonomy::{Level, NodeIndex};

/// The cases that have a true class at a level.
pub(crate) struct LevelCases {
    nodes: Vec<NodeIndex>,
    /// Indices of the cases.
    pub(crate) members: Vec<usize>,
    pub(crate) answers: Decisions,
    scores: Vec<Vec<f64>>,
}

impl LevelCases {
    /// The pack's own classes, in its order.
    pub(crate) fn fine(pack: &Pack, cases: &[&Case<'_>]) -> Self {
        let truth = |case: &Case<'_>| fine_class(pack, case.photo.label);
        Self::new(pack.classes().to_vec(), cases, truth, |case| case.fine.to_vec())
    }

    /// All nodes of an upper level, in the taxonomy's order.
    pub(crate) fn upper(pack: &Pack, cases: &[&Case<'_>], level: Level) -> Self {
        let taxonomy = pack.taxonomy();
        let nodes: Vec<NodeIndex> = taxonomy.indices().filter(|&node| taxonomy.node(node).level == level).collect();
        let truth = |case: &Case<'_>| {
            let node = at_level(taxonomy, case.photo.label, level)?;
            nodes.iter().position(|&other| other == node)
        };
        let scores = |case: &Case<'_>| nodes.iter().map(|node| case.sums[node.index()]).collect();
        Self::new(nodes.clone(), cases, truth, scores)
    }

    fn new(
        nodes: Vec<NodeIndex>,
        cases: &[&Case<'_>],
        truth: impl Fn(&Case<'_>) -> Option<usize>,
        scores: impl Fn(&Case<'_>) -> Vec<f64>,
    ) -> Self {
        let found: Vec<(usize, usize)> =
            cases.iter().enumerate().filter_map(|(member, case)| Some((member, truth(case)?))).collect();
        let (members, truth): (Vec<usize>, Vec<usize>) = found.into_iter().unzip();
        let scores: Vec<Vec<f64>> = members.iter().map(|&member| scores(cases[member])).collect();
        Self { answers: Decisions::from_scores(nodes.len(), truth, &scores), nodes, members, scores }
    }

    /// How far the probability of the first answer can be believed.
    pub(crate) fn calibration(&self) -> Calibration {
        let first = |(scores, &answer): (&Vec<f64>, &usize)| scores[answer];
        let probabilities: Vec<f64> = self.scores.iter().zip(&self.answers.predicted).map(first).collect();
        let right: Vec<bool> = self.answers.truth.iter().zip(&self.answers.predicted).map(|(a, b)| a == b).collect();
        Calibration::new(&probabilities, &right, BINS)
    }

    /// All figures of the level.
    pub(crate) fn figures(&self, context: &Context<'_>, cases: &[&Case<'_>]) -> LevelFigures {
        let ones = vec![1; self.members.len()];
        let top_3 = metrics::top_k_hits(&self.answers.truth, &self.scores, 3);
        let estimates = context.estimates(cases, &self.members, |weights| {
            vec![
                self.answers.accuracy(weights),
                self.answers.balanced_accuracy(weights),
                metrics::share(&top_3, weights),
            ]
        });
        let confusion = self.answers.confusion(&ones);
        LevelFigures {
            photos: self.members.len() as u64,
            accuracy: estimates[0],
            balanced_accuracy: estimates[1],
            top_3_accuracy: estimates[2],
            log_loss: metrics::log_loss(&self.answers.truth, &self.scores),
            classes: (0..self.nodes.len()).map(|class| self.class(context.pack, class, &confusion)).collect(),
            confusion,
            folds: self.folds(cases),
        }
    }

    fn class(&self, pack: &Pack, class: usize, confusion: &[Vec<u64>]) -> ClassFigures {
        let index = self.nodes[class];
        let node = pack.taxonomy().node(index);
        let recall = Proportion::recall(confusion, class);
        let positive = self.answers.truth.iter().map(|&truth| truth == class).collect();
        let scores = self.scores.iter().map(|scores| scores[class]).collect();
        ClassFigures {
            id: node.id.clone(),
            name: node.name.clone(),
            covered: pack.covered()[index.index()],
            photos: recall.of,
            recall,
            precision: Proportion::precision(confusion, class),
            auc: Ranking::new(positive, scores).area(&vec![1; self.members.len()]),
        }
    }

    fn folds(&self, cases: &[&Case<'_>]) -> Option<Folds> {
        let mut by_fold: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for (place, &member) in self.members.iter().enumerate() {
            let fold = cases[member].photo.fold.as_deref()?;
            by_fold.entry(fold).or_insert_with(|| vec![0; self.members.len()])[place] = 1;
        }
        let fold = |(fold, weights): (&str, Vec<u32>)| {
            Some(Fold {
                fold: fold.to_owned(),
                photos: weights.iter().map(|&weight| u64::from(weight)).sum(),
                accuracy: self.answers.accuracy(&weights)?,
                balanced_accuracy: self.answers.balanced_accuracy(&weights),
            })
        };
        let folds: Vec<Fold> = by_fold.into_iter().filter_map(fold).collect();
        let accuracies: Vec<f64> = folds.iter().map(|fold| fold.accuracy).collect();
        let (mean, standard_deviation) = metrics::mean_and_deviation(&accuracies)?;
        Some(Folds { mean, standard_deviation, folds })
    }
}

/// The place among the pack's classes of the nearest one at or above a node.
pub(crate) fn fine_class(pack: &Pack, node: NodeIndex) -> Option<usize> {
    let mut node = Some(node);
    while let Some(index) = node {
        if let Some(class) = pack.classes().iter().position(|&class| class == index) {
            return Some(class);
        }
        node = pack.taxonomy().node(index).parent;
    }
    None
}
