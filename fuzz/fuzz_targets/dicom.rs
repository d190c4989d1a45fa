//! Any bytes as a DICOM file: refused, or a photo's file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skintree::photo::{Limits, Photo};
use skintree_dicom::photo_file;

/// Small, so that a run takes microseconds.
const LIMITS: Limits = Limits { bytes: 1 << 20, pixels: 1 << 16, memory: 1 << 24 };

fuzz_target!(|data: &[u8]| {
    // The mark is put there, as few bytes that are made up would pass without it.
    let mut bytes = data.to_vec();
    if let Some(mark) = bytes.get_mut(128..132) {
        mark.copy_from_slice(b"DICM");
    }
    if let Ok(file) = photo_file(&bytes, &LIMITS) {
        let _ = Photo::decode(&file, &LIMITS);
    }
});
