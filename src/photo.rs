//! From the bytes of a photo, or pixels that a browser has decoded, to upright RGB.
//!
//! The format is told by the first bytes, never by a name. JPEG, PNG, WebP, GIF, BMP and TIFF are decoded; other
//! formats a camera or a phone may hand over are recognised, so that the message can say what was found. Of an animation
//! or a file with several pages the first picture counts.
//!
//! **Colour.** Pixels are taken as sRGB, as they were in training: an ICC profile or a wide gamut in the file is
//! ignored, so that Display-P3 photos come out a little less saturated than on a screen. Transparent parts are laid on
//! white; grey, palette, CMYK, 16-bit and float pixels become 8-bit RGB.
//!
//! **Hostile files.** Sizes are checked in the header, before memory is taken for pixels. A JPEG that is cut off or has
//! impossible data is an error and not, as in a browser, a photo with a grey part: the grey would be classified.

#[cfg(any(all(target_arch = "wasm32", feature = "web"), test))]
mod isobmff;
mod jpeg;
mod sniff;
mod tiff;
mod webp;

use std::io::Cursor;

use image::error::UnsupportedErrorKind;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader};
use serde::{Deserialize, Serialize};

use crate::catch_panic::catch_panic;
use crate::sha256::sha256_hex;

/// Formats that can be decoded, for messages.
const READABLE: &str = "JPEG, PNG, WebP, GIF, BMP or TIFF";

/// Where every DICOM file has its mark (PS3.10, 7.1).
pub const DICOM_MARK: std::ops::Range<usize> = 128..132;

/// Whether these are the bytes of a DICOM file, which `crates/dicom` reads.
#[must_use]
pub fn is_dicom(bytes: &[u8]) -> bool {
    bytes.get(DICOM_MARK) == Some(b"DICM")
}

/// Why a photo was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PhotoError {
    /// A known format which is not decoded here, for example HEIC.
    #[error("this file is {found}, which cannot be read here; export or convert the photo as {READABLE}")]
    Format {
        /// What it is, with an article: `a HEIC photo`.
        found: &'static str,
    },
    /// The first bytes fit no format.
    #[error("this file is not a photo in a known format; choose a photo saved as {READABLE}")]
    UnknownFormat,
    /// The format is decoded here, but not this rare kind of it, for example lossless JPEG.
    #[error("this kind of {format} cannot be read ({reason}); save the photo as an ordinary JPEG or PNG")]
    Kind {
        /// The format.
        format: PhotoFormat,
        /// What the decoder says.
        reason: String,
    },
    /// The browser decodes the photo, but gives noise to those who read its pixels.
    #[error(
        "this browser hides the pixels of pictures from pages (protection against fingerprinting); allow this page to read \
         canvases, or choose a photo saved as {READABLE}"
    )]
    Blocked,
    /// A part that was asked for and is not in the photo.
    #[error("that part does not lie in the photo of {width} x {height} pixels; choose the part anew")]
    Part {
        /// Width in pixels, upright.
        width: u32,
        /// Height in pixels, upright.
        height: u32,
    },
    /// The file has no bytes.
    #[error("the file is empty; copy or download the photo again")]
    Empty,
    /// The data is damaged or cut off.
    #[error("the {format} photo is damaged or cut off ({reason}); copy or download it again, or take another")]
    Broken {
        /// The format.
        format: PhotoFormat,
        /// What the decoder says.
        reason: String,
    },
    /// A DICOM file that is damaged or cut off (`crates/dicom`). What it says is not quoted: patients' data stand in it.
    #[error("the DICOM file is damaged or cut off; copy or export it again")]
    BrokenDicom,
    /// More bytes than [`Limits::bytes`].
    #[error("the photo has {actual} bytes, more than the {limit} allowed; save it smaller")]
    TooManyBytes {
        /// Bytes of the photo.
        actual: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// More pixels than [`Limits::pixels`].
    #[error("the photo has {width} x {height} pixels, more than the {limit} allowed in all; scale it down")]
    TooManyPixels {
        /// Width in pixels, as in the file.
        width: u32,
        /// Height in pixels, as in the file.
        height: u32,
        /// Pixels allowed.
        limit: u64,
    },
    /// Decoding would take more than [`Limits::memory`].
    #[error("decoding the photo would take more than the {limit} bytes of memory allowed; scale it down")]
    TooMuchMemory {
        /// Bytes allowed.
        limit: u64,
    },
}

