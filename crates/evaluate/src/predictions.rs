//! What the network gave for each photo, kept as text (`predictions.jsonl`), so that a run can go on where it was.
//!
//! The first line names pack and engine, each other one a photo. The command line writes a line as soon as it has it,
//! the page gives all of them to be saved; either goes on with what the other has written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

const SCHEMA: &str = "skintree.predictions/1";

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
    #[serde(flatten)]
    prediction: P,
}

/// The predictions of one pack on one engine, by the paths of the photos.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    header: Header,
    known: BTreeMap<String, Prediction>,
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

    /// Takes up the answers of an earlier run and says how many there are, or `None` if they are of another pack or
    /// engine. Photos that had failed shall be tried again; a last line that was cut off by a crash is dropped.
    pub fn read(&mut self, text: &str) -> Option<usize> {
        let mut lines = text.lines();
        let header: Header = serde_json::from_str(lines.next()?).ok()?;
        if header != self.header {
            return None;
        }
        let mut count = 0;
        for line in lines.filter_map(|line| serde_json::from_str::<Line<String, Prediction>>(line).ok()) {
            if matches!(line.prediction, Prediction::Logits { .. }) {
                self.known.insert(line.file, line.prediction);
                count += 1;
            }
        }
        Some(count)
    }

    /// The prediction for a photo.
    #[must_use]
    pub fn get(&self, file: &str) -> Option<&Prediction> {
        self.known.get(file)
    }

    /// Takes up a photo's prediction and gives its line, without the line end.
    pub fn add(&mut self, file: &str, prediction: Prediction) -> String {
        let text = to_json(&Line { file, prediction: &prediction });
        self.known.insert(file.to_owned(), prediction);
        text
    }

    /// All of it, in the order of the paths.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut lines = vec![to_json(&self.header)];
        lines.extend(self.known.iter().map(|(file, prediction)| to_json(&Line { file, prediction })));
        lines.push(String::new());
        lines.join("\n")
    }
}

/// Of values that have nothing JSON cannot hold: keys are texts, and logits that are no numbers become null.
fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
