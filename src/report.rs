//! What a classification gives: `skintree.report/2`, the same from the page, the widget and the command line.
//!
//! Everything in it but [`Report::timings`] is a function of the photo's bytes, the pack and the engine's logits, and
//! every list has one order, so that two runs serialise to the same bytes.

mod conclusion;
mod scope;
mod text;
mod warning;

use serde::{Deserialize, Serialize};

use crate::input::Region;
use crate::pack::{OperatingPoint, Pack};
use crate::photo::PhotoInfo;
use crate::quality::Quality;
use crate::taxonomy::{Level, Text};

pub use crate::engine_info::{EngineInfo, Fallback, FallbackCode};
pub use conclusion::{Alternative, Certainty, Conclusion, Likelihood};
pub use scope::Scope;
pub(crate) use warning::for_photo as warnings;
pub use warning::{Warning, WarningCode};

/// The schema of the reports this version writes.
pub const SCHEMA: &str = "skintree.report/2";

/// What every report says first.
#[must_use]
pub fn disclaimer() -> Text {
    Text::en_ko(
        "Research use only. Not a medical device. This is not a diagnosis: a low score does not rule out cancer, and a \
         high score does not prove it. The model knows only the kinds of photo and skin it was trained on. Show any \
         spot that is new, changing or worrying to a doctor.",
        "연구용으로만 사용하십시오. 의료기기가 아니며 진단이 아닙니다. 점수가 낮아도 암이 아니라는 뜻이 아니고, 점수가 \
         높아도 암이라는 증거가 아닙니다. 모델은 학습에 쓰인 종류의 사진과 피부만 알고 있습니다. 새로 생겼거나 변하거나 \
         걱정되는 부위는 반드시 의사에게 보이십시오.",
    )
}

/// The result of one classification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
pub struct Report {
    /// [`SCHEMA`].
    #[cfg_attr(feature = "types", ts(type = "'skintree.report/2'"))]
    pub schema: String,
    /// See [`disclaimer`].
    pub disclaimer: Text,
    /// Which model it was.
    pub model: ModelInfo,
    /// Which engine ran it.
    pub engine: EngineInfo,
    /// Which photo it was; no pixels.
    pub photo: PhotoInfo,
    /// Which kind of photo it was taken for; `None` if the pack knows one kind only.
    pub photo_kind: Option<PhotoKindResult>,
    /// How the photo was taken, in numbers; [`Report::warnings`] has the words.
    pub quality: Quality,
    /// How far the photo is from those of the training; `None` if the pack does not say how to tell.
    pub scope: Option<Scope>,
    /// How many views of the photo were averaged, see [`crate::views`].
    pub views: usize,
    /// What it all comes down to.
    pub conclusion: Conclusion,
    /// The most probable training classes, at most as many as were asked for; ties in the manifest's order.
    pub fine: Vec<FineResult>,
    /// Every node of the level `group`, most probable first; then covered ones before others, then by place in the
    /// taxonomy.
    pub groups: Vec<LevelResult>,
    /// Every node of the level `class`, ordered like the groups.
    pub classes: Vec<LevelResult>,
    /// The pack's binary questions, in the manifest's order.
    pub tasks: Vec<TaskResult>,
    /// Every node: a parent first, then what is below it; siblings ordered like the groups.
    pub tree: Vec<TreeResult>,
    /// Where in the photo the probabilities of nodes come from; only if asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "types", ts(optional))]
    pub heat_maps: Option<Vec<HeatMap>>,
    /// What makes this result doubtful, in the order of [`WarningCode`].
    pub warnings: Vec<Warning>,
    /// How long it took.
    pub timings: Timings,
}

/// Which model gave a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
pub struct ModelInfo {
    /// The pack's id.
    pub id: String,
    /// The pack's version.
    pub version: String,
    /// SHA-256 of the ONNX file.
    pub sha256: String,
    /// SHA-256 of the manifest.
    pub manifest_sha256: String,
    /// Licence of the weights.
    pub licence: String,
    /// Which photos the model has seen.
    pub trained_on: Text,
    /// What the model may be used for.
    pub intended_use: Text,
}

