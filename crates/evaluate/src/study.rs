//! Labelled photos, the answers they have got so far, and the figures over them.

use std::collections::{BTreeMap, BTreeSet};

use skintree::interpret::probabilities;
use skintree::pack::Pack;
use skintree::report::{self, EngineInfo, ModelInfo};
use skintree::taxonomy::{Level, NodeIndex};

use crate::case::{Case, Context, at_level};
use crate::error::EvaluateError;
use crate::labels::{LabelledPhoto, Labels};
use crate::predictions::{Prediction, Predictions};
use crate::result::{Data, Embedding, Evaluation, LabelCount, Mistake, Readers, SCHEMA, Skipped};
use crate::{levels, metrics, subgroups, tasks};

/// Resamples unless told otherwise.
pub const DEFAULT_RESAMPLES: usize = 2000;
/// How many wrong answers are listed.
const MISTAKES: usize = 30;

/// Labelled photos and the answers they have got so far.
#[derive(Debug)]
pub struct Study {
    pack: Pack,
    labels: Labels,
    answers: Vec<Option<Outcome>>,
}

#[derive(Debug, Clone)]
enum Outcome {
    Probabilities(Vec<f64>),
    Failed { code: String, message: String },
}

/// What an evaluation is made with, besides the answers.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Bootstrap resamples.
    pub resamples: usize,
    /// Seed of the bootstrap.
    pub seed: u64,
    /// Doctors to compare with.
    pub readers: Vec<Readers>,
    /// A map of the network's features.
    pub embedding: Option<FeatureMapPlaces>,
}

/// A map of the network's features in the plane.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureMapPlaces {
    /// How it was made.
    pub method: String,
    /// Index of the photo, horizontal and vertical place.
    pub points: Vec<(usize, f64, f64)>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { resamples: DEFAULT_RESAMPLES, seed: 1, readers: Vec::new(), embedding: None }
    }
}

impl Study {
    /// A study that has no answers yet. The pack needs no model.
    #[must_use]
    pub fn new(pack: Pack, labels: Labels) -> Self {
        let answers = vec![None; labels.photos.len()];
        Self { pack, labels, answers }
    }

    /// The photos to classify.
    #[must_use]
    pub fn photos(&self) -> &[LabelledPhoto] {
        &self.labels.photos
    }

    /// Identifies the table and how it was read: [`Data::table_sha256`].
    #[must_use]
    pub fn table_sha256(&self) -> &str {
        &self.labels.sha256
    }

    /// The pack.
    #[must_use]
    pub fn pack(&self) -> &Pack {
        &self.pack
    }

    /// The probabilities of the pack's classes, in its order, for the photo at `place` of [`photos`](Self::photos).
    ///
    /// # Errors
    /// [`EvaluateError::Length`].
    pub fn answered(&mut self, place: usize, probabilities: Vec<f64>) -> Result<(), EvaluateError> {
        let expected = self.pack.classes().len();
        if probabilities.len() != expected {
            let file = self.labels.photos[place].file.clone();
            return Err(EvaluateError::Length { file, expected, actual: probabilities.len() });
        }
        self.answers[place] = Some(Outcome::Probabilities(probabilities));
        Ok(())
    }

    /// The photo at `place` could not be classified. It is left out, and the evaluation says so.
    pub fn failed(&mut self, place: usize, code: &str, message: &str) {
        self.answers[place] = Some(Outcome::Failed { code: code.to_owned(), message: message.to_owned() });
    }

    /// The places of the photos that have no prediction yet.
    #[must_use]
    pub fn pending(&self, predictions: &Predictions) -> Vec<usize> {
        let photos = self.labels.photos.iter().enumerate();
        photos.filter(|(_, photo)| predictions.get(&photo.file).is_none()).map(|(place, _)| place).collect()
    }

    /// Takes the predictions for its photos as answers; other photos have none.
    ///
    /// # Errors
    /// [`EvaluateError::Length`], and [`skintree::Error::Interpret`] for logits that are no numbers.
    pub fn take(&mut self, predictions: &Predictions) -> crate::Result<()> {
        self.answers.fill(None);
        for place in 0..self.labels.photos.len() {
            match predictions.get(&self.labels.photos[place].file) {
                Some(Prediction::Logits { logits, .. }) => {
                    self.answered(place, probabilities(logits, self.pack.manifest().temperature)?)?;
                }
                Some(Prediction::Failed { code, message }) => self.failed(place, code, message),
                None => {}
            }
        }
        Ok(())
    }

    /// All figures over the photos that have been answered.
    ///
    /// # Errors
    /// [`EvaluateError::NothingRead`] if there are none, [`EvaluateError::EmptyFold`] if all photos of a fold failed.
    pub fn finish(&self, engine: &EngineInfo, settings: &Settings) -> Result<Evaluation, EvaluateError> {
        let cases = self.cases();
        let skipped = self.skipped();
        if cases.is_empty() {
            let none = Skipped { file: String::new(), code: String::new(), message: "it was not tried".to_owned() };
            let first = skipped.into_iter().next().unwrap_or(none);
            let count = self.labels.photos.len();
            return Err(EvaluateError::NothingRead { count, file: first.file, message: first.message });
        }
        self.check_folds()?;
        let cases: Vec<&Case<'_>> = cases.iter().collect();
        let context = Context { pack: &self.pack, resamples: settings.resamples, seed: settings.seed };
        let fine = levels::LevelCases::fine(&self.pack, &cases);
        let level = |level| levels::LevelCases::upper(&self.pack, &cases, level).figures(&context, &cases);
        Ok(Evaluation {
            schema: SCHEMA.to_owned(),
            disclaimer: report::disclaimer(),
            model: ModelInfo::of(&self.pack),
            engine: engine.clone(),
            data: self.data(&cases, skipped),
            resamples: settings.resamples,
            seed: settings.seed,
            groups: level(Level::Group),
            classes: level(Level::Class),
            calibration: fine.calibration(),
            fine: fine.figures(&context, &cases),
            tasks: tasks::figures(&context, &cases, &settings.readers),
            subgroups: subgroups::figures(&context, &cases, &self.labels.subgroups),
            embedding: settings.embedding.as_ref().map(|map| self.embedding(map)),
            mistakes: self.mistakes(&cases),
        })
    }