impl PhotoError {
    /// The stable code of `docs/formats.md`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Format { .. } | Self::UnknownFormat | Self::Kind { .. } => "photo-format",
            Self::Empty | Self::Broken { .. } | Self::BrokenDicom | Self::Part { .. } => "photo-broken",
            Self::Blocked => "photo-blocked",
            Self::TooManyBytes { .. } | Self::TooManyPixels { .. } | Self::TooMuchMemory { .. } => "photo-too-large",
        }
    }

    fn broken(format: PhotoFormat, reason: impl Into<String>) -> Self {
        Self::Broken { format, reason: reason.into() }
    }
}

/// Where a photo's pixels came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum PhotoFormat {
    Jpeg,
    Png,
    Webp,
    Gif,
    Bmp,
    Tiff,
    /// Pixels that were decoded elsewhere, see [`Photo::from_rgba`].
    Pixels,
}

impl std::fmt::Display for PhotoFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Webp => "WebP",
            Self::Gif => "GIF",
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
            Self::Pixels => "pixel",
        })
    }
}

/// What a photo may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file.
    pub bytes: u64,
    /// Width times height.
    pub pixels: u64,
    /// Bytes of the decoded pixels in the file's own depth, and of what decoders need beside them.
    pub memory: u64,
}

impl Default for Limits {
    /// 32 MiB of file; 2^26 pixels (67 megapixels), which lets phone cameras of 48, 50 and 64 megapixels through and
    /// costs 192 MiB as RGB, twice that while a photo is turned upright: about what a tab on a phone can spare;
    /// 512 MiB, which is 8 bytes (16-bit RGBA) for each of these pixels.
    fn default() -> Self {
        Self { bytes: 32 << 20, pixels: 1 << 26, memory: 512 << 20 }
    }
}

impl Limits {
    /// Checks how long a file is.
    ///
    /// # Errors
    /// [`PhotoError::TooManyBytes`].
    pub fn check_bytes(&self, actual: usize) -> Result<(), PhotoError> {
        let actual = actual as u64;
        if actual > self.bytes {
            return Err(PhotoError::TooManyBytes { actual, limit: self.bytes });
        }
        Ok(())
    }

    /// Checks a file that something else is to decode by the size that it says it has.
    #[cfg(all(target_arch = "wasm32", feature = "web"))]
    pub(crate) fn check_declared(&self, bytes: &[u8]) -> Result<(), PhotoError> {
        isobmff::declared_size(bytes).map_or(Ok(()), |(width, height)| self.check_foreign(width, height))
    }

    /// Checks the size of a picture that something else has decoded, or will.
    ///
    /// # Errors
    /// [`PhotoError::TooManyPixels`], [`PhotoError::TooMuchMemory`], and [`PhotoError::Broken`] for a picture without pixels.
    pub fn check_foreign(&self, width: u32, height: u32) -> Result<(), PhotoError> {
        self.check_pixels(PhotoFormat::Pixels, width, height, 4)
    }

    /// Checks the size of a picture with `bytes_per_pixel` in memory.
    fn check_pixels(
        &self,
        format: PhotoFormat,
        width: u32,
        height: u32,
        bytes_per_pixel: u64,
    ) -> Result<(), PhotoError> {
        let pixels = u64::from(width) * u64::from(height);
        if pixels == 0 {
            return Err(PhotoError::broken(format, format!("it has {width} x {height} pixels")));
        }
        if pixels > self.pixels {
            return Err(PhotoError::TooManyPixels { width, height, limit: self.pixels });
        }
        if pixels.saturating_mul(bytes_per_pixel) > self.memory {
            return Err(PhotoError::TooMuchMemory { limit: self.memory });
        }
        Ok(())
    }
}

