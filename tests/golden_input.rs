//! Our inputs against those of the training code: `tests/golden` holds photos, and what Pillow and numpy made of them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, missing_docs)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};
use skintree::input::{Channels, Crop, Filter, InputRecipe, InputTensor, resize};
use skintree::photo::{Limits, Photo};

#[derive(Deserialize)]
struct Golden {
    photos: Vec<GoldenPhoto>,
}

#[derive(Deserialize)]
struct GoldenPhoto {
    photo: String,
    width: u32,
    height: u32,
    inputs: Vec<GoldenInput>,
}

#[derive(Deserialize)]
struct GoldenInput {
    filter: Filter,
    size: u32,
    pixels: String,
    tensors: Vec<GoldenTensor>,
}

#[derive(Deserialize)]
struct GoldenTensor {
    mean: [f32; 3],
    std: [f32; 3],
    sha256: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn photo(name: &str) -> Photo {
    Photo::decode(&std::fs::read(folder().join(name)).unwrap(), &Limits::default()).unwrap()
}

fn recipe(golden: &GoldenInput, tensor: &GoldenTensor) -> InputRecipe {
    InputRecipe {
        tensor: "input".into(),
        crop: Crop::CentreSquare,
        size: golden.size,
        filter: golden.filter,
        channels: Channels::Rgb,
        mean: tensor.mean,
        std: tensor.std,
    }
}

/// SHA-256 of the values as little-endian f32.
fn hash(tensor: &InputTensor) -> String {
    let bytes: Vec<u8> = tensor.data.iter().flat_map(|value| value.to_le_bytes()).collect();
    Sha256::digest(&bytes).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

#[test]
fn inputs_equal_those_of_training_to_the_last_bit() {
    let golden: Golden = serde_json::from_slice(&std::fs::read(folder().join("golden.json")).unwrap()).unwrap();
    assert!(golden.photos.len() >= 5);
    for row in &golden.photos {
        let photo = photo(&row.photo);
        assert_eq!((photo.width(), photo.height()), (row.width, row.height));
        for input in &row.inputs {
            let expected = self::photo(&input.pixels);
            let region = recipe(input, &input.tensors[0]).region(photo.width(), photo.height());
            let pixels = resize(photo.rgb(), photo.width(), region, input.size, input.size, input.filter);
            assert!(pixels == expected.rgb(), "{}: pixels differ from Pillow's", input.pixels);
            for tensor in &input.tensors {
                let ours = InputTensor::from_photo(&photo, &recipe(input, tensor));
                assert_eq!(ours.shape(), [1, 3, input.size as usize, input.size as usize]);
                assert_eq!(hash(&ours), tensor.sha256, "{} with mean {:?}", input.pixels, tensor.mean);
            }
        }
    }
}

/// Squeezed frames are no part of the golden files; a flat photo must stay flat and a ramp a ramp.
#[test]
fn a_squeezed_frame_keeps_its_colours() {
    let (width, height) = (50, 200);
    let ramp: Vec<u8> = (0..height).flat_map(|y| [(y as u8), 7, 250].repeat(width as usize)).collect();
    let rgba: Vec<u8> = ramp.chunks_exact(3).flat_map(|p| [p[0], p[1], p[2], 255]).collect();
    let photo = Photo::from_rgba(rgba, width, height, &Limits::default()).unwrap();
    for filter in [Filter::Bilinear, Filter::Bicubic] {
        let recipe = InputRecipe {
            tensor: "input".into(),
            crop: Crop::None,
            size: 100,
            filter,
            channels: Channels::Rgb,
            mean: [0.0; 3],
            std: [1.0 / 255.0; 3],
        };
        let tensor = InputTensor::from_photo(&photo, &recipe);
        let plane = 100 * 100;
        assert!(tensor.data[plane..2 * plane].iter().all(|value| (value - 7.0).abs() < 1e-3));
        assert!(tensor.data[2 * plane..].iter().all(|value| (value - 250.0).abs() < 1e-3));
        for y in 2..98 {
            let value = tensor.data[y * 100 + 50];
            assert!((value - (2.0 * y as f32 + 0.5)).abs() <= 0.51, "{filter:?} row {y}: {value}");
        }
    }
}
