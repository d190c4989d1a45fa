//! Heat maps as pictures.

use std::io::Cursor;

use image::{ImageFormat, RgbImage};
use skintree::input::{Filter, resize};
use skintree::photo::Photo;
use skintree::report::HeatMap;

/// Share of the map's colour in the picture, the rest is the photo's.
const OPACITY: f32 = 0.5;
/// Longest side of a picture; a map of 8 x 8 has no more to show.
const MAX_SIDE: u32 = 1024;

/// A photo with a map over it, as PNG.
pub(crate) fn png(photo: &Photo, map: &HeatMap) -> Result<Vec<u8>, String> {
    let mut bytes = Cursor::new(Vec::new());
    overlay(photo, map)
        .write_to(&mut bytes, ImageFormat::Png)
        .map_err(|error| format!("the heat map of {} cannot be made: {error}", map.node))?;
    Ok(bytes.into_inner())
}

/// The part of the photo that the map covers, with the map over it: viridis, from the map's own lowest value (dark
/// violet) to its highest (yellow), interpolated bilinearly between the centres of its cells.
fn overlay(photo: &Photo, map: &HeatMap) -> RgbImage {
    let region = map.region;
    let scale = (f64::from(MAX_SIDE) / f64::from(region.width.max(region.height))).min(1.0);
    let [width, height] = [region.width, region.height].map(|side| ((f64::from(side) * scale) as u32).max(1));
    let pixels = resize(photo.rgb(), photo.width(), region, width, height, Filter::Bilinear);
    let lowest = map.values.iter().copied().fold(f32::INFINITY, f32::min);
    let range = map.values.iter().copied().fold(f32::NEG_INFINITY, f32::max) - lowest;
    RgbImage::from_fn(width, height, |x, y| {
        let value = bilinear(map, (x as f32 + 0.5) / width as f32, (y as f32 + 0.5) / height as f32);
        // A map that is the same everywhere points nowhere: the middle of the scale.
        let strength = if range > 0.0 { (value - lowest) / range } else { 0.5 };
        let colour = colorous::VIRIDIS.eval_continuous(f64::from(strength.clamp(0.0, 1.0))).as_array();
        let at = (y as usize * width as usize + x as usize) * 3;
        image::Rgb(std::array::from_fn(|i| {
            (f32::from(colour[i]) * OPACITY + f32::from(pixels[at + i]) * (1.0 - OPACITY)).round() as u8
        }))
    })
}

/// The map's value at a place given in shares of its width and height, 0 to 1.
fn bilinear(map: &HeatMap, u: f32, v: f32) -> f32 {
    let place = |share: f32, cells: usize| {
        let at = (share * cells as f32 - 0.5).clamp(0.0, (cells - 1) as f32);
        let first = at.floor() as usize;
        (first, (first + 1).min(cells - 1), at.fract())
    };
    let (left, right, s) = place(u, map.width);
    let (top, bottom, t) = place(v, map.height);
    let row = |y: usize| map.values[y * map.width + left] * (1.0 - s) + map.values[y * map.width + right] * s;
    row(top) * (1.0 - t) + row(bottom) * t
}
