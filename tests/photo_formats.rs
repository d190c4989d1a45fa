//! What decodes to what: orientation, colours, first frames.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, missing_docs)]

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ExtendedColorType, ImageEncoder, ImageFormat, RgbImage};
use skintree::photo::{Limits, Photo, PhotoFormat};

fn decode(bytes: &[u8]) -> Photo {
    Photo::decode(bytes, &Limits::default()).unwrap()
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/photos/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The largest difference of any byte.
fn difference(a: &[u8], b: &[u8]) -> u8 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

/// An EXIF block with nothing but the orientation.
fn exif(orientation: u8) -> Vec<u8> {
    [b"MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", &[orientation][..], &[0; 6]].concat()
}

/// Where the pixel at a row and column of the file belongs in the upright photo of `width` x `height`, from the table
/// "the 0th row is at the visual ..., the 0th column at the visual ..." of the EXIF standard.
fn upright(orientation: u8, row: u32, column: u32, width: u32, height: u32) -> (u32, u32) {
    let (right, bottom) = (width - 1, height - 1);
    match orientation {
        1 => (column, row),
        2 => (right - column, row),
        3 => (right - column, bottom - row),
        4 => (column, bottom - row),
        5 => (row, column),
        6 => (right - row, column),
        7 => (right - row, bottom - column),
        8 => (row, bottom - column),
        _ => panic!("{orientation}"),
    }
}

/// Smooth, so that JPEG keeps it, and different in each corner.
fn picture() -> RgbImage {
    RgbImage::from_fn(40, 24, |x, y| image::Rgb([(x * 6) as u8, (y * 10) as u8, (x + y) as u8]))
}

#[test]
fn all_eight_orientations_of_every_format_that_has_them() {
    let upright_photo = picture();
    let (width, height) = upright_photo.dimensions();
    for orientation in 1..=8 {
        let turned = orientation >= 5;
        let (w, h) = if turned { (height, width) } else { (width, height) };
        let stored = RgbImage::from_fn(w, h, |column, row| {
            let (x, y) = upright(orientation, row, column, width, height);
            *upright_photo.get_pixel(x, y)
        });
        let files = [PhotoFormat::Jpeg, PhotoFormat::Png, PhotoFormat::Webp].map(|format| {
            let mut bytes = Vec::new();
            match format {
                PhotoFormat::Jpeg => write(JpegEncoder::new_with_quality(&mut bytes, 98), &stored, exif(orientation)),
                PhotoFormat::Png => write(PngEncoder::new(&mut bytes), &stored, exif(orientation)),
                _ => write(WebPEncoder::new_lossless(&mut bytes), &stored, exif(orientation)),
            }
            (format, bytes)
        });
        for (format, bytes) in files {
            let photo = decode(&bytes);
            assert_eq!(photo.info().format, format);
            assert_eq!(photo.info().orientation, orientation, "{format}");
            assert_eq!((photo.width(), photo.height()), (width, height), "{format} {orientation}");
            let tolerance = if format == PhotoFormat::Jpeg { 12 } else { 0 };
            assert!(difference(photo.rgb(), &upright_photo) <= tolerance, "{format} {orientation}");
        }
    }
}

fn write(mut encoder: impl ImageEncoder, image: &RgbImage, exif: Vec<u8>) {
    encoder.set_exif_metadata(exif).unwrap();
    encoder.write_image(image, image.width(), image.height(), ExtendedColorType::Rgb8).unwrap();
}

#[test]
fn exif_in_webp_with_the_prefix_it_has_in_jpeg() {
    let mut bytes = Vec::new();
    write(WebPEncoder::new_lossless(&mut bytes), &picture(), [&b"Exif\0\0"[..], &exif(8)].concat());
    assert_eq!(decode(&bytes).info().orientation, 8);
}

#[test]
fn an_orientation_that_is_nonsense_is_ignored() {
    for nonsense in [exif(0), exif(9), b"MM\0\x2A\xFF\xFF\xFF\xFF".to_vec(), Vec::new()] {
        let mut bytes = Vec::new();
        write(PngEncoder::new(&mut bytes), &picture(), nonsense);
        let photo = decode(&bytes);
        assert_eq!(photo.info().orientation, 1);
        assert_eq!(photo.rgb(), picture().as_raw().as_slice());
    }
}

#[test]
fn lossless_formats_keep_every_pixel() {
    use ImageFormat::{Bmp, Png, Tiff, WebP};
    for format in [Bmp, Png, Tiff, WebP] {
        let mut bytes = Vec::new();
        DynamicImage::ImageRgb8(picture()).write_to(&mut Cursor::new(&mut bytes), format).unwrap();
        assert_eq!(decode(&bytes).rgb(), picture().as_raw().as_slice(), "{format:?}");
    }
}

#[test]
fn kinds_written_by_other_programs() {
    let expected = decode(&file("picture.png"));
    let cases = [
        ("baseline-420.jpg", 24),
        ("restart.jpg", 24),
        ("progressive.jpg", 6),
        ("cmyk.jpg", 24),
        ("lossy.webp", 24),
        ("animated.webp", 0),
        ("animated.gif", 20),
        ("animated.png", 0),
        ("palette.png", 20),
        ("cmyk.tif", 0),
        ("jpeg.tif", 24),
    ];
    for (name, tolerance) in cases {
        let photo = decode(&file(name));
        assert_eq!((photo.width(), photo.height()), (24, 16), "{name}");
        let difference = difference(photo.rgb(), expected.rgb());
        assert!(difference <= tolerance, "{name} differs by {difference}");
    }
}

#[test]
fn grey_becomes_rgb() {
    let grey = decode(&file("grey.jpg"));
    assert!(grey.rgb().chunks_exact(3).all(|p| p[0] == p[1] && p[1] == p[2]));
    let expected = decode(&file("picture.png"));
    for (grey, rgb) in grey.rgb().chunks_exact(3).zip(expected.rgb().chunks_exact(3)) {
        let luma = 0.299 * f64::from(rgb[0]) + 0.587 * f64::from(rgb[1]) + 0.114 * f64::from(rgb[2]);
        assert!((f64::from(grey[0]) - luma).abs() < 4.0);
    }
}

#[test]
fn tiff_has_an_orientation_of_its_own() {
    let photo = decode(&file("orientation-6.tif"));
    assert_eq!((photo.info().orientation, photo.width(), photo.height()), (6, 16, 24));
    let stored = decode(&file("picture.png"));
    for row in 0..16 {
        for column in 0..24 {
            let (x, y) = upright(6, row, column, 16, 24);
            let (at, from) = (((y * 16 + x) * 3) as usize, ((row * 24 + column) * 3) as usize);
            assert_eq!(photo.rgb()[at..at + 3], stored.rgb()[from..from + 3]);
        }
    }
}

#[test]
fn sixteen_bits_are_rounded_to_eight() {
    let deep = image::ImageBuffer::from_fn(3, 1, |x, _| image::Rgb([[0, 128, 129][x as usize], 65535, 0x8080_u16]));
    let mut bytes = Vec::new();
    DynamicImage::ImageRgb16(deep).write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
    assert_eq!(decode(&bytes).rgb(), [0, 255, 128, 0, 255, 128, 1, 255, 128]);
}

#[test]
fn transparent_pixels_are_white() {
    for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif, ImageFormat::Tiff] {
        let image = image::RgbaImage::from_raw(2, 1, vec![9, 9, 9, 0, 250, 1, 1, 255]).unwrap();
        let mut bytes = Vec::new();
        DynamicImage::ImageRgba8(image).write_to(&mut Cursor::new(&mut bytes), format).unwrap();
        let photo = decode(&bytes);
        assert_eq!(photo.rgb()[..3], [255, 255, 255], "{format:?}");
        assert!(difference(&photo.rgb()[3..], &[250, 1, 1]) <= 6, "{format:?}");
    }
}

#[test]
fn info_and_pixels_decoded_elsewhere() {
    let bytes = file("picture.png");
    let info = decode(&bytes).info().clone();
    assert_eq!(info.format, PhotoFormat::Png);
    assert_eq!(info.sha256.len(), 64);
    assert_eq!(serde_json::to_value(&info).unwrap()["format"], "png");

    let rgba: Vec<u8> = decode(&bytes).rgb().chunks_exact(3).flat_map(|p| [p[0], p[1], p[2], 255]).collect();
    let photo = Photo::from_rgba(rgba, info.width, info.height, &Limits::default()).unwrap();
    assert_eq!(photo.rgb(), decode(&bytes).rgb());
    assert_eq!(serde_json::to_value(photo.info()).unwrap()["format"], "pixels");
}
