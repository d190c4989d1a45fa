//! Which kind of photo it is, and the numbers of the pack that hold for it.

use super::InterpretError;
use crate::engine::{FeatureMap, Outputs};
use crate::pack::{OperatingPoint, Pack, PhotoKind, Task};
use crate::quality::QualityLimits;
use crate::report::{KindName, PhotoKindResult, Scope};

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
    /// [`InterpretError::NoFeatures`] if the pack needs a feature map and there is none that fits;
    /// [`InterpretError::UnknownKind`].
    pub fn of(pack: &'a Pack, outputs: &Outputs, wanted: Option<&str>) -> Result<Self, InterpretError> {
        let Some((head, kinds)) = pack.photo_kinds() else {
            return wanted.map_or(Ok(Self { entry: None, probability: 1.0 }), |id| {
                Err(InterpretError::UnknownKind { id: id.to_owned(), known: String::new() })
            });
        };
        let second = head.probability(&pooled(outputs, head.channels())?);
        if !second.is_finite() {
            return Err(InterpretError::NoFeatures);
        }
        let place = match wanted {
            None => usize::from(second >= 0.5),
            Some(id) => kinds.iter().position(|kind| kind.id == id).ok_or_else(|| InterpretError::UnknownKind {
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

    pub(super) fn operating_points(&self, task: &'a Task) -> &'a [OperatingPoint] {
        let own = self.entry.and_then(|kind| kind.operating_points.get(&task.id));
        own.unwrap_or(&task.operating_points)
    }

    pub(super) fn quality_limits(&self, pack: &Pack) -> QualityLimits {
        self.entry.and_then(|kind| kind.quality).or(pack.manifest().quality).unwrap_or_default()
    }

    pub(super) fn judge_scope(&self, pack: &Pack, outputs: &Outputs) -> Result<Option<Scope>, InterpretError> {
        let Some((subspace, rule)) = pack.scope().zip(pack.manifest().scope) else { return Ok(None) };
        let threshold = self.entry.and_then(|kind| kind.scope_threshold).unwrap_or(rule.threshold);
        let score = subspace.score(&pooled(outputs, subspace.channels())?);
        if !score.is_finite() {
            return Err(InterpretError::NoFeatures);
        }
        Ok(Some(Scope { score, threshold, in_scope: score <= threshold }))
    }

    pub(super) fn result(&self, pack: &Pack, wanted: Option<&str>) -> Option<PhotoKindResult> {
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
fn pooled(outputs: &Outputs, channels: usize) -> Result<Vec<f64>, InterpretError> {
    let features = outputs.features.as_ref().filter(|map| map.shape[0] == channels);
    features.map(FeatureMap::pooled).ok_or(InterpretError::NoFeatures)
}
