//! From logits to a report: temperature, softmax, roll-up, questions.

use std::cmp::Ordering;

use crate::engine::{FeatureMap, Outputs};
use crate::pack::{OperatingPoint, Pack, PhotoKind, Task, TaskNodes};
use crate::photo::PhotoInfo;
use crate::quality::{Quality, QualityLimits};
use crate::report::{
    self, EngineInfo, FineResult, KindName, LevelResult, ModelInfo, OperatingPointResult, PhotoKindResult, Report,
    Scope, SideResult, TaskResult, Timings, TreeResult, warnings,
};
use crate::taxonomy::{Level, NodeIndex, Taxonomy};

/// Why an engine's numbers were refused, with the code `engine-failed`, or a wish of the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClassifyError {
    /// NaN or an infinity among the logits.
    #[error("the engine gave no number for class {class} (counted from 0); reload, or use another engine")]
    NotFinite {
        /// The first such class.
        class: usize,
    },
    /// Not one logit a class.
    #[error("the engine gave {actual} logits for {expected} classes; the ONNX file does not fit the pack's manifest")]
    Length {
        /// Classes of the pack.
        expected: usize,
        /// Logits given.
        actual: usize,
    },
    /// The feature map is not as the last layer wants it.
    #[error(
        "the engine gave a feature map of {values} values and shape {shape:?} for a last layer of {channels} channels; the ONNX file does not fit the pack's manifest"
    )]
    FeatureMap {
        /// Channels of the last layer.
        channels: usize,
        /// Channels, height and width of the map.
        shape: [usize; 3],
        /// Values in the map.
        values: usize,
    },
    /// No feature map with as many channels as the scope or kind file, or one that is not made of numbers.
    #[error("the engine gave no feature map that fits the pack's scope and kind files; reload, or use another engine")]
    NoFeatures,
    /// The caller named a kind of photo that the pack does not tell apart.
    #[error("the pack knows no kind of photo \"{id}\"; it knows: {known}")]
    UnknownKind {
        /// What was asked for.
        id: String,
        /// The ids there are, separated by commas; empty if the pack tells no kinds apart.
        known: String,
    },
}

impl ClassifyError {
    /// The stable code of `docs/formats.md`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownKind { .. } => "photo-kind",
            _ => "engine-failed",
        }
    }
}

/// Probabilities from logits: softmax(logits / temperature), computed in f64 after subtracting the maximum, so that it
/// neither overflows nor depends on the machine (`exp` is the one of `libm` everywhere). They sum to 1 up to rounding.
///
/// # Errors
/// [`ClassifyError::NotFinite`].
pub fn probabilities(logits: &[f32], temperature: f64) -> Result<Vec<f64>, ClassifyError> {
    if let Some(class) = logits.iter().position(|logit| !logit.is_finite()) {
        return Err(ClassifyError::NotFinite { class });
    }
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exps: Vec<f64> =
        logits.iter().map(|&logit| libm::exp((f64::from(logit) - f64::from(max)) / temperature)).collect();
    // At least 1, the largest logit's share.
    let sum: f64 = exps.iter().sum();
    Ok(exps.into_iter().map(|exp| exp / sum).collect())
}

/// Which kind of photo it is, and the numbers of the pack that hold for it.
#[derive(Debug, Clone, Copy)]
pub struct Kind<'a> {
    /// What the manifest says of the kind; `None` of a pack that knows only one.
    entry: Option<&'a PhotoKind>,
    /// Probability that the photo is of this kind, 0.5 to 1.
    probability: f64,
}

impl<'a> Kind<'a> {
    /// Tells the kind of a photo from its features; `wanted` is the id of a kind if the caller knows better.
    ///
    /// # Errors
    /// [`ClassifyError::NoFeatures`] if the pack needs a feature map and there is none that fits;
    /// [`ClassifyError::UnknownKind`].
    pub fn of(pack: &'a Pack, outputs: &Outputs, wanted: Option<&str>) -> Result<Self, ClassifyError> {
        let Some((head, kinds)) = pack.photo_kinds() else {
            return wanted.map_or(Ok(Self { entry: None, probability: 1.0 }), |id| {
                Err(ClassifyError::UnknownKind { id: id.to_owned(), known: String::new() })
            });
        };
        let second = head.probability(&pooled(outputs, head.channels())?);
        if !second.is_finite() {
            return Err(ClassifyError::NoFeatures);
        }
        let place = match wanted {
            None => usize::from(second >= 0.5),
            Some(id) => kinds.iter().position(|kind| kind.id == id).ok_or_else(|| ClassifyError::UnknownKind {
                id: id.to_owned(),
                known: kinds.iter().map(|kind| kind.id.as_str()).collect::<Vec<_>>().join(", "),
            })?,
        };
        Ok(Self { entry: Some(&kinds[place]), probability: if place == 1 { second } else { 1.0 - second } })
    }