impl ModelInfo {
    /// What a pack says about its model.
    #[must_use]
    pub fn of(pack: &Pack) -> Self {
        let manifest = pack.manifest();
        Self {
            id: manifest.id.clone(),
            version: manifest.version.clone(),
            sha256: manifest.files.model.sha256.clone(),
            manifest_sha256: pack.manifest_sha256().to_owned(),
            licence: manifest.licence.clone(),
            trained_on: manifest.trained_on.clone(),
            intended_use: manifest.intended_use.clone(),
        }
    }
}

/// Which kind of photo it was taken for, e.g. dermoscopic or with an ordinary camera. Temperature, operating points and
/// limits are those of the kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
pub struct PhotoKindResult {
    /// Id of the kind.
    pub id: String,
    /// What people call such a photo.
    pub name: Text,
    /// Probability that the photo is of this kind, by the pack's kind file, 0 to 1.
    pub probability: f64,
    /// The caller said so; else the more probable kind was taken.
    pub given: bool,
    /// How good the model is on such photos.
    pub figures: Option<Text>,
    /// The other kinds that the pack knows, for those who want to correct it.
    pub others: Vec<KindName>,
}

/// A kind of photo by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
pub struct KindName {
    /// Id of the kind.
    pub id: String,
    /// What people call such a photo.
    pub name: Text,
}

/// A training class and its probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
pub struct FineResult {
    /// Id of the taxonomy node.
    pub id: String,
    /// Its name.
    pub name: Text,
    /// Its ICD-10 code.
    pub icd10: Option<String>,
    /// The class's own probability, without nodes below it, 0 to 1.
    pub probability: f64,
}

/// A node of one of the two upper levels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
pub struct LevelResult {
    /// Id of the taxonomy node.
    pub id: String,
    /// Its name.
    pub name: Text,
    /// Its ICD-10 code.
    pub icd10: Option<String>,
    /// Its own probability plus that of everything below, 0 to 1.
    pub probability: f64,
    /// `false`: the model has no class at or below this node, so that 0 means "cannot know".
    pub covered: bool,
}

/// The answer to a binary question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
pub struct TaskResult {
    /// Id of the task.
    pub id: String,
    /// The question.
    pub name: Text,
    /// The yes side.
    pub positive: SideResult,
    /// The no side.
    pub negative: SideResult,
    /// Probability that it is one of the two at all, 0 to 1: see `applies`.
    pub mass: f64,
    /// `mass` is at least a half; if not, the photo probably shows neither.
    pub applies: bool,
    /// The pack's operating points, in the manifest's order; empty if it has none.
    pub operating_points: Vec<OperatingPointResult>,
}

/// The answer to a binary question at one operating point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
pub struct OperatingPointResult {
    /// The point as the manifest has it.
    #[serde(flatten)]
    pub point: OperatingPoint,
    /// The probability of the yes side is at or above the threshold.
    pub positive: bool,
}

/// One side of a binary question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
pub struct SideResult {
    /// What people call it.
    pub name: Text,
    /// Probability given that it is one of the two sides. Both are 0.5 if `mass` is 0.
    pub probability: f64,
}

/// A node of the whole tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
pub struct TreeResult {
    /// Id of the taxonomy node.
    pub id: String,
    /// Id of its parent.
    pub parent: Option<String>,
    /// Its level.
    pub level: Level,
    /// Its name.
    pub name: Text,
    /// Its ICD-10 code.
    pub icd10: Option<String>,
    /// What a reader should know about it.
    pub note: Option<Text>,
    /// Its own probability plus that of everything below, 0 to 1.
    pub probability: f64,
    /// See [`LevelResult::covered`].
    pub covered: bool,
    /// The node is a training class.
    pub fine: bool,
}

/// How much each part of a photo adds to one node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
pub struct HeatMap {
    /// Id of the taxonomy node.
    pub node: String,
    /// The part of the upright photo that the map covers, in pixels.
    pub region: Region,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `width * height` values, row by row, in the unit of logits: their mean is the mean of the logits of the node's
    /// classes, each weighted by its share of the node.
    pub values: Vec<f32>,
}

/// Wall-clock milliseconds; the only part of a report that differs between two runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
#[expect(missing_docs, reason = "named after the steps")]
pub struct Timings {
    pub decode_ms: f64,
    pub input_ms: f64,
    pub engine_ms: f64,
    pub rollup_ms: f64,
    pub total_ms: f64,
}
