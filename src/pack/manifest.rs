//! `manifest.json`, as `docs/formats.md` describes it.
//!
//! Unknown fields are ignored: a pack may carry notes of its own, and an app that sits offline on somebody's phone goes
//! on reading packs made later. The price is that a field which changes numbers must come with a new schema, and that
//! everything not optional must be written out, so that a misspelt field is still noticed as a missing one.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use super::error::PackError;
use crate::catch_panic::catch_panic;
use crate::input::InputRecipe;
use crate::onnx::Signature;
use crate::quality::QualityLimits;
use crate::sha256::sha256_hex;
use crate::taxonomy::{Text, is_id};

/// The schema of a `manifest.json` whose photos are all of one kind.
pub const SCHEMA: &str = "skintree.pack/1";
/// The schema of one with [`Manifest::photo_kinds`], which change the numbers: programs that do not know them must refuse
/// it.
pub const SCHEMA_WITH_KINDS: &str = "skintree.pack/2";
/// The longest manifest read, in bytes: thousands of classes take some 100 kB.
pub const MAX_MANIFEST_BYTES: u64 = 4 << 20;
/// The longest ONNX file accepted, in bytes: Inception v3 in f32 has 93 MB, and a browser tab has little more to give.
pub const MAX_MODEL_BYTES: u64 = 512 << 20;
/// The longest taxonomy accepted, in bytes: 2,000 nodes take some 500 kB.
pub const MAX_TAXONOMY_BYTES: u64 = 16 << 20;
/// The longest scope file accepted, in bytes: 64 components of 2,048 channels take 530 kB.
pub const MAX_SCOPE_BYTES: u64 = 64 << 20;

/// The longest kind file accepted, in bytes: 2,048 channels take 8 kB.
pub const MAX_KIND_BYTES: u64 = 1 << 20;

/// What a model pack says about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA`] or [`SCHEMA_WITH_KINDS`].
    pub schema: String,
    /// The pack's id; lower-case letters, digits and `-`.
    pub id: String,
    /// The pack's version.
    pub version: String,
    /// What people call it.
    pub name: Text,
    /// SPDX id, or the name, of the licence of the weights.
    pub licence: String,
    /// What the model may be used for.
    pub intended_use: Text,
    /// Which photos of whom the model has seen.
    pub trained_on: Text,
    /// How the pack was made: a URL or a command.
    pub source: String,
    /// The other files.
    pub files: Files,
    /// How a photo becomes the network's input.
    pub input: InputRecipe,
    /// Names of the graph's outputs.
    pub outputs: OutputNames,
    /// The taxonomy node of each logit, in the network's order; at least one, unique.
    pub classes: Vec<String>,
    /// Logits are divided by it before the softmax; finite, above 0.
    pub temperature: f64,
    /// Binary questions; may be empty.
    pub tasks: Vec<Task>,
    /// How to tell photos that are not of the kind the model knows; goes with `files.scope`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<ScopeRule>,
    /// Where a photo is called blurred, dark, bright or flat; may be left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<QualityLimits>,
    /// What differs by kind of photo, and how the kind is told; goes with `files.kind`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo_kinds: Option<PhotoKinds>,
    /// The largest magnitude of the input and of what each convolution gives, on photos of the training; by the name of the
    /// tensor. With it engines may compute in integers, without it they don't.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub activations: BTreeMap<String, f32>,
    /// What a sound engine gives.
    pub self_test: SelfTest,
}

/// The files a pack consists of, besides the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Files {
    /// The ONNX file.
    pub model: PackFile,
    /// `taxonomy.json`.
    pub taxonomy: PackFile,
    /// The subspace of the training's features, see [`super::Subspace`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<PackFile>,
    /// The weights that tell the kind of a photo, see [`super::KindHead`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<PackFile>,
}

/// One file of a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackFile {
    /// Relative to the manifest, parts joined by `/`.
    pub path: String,
    /// Length in bytes.
    pub bytes: u64,
    /// 64 lower-case hexadecimal digits.
    pub sha256: String,
}

/// Names of the graph's outputs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputNames {
    /// `[1, classes]`, before the softmax.
    pub logits: String,
    /// The last feature map `[1, C, H, W]`, for heat maps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<String>,
}

/// How to read `files.scope` and what to make of its score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ScopeRule {
    /// Channels of `outputs.features`.
    pub channels: usize,
    /// Scores above it are out of scope, 0 to 1.
    pub threshold: f64,
}

/// How to read `files.kind`, and the two kinds of photo that it tells apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhotoKinds {
    /// Channels of `outputs.features`.
    pub channels: usize,
    /// The first is the kind of photos to which the file gives a probability below 0.5.
    pub kinds: [PhotoKind; 2],
}