    /// The logits as they are to be divided by the manifest's temperature: (logit + offset) * manifest's / kind's
    /// temperature. Those of a pack without kinds as they are.
    #[must_use]
    pub fn calibrate(&self, pack: &Pack, logits: &[f32]) -> Vec<f32> {
        let Some(kind) = self.entry else { return logits.to_vec() };
        let scale = pack.manifest().temperature / kind.temperature;
        logits.iter().zip(&kind.offset).map(|(&logit, offset)| ((f64::from(logit) + offset) * scale) as f32).collect()
    }

    fn operating_points(&self, task: &'a Task) -> &'a [OperatingPoint] {
        let own = self.entry.and_then(|kind| kind.operating_points.get(&task.id));
        own.unwrap_or(&task.operating_points)
    }

    fn quality_limits(&self, pack: &Pack) -> QualityLimits {
        self.entry.and_then(|kind| kind.quality).or(pack.manifest().quality).unwrap_or_default()
    }

    fn judge_scope(&self, pack: &Pack, outputs: &Outputs) -> Result<Option<Scope>, ClassifyError> {
        let Some((subspace, rule)) = pack.scope().zip(pack.manifest().scope) else { return Ok(None) };
        let threshold = self.entry.and_then(|kind| kind.scope_threshold).unwrap_or(rule.threshold);
        let score = subspace.score(&pooled(outputs, subspace.channels())?);
        if !score.is_finite() {
            return Err(ClassifyError::NoFeatures);
        }
        Ok(Some(Scope { score, threshold, in_scope: score <= threshold }))
    }

    fn result(&self, pack: &Pack, wanted: Option<&str>) -> Option<PhotoKindResult> {
        let (_, all) = pack.photo_kinds()?;
        self.entry.map(|kind| PhotoKindResult {
            id: kind.id.clone(),
            name: kind.name.clone(),
            probability: self.probability,
            given: wanted.is_some(),
            figures: kind.figures.clone(),
            others: all
                .iter()
                .filter(|other| other.id != kind.id)
                .map(|other| KindName { id: other.id.clone(), name: other.name.clone() })
                .collect(),
        })
    }
}

/// The mean of each of `channels` channels of the feature map.
fn pooled(outputs: &Outputs, channels: usize) -> Result<Vec<f64>, ClassifyError> {
    let features = outputs.features.as_ref().filter(|map| map.shape[0] == channels);
    features.map(FeatureMap::pooled).ok_or(ClassifyError::NoFeatures)
}

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
/// [`ClassifyError`], if the logits are not one finite number a class.
pub fn assemble(pack: &Pack, observation: &Observation<'_>, top_k: usize) -> Result<Report, ClassifyError> {
    let Observation { photo, quality, views, outputs, photo_kind, engine } = observation;
    let manifest = pack.manifest();
    let taxonomy = pack.taxonomy();
    if outputs.logits.len() != pack.classes().len() {
        return Err(ClassifyError::Length { expected: pack.classes().len(), actual: outputs.logits.len() });
    }
    let kind = Kind::of(pack, outputs, *photo_kind)?;
    let fine = probabilities(&kind.calibrate(pack, &outputs.logits), manifest.temperature)?;
    let own: Vec<(NodeIndex, f64)> = pack.classes().iter().copied().zip(fine).collect();
    let sums = taxonomy.roll_up(&own);
    let scope = kind.judge_scope(pack, outputs)?;
    let tasks = manifest.tasks.iter().zip(pack.tasks());
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
        fine: top(taxonomy, &own, top_k),
        groups: level(pack, &sums, Level::Group),
        classes: level(pack, &sums, Level::Class),
        tasks: tasks.map(|(task, nodes)| answer(task, kind.operating_points(task), nodes, &sums)).collect(),
        tree: tree(pack, &sums),
        heat_maps: None,
        warnings: warnings(photo, &manifest.input, scope.as_ref(), quality, &kind.quality_limits(pack)),
        timings: Timings::default(),
    })
}

fn top(taxonomy: &Taxonomy, own: &[(NodeIndex, f64)], top_k: usize) -> Vec<FineResult> {
    let mut ranked: Vec<&(NodeIndex, f64)> = own.iter().collect();
    // A stable sort keeps ties in the manifest's order.
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    let result = |&&(index, probability): &&(NodeIndex, f64)| {
        let node = taxonomy.node(index);
        FineResult { id: node.id.clone(), name: node.name.clone(), icd10: node.icd10.clone(), probability }
    };
    ranked.iter().take(top_k).map(result).collect()
}

/// The order of nodes in a report: falling probability, then covered ones first, then their place in the taxonomy.
fn rank(a: NodeIndex, b: NodeIndex, sums: &[f64], covered: &[bool]) -> Ordering {
    let (i, j) = (a.index(), b.index());
    sums[j].total_cmp(&sums[i]).then(covered[j].cmp(&covered[i])).then(a.cmp(&b))
}

