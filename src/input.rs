//! From an upright photo to the network's input tensor: crop, resize, normalise, exactly as the model was trained.
//!
//! Training reads photos with Pillow, and a network notices when its input is resized by another rule. So `resize`
//! follows Pillow's 8-bit resampling to the last bit instead of using a general library; see there.

mod region;
mod resize;

use serde::{Deserialize, Serialize};

use crate::photo::Photo;

pub use region::Region;
pub use resize::{Filter, resize};

/// Smallest side of a network's input; the stem of Inception v3 asks for 75.
const MIN_SIZE: u32 = 8;
/// Largest side of a network's input: 3 * 2048 * 2048 floats are 50 MB.
const MAX_SIZE: u32 = 2048;

/// How a photo becomes the network's input; `input` in the manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputRecipe {
    /// Name of the graph's input.
    pub tensor: String,
    /// What to cut off.
    pub crop: Crop,
    /// Side of the network's input in pixels, height = width.
    pub size: u32,
    /// How to resize.
    pub filter: Filter,
    /// Order of the planes.
    pub channels: Channels,
    /// Subtracted from each plane, in the order of `channels`, on a scale where white is 1.
    pub mean: [f32; 3],
    /// Each plane is divided by it, after the subtraction; not 0.
    pub std: [f32; 3],
}

/// What to cut off before resizing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Crop {
    /// The largest centred square; odd remainders go to the right and the bottom.
    CentreSquare,
    /// Nothing: the whole frame is squeezed to the square.
    None,
}

/// Order of the planes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channels {
    /// Red, green, blue.
    Rgb,
    /// Blue, green, red.
    Bgr,
}

impl InputRecipe {
    /// Whether the recipe can be followed; `Err` gives the field and what is wrong with it.
    pub(crate) fn check(&self) -> Result<(), (&'static str, String)> {
        if self.tensor.is_empty() {
            return Err(("tensor", "is empty".to_owned()));
        }
        if !(MIN_SIZE..=MAX_SIZE).contains(&self.size) {
            return Err(("size", format!("is {}, not between {MIN_SIZE} and {MAX_SIZE}", self.size)));
        }
        if !self.mean.iter().all(|mean| mean.is_finite()) {
            return Err(("mean", "has an entry that is not a number".to_owned()));
        }
        if !self.std.iter().all(|std| std.is_normal()) {
            return Err(("std", "has an entry that is 0 or not a number".to_owned()));
        }
        Ok(())
    }

    /// The part of a photo of `width` x `height` pixels that the network gets to see.
    #[must_use]
    pub fn region(&self, width: u32, height: u32) -> Region {
        match self.crop {
            Crop::None => Region { x: 0, y: 0, width, height },
            Crop::CentreSquare => {
                let side = width.min(height);
                Region { x: (width - side) / 2, y: (height - side) / 2, width: side, height: side }
            }
        }
    }
}

/// The network's input: planar `[1, 3, size, size]`.
#[derive(Debug, Clone, PartialEq)]
pub struct InputTensor {
    /// `3 * size * size` values: plane by plane, row by row.
    pub data: Vec<f32>,
    /// Height and width.
    pub size: u32,
}

impl InputTensor {
    /// Crops, resizes and normalises a photo.
    #[must_use]
    pub fn from_photo(photo: &Photo, recipe: &InputRecipe) -> Self {
        let region = recipe.region(photo.width(), photo.height());
        let pixels = resize(photo.rgb(), photo.width(), region, recipe.size, recipe.size, recipe.filter);
        Self { data: normalise(&pixels, recipe), size: recipe.size }
    }

    /// The shape of [`data`](Self::data): `[1, 3, size, size]`.
    #[must_use]
    pub fn shape(&self) -> [usize; 4] {
        let size = self.size as usize;
        [1, 3, size, size]
    }
}

/// Interleaved RGB bytes to planes of (byte / 255 - mean) / std in f32, rounded after each of the three operations.
fn normalise(pixels: &[u8], recipe: &InputRecipe) -> Vec<f32> {
    let plane = pixels.len() / 3;
    let mut data = Vec::with_capacity(plane * 3);
    for channel in 0..3 {
        let offset = match recipe.channels {
            Channels::Rgb => channel,
            Channels::Bgr => 2 - channel,
        };
        // 256 possible bytes: a table gives the same bits as computing each pixel, without the divisions.
        let (mean, std) = (recipe.mean[channel], recipe.std[channel]);
        let values: [f32; 256] = std::array::from_fn(|byte| (byte as f32 / 255.0 - mean) / std);
        data.extend(pixels.iter().skip(offset).step_by(3).map(|&byte| values[usize::from(byte)]));
    }
    data
}

/// Numbers in -1..1 without end.
///
/// A 32-bit linear congruential generator with the constants of Numerical Recipes; its upper 24 bits fit an f32
/// exactly, so that every language gets the same bits.
pub fn uniform(seed: u32) -> impl Iterator<Item = f32> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 16_777_216.0 * 2.0 - 1.0
    })
}

/// The input of the self-test of `docs/formats.md`: `3 * size * size` values of [`uniform`], not to be normalised.
#[must_use]
pub fn self_test_input(seed: u32, size: u32) -> InputTensor {
    let length = 3 * size as usize * size as usize;
    InputTensor { data: uniform(seed).take(length).collect(), size }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe() -> InputRecipe {
        InputRecipe {
            tensor: "input".into(),
            crop: Crop::CentreSquare,
            size: 8,
            filter: Filter::Bilinear,
            channels: Channels::Rgb,
            mean: [0.5; 3],
            std: [0.5; 3],
        }
    }

    #[test]
    fn odd_remainders_go_right_and_down() {
        assert_eq!(recipe().region(10, 7), Region { x: 1, y: 0, width: 7, height: 7 });
        assert_eq!(recipe().region(7, 12), Region { x: 0, y: 2, width: 7, height: 7 });
        let whole = InputRecipe { crop: Crop::None, ..recipe() };
        assert_eq!(whole.region(10, 7), Region { x: 0, y: 0, width: 10, height: 7 });
    }

    #[test]
    fn planes_follow_the_channel_order() {
        let mean = [0.0, 0.5, 1.0];
        let rgb = InputRecipe { mean, std: [1.0, 0.5, 0.25], ..recipe() };
        assert_eq!(normalise(&[255, 0, 51], &rgb), [1.0, -1.0, (51.0 / 255.0 - 1.0) / 0.25]);
        let bgr = InputRecipe { channels: Channels::Bgr, ..rgb };
        assert_eq!(normalise(&[255, 0, 51], &bgr), [51.0 / 255.0, -1.0, 0.0]);
    }

    #[test]
    fn self_test_starts_after_the_first_step() {
        let tensor = self_test_input(1, 8);
        assert_eq!(tensor.data.len(), 192);
        // state 1 -> 1015568748; 1015568748 >> 8 = 3967065.
        assert_eq!(tensor.data[0].to_bits(), (3_967_065.0_f32 / 8_388_608.0 - 1.0).to_bits());
        assert!(tensor.data.iter().all(|v| (-1.0..1.0).contains(v)));
    }
}