/// What holds for one kind of photo instead of the manifest's own fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhotoKind {
    /// Lower-case letters, digits and `-`, e.g. `dermoscopic`.
    pub id: String,
    /// What people call such a photo.
    pub name: Text,
    /// Added to the logits before they are divided by the temperature; one a class.
    pub offset: Vec<f64>,
    /// Instead of [`Manifest::temperature`]; finite, above 0.
    pub temperature: f64,
    /// Instead of [`ScopeRule::threshold`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope_threshold: Option<f64>,
    /// Instead of [`Task::operating_points`], by the task's id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub operating_points: BTreeMap<String, Vec<OperatingPoint>>,
    /// Instead of [`Manifest::quality`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<QualityLimits>,
    /// How good the model is on such photos, in a sentence or two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figures: Option<Text>,
}

/// A binary question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Unique among the tasks; lower-case letters, digits and `-`.
    pub id: String,
    /// The question.
    pub name: Text,
    /// The nodes that answer yes.
    pub positive: Side,
    /// The nodes that answer no.
    pub negative: Side,
    /// Where one may draw the line between yes and no; may be left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operating_points: Vec<OperatingPoint>,
}

/// A threshold on the probability of a question's yes side, and what it did on photos held out from the training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
pub struct OperatingPoint {
    /// Unique in its task, e.g. `sensitivity-95` or `youden`; lower-case letters, digits and `-`.
    pub id: String,
    /// At or above it the answer is yes; 0 to 1.
    pub threshold: f64,
    /// Share of the photos of the yes side that were answered yes, 0 to 1.
    pub sensitivity: f64,
    /// Share of the photos of the no side that were answered no, 0 to 1.
    pub specificity: f64,
}

/// One answer to a binary question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// What people call it.
    pub name: Text,
    /// Ids of taxonomy nodes, at least one.
    pub nodes: Vec<String>,
}

/// The vector by which an engine shows that it computes rightly; see [`crate::input::self_test_input`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SelfTest {
    /// Start of the generator.
    pub seed: u32,
    /// What onnxruntime gives, one a class.
    pub logits: Vec<f32>,
    /// The largest absolute difference allowed; finite, above 0.
    pub tolerance: f32,
}

impl Manifest {
    /// Reads and checks a manifest. Whether its ids are in the taxonomy is checked by [`super::Pack::open`].
    ///
    /// # Errors
    /// [`PackError::Json`], [`PackError::Schema`] or [`PackError::Field`], all with code `pack-manifest`.
    pub fn parse(json: &[u8]) -> Result<Self, PackError> {
        catch_panic(|| Self::parse_foreign(json), PackError::Json)
    }

    fn parse_foreign(json: &[u8]) -> Result<Self, PackError> {
        // The schema comes first: a manifest of a later schema may well have other fields.
        #[derive(Deserialize)]
        struct Head {
            schema: String,
        }
        if json.len() as u64 > MAX_MANIFEST_BYTES {
            return Err(PackError::Json(format!("it has more than {MAX_MANIFEST_BYTES} bytes")));
        }
        let invalid = |error: serde_json::Error| PackError::Json(error.to_string());
        let head: Head = serde_json::from_slice(json).map_err(invalid)?;
        if head.schema != SCHEMA && head.schema != SCHEMA_WITH_KINDS {
            return Err(PackError::Schema(head.schema));
        }
        let manifest: Self = serde_json::from_slice(json).map_err(invalid)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// What the manifest promises about the graph.
    #[must_use]
    pub fn signature(&self) -> Signature<'_> {
        Signature {
            input: &self.input.tensor,
            size: self.input.size as usize,
            logits: &self.outputs.logits,
            classes: self.classes.len(),
            features: self.outputs.features.as_deref(),
        }
    }

    /// The files besides the manifest, in the order in which they are best fetched: the small one first.
    pub fn files(&self) -> impl Iterator<Item = &PackFile> {
        let Files { model, taxonomy, scope, kind } = &self.files;
        std::iter::once(taxonomy).chain(scope).chain(kind).chain([model])
    }

