//! Resizing exactly as Pillow does it for 8-bit images.
//!
//! The algorithm is that of `src/libImaging/Resample.c` in Pillow (MIT-CMU licence), in turn the classic two-pass
//! convolution: a kernel which widens when shrinking, weights computed in f64, normalised to sum 1 and rounded to 22
//! fractional bits, a horizontal pass, rounded to bytes, and a vertical pass, rounded again. Written anew because the
//! crate `fast_image_resize` keeps its weights in 16 bits, as Pillow-SIMD does, and so differs from Pillow by a level
//! here and there, and differently on each instruction set. Only exact f64 and integer operations are used: the bytes
//! are the same on every machine.

use serde::{Deserialize, Serialize};

use super::region::Region;

/// How to resize.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Filter {
    /// A triangle, 1 pixel to each side.
    Bilinear,
    /// Keys' cubic with a = -0.5, 2 pixels to each side.
    Bicubic,
}

impl Filter {
    /// Half the kernel's width, in pixels of the coarser grid.
    fn support(self) -> f64 {
        match self {
            Self::Bilinear => 1.0,
            Self::Bicubic => 2.0,
        }
    }

    fn weight(self, x: f64) -> f64 {
        const A: f64 = -0.5;
        let x = x.abs();
        match self {
            Self::Bilinear if x < 1.0 => 1.0 - x,
            Self::Bicubic if x < 1.0 => ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0,
            Self::Bicubic if x < 2.0 => (((x - 5.0) * x + 8.0) * x - 4.0) * A,
            _ => 0.0,
        }
    }
}

/// Fractional bits of a weight: 32, less 8 for the result and 2 for kernels with negative parts.
const PRECISION_BITS: u32 = 32 - 8 - 2;

/// For one output pixel: the first input pixel and the weights from there on.
struct Taps {
    first: usize,
    weights: Vec<i32>,
}

fn taps(from: u32, to: u32, filter: Filter) -> Vec<Taps> {
    let scale = f64::from(from) / f64::from(to);
    let filter_scale = scale.max(1.0);
    let support = filter.support() * filter_scale;
    let inverse = 1.0 / filter_scale;
    (0..to)
        .map(|x| {
            let centre = (f64::from(x) + 0.5) * scale;
            // `as` cuts off the fraction like the C cast, and clamps below 0.
            let first = (centre - support + 0.5) as u32;
            let end = ((centre + support + 0.5) as u32).min(from);
            let raw: Vec<f64> = (first..end).map(|i| filter.weight((f64::from(i) - centre + 0.5) * inverse)).collect();
            let sum: f64 = raw.iter().sum();
            let weights = raw.iter().map(|&weight| to_fixed(if sum == 0.0 { weight } else { weight / sum }));
            Taps { first: first as usize, weights: weights.collect() }
        })
        .collect()
}

/// Rounds half away from zero.
fn to_fixed(weight: f64) -> i32 {
    let scaled = weight * f64::from(1_u32 << PRECISION_BITS);
    if weight < 0.0 { (scaled - 0.5) as i32 } else { (scaled + 0.5) as i32 }
}

fn to_byte(sum: i32) -> u8 {
    (sum >> PRECISION_BITS).clamp(0, 255) as u8
}

/// Cuts `region` out of interleaved RGB rows of `stride` pixels and resizes it to `width` x `height`.
///
/// The result has `width * height * 3` bytes. Pixels outside the region have no influence on it.
///
/// # Panics
/// If the region does not lie inside the pixels.
#[must_use]
pub fn resize(rgb: &[u8], stride: u32, region: Region, width: u32, height: u32, filter: Filter) -> Vec<u8> {
    const HALF: i32 = 1 << (PRECISION_BITS - 1);
    let rows: Vec<&[u8]> = (region.y..region.y + region.height)
        .map(|y| {
            let start = (y as usize * stride as usize + region.x as usize) * 3;
            &rgb[start..start + region.width as usize * 3]
        })
        .collect();

    // A pass between equal sizes has the single weight 1 and changes nothing; Pillow skips it as well.
    let narrow: Vec<u8> = if region.width == width {
        rows.concat()
    } else {
        let columns = taps(region.width, width, filter);
        let mut narrow = Vec::with_capacity(rows.len() * width as usize * 3);
        for row in rows {
            for Taps { first, weights } in &columns {
                let mut sums = [HALF; 3];
                for (pixel, &weight) in row[first * 3..].chunks_exact(3).zip(weights) {
                    for (sum, &byte) in sums.iter_mut().zip(pixel) {
                        *sum += i32::from(byte) * weight;
                    }
                }
                narrow.extend(sums.map(to_byte));
            }
        }
        narrow
    };
    if region.height == height {
        return narrow;
    }

    let row_bytes = width as usize * 3;
    let mut pixels = Vec::with_capacity(row_bytes * height as usize);
    let mut sums = vec![HALF; row_bytes];
    for Taps { first, weights } in taps(region.height, height, filter) {
        sums.fill(HALF);
        for (row, weight) in narrow.chunks_exact(row_bytes).skip(first).zip(weights) {
            for (sum, &byte) in sums.iter_mut().zip(row) {
                *sum += i32::from(byte) * weight;
            }
        }
        pixels.extend(sums.iter().map(|&sum| to_byte(sum)));
    }
    pixels
}
