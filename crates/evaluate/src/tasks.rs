//! Figures of the pack's binary questions.

use crate::calibration::{BINS, Calibration};
use crate::case::{Case, Context};
use crate::result::{Estimate, MeasuredPoint, Readers, TaskFigures};
use crate::roc::{Proportion, Ranking};
use skintree::interpret::task_shares;
use skintree::pack::{Pack, Task, TaskNodes};
use skintree::taxonomy::NodeIndex;

/// The sensitivity of the second operating point.
const SENSITIVITY: f64 = 0.95;

/// The cases that are labelled as one of the two sides.
pub(crate) struct TaskCases {
    /// Indices of the cases.
    pub(crate) members: Vec<usize>,
    positive: Vec<bool>,
    scores: Vec<f64>,
    pub(crate) ranking: Ranking,
}

impl TaskCases {
    pub(crate) fn new(pack: &Pack, nodes: &TaskNodes, cases: &[&Case<'_>]) -> Self {
        let taxonomy = pack.taxonomy();
        let within = |label: NodeIndex, side: &[NodeIndex]| side.iter().any(|&node| taxonomy.is_within(label, node));
        let (mut members, mut positive, mut scores) = (Vec::new(), Vec::new(), Vec::new());
        for (member, case) in cases.iter().enumerate() {
            let yes = within(case.photo.label, &nodes.positive);
            if yes || within(case.photo.label, &nodes.negative) {
                members.push(member);
                positive.push(yes);
                scores.push(task_shares(nodes, &case.sums).positive);
            }
        }
        Self { ranking: Ranking::new(positive.clone(), scores.clone()), members, positive, scores }
    }

    pub(crate) fn auc(&self, context: &Context<'_>, cases: &[&Case<'_>]) -> Estimate {
        context.estimates(cases, &self.members, |weights| vec![self.ranking.area(weights)])[0]
    }

    fn operating_point(&self, id: &str, chosen_on: &str, threshold: f64) -> MeasuredPoint {
        let hits = self.ranking.hits(threshold);
        MeasuredPoint {
            id: id.to_owned(),
            chosen_on: chosen_on.to_owned(),
            threshold,
            sensitivity: Proportion::new(hits.true_positives, self.ranking.positives()),
            specificity: Proportion::new(hits.true_negatives, self.ranking.negatives()),
        }
    }
}

/// The questions, in the manifest's order.
pub(crate) fn figures(context: &Context<'_>, cases: &[&Case<'_>], readers: &[Readers]) -> Vec<TaskFigures> {
    let tasks = context.pack.manifest().tasks.iter().zip(context.pack.tasks());
    tasks.map(|(task, nodes)| figures_of(context, cases, task, nodes, readers)).collect()
}

fn figures_of(
    context: &Context<'_>,
    cases: &[&Case<'_>],
    task: &Task,
    nodes: &TaskNodes,
    readers: &[Readers],
) -> TaskFigures {
    let found = TaskCases::new(context.pack, nodes, cases);
    let chosen = [("youden", found.ranking.youden()), ("sensitivity-95", found.ranking.reaching(SENSITIVITY))];
    let here = chosen.into_iter().filter_map(|(id, point)| Some((id, point?.threshold?)));
    let here = here.map(|(id, threshold)| found.operating_point(id, "these-photos", threshold));
    let fixed = task.operating_points.iter().map(|point| found.operating_point(&point.id, "pack", point.threshold));
    TaskFigures {
        id: task.id.clone(),
        name: task.name.clone(),
        positive: task.positive.name.clone(),
        negative: task.negative.name.clone(),
        positives: found.ranking.positives(),
        negatives: found.ranking.negatives(),
        auc: found.auc(context, cases),
        operating_points: fixed.chain(here).collect(),
        calibration: Calibration::new(&found.scores, &found.positive, BINS),
        readers: readers.iter().find(|readers| readers.task == task.id).cloned(),
        curve: found.ranking.curve(),
    }
}
