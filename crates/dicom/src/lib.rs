//! Takes the photo out of a DICOM file (dermoscopy and photographs as hospitals store them), so that it can be classified like
//! any other file.
//!
//! Of a patient nothing is read: of the data set only the dozen attributes that describe pixels are looked at, all others are
//! passed over, and no error quotes a value. What comes out is the JPEG that lies in the file, as it is, or a PNG of
//! pixels that are not compressed. Of several frames the first counts.
//!
//! The format is that of DICOM PS3.3 (image pixel module, C.7.6.3), PS3.5 (encodings; encapsulation, annex A.4) and
//! PS3.10 (files). Which compressions are read, and which are refused by name: [`TransferSyntax`].

mod data_set;
mod jpeg;
mod picture;
mod pixels;
mod transfer_syntax;
#[cfg(target_arch = "wasm32")]
pub mod web;

use std::borrow::Cow;

use skintree::catch_panic::catch_panic;
use skintree::photo::{Limits, PhotoError, is_dicom};

use crate::picture::{Picture, Pixels};
pub use crate::transfer_syntax::TransferSyntax;

/// The file to classify: the photo inside where `bytes` are a DICOM file, and else `bytes`, whatever they are.
///
/// # Errors
/// [`PhotoError::Format`] for a kind of DICOM file that is not read, [`PhotoError::BrokenDicom`], and those of `limits`.
pub fn photo_file<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Cow<'a, [u8]>, PhotoError> {
    if !is_dicom(bytes) {
        return Ok(bytes.into());
    }
    limits.check_bytes(bytes.len())?;
    catch_panic(|| photo_inside(bytes, limits), |_| PhotoError::BrokenDicom).map(Cow::Owned)
}

fn photo_inside(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, PhotoError> {
    let Picture { layout, pixels } = Picture::find(bytes)?;
    match pixels {
        Pixels::Jpeg(fragments) => jpeg::first_frame(&layout, &fragments),
        Pixels::Raw(samples) => pixels::to_png(&layout, samples, limits),
    }
}
