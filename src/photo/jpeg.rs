//! JPEG. `image` runs its decoder, `zune-jpeg`, always in its lenient mode: damaged data then silently becomes grey. And of
//! valid files zune-jpeg 0.5 decodes some wrongly without an error, and panics on others: with several scans, with chroma
//! finer than luma (its issues 421 and 422 are of the same kind). So the markers are read first ([`structure`]), and what
//! zune-jpeg has not been proven on goes to `jpeg-decoder`, which is slower and right on all of `tests/jpeg_grid.rs`.
//!
//! What still goes unnoticed is a file of several scans that was cut off and then given a new end marker, and damage that
//! happens to decode.

mod structure;

use std::borrow::Cow;

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, RgbImage};
use jpeg_decoder::{Decoder, PixelFormat};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

use super::{Limits, PhotoError, PhotoFormat};
use structure::Structure;

const FORMAT: PhotoFormat = PhotoFormat::Jpeg;

/// Decodes to grey or RGB, not yet turned.
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<(DynamicImage, Orientation), PhotoError> {
    let structure = Structure::read(bytes)?;
    // In one scan the decoder notices whether all data is there, so that nobody needs the marker.
    if structure.end.is_none() && !structure.is_single_scan() {
        return Err(PhotoError::broken(FORMAT, "its end is missing"));
    }
    if !structure.suits_zune() {
        return by_jpeg_decoder(bytes, limits);
    }
    let decoded = by_zune(bytes, &structure, limits, ZEROS)?;
    // Whatever is missing from the last bytes, padding would stand in for it: if all is there, the padding tells nothing.
    if structure.end.is_none() && by_zune(bytes, &structure, limits, ONES)?.0 != decoded.0 {
        return Err(PhotoError::broken(FORMAT, "its end is missing"));
    }
    Ok(decoded)
}

/// What follows the data: the decoder reads up to 64 bits ahead. A byte of ones is written with a zero behind it.
const ZEROS: &[u8] = &[0; 8];
const ONES: &[u8] = &[0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0];

fn by_zune(
    bytes: &[u8],
    structure: &Structure,
    limits: &Limits,
    padding: &[u8],
) -> Result<(DynamicImage, Orientation), PhotoError> {
    // From the end marker on the decoder takes zeros for data, and rows that are missing before it become grey. Without
    // the marker it notices that the data has run out. Progressive files, which end each scan with a marker, need theirs.
    let bytes = if structure.progressive {
        Cow::Borrowed(bytes)
    } else {
        Cow::Owned([&bytes[..structure.end.unwrap_or(bytes.len())], padding].concat())
    };
    // Headers are read leniently, since cameras pad and order them in many ways. Their sizes go up to 65535 each; the
    // cap that matters is ours.
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX));
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&*bytes), options);
    decoder.decode_headers().map_err(failed)?;
    let info = decoder.info().ok_or_else(|| PhotoError::broken(FORMAT, "it has no header"))?;
    let (width, height) = (u32::from(info.width), u32::from(info.height));
    // RGB, and for progressive files all coefficients of all components, 16 bits each.
    let coefficients = if structure.progressive { 2 * structure.components() as u64 } else { 0 };
    limits.check_pixels(FORMAT, width, height, 3 + coefficients)?;
    let orientation = orientation(decoder.exif().map(Vec::as_slice));

    let grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
    let wanted = if grey { ColorSpace::Luma } else { ColorSpace::RGB };
    decoder.set_options(options.set_strict_mode(true).jpeg_set_out_colorspace(wanted));
    let channels = if grey { 1 } else { 3 };
    let mut pixels = vec![0; width as usize * height as usize * channels];
    decoder.decode_into(&mut pixels).map_err(failed)?;
    Ok((picture(pixels, width, height, grey)?, orientation))
}

