//! Draws the conclusion of a report.

use std::collections::HashMap;

use crate::report::{
    Alternative, Certainty, Conclusion, FineResult, LevelResult, Likelihood, Scope, TaskResult, TreeResult, Warning,
    WarningCode,
};

/// From here on a node is named as the most likely one. Below, saying so would claim more than the model knows.
const LIKELY: f64 = 0.6;
/// From here on an alternative is called possible.
const POSSIBLE: f64 = 0.25;
/// From here on it is called less likely; below, unlikely.
const LESS_LIKELY: f64 = 0.05;
/// With less, both sides of a task together are too improbable for it to rule anything in or out.
const LEAST_MASS: f64 = 0.1;

/// The parts of a report that the conclusion is drawn from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Findings<'a> {
    pub(super) scope: Option<&'a Scope>,
    /// The most probable training classes, at least one.
    pub(super) fine: &'a [FineResult],
    pub(super) groups: &'a [LevelResult],
    pub(super) classes: &'a [LevelResult],
    pub(super) tree: &'a [TreeResult],
    pub(super) tasks: &'a [TaskResult],
    pub(super) warnings: &'a [Warning],
}

impl Findings<'_> {
    pub(super) fn conclude(&self) -> Conclusion {
        let roots = self.roots();
        let best = |id: &str, probability: f64| (probability >= LIKELY).then(|| id.to_owned());
        let upper = |levels: &[LevelResult]| levels.first().and_then(|level| best(&level.id, level.probability));
        let likely = self.fine.first().and_then(|fine| best(&fine.id, fine.probability));
        let likely = likely.or_else(|| upper(self.groups)).or_else(|| upper(self.classes));
        let certainty = match (&likely, self.scope) {
            (_, Some(Scope { in_scope: false, .. })) => Certainty::OutOfScope,
            (Some(_), _) => Certainty::Likely,
            (None, _) => Certainty::Undecided,
        };
        let lead = likely.unwrap_or_else(|| self.classes.first().map_or_else(String::new, |class| class.id.clone()));
        let lead_class = roots.get(lead.as_str()).copied().unwrap_or(&lead).to_owned();
        let not_ruled_out = self.tasks.iter().filter(|task| is_not_ruled_out(task)).map(|task| task.id.clone());
        Conclusion {
            certainty,
            alternative: self.alternative(&roots, &lead_class),
            not_ruled_out: not_ruled_out.collect(),
            poor_photo: self.warnings.iter().any(|warning| warning.code != WarningCode::OutOfScope),
            lead,
            lead_class,
        }
    }

    /// The class that each node is or lies in. Parents come first in the tree.
    fn roots(&self) -> HashMap<&str, &str> {
        let mut roots: HashMap<&str, &str> = HashMap::with_capacity(self.tree.len());
        for node in self.tree {
            let root = node.parent.as_deref().and_then(|parent| roots.get(parent).copied());
            roots.insert(&node.id, root.unwrap_or(&node.id));
        }
        roots
    }

    fn alternative(&self, roots: &HashMap<&str, &str>, lead_class: &str) -> Option<Alternative> {
        let elsewhere = |node: &&TreeResult| node.fine && roots.get(node.id.as_str()) != Some(&lead_class);
        // The first of equals, in the order of the tree.
        let best = self.tree.iter().filter(elsewhere).rev().max_by(|a, b| a.probability.total_cmp(&b.probability))?;
        Some(Alternative { node: best.id.clone(), likelihood: likelihood(best.probability) })
    }
}

fn likelihood(probability: f64) -> Likelihood {
    if probability >= POSSIBLE {
        Likelihood::Possible
    } else if probability >= LESS_LIKELY {
        Likelihood::LessLikely
    } else {
        Likelihood::Unlikely
    }
}

fn is_not_ruled_out(task: &TaskResult) -> bool {
    let points = task.operating_points.iter();
    let sensitive = points.max_by(|a, b| a.point.sensitivity.total_cmp(&b.point.sensitivity));
    task.mass >= LEAST_MASS && task.positive.probability < 0.5 && sensitive.is_some_and(|point| point.positive)
}
