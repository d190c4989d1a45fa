//! What the network gave for each photo, kept as text (`predictions.jsonl`), so that a run can go on where it was.
//!
//! The first line names pack and engine, each other one a photo, by its path and the SHA-256 of its bytes: another photo of the
//! same name has no answer. The command line writes a line as soon as it has it, the page gives all of them to be saved; either
//! goes on with what the other has written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use skintree::sha256::sha256_hex;

use crate::EvaluateError;

const SCHEMA: &str = "skintree.predictions/2";

/// The SHA-256 of a photo's bytes, which its answer belongs to.
#[must_use]
pub fn photo_id(bytes: &[u8]) -> String {
    sha256_hex(bytes)
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Header {
    schema: String,
    manifest_sha256: String,
    engine: String,
}

/// What came of one photo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Prediction {
    /// The network's answer.
    Logits {
        /// One a class of the pack, in its order.
        logits: Vec<f32>,
        /// The last feature map averaged over its area: one value a channel, as base64 of little-endian f32. Only the
        /// command line makes and reads it.
        #[serde(default)]
        features: Option<String>,
    },
    /// It could not be classified.
    Failed {
        /// Stable code of the error.
        code: String,
        /// Its message.
        message: String,
    },
}

#[derive(Debug, Serialize, Deserialize)]
struct Line<F, P> {
    file: F,
    /// `None` if there was no photo to read.
    sha256: Option<F>,
    #[serde(flatten)]
    prediction: P,
}

/// What came of a photo, and which.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    photo: Option<String>,
    prediction: Prediction,
}

/// The predictions of one pack on one engine, by the paths of the photos.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    header: Header,
    known: BTreeMap<String, Entry>,
}

impl Predictions {
    /// None yet, of the pack whose manifest has this SHA-256 and of the engine of this name.
    #[must_use]
    pub fn new(manifest_sha256: &str, engine: &str) -> Self {
        let header = Header {
            schema: SCHEMA.to_owned(),
            manifest_sha256: manifest_sha256.to_owned(),
            engine: engine.to_owned(),
        };
        Self { header, known: BTreeMap::new() }
    }

    /// Takes up the answers of an earlier run and says how many there are. Photos that had failed shall be tried again; a last
    /// line that was cut off by a crash is dropped.
    ///
    /// # Errors
    /// [`EvaluateError::Predictions`] if they are of another pack or engine, or no predictions.
    pub fn read(&mut self, text: &str) -> Result<usize, EvaluateError> {
        let mut lines = text.lines();
        let refused = |reason| EvaluateError::Predictions(reason);
        let first = lines.next().unwrap_or_default();
        let header: Header = serde_json::from_str(first).map_err(|_| refused("it holds no predictions".to_owned()))?;
        if header.schema != self.header.schema {
            return Err(refused(format!(
                "it has schema {}, not {SCHEMA}, which names each photo by its bytes",
                header.schema
            )));
        }
        if header.manifest_sha256 != self.header.manifest_sha256 {
            return Err(refused("it holds the answers of another model pack".to_owned()));
        }
        if header.engine != self.header.engine {
            let (theirs, ours) = (header.engine, &self.header.engine);
            return Err(refused(format!("it holds the answers of the engine {theirs}, where {ours} runs now")));
        }
        let mut count = 0;
        for line in lines.filter_map(|line| serde_json::from_str::<Line<String, Prediction>>(line).ok()) {
            if matches!(line.prediction, Prediction::Logits { .. }) {
                self.known.insert(line.file, Entry { photo: line.sha256, prediction: line.prediction });
                count += 1;
            }
        }
        Ok(count)
    }

    /// Whether the answer that is known for a path is that of this photo ([`photo_id`]); `None` if none is known.
    #[must_use]
    pub fn belongs_to(&self, file: &str, photo: &str) -> Option<bool> {
        self.known.get(file).map(|entry| entry.photo.as_deref() == Some(photo))
    }

    /// Drops what is known for a path.
    pub fn forget(&mut self, file: &str) {
        self.known.remove(file);
    }

    /// The prediction for a photo.
    #[must_use]
    pub fn get(&self, file: &str) -> Option<&Prediction> {
        self.known.get(file).map(|entry| &entry.prediction)
    }

    /// Takes up a photo's prediction and gives its line, without the line end. `photo` is its [`photo_id`], if it could be read.
    pub fn add(&mut self, file: &str, photo: Option<String>, prediction: Prediction) -> String {
        let text = to_json(&Line { file, sha256: photo.as_deref(), prediction: &prediction });
        self.known.insert(file.to_owned(), Entry { photo, prediction });
        text
    }

    /// All of it, in the order of the paths.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut lines = vec![to_json(&self.header)];
        lines.extend(self.known.iter().map(|(file, Entry { photo, prediction })| {
            to_json(&Line { file: file.as_str(), sha256: photo.as_deref(), prediction })
        }));
        lines.push(String::new());
        lines.join("\n")
    }
}

/// Of values that have nothing JSON cannot hold: keys are texts, and logits that are no numbers become null.
fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
