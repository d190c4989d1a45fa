//! Reading a photo's file, but not one that is no photo by its size.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use skintree::photo::{Limits, PhotoError};
use skintree_evaluate::{Error, EvaluateError};

/// The bytes of a photo. A file that is longer than the limit is not read.
pub(crate) fn read_photo(path: &Path, limits: &Limits) -> Result<Vec<u8>, Error> {
    let unreadable = |error: std::io::Error| EvaluateError::UnreadablePhoto(error.to_string());
    let file = File::open(path).map_err(unreadable)?;
    let actual = file.metadata().map_err(unreadable)?.len();
    if actual > limits.bytes {
        return Err(PhotoError::TooManyBytes { actual, limit: limits.bytes }.into());
    }
    // Devices and pipes have no length.
    let mut bytes = Vec::new();
    file.take(limits.bytes + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}
