//! Any bytes as the EXIF data of a JPEG: the picture is there whatever they say.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use skintree::photo::{Limits, Photo};

static JPEG: &[u8] = include_bytes!("../../tests/photos/baseline-420.jpg");
static PLAIN: LazyLock<Photo> = LazyLock::new(|| Photo::decode(JPEG, &Limits::default()).expect("it is a photo"));

fuzz_target!(|data: &[u8]| {
    let exif = &data[..data.len().min(0xFFF0)];
    let length = (exif.len() + 8) as u16;
    let segment = [&[0xFF, 0xE1][..], &length.to_be_bytes(), b"Exif\0\0", exif].concat();
    let photo = Photo::decode(&[&JPEG[..2], &segment, &JPEG[2..]].concat(), &Limits::default());
    let photo = photo.expect("metadata spoil no photo");
    let mut sides = [photo.width(), photo.height()];
    let mut expected = [PLAIN.width(), PLAIN.height()];
    sides.sort_unstable();
    expected.sort_unstable();
    assert_eq!(sides, expected);
});
