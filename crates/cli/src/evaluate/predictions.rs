//! `predictions.jsonl` on disk: each photo's line is written as soon as it is there.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use skintree_evaluate::EvaluateError;
use skintree_evaluate::predictions::{Prediction, Predictions, photo_id};

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
    /// It was there.
    found: bool,
}

impl Earlier {
    /// Reads the file of an earlier run of the same pack (SHA-256 of its manifest) and engine, if there is one.
    pub(super) fn read(path: &Path, [manifest_sha256, engine]: [&str; 2]) -> Result<Self, EvaluateError> {
        let mut known = Predictions::new(manifest_sha256, engine);
        let found = match fs::read_to_string(path) {
            Ok(text) => {
                known.read(&text).map_err(|error| named(path, error))?;
                true
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(EvaluateError::File(format!("{} cannot be opened: {error}", path.display()))),
        };
        Ok(Self { path: path.to_owned(), known, found })
    }

    /// Refuses answers that are of other photos of the same names.
    pub(super) fn check<'a, E: 'a>(
        &self,
        photos: impl Iterator<Item = (&'a String, &'a Result<PathBuf, E>)>,
    ) -> Result<(), EvaluateError> {
        let of_another = |(file, path): &(&String, &Result<PathBuf, E>)| {
            let known = || fs::read(path.as_ref().ok()?).ok().map(|bytes| photo_id(&bytes));
            self.known.get(file).is_some()
                && known().is_some_and(|photo| self.known.belongs_to(file, &photo) == Some(false))
        };
        let mut photos = photos;
        match photos.find(of_another).map(|(file, _)| file) {
            Some(file) if self.found => {
                let reason = format!("it holds the answers to other photos of the same names, {file} for one");
                Err(named(&self.path, EvaluateError::Predictions(reason)))
            }
            _ => Ok(()),
        }
    }

    /// Begins to write. What is there already is written anew, so that no broken line stays in the middle.
    pub(super) fn go_on(self) -> io::Result<PredictionsFile> {
        let part = self.path.with_extension("jsonl.part");
        let mut file = File::create(&part)?;
        file.write_all(self.known.to_text().as_bytes())?;
        fs::rename(&part, &self.path)?;
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
    /// Leaves the answers to photos that cannot be read out of this run; they stay in the file for a run that has the photos.
    pub(super) fn leave_out<'a, E: 'a>(&mut self, photos: impl Iterator<Item = (&'a String, &'a Result<PathBuf, E>)>) {
        for (file, path) in photos {
            if !path.as_ref().is_ok_and(|path| File::open(path).is_ok()) {
                self.known.forget(file);
            }
        }
    }

    pub(super) fn known(&self) -> &Predictions {
        &self.known
    }

    pub(super) fn add(&mut self, file: &str, photo: Option<String>, prediction: Prediction) -> io::Result<()> {
        let mut line = self.known.add(file, photo, prediction);
        line.push('\n');
        self.file.write_all(line.as_bytes())
    }
}