    /// Bytes of all [`files`](Self::files), what a progress bar counts towards.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.files().map(|file| file.bytes).sum()
    }

    fn check(&self) -> Result<(), PackError> {
        check_id("id", &self.id)?;
        for (field, text) in [("version", &self.version), ("licence", &self.licence), ("source", &self.source)] {
            check(field, !text.trim().is_empty(), "is empty")?;
        }
        self.files.model.check("files.model", MAX_MODEL_BYTES)?;
        self.files.taxonomy.check("files.taxonomy", MAX_TAXONOMY_BYTES)?;
        let mut paths = HashSet::from(["manifest.json"]);
        let clash = !self.files().all(|file| paths.insert(&file.path));
        check("files", !clash, "uses one path for two files")?;
        self.input.check().map_err(|(field, problem)| PackError::field(format!("input.{field}"), problem))?;
        check("outputs.logits", !self.outputs.logits.is_empty(), "is empty")?;
        if let Some(features) = &self.outputs.features {
            check("outputs.features", !features.is_empty(), "is empty; leave it out if there is none")?;
            check("outputs.features", *features != self.outputs.logits, "is the same output as outputs.logits")?;
        }
        check("classes", !self.classes.is_empty(), "is empty")?;
        check_unique_ids("classes", self.classes.iter())?;
        check("temperature", self.temperature.is_finite() && self.temperature > 0.0, "is not a number above 0")?;
        self.check_tasks()?;
        self.check_scope()?;
        check("quality", self.quality.is_none_or(|limits| limits.are_sound()), QUALITY_PROBLEM)?;
        self.check_photo_kinds()?;
        let sound = self.activations.values().all(|range| range.is_finite() && *range > 0.0);
        check("activations", sound, "holds a number that is not above 0")?;
        self.check_self_test()
    }

    fn check_tasks(&self) -> Result<(), PackError> {
        check_unique_ids("tasks", self.tasks.iter().map(|task| &task.id))?;
        for (number, task) in self.tasks.iter().enumerate() {
            for (side, nodes) in [("positive", &task.positive.nodes), ("negative", &task.negative.nodes)] {
                check(&format!("tasks[{number}].{side}.nodes"), !nodes.is_empty(), "is empty")?;
            }
            let both = task.positive.nodes.iter().chain(&task.negative.nodes);
            check_unique_ids(&format!("tasks[{number}]"), both)?;
            check_points(&format!("tasks[{number}].operating_points"), &task.operating_points)?;
        }
        Ok(())
    }

    fn check_scope(&self) -> Result<(), PackError> {
        check(
            "scope",
            self.scope.is_some() == self.files.scope.is_some(),
            "and `files.scope` only make sense together",
        )?;
        let Some((rule, file)) = self.scope.zip(self.files.scope.as_ref()) else { return Ok(()) };
        file.check("files.scope", MAX_SCOPE_BYTES)?;
        check("scope", self.outputs.features.is_some(), "needs `outputs.features`")?;
        check("scope.channels", rule.channels > 0, "is 0")?;
        check("scope.threshold", (0.0..=1.0).contains(&rule.threshold), "is not between 0 and 1")
    }

    fn check_photo_kinds(&self) -> Result<(), PackError> {
        let together = self.photo_kinds.is_some() == self.files.kind.is_some();
        check("photo_kinds", together, "and `files.kind` only make sense together")?;
        let schema = if self.photo_kinds.is_some() { SCHEMA_WITH_KINDS } else { SCHEMA };
        check("schema", self.schema == schema, &format!("has to be \"{schema}\": `photo_kinds` make the difference"))?;
        let Some((rule, file)) = self.photo_kinds.as_ref().zip(self.files.kind.as_ref()) else { return Ok(()) };
        file.check("files.kind", MAX_KIND_BYTES)?;
        check("photo_kinds", self.outputs.features.is_some(), "needs `outputs.features`")?;
        check("photo_kinds.channels", rule.channels > 0, "is 0")?;
        check_unique_ids("photo_kinds.kinds", rule.kinds.iter().map(|kind| &kind.id))?;
        for (number, kind) in rule.kinds.iter().enumerate() {
            let field = |name: &str| format!("photo_kinds.kinds[{number}].{name}");
            let as_many = format!("has {} entries for {} classes", kind.offset.len(), self.classes.len());
            check(&field("offset"), kind.offset.len() == self.classes.len(), &as_many)?;
            check(&field("offset"), kind.offset.iter().all(|n| n.is_finite()), "has an entry that is not a number")?;
            let above_0 = kind.temperature.is_finite() && kind.temperature > 0.0;
            check(&field("temperature"), above_0, "is not a number above 0")?;
            let in_range = kind.scope_threshold.is_none_or(|threshold| (0.0..=1.0).contains(&threshold));
            check(&field("scope_threshold"), in_range, "is not between 0 and 1")?;
            check(&field("quality"), kind.quality.is_none_or(|limits| limits.are_sound()), QUALITY_PROBLEM)?;
            for (task, points) in &kind.operating_points {
                let known = self.tasks.iter().any(|other| other.id == *task);
                check(&field("operating_points"), known, &format!("names \"{task}\", which is no task"))?;
                check_points(&field("operating_points"), points)?;
            }
        }
        Ok(())
    }

    fn check_self_test(&self) -> Result<(), PackError> {
        let SelfTest { logits, tolerance, .. } = &self.self_test;
        let as_many = format!("has {} entries for {} classes", logits.len(), self.classes.len());
        check("self_test.logits", logits.len() == self.classes.len(), &as_many)?;
        check("self_test.logits", logits.iter().all(|logit| logit.is_finite()), "has an entry that is not a number")?;
        check("self_test.tolerance", tolerance.is_finite() && *tolerance > 0.0, "is not a number above 0")
    }
}

