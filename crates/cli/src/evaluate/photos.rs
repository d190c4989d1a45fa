//! Where the photos of a table lie.

use std::path::{Path, PathBuf};

use skintree_evaluate::EvaluateError;
use skintree_evaluate::photo_index::PhotoIndex;
use walkdir::WalkDir;

/// The photos of a table.
#[derive(Debug)]
pub(super) struct Photos {
    /// As the table has them.
    pub(super) files: Vec<String>,
    /// Where each is, or why it is not there.
    pub(super) paths: Vec<Result<PathBuf, EvaluateError>>,
}

impl Photos {
    /// Finds the photos that a table names in a folder and the folders in it; what is not there as the table has it is looked
    /// for by [`PhotoIndex`].
    pub(super) fn locate(folder: &Path, files: Vec<String>) -> Self {
        let paths = locate(folder, &files);
        Self { files, paths }
    }
}

fn locate(folder: &Path, files: &[String]) -> Vec<Result<PathBuf, EvaluateError>> {
    let direct: Vec<Option<PathBuf>> =
        files.iter().map(|file| Some(folder.join(file)).filter(|path| path.is_file())).collect();
    if direct.iter().all(Option::is_some) {
        return direct.into_iter().flatten().map(Ok).collect();
    }
    let index = PhotoIndex::new(all_files(folder));
    let found = index.find_all(files);
    let locate = |(direct, found): (Option<PathBuf>, Result<Option<usize>, EvaluateError>)| match (direct, found) {
        (Some(path), _) => Ok(path),
        (None, Ok(place)) => {
            place.and_then(|place| index.path(place)).map(|path| folder.join(path)).ok_or(EvaluateError::NoPhoto)
        }
        (None, Err(error)) => Err(error),
    };
    direct.into_iter().zip(found).map(locate).collect()
}

/// Paths relative to the folder, in the order of their names. What cannot be read or is no text has none.
fn all_files(folder: &Path) -> Vec<String> {
    let files = WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter().filter_map(Result::ok);
    let relative = |entry: walkdir::DirEntry| Some(entry.path().strip_prefix(folder).ok()?.to_str()?.to_owned());
    files.filter(|entry| entry.file_type().is_file()).filter_map(relative).collect()
}
