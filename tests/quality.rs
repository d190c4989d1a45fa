//! How many good photos the quality checks refuse, and how many spoilt ones they catch.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, clippy::print_stderr, missing_docs)]

use std::path::PathBuf;

use image::imageops::{FilterType, brighten, contrast, fast_blur, resize};
use image::{DynamicImage, RgbImage, RgbaImage};
use skintree::input::{Channels, Crop, Filter, InputRecipe};
use skintree::photo::{Limits, Photo};
use skintree::quality::{Quality, QualityLimits};
use skintree_testing::data;

/// Photos of a data set that are measured: every so many of those in its folders.
struct Sample {
    set: &'static str,
    folders: &'static [&'static str],
    every: usize,
}

/// About 160.
const DERMOSCOPIC: Sample = Sample { set: "ham10000", folders: &["224", "200x150"], every: 61 };
/// About 155.
const ORDINARY: Sample = Sample { set: "padufes20", folders: &["photos"], every: 4 };

fn recipe() -> InputRecipe {
    InputRecipe {
        tensor: "input".into(),
        crop: Crop::CentreSquare,
        size: 299,
        filter: Filter::Bilinear,
        channels: Channels::Rgb,
        mean: [0.0; 3],
        std: [1.0; 3],
    }
}

fn measure(pixels: &RgbImage) -> Quality {
    let rgba: RgbaImage = DynamicImage::ImageRgb8(pixels.clone()).into_rgba8();
    let (width, height) = rgba.dimensions();
    Quality::measure(&Photo::from_rgba(rgba.into_raw(), width, height, &Limits::default()).unwrap(), &recipe())
}

/// The photos of a sample at 256 pixels a side, or `None` where the data is not there.
fn photos(Sample { set, folders, every }: &Sample) -> Option<Vec<RgbImage>> {
    let root = data(set)?;
    let mut files = Vec::new();
    for folder in *folders {
        files.extend(std::fs::read_dir(root.join(folder)).ok()?.map(|entry| entry.unwrap().path()));
    }
    files.sort();
    let open = |path: &PathBuf| {
        let photo = Photo::decode(&std::fs::read(path).unwrap(), &Limits::default()).unwrap();
        let pixels = RgbImage::from_raw(photo.width(), photo.height(), photo.rgb().to_vec()).unwrap();
        let height = 256 * photo.height() / photo.width().min(photo.height());
        let width = 256 * photo.width() / photo.width().min(photo.height());
        resize(&pixels, width, height, FilterType::Triangle)
    };
    Some(files.iter().step_by(*every).map(open).collect())
}

#[test]
fn dermoscopic_photos_of_the_training_pass_and_spoilt_ones_do_not() {
    check(&DERMOSCOPIC, 0.03, 0.9);
}

#[test]
fn ordinary_photos_of_the_training_pass_and_spoilt_ones_do_not() {
    check(&ORDINARY, 0.03, 0.8);
}

/// At most a share `most_refused` of the photos gets a warning, and at least `least_caught` of those that were spoilt the right one.
fn check(sample: &Sample, most_refused: f64, least_caught: f64) {
    let Some(photos) = photos(sample) else { return };
    let share = |spoil: &dyn Fn(&RgbImage) -> RgbImage, flagged: fn(&Quality) -> bool| {
        photos.iter().filter(|photo| flagged(&measure(&spoil(photo)))).count() as f64 / photos.len() as f64
    };
    let any: fn(&Quality) -> bool = |q| {
        q.is_blurred(&QualityLimits::default())
            || q.is_too_dark(&QualityLimits::default())
            || q.is_too_bright(&QualityLimits::default())
            || q.is_low_in_contrast(&QualityLimits::default())
    };
    let rows = [
        ("as it is: any warning", share(&RgbImage::clone, any), 0.0, most_refused),
        (
            "Gaussian blur of 2.5 px: blurred",
            share(&|p| fast_blur(p, 2.5), |q: &Quality| q.is_blurred(&QualityLimits::default())),
            least_caught,
            1.0,
        ),
        (
            "Gaussian blur of 4 px: blurred",
            share(&|p| fast_blur(p, 4.0), |q: &Quality| q.is_blurred(&QualityLimits::default())),
            least_caught,
            1.0,
        ),
        (
            "130 levels darker: too dark",
            share(&|p| brighten(p, -130), |q: &Quality| q.is_too_dark(&QualityLimits::default())),
            least_caught,
            1.0,
        ),
        (
            "110 levels brighter: too bright",
            share(&|p| brighten(p, 110), |q: &Quality| q.is_too_bright(&QualityLimits::default())),
            least_caught,
            1.0,
        ),
        (
            "contrast down by 70 %: low contrast",
            share(&|p| contrast(p, -70.0), |q: &Quality| q.is_low_in_contrast(&QualityLimits::default())),
            least_caught,
            1.0,
        ),
    ];
    for (what, share, least, most) in rows {
        eprintln!("{what}: {:.1} % of {} photos", 100.0 * share, photos.len());
        assert!((least..=most).contains(&share), "{what}: {share}");
    }
}

#[test]
fn sharpness_does_not_depend_on_contrast() {
    let board = |side: u32, cell: u32, low: u8, high: u8| {
        RgbImage::from_fn(side, side, |x, y| {
            image::Rgb([if (x / cell + y / cell).is_multiple_of(2) { low } else { high }; 3])
        })
    };
    let (strong, weak) = (measure(&board(512, 32, 0, 255)), measure(&board(512, 32, 100, 140)));
    assert!((strong.sharpness - weak.sharpness).abs() < 0.05, "{strong:?} {weak:?}");
    for side in [64, 256, 1000, 3000] {
        assert!(!measure(&board(side, side / 16, 20, 200)).is_blurred(&QualityLimits::default()), "{side}");
    }
}

#[test]
fn a_flat_colour_has_neither_sharpness_nor_contrast() {
    for level in [0, 128, 255] {
        let quality = measure(&RgbImage::from_pixel(64, 64, image::Rgb([level; 3])));
        assert_eq!((quality.sharpness, quality.contrast), (0.0, 0.0));
        assert!((quality.brightness - f64::from(level) / 255.0).abs() < 1e-9);
        assert!(quality.is_blurred(&QualityLimits::default()) && quality.is_low_in_contrast(&QualityLimits::default()));
        assert_eq!(quality.is_too_dark(&QualityLimits::default()), level == 0);
        assert_eq!(quality.is_too_bright(&QualityLimits::default()), level == 255);
    }
}

#[test]
fn one_pixel_is_enough_to_measure() {
    assert!(measure(&RgbImage::new(1, 1)).is_too_dark(&QualityLimits::default()));
}