/// What a report says about a photo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
pub struct PhotoInfo {
    /// The format of the file.
    pub format: PhotoFormat,
    /// Width in pixels, upright.
    pub width: u32,
    /// Height in pixels, upright.
    pub height: u32,
    /// The EXIF orientation that was undone, 1 to 8; 1 is upright.
    pub orientation: u8,
    /// SHA-256 of the file (of the RGBA bytes for [`PhotoFormat::Pixels`]), 64 lower-case hexadecimal digits.
    pub sha256: String,
}

/// A decoded photo: upright, 8-bit RGB, never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    rgb: Vec<u8>,
    info: PhotoInfo,
}

impl Photo {
    /// Decodes a photo.
    ///
    /// # Errors
    /// Any [`PhotoError`]. Never panics and never takes much more memory than [`Limits::memory`], whatever the bytes.
    pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Self, PhotoError> {
        limits.check_bytes(bytes.len())?;
        let format = sniff::sniff(bytes)?;
        let decode = || match format {
            PhotoFormat::Jpeg => jpeg::decode(bytes, limits),
            _ => decode_other(bytes, format, limits),
        };
        let broken = |_| PhotoError::broken(format, "its decoder cannot cope with it");
        let (mut image, orientation) = catch_panic(decode, broken)?;
        image.apply_orientation(orientation);
        let rgb = image.into_rgb8();
        let (width, height) = rgb.dimensions();
        let info = PhotoInfo { format, width, height, orientation: orientation.to_exif(), sha256: sha256_hex(bytes) };
        Ok(Self { rgb: rgb.into_raw(), info })
    }

    /// Takes pixels that were decoded elsewhere, as a browser does for HEIC: rows of upright, non-premultiplied RGBA,
    /// `width * height * 4` bytes.
    ///
    /// # Errors
    /// [`PhotoError::Broken`] if the length does not fit, [`PhotoError::TooManyPixels`].
    pub fn from_rgba(rgba: Vec<u8>, width: u32, height: u32, limits: &Limits) -> Result<Self, PhotoError> {
        let format = PhotoFormat::Pixels;
        limits.check_pixels(format, width, height, 4)?;
        let expected = u64::from(width) * u64::from(height) * 4;
        if rgba.len() as u64 != expected {
            let reason = format!("{} bytes instead of {expected} for {width} x {height} pixels", rgba.len());
            return Err(PhotoError::broken(format, reason));
        }
        let sha256 = sha256_hex(&rgba);
        Ok(Self { rgb: lay_on_white(rgba), info: PhotoInfo { format, width, height, orientation: 1, sha256 } })
    }

    /// Rows of interleaved RGB, `width * height * 3` bytes, from top left.
    #[must_use]
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// Width in pixels, upright; at least 1.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.info.width
    }

    /// Height in pixels, upright; at least 1.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.info.height
    }

    /// Everything but the pixels.
    #[must_use]
    pub fn info(&self) -> &PhotoInfo {
        &self.info
    }
}