impl PackFile {
    /// Whether a file of this length can be the one that is meant. A download calls it early.
    ///
    /// # Errors
    /// [`PackError::Length`].
    pub fn check_length(&self, actual: u64) -> Result<(), PackError> {
        if actual == self.bytes {
            return Ok(());
        }
        Err(PackError::Length { path: self.path.clone(), expected: self.bytes, actual })
    }

    /// Whether these bytes have the right SHA-256.
    ///
    /// # Errors
    /// [`PackError::Hash`].
    pub fn check_hash(&self, bytes: &[u8]) -> Result<(), PackError> {
        self.check_digest(sha256_hex(bytes))
    }

    /// The same for a SHA-256 that is computed already, 64 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// [`PackError::Hash`].
    pub fn check_digest(&self, actual: String) -> Result<(), PackError> {
        if actual == self.sha256 {
            return Ok(());
        }
        Err(PackError::Hash { path: self.path.clone(), expected: self.sha256.clone(), actual })
    }

    fn check(&self, field: &str, max_bytes: u64) -> Result<(), PackError> {
        let path = "is not a relative path of letters, digits, \".\", \"_\", \"-\" and \"/\" without \"..\"";
        check(&format!("{field}.path"), is_safe_path(&self.path), path)?;
        let range = format!("is not between 1 and {max_bytes}");
        check(&format!("{field}.bytes"), (1..=max_bytes).contains(&self.bytes), &range)?;
        let is_hash = self.sha256.len() == 64 && self.sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        check(&format!("{field}.sha256"), is_hash, "is not 64 lower-case hexadecimal digits")
    }
}

/// Whether the path stays inside the folder of the manifest, on a disk as well as in a URL. The characters are those
/// that mean nothing special in either: no `:` (scheme, drive), `\`, `%` (an escaped `..`), `?` or `#`.
fn is_safe_path(path: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    path.len() <= 255
        && path.split('/').all(|part| !part.is_empty() && part != "." && part != ".." && part.bytes().all(plain))
}

fn check(field: &str, holds: bool, problem: &str) -> Result<(), PackError> {
    if holds { Ok(()) } else { Err(PackError::field(field, problem)) }
}

const QUALITY_PROBLEM: &str =
    "has a share outside 0 to 1, a sharpness outside 0 to 4, or a least brightness that is not below the most";

fn check_points(field: &str, points: &[OperatingPoint]) -> Result<(), PackError> {
    check_unique_ids(field, points.iter().map(|point| &point.id))?;
    let numbers = points.iter().flat_map(|p| [p.threshold, p.sensitivity, p.specificity]);
    check(field, numbers.into_iter().all(|n| (0.0..=1.0).contains(&n)), "has a number outside 0 to 1")
}

fn check_id(field: &str, id: &str) -> Result<(), PackError> {
    check(field, is_id(id), &format!("has \"{id}\"; ids are made of lower-case letters, digits and \"-\""))
}

fn check_unique_ids<'a>(field: &str, ids: impl Iterator<Item = &'a String>) -> Result<(), PackError> {
    let mut seen = HashSet::new();
    for id in ids {
        check_id(field, id)?;
        check(field, seen.insert(id), &format!("has \"{id}\" twice"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_safe_path;

    #[test]
    fn paths_stay_inside() {
        for good in ["model.onnx", "weights/v1/model.onnx", "a-b_c.1", "..."] {
            assert!(is_safe_path(good), "{good}");
        }
        let bad = [
            "",
            "/model.onnx",
            "../model.onnx",
            "a/../../b",
            "a//b",
            "a/",
            "./a",
            "https://x/y",
            "C:model",
            "a\\b",
            "%2e%2e/x",
            "a?b",
            "a#b",
            "a b",
            "\u{202e}a",
        ];
        for bad in bad {
            assert!(!is_safe_path(bad), "{bad}");
        }
    }
}
