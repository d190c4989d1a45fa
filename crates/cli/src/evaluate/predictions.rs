//! `predictions.jsonl` on disk: each photo's line is written as soon as it is there.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use skintree_evaluate::EvaluateError;
use skintree_evaluate::predictions::{Prediction, Predictions, photo_id};

use super::photos::Photos;

#[derive(Debug)]
pub(super) struct PredictionsFile {
    file: File,
    known: Predictions,
}

/// What an earlier run has left.
#[derive(Debug)]
pub(super) struct Earlier {
    path: PathBuf,
    known: Predictions,
    /// Photos with answers that cannot be read now.
    gone: Vec<String>,
}

impl Earlier {
    /// Reads the file of an earlier run of the same pack (SHA-256 of its manifest) and engine, if there is one.
    pub(super) fn read(path: &Path, [manifest_sha256, engine]: [&str; 2]) -> Result<Self, EvaluateError> {
        let mut known = Predictions::new(manifest_sha256, engine);
        match fs::read_to_string(path) {
            Ok(text) => drop(known.read(&text).map_err(|error| named(path, error))?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(EvaluateError::File(format!("{} cannot be opened: {error}", path.display()))),
        }
        Ok(Self { path: path.to_owned(), known, gone: Vec::new() })
    }

    /// Refuses answers that are of other photos of the same names.
    pub(super) fn check(&mut self, photos: &Photos) -> Result<(), EvaluateError> {
        for (file, path) in photos.files.iter().zip(&photos.paths) {
            if self.known.get(file).is_none() {
                continue;
            }
            match path.as_ref().ok().and_then(|path| fs::read(path).ok()) {
                None => self.gone.push(file.clone()),
                Some(bytes) if self.known.belongs_to(file, &photo_id(&bytes)) == Some(false) => {
                    let reason = format!("it holds the answers to other photos of the same names, {file} for one");
                    return Err(named(&self.path, EvaluateError::Predictions(reason)));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Begins to write. What is there already is written anew, so that no broken line stays in the middle; answers to photos
    /// that cannot be read stay in the file for a run that has the photos.
    pub(super) fn go_on(mut self) -> io::Result<PredictionsFile> {
        let part = self.path.with_extension("jsonl.part");
        let mut file = File::create(&part)?;
        file.write_all(self.known.to_text().as_bytes())?;
        fs::rename(&part, &self.path)?;
        for file in &self.gone {
            self.known.forget(file);
        }
        Ok(PredictionsFile { file, known: self.known })
    }
}

fn named(path: &Path, error: EvaluateError) -> EvaluateError {
    match error {
        EvaluateError::Predictions(reason) => EvaluateError::Predictions(format!("{}: {reason}", path.display())),
        error => error,
    }
}

impl PredictionsFile {
    pub(super) fn known(&self) -> &Predictions {
        &self.known
    }

    pub(super) fn add(&mut self, file: &str, photo: Option<String>, prediction: Prediction) -> io::Result<()> {
        let mut line = self.known.add(file, photo, prediction);
        line.push('\n');
        self.file.write_all(line.as_bytes())
    }
}
