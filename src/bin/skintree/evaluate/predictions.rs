//! `predictions.jsonl`: what the network gave for each photo, one line each, so that a run can go on where it was.
//!
//! The first line names pack and engine; a file of another pack or engine is begun anew. A last line that was cut off
//! by a crash is dropped.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

const SCHEMA: &str = "skintree.predictions/1";

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Header {
    schema: String,
    manifest_sha256: String,
    engine: String,
}

/// What came of one photo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Prediction {
    Logits {
        logits: Vec<f32>,
        /// The last feature map averaged over its area: one value a channel, as base64 of little-endian f32.
        #[serde(with = "features", default)]
        features: Option<Vec<f32>>,
    },
    Failed {
        code: String,
        message: String,
    },
}

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    file: String,
    #[serde(flatten)]
    prediction: Prediction,
}

#[derive(Debug)]
pub(super) struct Predictions {
    file: File,
    known: HashMap<String, Prediction>,
}

impl Predictions {
    /// Opens the file of an earlier run of the same pack (SHA-256 of its manifest) and engine, or begins a new one.
    /// Photos that failed are tried again.
    pub(super) fn open(path: &Path, [manifest_sha256, engine]: [&str; 2]) -> io::Result<Self> {
        let header = Header {
            schema: SCHEMA.to_owned(),
            manifest_sha256: manifest_sha256.to_owned(),
            engine: engine.to_owned(),
        };
        let old = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let mut lines = old.lines();
        let same = lines.next().is_some_and(|line| serde_json::from_str::<Header>(line).is_ok_and(|h| h == header));
        let known = if same { lines.filter_map(answered).collect() } else { HashMap::new() };
        // Written anew, so that no broken line stays in the middle.
        let part = path.with_extension("jsonl.part");
        let mut file = File::create(&part)?;
        write_line(&mut file, &header)?;
        let mut predictions = Self { file, known: HashMap::new() };
        for (name, prediction) in known {
            predictions.add(&name, prediction)?;
        }
        fs::rename(&part, path)?;
        Ok(predictions)
    }

    pub(super) fn get(&self, file: &str) -> Option<&Prediction> {
        self.known.get(file)
    }

    pub(super) fn take(&mut self, file: &str) -> Option<Prediction> {
        self.known.remove(file)
    }

    pub(super) fn add(&mut self, file: &str, prediction: Prediction) -> io::Result<()> {
        let line = Line { file: file.to_owned(), prediction };
        write_line(&mut self.file, &line)?;
        self.known.insert(line.file, line.prediction);
        Ok(())
    }
}

fn answered(line: &str) -> Option<(String, Prediction)> {
    let line: Line = serde_json::from_str(line).ok()?;
    matches!(line.prediction, Prediction::Logits { .. }).then_some((line.file, line.prediction))
}

fn write_line(file: &mut File, value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_string(value)?;
    line.push('\n');
    file.write_all(line.as_bytes())
}

mod features {
    use base64::Engine as _;

    use super::{BASE64_STANDARD, Deserialize, Serialize};
    use serde::{Deserializer, Serializer, de::Error as _};

    #[expect(clippy::ref_option, reason = "the signature serde asks for")]
    pub(super) fn serialize<S: Serializer>(values: &Option<Vec<f32>>, serializer: S) -> Result<S::Ok, S::Error> {
        let encode = |values: &Vec<f32>| {
            BASE64_STANDARD.encode(values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())
        };
        values.as_ref().map(encode).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<f32>>, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
        let bytes = BASE64_STANDARD.decode(text).map_err(D::Error::custom)?;
        let value = |four: &[u8]| f32::from_le_bytes([four[0], four[1], four[2], four[3]]);
        Ok(Some(bytes.chunks_exact(4).map(value).collect()))
    }
}