fn decode_other(bytes: &[u8], format: PhotoFormat, limits: &Limits) -> Result<(DynamicImage, Orientation), PhotoError> {
    let image_format = match format {
        PhotoFormat::Png => image::ImageFormat::Png,
        PhotoFormat::Webp => image::ImageFormat::WebP,
        PhotoFormat::Gif => image::ImageFormat::Gif,
        PhotoFormat::Bmp => image::ImageFormat::Bmp,
        PhotoFormat::Tiff => image::ImageFormat::Tiff,
        PhotoFormat::Jpeg | PhotoFormat::Pixels => return Err(PhotoError::UnknownFormat),
    };
    let failed = |error: ImageError| match error {
        ImageError::Limits(_) => PhotoError::TooMuchMemory { limit: limits.memory },
        ImageError::Unsupported(error) => PhotoError::Kind { format, reason: rare_kind(bytes, format, &error.kind()) },
        error => PhotoError::broken(format, error.to_string()),
    };
    let bytes = match format {
        PhotoFormat::Png if bytes.get(12..16) == Some(b"CgBI") => {
            return Err(PhotoError::Kind {
                format,
                reason: "it is of the kind that Apple's tools make for apps".to_owned(),
            });
        }
        PhotoFormat::Tiff => tiff::check(bytes)?,
        PhotoFormat::Webp => webp::check(bytes)?,
        _ => bytes,
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), image_format);
    let mut image_limits = image::Limits::no_limits();
    image_limits.max_alloc = Some(limits.memory);
    reader.limits(image_limits);
    let mut decoder = reader.into_decoder().map_err(failed)?;
    let (width, height) = decoder.dimensions();
    limits.check_pixels(format, width, height, u64::from(decoder.color_type().bytes_per_pixel()))?;
    // A photo with broken metadata is still a photo.
    let orientation = match decoder.orientation() {
        Ok(Orientation::NoTransforms) | Err(_) => prefixed_exif(&mut decoder).unwrap_or(Orientation::NoTransforms),
        Ok(orientation) => orientation,
    };
    let image = DynamicImage::from_decoder(decoder).map_err(failed)?;
    if !image.color().has_alpha() {
        return Ok((image, orientation));
    }
    let rgb = lay_on_white(image.into_rgba8().into_raw());
    let image = image::RgbImage::from_raw(width, height, rgb).map(DynamicImage::ImageRgb8);
    // The decoder has given as many pixels as it announced; if not, the file contradicts itself.
    image.map(|image| (image, orientation)).ok_or_else(|| PhotoError::broken(format, "sizes contradict each other"))
}

/// What is rare about a file that its decoder knows but does not read.
fn rare_kind(bytes: &[u8], format: PhotoFormat, kind: &UnsupportedErrorKind) -> String {
    let from_header = if format == PhotoFormat::Tiff { tiff::rare_kind(bytes) } else { None };
    let reason = from_header.unwrap_or(match kind {
        UnsupportedErrorKind::Color(_) => "its colours are stored in a rare way",
        UnsupportedErrorKind::GenericFeature(feature) => feature,
        _ => "it is stored in a rare way",
    });
    reason.to_owned()
}

/// Orientation from EXIF data that some programs write into WebP files with the prefix it has in JPEG.
fn prefixed_exif(decoder: &mut impl ImageDecoder) -> Option<Orientation> {
    let exif = decoder.exif_metadata().ok()??;
    Orientation::from_exif_chunk(exif.strip_prefix(b"Exif\0\0")?)
}

