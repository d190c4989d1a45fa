//! From logits to a report: temperature, softmax, roll-up, questions, and what it all comes down to.

mod conclusion;
mod error;
mod levels;
mod photo_kind;
mod probabilities;

use crate::engine::Outputs;
use crate::pack::{OperatingPoint, Pack, Task, TaskNodes};
use crate::photo::PhotoInfo;
use crate::quality::Quality;
use crate::report::{
    self, EngineInfo, ModelInfo, OperatingPointResult, Report, SideResult, TaskResult, Timings, warnings,
};
use crate::taxonomy::{Level, NodeIndex};

use conclusion::Findings;
pub use error::InterpretError;
pub use photo_kind::Kind;
pub use probabilities::{TaskShares, probabilities, task_shares};

/// Both sides of a question together must have so much probability, or the photo probably shows neither.
const APPLIES: f64 = 0.5;

/// What was found out about one photo.
#[derive(Debug, Clone, Copy)]
pub struct Observation<'a> {
    /// Which photo it is.
    pub photo: &'a PhotoInfo,
    /// How it was taken.
    pub quality: Quality,
    /// How many views of it the outputs are the mean of, at least 1.
    pub views: usize,
    /// What the network gave for it: one logit for each class of the pack, and the features.
    pub outputs: &'a Outputs,
    /// Id of the kind of photo, if the caller knows it.
    pub photo_kind: Option<&'a str>,
    /// Which engine ran the network.
    pub engine: &'a EngineInfo,
}

/// Makes the report of one classification.
///
/// `top_k` is the most [`Report::fine`] may hold. Timings are left at 0: only the caller knows them.
///
/// # Errors
/// [`InterpretError`], if the logits are not one finite number a class.
pub fn assemble(pack: &Pack, observation: &Observation<'_>, top_k: usize) -> Result<Report, InterpretError> {
    let Observation { photo, quality, views, outputs, photo_kind, engine } = observation;
    let manifest = pack.manifest();
    let taxonomy = pack.taxonomy();
    if outputs.logits.len() != pack.classes().len() {
        return Err(InterpretError::Length { expected: pack.classes().len(), actual: outputs.logits.len() });
    }
    let kind = Kind::of(pack, outputs, *photo_kind)?;
    let fine = probabilities(&kind.calibrate(pack, &outputs.logits), manifest.temperature)?;
    let own: Vec<(NodeIndex, f64)> = pack.classes().iter().copied().zip(fine).collect();
    let sums = taxonomy.roll_up(&own);
    let scope = kind.judge_scope(pack, outputs)?;
    let tasks = manifest.tasks.iter().zip(pack.tasks());
    let tasks: Vec<_> = tasks.map(|(task, nodes)| ask(task, kind.operating_points(task), nodes, &sums)).collect();
    let warnings = warnings(photo, &manifest.input, scope.as_ref(), quality, &kind.quality_limits(pack));
    // One at least for the conclusion, whatever the caller wants listed.
    let mut best = levels::top(taxonomy, &own, top_k.max(1));
    let groups = levels::level(pack, &sums, Level::Group);
    let classes = levels::level(pack, &sums, Level::Class);
    let tree = levels::tree(pack, &sums);
    let conclusion = Findings {
        scope: scope.as_ref(),
        fine: &best,
        groups: &groups,
        classes: &classes,
        tree: &tree,
        tasks: &tasks,
        warnings: &warnings,
    }
    .conclude();
    best.truncate(top_k);
    Ok(Report {
        schema: report::SCHEMA.to_owned(),
        disclaimer: report::disclaimer(),
        model: ModelInfo::of(pack),
        engine: (*engine).clone(),
        photo: (*photo).clone(),
        photo_kind: kind.result(pack, *photo_kind),
        quality: *quality,
        scope,
        views: *views,
        conclusion,
        fine: best,
        groups,
        classes,
        tasks,
        tree,
        heat_maps: None,
        warnings,
        timings: Timings::default(),
    })
}

fn ask(task: &Task, points: &[OperatingPoint], nodes: &TaskNodes, sums: &[f64]) -> TaskResult {
    let TaskShares { positive, negative, mass } = task_shares(nodes, sums);
    let judge =
        |point: &OperatingPoint| OperatingPointResult { point: point.clone(), positive: positive >= point.threshold };
    TaskResult {
        id: task.id.clone(),
        name: task.name.clone(),
        positive: SideResult { name: task.positive.name.clone(), probability: positive },
        negative: SideResult { name: task.negative.name.clone(), probability: negative },
        mass,
        applies: mass >= APPLIES,
        operating_points: points.iter().map(judge).collect(),
    }
}
