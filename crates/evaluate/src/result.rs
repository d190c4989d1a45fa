//! What an evaluation gives: `skintree.evaluation/1`, the same from the command line and the browser.

use serde::{Deserialize, Serialize};

use crate::calibration::Calibration;
use crate::roc::{Proportion, RocPoint};
use skintree::report::{EngineInfo, ModelInfo};
use skintree::taxonomy::Text;

/// The schema of the evaluations this version writes.
pub const SCHEMA: &str = "skintree.evaluation/1";

/// How good a pack is on labelled photos.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// [`SCHEMA`].
    pub schema: String,
    /// That of every report.
    pub disclaimer: Text,
    /// Which model it was.
    pub model: ModelInfo,
    /// Which engine ran it.
    pub engine: EngineInfo,
    /// Which photos.
    pub data: Data,
    /// Bootstrap resamples behind each interval.
    pub resamples: usize,
    /// Seed of the bootstrap.
    pub seed: u64,
    /// The model's own classes.
    pub fine: LevelFigures,
    /// The groups: the paper's nine-way level.
    pub groups: LevelFigures,
    /// The classes: the paper's three-way level.
    pub classes: LevelFigures,
    /// Of the most probable fine class.
    pub calibration: Calibration,
    /// The pack's binary questions.
    pub tasks: Vec<TaskFigures>,
    /// One a column of the table.
    pub subgroups: Vec<Subgroups>,
    /// A map of the network's last features, where one was made.
    pub embedding: Option<Embedding>,
    /// Wrong answers at the finest level, the surest first.
    pub mistakes: Vec<Mistake>,
}

impl Evaluation {
    /// `report.json`.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Nothing in it is a map or a number that JSON cannot hold.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

/// The photos an evaluation rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Data {
    /// What was asked for, for people.
    pub selection: Vec<String>,
    /// SHA-256 over the table, that of the folds, and how they were read; empty in evaluations made before there was this field.
    #[serde(default)]
    pub table_sha256: String,
    /// Photos that were classified.
    pub photos: u64,
    /// Lesions they show, if the table says so.
    pub lesions: Option<u64>,
    /// Photos by label.
    pub labels: Vec<LabelCount>,
    /// Photos that could not be read, and why.
    pub skipped: Vec<Skipped>,
}

/// How often a label occurs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelCount {
    /// Id of the taxonomy node.
    pub id: String,
    /// Its name.
    pub name: Text,
    /// Photos.
    pub photos: u64,
    /// The model can give this label or one above or below it that is no root.
    pub covered: bool,
}

/// A photo left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Its path in the table.
    pub file: String,
    /// Error code of `docs/formats.md`.
    pub code: String,
    /// What happened.
    pub message: String,
}

/// A figure with its 95 % bootstrap interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// `None`: not defined on these photos.
    pub value: Option<f64>,
    /// Lower and upper end.
    pub interval: Option<[f64; 2]>,
}

/// Figures of one level of the taxonomy, over the photos labelled at or below it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LevelFigures {
    /// Photos with a label at this level or below.
    pub photos: u64,
    /// Share of first answers that are right.
    pub accuracy: Estimate,
    /// Mean recall of the classes that occur.
    pub balanced_accuracy: Estimate,
    /// Share with the right answer among the first three.
    pub top_3_accuracy: Estimate,
    /// Mean of -ln P(truth), in nats.
    pub log_loss: Option<f64>,
    /// One a node of the level.
    pub classes: Vec<ClassFigures>,
    /// Counts by true class (rows) and answer (columns), in the order of `classes`.
    pub confusion: Vec<Vec<u64>>,
    /// Figures by fold, where the table gives folds.
    pub folds: Option<Folds>,
}

/// Figures of one class of a level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassFigures {
    /// Id of the taxonomy node.
    pub id: String,
    /// Its name.
    pub name: Text,
    /// `false`: the model cannot give it.
    pub covered: bool,
    /// Photos of it.
    pub photos: u64,
    /// Share of its photos that were recognised (sensitivity).
    pub recall: Proportion,
    /// Share of the answers with it that are right.
    pub precision: Proportion,
    /// Area under the ROC curve of its probability against all other photos of the level.
    pub auc: Option<f64>,
}

/// A level's accuracy by fold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Folds {
    /// Mean accuracy over the folds.
    pub mean: f64,
    /// Sample standard deviation over the folds; `None` of one.
    pub standard_deviation: Option<f64>,
    /// Each fold, in the order of their names.
    pub folds: Vec<Fold>,
}

/// One fold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fold {
    /// Its name.
    pub fold: String,
    /// Its photos.
    pub photos: u64,
    /// Share of first answers that are right.
    pub accuracy: f64,
    /// Mean recall of the classes that occur.
    pub balanced_accuracy: Option<f64>,
}

/// Figures of a binary question, over the photos labelled as one of its sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskFigures {
    /// Id of the task.
    pub id: String,
    /// The question.
    pub name: Text,
    /// What a yes is called.
    pub positive: Text,
    /// What a no is called.
    pub negative: Text,
    /// Photos of the yes side.
    pub positives: u64,
    /// Photos of the no side.
    pub negatives: u64,
    /// Area under the ROC curve.
    pub auc: Estimate,
    /// The ROC curve; `None` unless there are photos of both sides.
    pub curve: Option<Vec<RocPoint>>,
    /// Thresholds and what they give here.
    pub operating_points: Vec<MeasuredPoint>,
    /// Of the probability of yes.
    pub calibration: Calibration,
    /// Doctors to compare with, on other photos.
    pub readers: Option<Readers>,
}

/// A threshold on the probability of yes, and what it gives on these photos.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasuredPoint {
    /// Its name.
    pub id: String,
    /// `pack`: fixed before these photos were seen; `these-photos`: chosen on them, so that its figures flatter.
    pub chosen_on: String,
    /// A probability at or above it is a yes.
    pub threshold: f64,
    /// Share of the yes photos called yes.
    pub sensitivity: Proportion,
    /// Share of the no photos called no.
    pub specificity: Proportion,
}

/// How doctors answered a like question on photos of their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Readers {
    /// The task it belongs to.
    pub task: String,
    /// Who, on what, from where.
    pub source: Text,
    /// Sensitivity and specificity of each reader.
    pub points: Vec<[f64; 2]>,
}

/// The photos divided by one column of the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subgroups {
    /// Name of the column.
    pub column: String,
    /// One a value.
    pub rows: Vec<Subgroup>,
}

/// Figures of one subgroup.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subgroup {
    /// The column's value, or a band of numbers; empty where the table says nothing.
    pub value: String,
    /// Its photos.
    pub photos: u64,
    /// Accuracy at the finest level.
    pub fine_accuracy: Estimate,
    /// Accuracy at the three-way level.
    pub class_accuracy: Estimate,
    /// The binary questions, in their order.
    pub tasks: Vec<SubgroupTask>,
}

/// A binary question within a subgroup.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SubgroupTask {
    /// Photos of the yes side.
    pub positives: u64,
    /// Photos of the no side.
    pub negatives: u64,
    /// Area under the ROC curve.
    pub auc: Estimate,
}

/// Photos as points of the plane: near ones look alike to the network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Embedding {
    /// How it was made.
    pub method: String,
    /// The nodes points are coloured by.
    pub groups: Vec<LabelCount>,
    /// Horizontal and vertical place, and index into `groups`.
    pub points: Vec<(f64, f64, usize)>,
}

/// A wrong answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mistake {
    /// The photo.
    pub file: String,
    /// Its label.
    pub label: String,
    /// The answer.
    pub answer: String,
    /// The answer's probability.
    pub probability: f64,
}