    fn cases(&self) -> Vec<Case<'_>> {
        let mut cases = Vec::with_capacity(self.answers.len());
        for (photo, answer) in self.labels.photos.iter().zip(&self.answers) {
            if let Some(Outcome::Probabilities(fine)) = answer {
                let own: Vec<(NodeIndex, f64)> =
                    self.pack.classes().iter().copied().zip(fine.iter().copied()).collect();
                cases.push(Case { photo, fine, sums: self.pack.taxonomy().roll_up(&own) });
            }
        }
        cases
    }

    fn check_folds(&self) -> Result<(), EvaluateError> {
        let mut all_failed: BTreeMap<&str, bool> = BTreeMap::new();
        for (photo, answer) in self.labels.photos.iter().zip(&self.answers) {
            if let Some(fold) = &photo.fold {
                *all_failed.entry(fold).or_insert(true) &= matches!(answer, Some(Outcome::Failed { .. }));
            }
        }
        let empty = all_failed.into_iter().find(|&(_, failed)| failed);
        empty.map_or(Ok(()), |(fold, _)| Err(EvaluateError::EmptyFold { fold: fold.to_owned() }))
    }

    fn skipped(&self) -> Vec<Skipped> {
        let failed = |(photo, answer): (&LabelledPhoto, &Option<Outcome>)| match answer {
            Some(Outcome::Failed { code, message }) => {
                Some(Skipped { file: photo.file.clone(), code: code.clone(), message: message.clone() })
            }
            _ => None,
        };
        self.labels.photos.iter().zip(&self.answers).filter_map(failed).collect()
    }

    fn data(&self, cases: &[&Case<'_>], skipped: Vec<Skipped>) -> Data {
        let mut counts: BTreeMap<NodeIndex, u64> = BTreeMap::new();
        for case in cases {
            *counts.entry(case.photo.label).or_default() += 1;
        }
        let lesions: BTreeSet<&str> = cases.iter().filter_map(|case| case.photo.lesion.as_deref()).collect();
        let mut selection = self.labels.selection.clone();
        let untried = self.answers.iter().filter(|answer| answer.is_none()).count();
        if untried > 0 {
            let all = self.answers.len();
            selection
                .push(format!("only those {} photos of {all} that had been tried when this was made", all - untried));
        }
        Data {
            selection,
            table_sha256: self.labels.sha256.clone(),
            photos: cases.len() as u64,
            lesions: cases.iter().all(|case| case.photo.lesion.is_some()).then_some(lesions.len() as u64),
            labels: counts.into_iter().map(|(node, photos)| self.count(node, photos)).collect(),
            skipped,
        }
    }

    fn count(&self, index: NodeIndex, photos: u64) -> LabelCount {
        let node = self.pack.taxonomy().node(index);
        let covered = self.pack.covered()[index.index()] || levels::fine_class(&self.pack, index).is_some();
        LabelCount { id: node.id.clone(), name: node.name.clone(), photos, covered }
    }

    fn embedding(&self, map: &FeatureMapPlaces) -> Embedding {
        let taxonomy = self.pack.taxonomy();
        let mut counts: BTreeMap<NodeIndex, u64> = BTreeMap::new();
        let group = |place: usize| {
            let label = self.labels.photos[place].label;
            at_level(taxonomy, label, Level::Group).unwrap_or(label)
        };
        for &(place, _, _) in &map.points {
            *counts.entry(group(place)).or_default() += 1;
        }
        let nodes: Vec<NodeIndex> = counts.keys().copied().collect();
        let index = |place| nodes.iter().position(|&node| node == group(place)).unwrap_or_default();
        Embedding {
            method: map.method.clone(),
            points: map.points.iter().map(|&(place, x, y)| (x, y, index(place))).collect(),
            groups: counts.into_iter().map(|(node, photos)| self.count(node, photos)).collect(),
        }
    }

    fn mistakes(&self, cases: &[&Case<'_>]) -> Vec<Mistake> {
        let taxonomy = self.pack.taxonomy();
        let mistake = |case: &&Case<'_>| {
            let truth = levels::fine_class(&self.pack, case.photo.label)?;
            let answer = metrics::argmax(case.fine);
            (answer != truth).then(|| Mistake {
                file: case.photo.file.clone(),
                label: taxonomy.node(case.photo.label).id.clone(),
                answer: taxonomy.node(self.pack.classes()[answer]).id.clone(),
                probability: case.fine[answer],
            })
        };
        let mut mistakes: Vec<Mistake> = cases.iter().filter_map(mistake).collect();
        mistakes.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        mistakes.truncate(MISTAKES);
        mistakes
    }
}