fn level(pack: &Pack, sums: &[f64], level: Level) -> Vec<LevelResult> {
    let (taxonomy, covered) = (pack.taxonomy(), pack.covered());
    let mut ranked: Vec<NodeIndex> = taxonomy.indices().filter(|&index| taxonomy.node(index).level == level).collect();
    ranked.sort_by(|&a, &b| rank(a, b, sums, covered));
    let result = |index: NodeIndex| {
        let node = taxonomy.node(index);
        LevelResult {
            id: node.id.clone(),
            name: node.name.clone(),
            icd10: node.icd10.clone(),
            probability: sums[index.index()],
            covered: covered[index.index()],
        }
    };
    ranked.into_iter().map(result).collect()
}

/// How probability divides between the two sides of a binary question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TaskShares {
    /// P(positive side) / mass, 0 to 1; 0.5 if the mass is 0.
    pub positive: f64,
    /// P(negative side) / mass, 0 to 1; 0.5 if the mass is 0.
    pub negative: f64,
    /// P(positive side) + P(negative side), 0 to 1.
    pub mass: f64,
}

/// The shares of a question's sides from the probability of each node, `sums[node]`.
#[must_use]
pub fn task_shares(nodes: &TaskNodes, sums: &[f64]) -> TaskShares {
    // In taxonomy order, so that the order of ids in the manifest does not matter either.
    let total = |side: &[NodeIndex]| {
        let mut side = side.to_vec();
        side.sort_unstable();
        side.iter().map(|node| sums[node.index()]).sum::<f64>()
    };
    let (positive, negative) = (total(&nodes.positive), total(&nodes.negative));
    let mass = positive + negative;
    let share = |part: f64| if mass > 0.0 { part / mass } else { 0.5 };
    TaskShares { positive: share(positive), negative: share(negative), mass }
}

fn answer(task: &Task, points: &[OperatingPoint], nodes: &TaskNodes, sums: &[f64]) -> TaskResult {
    let TaskShares { positive, negative, mass } = task_shares(nodes, sums);
    let judge =
        |point: &OperatingPoint| OperatingPointResult { point: point.clone(), positive: positive >= point.threshold };
    TaskResult {
        id: task.id.clone(),
        name: task.name.clone(),
        positive: SideResult { name: task.positive.name.clone(), probability: positive },
        negative: SideResult { name: task.negative.name.clone(), probability: negative },
        mass,
        operating_points: points.iter().map(judge).collect(),
    }
}

fn tree(pack: &Pack, sums: &[f64]) -> Vec<TreeResult> {
    let (taxonomy, covered) = (pack.taxonomy(), pack.covered());
    let mut fine = vec![false; taxonomy.len()];
    for class in pack.classes() {
        fine[class.index()] = true;
    }
    let mut children: Vec<Vec<NodeIndex>> = vec![Vec::new(); taxonomy.len()];
    let mut stack: Vec<NodeIndex> = Vec::new();
    for index in taxonomy.indices() {
        match taxonomy.node(index).parent {
            Some(parent) => children[parent.index()].push(index),
            None => stack.push(index),
        }
    }
    // The stack gives its last first, hence the reversed order.
    let reversed = |list: &mut Vec<NodeIndex>| list.sort_by(|&a, &b| rank(b, a, sums, covered));
    reversed(&mut stack);
    let mut tree = Vec::with_capacity(taxonomy.len());
    while let Some(index) = stack.pop() {
        let node = taxonomy.node(index);
        tree.push(TreeResult {
            id: node.id.clone(),
            parent: node.parent.map(|parent| taxonomy.node(parent).id.clone()),
            level: node.level,
            name: node.name.clone(),
            icd10: node.icd10.clone(),
            note: node.note.clone(),
            probability: sums[index.index()],
            covered: covered[index.index()],
            fine: fine[index.index()],
        });
        let below = &mut children[index.index()];
        reversed(below);
        stack.append(below);
    }
    tree
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softmax_is_stable() {
        let p = probabilities(&[1000.0, 1000.0, -1000.0], 1.0).unwrap();
        assert_eq!(p, [0.5, 0.5, 0.0]);
        let p = probabilities(&[f32::MAX, f32::MIN], 1.0).unwrap();
        assert_eq!(p, [1.0, 0.0]);
    }

    #[test]
    fn temperature_softens() {
        let sharp = probabilities(&[2.0, 0.0], 1.0).unwrap();
        let soft = probabilities(&[2.0, 0.0], 2.0).unwrap();
        assert!((sharp[0] - 1.0 / (1.0 + (-2.0_f64).exp())).abs() < 1e-15);
        assert!((soft[0] - 1.0 / (1.0 + (-1.0_f64).exp())).abs() < 1e-15);
    }

    #[test]
    fn non_finite_logits_are_refused() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let error = probabilities(&[0.0, bad], 1.0).unwrap_err();
            assert_eq!(error, ClassifyError::NotFinite { class: 1 });
        }
    }
}
