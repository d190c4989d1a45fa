//! Whether a photo is sharp and well lit enough to be worth asking about.
//!
//! Everything is measured on the part of the photo that the network sees, brought to one size, so that the numbers of
//! a phone's photo and of a thumbnail compare.

use serde::{Deserialize, Serialize};

use crate::input::{Filter, InputRecipe, resize};
use crate::photo::Photo;

/// Side of the square that is measured, in pixels.
const SIDE: u32 = 256;
/// Distance in pixels of the coarse differences that sharpness compares the fine ones with.
const COARSE: usize = 4;
/// Mean squares of coarse differences below this (white = 1) are noise: the picture is one flat colour.
const FLAT: f64 = 1e-6;

/// Where a photo is called blurred, dark, bright or flat. A pack says what holds for its photos; without its word those of
/// [`QualityLimits::default`] hold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct QualityLimits {
    /// Least [`Quality::sharpness`].
    pub least_sharpness: f64,
    /// Least [`Quality::brightness`].
    pub least_brightness: f64,
    /// Most [`Quality::brightness`].
    pub most_brightness: f64,
    /// Most [`Quality::dark_clipped`].
    pub most_dark_clipped: f64,
    /// Most [`Quality::bright_clipped`].
    pub most_bright_clipped: f64,
    /// Least [`Quality::contrast`].
    pub least_contrast: f64,
}

impl Default for QualityLimits {
    /// Outside nearly all of HAM10000, so that what they catch is unusual; `tests/quality.rs` measures how many good
    /// photos they refuse and how many spoilt ones they catch.
    fn default() -> Self {
        Self {
            least_sharpness: 1.28,
            least_brightness: 0.25,
            most_brightness: 0.9,
            most_dark_clipped: 0.3,
            most_bright_clipped: 0.25,
            least_contrast: 0.06,
        }
    }
}

impl QualityLimits {
    /// All numbers are finite and the brightness leaves room.
    #[must_use]
    pub fn are_sound(&self) -> bool {
        let Self {
            least_sharpness,
            least_brightness,
            most_brightness,
            most_dark_clipped,
            most_bright_clipped,
            least_contrast,
        } = *self;
        let shares = [least_brightness, most_brightness, most_dark_clipped, most_bright_clipped, least_contrast];
        (0.0..=4.0).contains(&least_sharpness)
            && shares.iter().all(|share| (0.0..=1.0).contains(share))
            && least_brightness < most_brightness
    }
}

/// How a photo was taken, in numbers. Luma is 0.299 R + 0.587 G + 0.114 B, black 0 and white 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
pub struct Quality {
    /// Mean squared difference of neighbouring pixels over a sixteenth of that of pixels 4 apart: 1 where there is
    /// nothing but smooth ramps (blur), 4 where there is nothing but clean edges, about 2 in a sharp photo of skin; 0 for
    /// a flat colour.
    pub sharpness: f64,
    /// Mean luma, 0 to 1.
    pub brightness: f64,
    /// Distance of the 5th and the 95th percentile of luma, 0 to 1.
    pub contrast: f64,
    /// Share of pixels with luma under 0.05.
    pub dark_clipped: f64,
    /// Share of pixels with luma over 0.97.
    pub bright_clipped: f64,
}

impl Quality {
    /// Measures the part of the photo that `recipe` uses.
    #[must_use]
    pub fn measure(photo: &Photo, recipe: &InputRecipe) -> Self {
        let region = recipe.region(photo.width(), photo.height());
        let rgb = resize(photo.rgb(), photo.width(), region, SIDE, SIDE, Filter::Bilinear);
        let luma: Vec<f64> = rgb
            .chunks_exact(3)
            .map(|p| (0.299 * f64::from(p[0]) + 0.587 * f64::from(p[1]) + 0.114 * f64::from(p[2])) / 255.0)
            .collect();
        let mut ordered = luma.clone();
        let count = luma.len();
        // The whole order is not needed, and takes longer than all else here.
        let mut percentile = |share: f64| {
            let place = ((count - 1) as f64 * share).round() as usize;
            *ordered.select_nth_unstable_by(place, f64::total_cmp).1
        };
        let contrast = percentile(0.95) - percentile(0.05);
        let share = |clipped: fn(f64) -> bool| luma.iter().filter(|&&l| clipped(l)).count() as f64 / count as f64;
        Self {
            sharpness: sharpness(&luma, SIDE as usize),
            brightness: luma.iter().sum::<f64>() / count as f64,
            contrast,
            dark_clipped: share(|luma| luma < 0.05),
            bright_clipped: share(|luma| luma > 0.97),
        }
    }

    /// Whether fine detail is missing.
    #[must_use]
    pub fn is_blurred(&self, limits: &QualityLimits) -> bool {
        self.sharpness < limits.least_sharpness
    }

    /// Whether it lacks light.
    #[must_use]
    pub fn is_too_dark(&self, limits: &QualityLimits) -> bool {
        self.brightness < limits.least_brightness || self.dark_clipped > limits.most_dark_clipped
    }

    /// Whether it has too much light.
    #[must_use]
    pub fn is_too_bright(&self, limits: &QualityLimits) -> bool {
        self.brightness > limits.most_brightness || self.bright_clipped > limits.most_bright_clipped
    }

    /// Whether hardly anything stands out.
    #[must_use]
    pub fn is_low_in_contrast(&self, limits: &QualityLimits) -> bool {
        self.contrast < limits.least_contrast
    }
}

/// See [`Quality::sharpness`]. Blur takes the fine differences away and leaves the coarse ones; the quotient does not
/// depend on contrast.
fn sharpness(luma: &[f64], side: usize) -> f64 {
    let mean_square = |distance: usize| {
        let (mut sum, mut count) = (0.0, 0.0);
        for y in 0..side {
            for x in 0..side - distance {
                let along = luma[y * side + x + distance] - luma[y * side + x];
                let down = luma[(x + distance) * side + y] - luma[x * side + y];
                sum += along * along + down * down;
                count += 2.0;
            }
        }
        sum / count
    };
    let coarse = mean_square(COARSE);
    if coarse < FLAT { 0.0 } else { mean_square(1) / coarse * (COARSE * COARSE) as f64 }
}
