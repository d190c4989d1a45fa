//! JPEG, by `zune-jpeg` directly instead of through `image`, which runs the same decoder but always in its lenient mode:
//! damaged data then silently becomes grey. What still goes unnoticed is a progressive file that was cut off and then
//! given a new end marker, and damage that happens to decode.

use std::borrow::Cow;

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, RgbImage};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

use super::{Limits, PhotoError, PhotoFormat};

const FORMAT: PhotoFormat = PhotoFormat::Jpeg;

/// Decodes to grey or RGB, not yet turned.
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<(DynamicImage, Orientation), PhotoError> {
    let Some(extent) = extent(bytes) else {
        return Err(PhotoError::broken(FORMAT, "its end is missing"));
    };
    // From the end marker on the decoder takes zeros for data, and rows that are missing before it become grey. Without
    // the marker it notices that the data has run out. It reads up to 64 bits ahead, hence the padding. Progressive
    // files, which end each scan with a marker, need theirs.
    let bytes =
        if extent.progressive { Cow::Borrowed(bytes) } else { Cow::Owned([&bytes[..extent.end], &[0; 8]].concat()) };
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
    let coefficients = if extent.progressive { 2 * u64::from(info.components) } else { 0 };
    limits.check_pixels(FORMAT, width, height, 3 + coefficients)?;
    let orientation =
        decoder.exif().and_then(|exif| Orientation::from_exif_chunk(exif)).unwrap_or(Orientation::NoTransforms);

    let grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
    let wanted = if grey { ColorSpace::Luma } else { ColorSpace::RGB };
    decoder.set_options(options.set_strict_mode(true).jpeg_set_out_colorspace(wanted));
    let channels = if grey { 1 } else { 3 };
    let mut pixels = vec![0; width as usize * height as usize * channels];
    decoder.decode_into(&mut pixels).map_err(failed)?;
    let image = if grey {
        GrayImage::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8)
    } else {
        RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8)
    };
    image.map(|image| (image, orientation)).ok_or_else(|| PhotoError::broken(FORMAT, "sizes contradict each other"))
}

fn failed(error: DecodeErrors) -> PhotoError {
    match error {
        DecodeErrors::Unsupported(scheme) => PhotoError::Kind { format: FORMAT, reason: format!("{scheme:?}") },
        error => PhotoError::broken(FORMAT, error.to_string()),
    }
}

/// Where the picture ends, and of which kind it is.
#[derive(Debug, PartialEq)]
struct Extent {
    /// Position of the end-of-image marker.
    end: usize,
    /// Whether a progressive frame was seen.
    progressive: bool,
}

/// Looks for the picture's end-of-image marker; `None` if it is missing. Segments are skipped by their length, so that
/// the end of a thumbnail inside one does not count; what comes after the end (a gain map, a video) does not matter.
fn extent(bytes: &[u8]) -> Option<Extent> {
    let mut progressive = false;
    let mut at = 0;
    loop {
        at += bytes.get(at..)?.iter().position(|&byte| byte == 0xFF)?;
        match *bytes.get(at + 1)? {
            0xD9 => return Some(Extent { end: at, progressive }),
            // A fill byte: its successor may be the marker.
            0xFF => at += 1,
            // An escaped 0xFF in the data, TEM, restart markers and the start of the image have no length.
            0x00 | 0x01 | 0xD0..=0xD8 => at += 2,
            marker => {
                progressive |= marker == 0xC2;
                let length = [*bytes.get(at + 2)?, *bytes.get(at + 3)?];
                at += 2 + usize::from(u16::from_be_bytes(length));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Extent, extent};

    #[test]
    fn only_the_picture_s_own_end_counts() {
        let found = extent(b"\xFF\xD8\xFF\xDA\0\x02ab\xFF\0c\xFF\xD0d\xFF\xD9trailer");
        assert_eq!(found, Some(Extent { end: 14, progressive: false }));
        assert_eq!(extent(b"\xFF\xD8\xFF\xFF\xFF\xD9"), Some(Extent { end: 4, progressive: false }));
        assert_eq!(extent(b"\xFF\xC2\0\x02\xFF\xD9"), Some(Extent { end: 4, progressive: true }));
        assert_eq!(extent(b"\xFF\xD8\xFF\xE1\0\x06\xFF\xD8\xFF\xD9\xFF\xDA\0\x02abc"), None);
        assert_eq!(extent(b"\xFF\xD8\xFF\xE1\xFF\xFF\xFF\xD9"), None);
        for cut in [&b""[..], b"\xFF", b"\xFF\xD8", b"\xFF\xD8\xFF", b"\xFF\xD8\xFF\xE1", b"\xFF\xD8\xFF\xE1\0"] {
            assert_eq!(extent(cut), None);
        }
    }
}