/// Non-premultiplied RGBA to RGB over white, in place.
fn lay_on_white(mut pixels: Vec<u8>) -> Vec<u8> {
    let count = pixels.len() / 4;
    for i in 0..count {
        let [r, g, b, alpha] = [pixels[i * 4], pixels[i * 4 + 1], pixels[i * 4 + 2], pixels[i * 4 + 3]];
        let over_white = |colour: u8| {
            let (colour, alpha) = (u32::from(colour), u32::from(alpha));
            // Rounded to the nearest; 255 * 255 + 127 is far from overflowing.
            ((colour * alpha + 255 * (255 - alpha) + 127) / 255) as u8
        };
        pixels[i * 3..i * 3 + 3].copy_from_slice(&[over_white(r), over_white(g), over_white(b)]);
    }
    pixels.truncate(count * 3);
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transparency_is_laid_on_white() {
        let rgba = vec![10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 255, 128];
        assert_eq!(lay_on_white(rgba), [10, 20, 30, 255, 255, 255, 127, 177, 255]);
    }

    #[test]
    fn a_dicom_file_has_its_mark_where_it_belongs() {
        assert!(is_dicom(&[&[0; 128][..], b"DICM"].concat()));
        assert!(!is_dicom(b"DICM") && !is_dicom(&[&[0; 127][..], b"DICM"].concat()));
    }

    #[test]
    fn formats_have_the_names_that_people_know() {
        use PhotoFormat::{Bmp, Gif, Jpeg, Pixels, Png, Tiff, Webp};
        let names = [Jpeg, Png, Webp, Gif, Bmp, Tiff, Pixels].map(|format| format.to_string());
        assert_eq!(names, ["JPEG", "PNG", "WebP", "GIF", "BMP", "TIFF", "pixel"]);
    }

    #[test]
    fn a_limit_is_what_is_still_allowed() {
        let limits = Limits { bytes: 10, pixels: 12, memory: 48 };
        assert_eq!(limits.check_bytes(10), Ok(()));
        assert_eq!(limits.check_bytes(11), Err(PhotoError::TooManyBytes { actual: 11, limit: 10 }));
        assert_eq!(limits.check_foreign(3, 4), Ok(()));
        assert_eq!(limits.check_foreign(1, 13), Err(PhotoError::TooManyPixels { width: 1, height: 13, limit: 12 }));
        let less = Limits { memory: 47, ..limits };
        assert_eq!(less.check_foreign(3, 4), Err(PhotoError::TooMuchMemory { limit: 47 }));
        assert_eq!(limits.check_foreign(0, 4).unwrap_err().code(), "photo-broken");
    }

    #[test]
    fn a_png_for_apples_apps_is_named() {
        let bytes = b"\x89PNG\r\n\x1A\n\0\0\0\x04CgBI\0\0\0\0";
        let error = Photo::decode(bytes, &Limits::default()).unwrap_err();
        assert!(matches!(&error, PhotoError::Kind { reason, .. } if reason.contains("Apple")), "{error:?}");
    }

    /// The decoder itself would take memory by the frame's size before it compares the two.
    #[test]
    fn a_webp_whose_sizes_disagree_is_broken() {
        let lossy = include_bytes!("../tests/photos/lossy.webp");
        assert_eq!(&lossy[12..16], b"VP8 ");
        // A canvas of 100 x 100, which this frame has not.
        let canvas = b"VP8X\x0A\0\0\0\0\0\0\0\x63\0\0\x63\0\0";
        let chunks = [&canvas[..], &lossy[12..]].concat();
        let length = u32::try_from(chunks.len() + 4).unwrap().to_le_bytes();
        let file = [&b"RIFF"[..], &length, b"WEBP", &chunks].concat();
        let error = Photo::decode(&file, &Limits::default()).unwrap_err();
        assert!(
            matches!(&error, PhotoError::Broken { reason, .. } if reason == "sizes contradict each other"),
            "{error:?}"
        );
    }

    #[test]
    fn what_is_rare_about_a_file_is_said() {
        use image::ExtendedColorType;
        let colours = UnsupportedErrorKind::Color(ExtendedColorType::L1);
        let feature = UnsupportedErrorKind::GenericFeature("predictor 3".to_owned());
        let format = UnsupportedErrorKind::Format(image::error::ImageFormatHint::Unknown);
        let of_png = |kind| rare_kind(b"", PhotoFormat::Png, kind);
        assert_eq!(of_png(&colours), "its colours are stored in a rare way");
        assert_eq!(of_png(&feature), "predictor 3");
        assert_eq!(of_png(&format), "it is stored in a rare way");
        // One entry: compression 34925.
        let lzma = b"II\x2A\0\x08\0\0\0\x01\0\x03\x01\x03\0\x01\0\0\0\x6D\x88\0\0\0\0\0\0";
        assert_eq!(rare_kind(lzma, PhotoFormat::Tiff, &format), "it is compressed as LZMA");
        assert_eq!(rare_kind(lzma, PhotoFormat::Png, &format), "it is stored in a rare way");
    }

    #[test]
    fn pixels_must_fit_the_size() {
        let limits = Limits::default();
        assert!(Photo::from_rgba(vec![0; 16], 2, 2, &limits).is_ok());
        for (length, width, height) in [(15, 2, 2), (16, 4, 2), (0, 0, 0), (16, 0, 2)] {
            let error = Photo::from_rgba(vec![0; length], width, height, &limits).unwrap_err();
            assert_eq!(error.code(), "photo-broken");
        }
        let error = Photo::from_rgba(Vec::new(), u32::MAX, u32::MAX, &limits).unwrap_err();
        assert_eq!(error.code(), "photo-too-large");
    }
}
