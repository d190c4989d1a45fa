//! Pixels that are not compressed.

use std::io::Cursor;

use image::{ImageFormat, RgbImage};
use skintree::photo::{Limits, PhotoError};

use crate::picture::Layout;

/// The first frame as a PNG file.
///
/// # Errors
/// [`PhotoError::Format`] for pixels other than grey and colours of 8 bits, [`PhotoError::BrokenDicom`] for too few of them,
/// [`PhotoError::TooManyPixels`].
pub(crate) fn to_png(layout: &Layout, samples: &[u8], limits: &Limits) -> Result<Vec<u8>, PhotoError> {
    let (width, height) = (u32::from(layout.columns), u32::from(layout.rows));
    let pixels = width as usize * height as usize;
    if pixels == 0 || layout.frames == 0 {
        return Err(PhotoError::BrokenDicom);
    }
    limits.check_foreign(width, height)?;
    let rgb = to_rgb(layout, samples, pixels)?;
    let image = RgbImage::from_raw(width, height, rgb).ok_or(PhotoError::BrokenDicom)?;
    let mut png = Cursor::new(Vec::new());
    image.write_to(&mut png, ImageFormat::Png).map_err(|_| PhotoError::BrokenDicom)?;
    Ok(png.into_inner())
}

fn to_rgb(layout: &Layout, samples: &[u8], pixels: usize) -> Result<Vec<u8>, PhotoError> {
    let unsupported = |found| Err(PhotoError::Format { found });
    if layout.bits_allocated != 8 {
        return unsupported("a DICOM image of more than 8 bits a colour, such as an X-ray");
    }
    let taken = |count| samples.get(..count).ok_or(PhotoError::BrokenDicom);
    // Three samples a pixel, whether they lie together or each colour by itself.
    let colours = || {
        let samples = taken(3 * pixels)?;
        let at = |pixel: usize, colour: usize| {
            samples[if layout.planar { colour * pixels + pixel } else { pixel * 3 + colour }]
        };
        Ok((0..pixels).map(move |pixel| [at(pixel, 0), at(pixel, 1), at(pixel, 2)]))
    };
    Ok(match (layout.photometric.as_str(), layout.samples_per_pixel) {
        ("RGB", 3) => colours()?.flatten().collect(),
        ("YBR_FULL", 3) => colours()?.flat_map(|[y, cb, cr]| from_ycbcr(y, cb, cr)).collect(),
        // Two pixels share their colour: Y, Y, Cb, Cr (PS3.3, C.7.6.3.1.2).
        ("YBR_FULL_422", 3) if pixels.is_multiple_of(2) => {
            let (pairs, _) = taken(2 * pixels)?.as_chunks();
            pairs
                .iter()
                .flat_map(|&[left, right, cb, cr]| [left, right].map(|y| from_ycbcr(y, cb, cr)))
                .flatten()
                .collect()
        }
        ("MONOCHROME2", 1) => taken(pixels)?.iter().flat_map(|&grey| [grey; 3]).collect(),
        ("MONOCHROME1", 1) => taken(pixels)?.iter().flat_map(|&grey| [255 - grey; 3]).collect(),
        ("PALETTE COLOR", _) => return unsupported("a DICOM image with a palette of colours"),
        _ => return unsupported("a DICOM image with colours that are not known here"),
    })
}

/// PS3.3, C.7.6.3.1.2: the colours of JPEG, full range.
fn from_ycbcr(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    let [y, cb, cr] = [f32::from(y), f32::from(cb) - 128.0, f32::from(cr) - 128.0];
    [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb].map(|value| value.round() as u8)
}