fn by_jpeg_decoder(bytes: &[u8], limits: &Limits) -> Result<(DynamicImage, Orientation), PhotoError> {
    let failed = |error: jpeg_decoder::Error| match error {
        jpeg_decoder::Error::Unsupported(feature) => {
            PhotoError::Kind { format: FORMAT, reason: format!("{feature:?}") }
        }
        error => PhotoError::broken(FORMAT, error.to_string()),
    };
    let mut decoder = Decoder::new(bytes);
    decoder.read_info().map_err(failed)?;
    let info = decoder.info().ok_or_else(|| PhotoError::broken(FORMAT, "it has no header"))?;
    let (width, height) = (u32::from(info.width), u32::from(info.height));
    // What is decoded and its planes; coefficients of 16 bits for files of several scans.
    limits.check_pixels(FORMAT, width, height, 4 * info.pixel_format.pixel_bytes() as u64)?;
    let pixels = decoder.decode().map_err(failed)?;
    let orientation = orientation(decoder.exif_data());
    let picture = match info.pixel_format {
        PixelFormat::L8 => picture(pixels, width, height, true)?,
        PixelFormat::RGB24 => picture(pixels, width, height, false)?,
        PixelFormat::CMYK32 => picture(cmyk_to_rgb(&pixels), width, height, false)?,
        PixelFormat::L16 => {
            return Err(PhotoError::Kind { format: FORMAT, reason: "it has more than 8 bits a colour".to_owned() });
        }
    };
    Ok((picture, orientation))
}

fn orientation(exif: Option<&[u8]>) -> Orientation {
    exif.and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms)
}

/// Ink on white paper: each of the three takes its colour away, black all.
fn cmyk_to_rgb(cmyk: &[u8]) -> Vec<u8> {
    let light = |ink: u8, black: u8| ((255 - u16::from(ink)) * (255 - u16::from(black)) / 255) as u8;
    cmyk.as_chunks().0.iter().flat_map(|&[c, m, y, k]| [light(c, k), light(m, k), light(y, k)]).collect()
}

fn picture(pixels: Vec<u8>, width: u32, height: u32, grey: bool) -> Result<DynamicImage, PhotoError> {
    let image = if grey {
        GrayImage::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8)
    } else {
        RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8)
    };
    image.ok_or_else(|| PhotoError::broken(FORMAT, "sizes contradict each other"))
}

fn failed(error: DecodeErrors) -> PhotoError {
    match error {
        DecodeErrors::Unsupported(scheme) => PhotoError::Kind { format: FORMAT, reason: format!("{scheme:?}") },
        error => PhotoError::broken(FORMAT, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 24 x 16 pixels.
    const BASELINE: &[u8] = include_bytes!("../../tests/photos/baseline-420.jpg");
    const PROGRESSIVE: &[u8] = include_bytes!("../../tests/photos/progressive.jpg");
    const PIXELS: u64 = 24 * 16;

    #[test]
    fn memory_is_counted_as_decoders_take_it() {
        let limits =
            |bytes_per_pixel: u64, less: u64| Limits { memory: PIXELS * bytes_per_pixel - less, ..Limits::default() };
        let zune =
            |bytes: &[u8], limits: Limits| by_zune(bytes, &Structure::read(bytes).unwrap(), &limits, ZEROS).map(|_| ());
        let refused = |memory| Err(PhotoError::TooMuchMemory { limit: memory });
        // RGB; RGB and three components' coefficients of 16 bits; pixels, planes and coefficients.
        assert_eq!(zune(BASELINE, limits(3, 0)), Ok(()));
        assert_eq!(zune(BASELINE, limits(3, 1)), refused(PIXELS * 3 - 1));
        assert_eq!(zune(PROGRESSIVE, limits(9, 0)), Ok(()));
        assert_eq!(zune(PROGRESSIVE, limits(9, 1)), refused(PIXELS * 9 - 1));
        assert_eq!(by_jpeg_decoder(BASELINE, &limits(12, 0)).map(|_| ()), Ok(()));
        assert_eq!(by_jpeg_decoder(BASELINE, &limits(12, 1)).map(|_| ()), refused(PIXELS * 12 - 1));
    }

    #[test]
    fn ink_takes_light_away() {
        let inks = [[0, 0, 0, 0], [255, 0, 0, 0], [0, 255, 0, 0], [0, 0, 255, 0], [0, 0, 0, 255], [55, 155, 0, 128]];
        let light = [[255; 3], [0, 255, 255], [255, 0, 255], [255, 255, 0], [0; 3], [99, 49, 127]];
        assert_eq!(cmyk_to_rgb(inks.as_flattened()), light.as_flattened());
    }
}
