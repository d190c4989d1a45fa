//! Any bytes as a photo: refused, or pixels as many as announced.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use skintree::input::{InputRecipe, InputTensor};
use skintree::pack::Manifest;
use skintree::photo::{Limits, Photo};
use skintree::photo_part::Part;
use skintree::quality::Quality;

/// Small, so that a run takes microseconds.
const LIMITS: Limits = Limits { bytes: 1 << 20, pixels: 1 << 16, memory: 1 << 24 };

/// That of the tiny pack.
static RECIPE: LazyLock<InputRecipe> = LazyLock::new(|| {
    let manifest = Manifest::parse(include_bytes!("../../tests/golden/tiny/manifest.json"));
    manifest.expect("it is a manifest").input
});

fuzz_target!(|data: &[u8]| {
    let Ok(photo) = Photo::decode(data, &LIMITS) else { return };
    let (width, height) = (photo.width(), photo.height());
    assert!(width > 0 && height > 0 && u64::from(width) * u64::from(height) <= LIMITS.pixels);
    assert_eq!(photo.rgb().len(), width as usize * height as usize * 3);
    assert!(InputTensor::from_photo(&photo, &RECIPE).data.iter().all(|value| value.is_finite()));
    let _ = Quality::measure(&photo, &RECIPE);
    let side = width.min(height);
    photo.part_as_png(Part { turns: data.len() as u8 % 4, x: 0, y: 0, side }, 16).expect("it lies in the photo");
});
