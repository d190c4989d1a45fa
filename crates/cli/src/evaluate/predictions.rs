//! `predictions.jsonl` on disk: each photo's line is written as soon as it is there.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use skintree_evaluate::predictions::{Prediction, Predictions};

#[derive(Debug)]
pub(super) struct PredictionsFile {
    file: File,
    known: Predictions,
}

impl PredictionsFile {
    /// Opens the file of an earlier run of the same pack (SHA-256 of its manifest) and engine, or begins a new one.
    pub(super) fn open(path: &Path, [manifest_sha256, engine]: [&str; 2]) -> io::Result<Self> {
        let mut known = Predictions::new(manifest_sha256, engine);
        match fs::read_to_string(path) {
            Ok(text) => drop(known.read(&text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        // Written anew, so that no broken line stays in the middle.
        let part = path.with_extension("jsonl.part");
        let mut file = File::create(&part)?;
        file.write_all(known.to_text().as_bytes())?;
        fs::rename(&part, path)?;
        Ok(Self { file, known })
    }

    pub(super) fn known(&self) -> &Predictions {
        &self.known
    }

    pub(super) fn add(&mut self, file: &str, prediction: Prediction) -> io::Result<()> {
        let mut line = self.known.add(file, prediction);
        line.push('\n');
        self.file.write_all(line.as_bytes())
    }
}
