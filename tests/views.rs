//! Averaging over views makes the answer independent of how the photo was held.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::path::Path;

use image::imageops::{flip_horizontal, flip_vertical, rotate180};
use image::{DynamicImage, RgbaImage};
use skintree::classifier::{Classifier, Options};
use skintree::engine::{EngineChoice, EngineName};
use skintree::pack::Pack;
use skintree::photo::{Limits, Photo};
use web_time::Instant;

fn logits(classifier: &mut Classifier, pixels: &RgbaImage, views: usize) -> Vec<f32> {
    let (width, height) = pixels.dimensions();
    let photo = Photo::from_rgba(pixels.clone().into_raw(), width, height, &Limits::default()).unwrap();
    let options = Options { views, ..Options::default() };
    let answer = pollster::block_on(classifier.classify_photo(&photo, &options, Instant::now())).unwrap();
    assert_eq!(answer.report.views, views);
    answer.outputs.logits
}

fn farthest(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn four_views_see_no_difference_between_a_photo_and_its_mirror_images() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let pack = Pack::read_dir(&golden.join("tiny")).unwrap();
    let mut classifier = pollster::block_on(Classifier::load(pack, EngineChoice::Only(EngineName::Cpu))).unwrap();
    // Even sides, so that the centre square of a mirrored photo is the mirrored centre square.
    let pixels = RgbaImage::from_fn(64, 48, |x, y| image::Rgba([(4 * x) as u8, (5 * y) as u8, (x * y) as u8, 255]));
    let pixels = DynamicImage::ImageRgba8(pixels).into_rgba8();
    let turned = [flip_horizontal(&pixels), flip_vertical(&pixels), rotate180(&pixels)];
    let one = logits(&mut classifier, &pixels, 1);
    let four = logits(&mut classifier, &pixels, 4);
    assert!(
        turned.iter().any(|turned| farthest(&logits(&mut classifier, turned, 1), &one) > 1e-3),
        "the test needs a photo with sides"
    );
    for turned in &turned {
        assert!(farthest(&logits(&mut classifier, turned, 4), &four) < 1e-4);
    }
    let mut mean = |class: usize| {
        let each = std::iter::once(&pixels).chain(&turned).map(|photo| logits(&mut classifier, photo, 1)[class]);
        each.sum::<f32>() / 4.0
    };
    assert!((0..four.len()).all(|class| (mean(class) - four[class]).abs() < 1e-4));
}
