//! No bytes may make the decoder panic, hang, take much memory, or pass half a photo for a whole one.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, missing_docs)]
#![allow(unsafe_code, reason = "counting memory needs an allocator of our own")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::Cursor;

use image::{DynamicImage, ImageFormat, RgbImage};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use skintree::photo::{Limits, Photo, PhotoError};
use skintree_testing::random;

/// Counts what each thread, and so each test, holds at most.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    let held = HELD.get() + bytes;
    HELD.set(held);
    PEAK.set(PEAK.get().max(held));
}

// SAFETY: passes everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size().cast_signed()));
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size.cast_signed() - layout.size().cast_signed());
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const MIB: isize = 1 << 20;

/// Runs `f` and gives the most bytes this thread held beyond what it held before.
fn peak_of<T>(f: impl FnOnce() -> T) -> (T, isize) {
    let before = HELD.get();
    PEAK.set(before);
    let result = f();
    (result, PEAK.get() - before)
}

/// A photo with enough detail that every part of the file matters.
fn picture(width: u32, height: u32) -> RgbImage {
    let mut random = random(1);
    RgbImage::from_fn(width, height, |x, y| {
        let noise = ((random() + 1.0) * 32.0) as u8;
        image::Rgb([(x * 3) as u8 ^ noise, (y * 5) as u8, noise * 4])
    })
}

fn encode(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    DynamicImage::ImageRgb8(picture(61, 47)).write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    bytes
}

/// One of each kind: those the encoders write, and the files in `tests/photos`.
fn samples() -> Vec<(String, Vec<u8>)> {
    use ImageFormat::{Bmp, Gif, Jpeg, Png, Tiff, WebP};
    let written = [Jpeg, Png, WebP, Gif, Bmp, Tiff].map(|format| (format!("{format:?}"), encode(format)));
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/photos");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension != "py" && extension != "dcm"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()))
        .collect();
    files.sort();
    written.into_iter().chain(files).collect()
}

/// Limits for small pictures, so that taking too much memory shows.
const SMALL: Limits = Limits { bytes: 1 << 20, pixels: 1 << 16, memory: 1 << 20 };

fn decode_within_memory(bytes: &[u8]) -> Result<Photo, PhotoError> {
    let (result, peak) = peak_of(|| Photo::decode(bytes, &SMALL));
    // The parts of a lossy WebP frame have 24-bit lengths, for which the decoder takes memory before it reads them.
    let most = if bytes.starts_with(b"RIFF") { 24 * MIB } else { 8 * MIB };
    assert!(peak < most, "took {peak} bytes: {:?}, {:02x?}", result.as_ref().err(), &bytes[..bytes.len().min(16)]);
    result
}

#[test]
fn a_cut_off_photo_is_never_taken_for_a_whole_one() {
    for (name, bytes) in samples() {
        let Ok(whole) = Photo::decode(&bytes, &SMALL) else {
            assert_eq!(name, "photo.avif");
            continue;
        };
        let step = (bytes.len() / 400).max(1);
        for length in (0..bytes.len()).step_by(step).chain(bytes.len().saturating_sub(24)..bytes.len()) {
            match decode_within_memory(&bytes[..length]) {
                // Missing padding, or further frames: the picture itself must be all there.
                Ok(photo) => assert_eq!(photo.rgb(), whole.rgb(), "{name} cut to {length} of {}", bytes.len()),
                Err(error) if length > 32 => assert_eq!(error.code(), "photo-broken", "{name} at {length}: {error}"),
                Err(_) => {}
            }
        }
    }
}

#[test]
fn a_jpeg_without_its_end_is_broken_or_the_same() {
    for name in ["baseline-420.jpg", "progressive.jpg", "restart.jpg", "grey.jpg", "cmyk.jpg"] {
        let path = format!("{}/tests/photos/{name}", env!("CARGO_MANIFEST_DIR"));
        let bytes = std::fs::read(path).unwrap();
        match Photo::decode(&bytes[..bytes.len() - 2], &SMALL) {
            // All data is there, and in one scan that can be told.
            Ok(photo) => assert_eq!(photo.rgb(), Photo::decode(&bytes, &SMALL).unwrap().rgb(), "{name}"),
            Err(error) => {
                assert_eq!((error.code(), name), ("photo-broken", "progressive.jpg"));
                assert!(error.to_string().contains("end is missing"), "{error}");
            }
        }
        // What a phone appends (a video, a gain map) does not matter.
        let with_trailer = [&bytes, &b"\xFF\xD8 and more"[..]].concat();
        assert!(Photo::decode(&with_trailer, &SMALL).is_ok());
    }
}

#[test]
fn a_jpeg_that_ends_too_early_is_broken() {
    // As a repair program leaves it: cut off, and an end marker put on.
    let bytes = encode(ImageFormat::Jpeg);
    let data = bytes.windows(2).position(|pair| pair == [0xFF, 0xDA]).unwrap() + 14;
    for percent in 0..95 {
        let cut = data + (bytes.len() - data) * percent / 100;
        let error = Photo::decode(&[&bytes[..cut], &[0xFF, 0xD9]].concat(), &SMALL).unwrap_err();
        assert_eq!(error.code(), "photo-broken", "{percent} %: {error}");
    }
}

#[test]
fn a_flat_jpeg_of_few_bits_is_whole() {
    // Its last rows fit into what the decoder reads ahead.
    for (width, height) in [(1, 1), (8, 8), (16, 33), (9, 200), (200, 9)] {
        let flat = RgbImage::from_pixel(width, height, image::Rgb([120, 60, 30]));
        let mut bytes = Vec::new();
        DynamicImage::ImageRgb8(flat).write_to(&mut Cursor::new(&mut bytes), ImageFormat::Jpeg).unwrap();
        let photo = Photo::decode(&bytes, &SMALL).unwrap();
        assert!(photo.rgb().chunks_exact(3).all(|pixel| pixel == &photo.rgb()[..3]));
    }
}

/// A header of each format that promises a picture of 60,000 x 60,000 pixels (16,384 x 16,384 in WebP).
fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let side: u32 = 60_000;
    let (be, le) = (side.to_be_bytes(), side.to_le_bytes());
    let ihdr = [b"IHDR", &be[..], &be, &[8, 2, 0, 0, 0]].concat();
    let crc = ihdr.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
    });
    let idat = b"\0\0\0\x08IDAT\x78\x9c\x01\0\0\xff\xff\0\0\0\0\0";
    let png = [b"\x89PNG\r\n\x1a\n\0\0\0\x0D", &ihdr[..], &(!crc).to_be_bytes(), idat].concat();
    let gif =
        [b"GIF89a", &le[..2], &le[..2], b"\0\0\0,\0\0\0\0", &le[..2], &le[..2], b"\0\x02\x02\x4C\x01\0;"].concat();
    let info = [&40_u32.to_le_bytes()[..], &le, &le, &[1, 0, 24, 0], &[0; 24]].concat();
    let bmp = [b"BM", &1_000_u32.to_le_bytes()[..], &[0; 4], &54_u32.to_le_bytes(), &info, &[0; 64]].concat();
    let entry = |tag: u16, value: u32| {
        [&tag.to_le_bytes()[..], &4_u16.to_le_bytes(), &1_u32.to_le_bytes(), &value.to_le_bytes()].concat()
    };
    let entries =
        [(256, side), (257, side), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, side), (279, 3_600_000_000)];
    let directory: Vec<u8> = entries.iter().flat_map(|&(tag, value)| entry(tag, value)).collect();
    let tiff = [b"II\x2A\0\x08\0\0\0", &(entries.len() as u16).to_le_bytes()[..], &directory, &[0; 4]].concat();
    let vp8x = b"VP8X\x0A\0\0\0\0\0\0\0\xFF\x3F\0\xFF\x3F\0VP8L\x08\0\0\0\x2F\xFF\xFF\xFF\x0F\0\0\0";
    let webp = [b"RIFF", &(4 + vp8x.len() as u32).to_le_bytes()[..], b"WEBP", vp8x].concat();
    let mut jpeg = encode(ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[be[2], be[3], be[2], be[3]]);
    vec![("png", png), ("gif", gif), ("bmp", bmp), ("tiff", tiff), ("webp", webp), ("jpeg", jpeg)]
}

#[test]
fn a_bomb_is_refused_by_its_header() {
    for (name, bytes) in bombs() {
        let (result, peak) = peak_of(|| Photo::decode(&bytes, &Limits::default()));
        let error = result.unwrap_err();
        assert_eq!(error.code(), "photo-too-large", "{name}: {error}");
        assert!(peak < 4 * MIB, "{name} took {peak} bytes");
    }
}

#[test]
fn a_large_but_allowed_header_with_no_data_is_broken() {
    // 4,000 x 4,000 pixels are promised: the memory for them may be taken, but nothing may be made up.
    for (name, mut bytes) in bombs().into_iter().filter(|(name, _)| matches!(*name, "bmp" | "jpeg")) {
        let (at, size) = if name == "bmp" {
            (18, [4_000_u32.to_le_bytes(), 4_000_u32.to_le_bytes()].concat())
        } else {
            let frame = bytes.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
            (frame + 5, [4_000_u16.to_be_bytes(), 4_000_u16.to_be_bytes()].concat())
        };
        bytes[at..at + size.len()].copy_from_slice(&size);
        let (result, peak) = peak_of(|| Photo::decode(&bytes, &Limits::default()));
        let error = result.unwrap_err();
        assert_eq!(error.code(), "photo-broken", "{name}: {error}");
        assert!(peak < 128 * MIB, "{name} took {peak} bytes");
    }
}

#[test]
fn limits_are_kept() {
    let jpeg = encode(ImageFormat::Jpeg);
    let png = encode(ImageFormat::Png);
    let code = |bytes: &[u8], limits: Limits| Photo::decode(bytes, &limits).unwrap_err().code();
    for bytes in [&jpeg, &png] {
        assert_eq!(code(bytes, Limits { bytes: bytes.len() as u64 - 1, ..SMALL }), "photo-too-large");
        assert_eq!(code(bytes, Limits { pixels: 61 * 47 - 1, ..SMALL }), "photo-too-large");
        assert_eq!(code(bytes, Limits { memory: 61 * 47 * 3 - 1, ..SMALL }), "photo-too-large");
        assert!(Photo::decode(bytes, &Limits { pixels: 61 * 47, ..SMALL }).is_ok());
    }
}

#[test]
fn nothing_text_and_zero_sizes() {
    let code = |bytes: &[u8]| Photo::decode(bytes, &SMALL).unwrap_err().code();
    assert_eq!(code(b""), "photo-broken");
    assert_eq!(code("그냥 글".as_bytes()), "photo-format");
    assert_eq!(code(&[0; 4096]), "photo-format");
    for magic in
        [&b"\xFF\xD8\xFF"[..], b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"GIF89a", b"BM", b"II\x2A\0", b"MM\0\x2A"]
    {
        assert_eq!(code(magic), "photo-broken", "{magic:?}");
        assert_eq!(code(&[magic, &[0; 64]].concat()), "photo-broken", "{magic:?}");
    }
    let mut jpeg = encode(ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    jpeg[frame + 5..frame + 7].fill(0);
    assert_eq!(code(&jpeg), "photo-broken");
}

#[test]
fn the_name_of_a_format_comes_from_its_bytes() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/photos/photo.avif");
    let error = Photo::decode(&std::fs::read(path).unwrap(), &SMALL).unwrap_err();
    assert_eq!(error.code(), "photo-format");
    let message = error.to_string();
    assert!(message.contains("AVIF") && message.contains("JPEG, PNG, WebP"), "{message}");
}

#[test]
fn one_byte_wrong_anywhere() {
    for (_, bytes) in samples() {
        let mut damaged = bytes.clone();
        for at in 0..bytes.len().min(700) {
            for value in [0, 0xFF, bytes[at] ^ 0x80, bytes[at].wrapping_add(1)] {
                damaged[at] = value;
                let _ = decode_within_memory(&damaged);
            }
            damaged[at] = bytes[at];
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::with_cases(2_000)
    })]

    #[test]
    fn several_bytes_wrong(sample in 0_usize..64, damage in prop::collection::vec((any::<usize>(), any::<u8>()), 1..24)) {
        let samples = SAMPLES.with(Clone::clone);
        let (_, bytes) = &samples[sample % samples.len()];
        let mut damaged = bytes.clone();
        for (at, value) in damage {
            damaged[at % bytes.len()] = value;
        }
        let _ = decode_within_memory(&damaged);
    }

    #[test]
    fn a_piece_missing_or_twice(sample in 0_usize..64, from in any::<usize>(), to in any::<usize>(), twice in any::<bool>()) {
        let samples = SAMPLES.with(Clone::clone);
        let (_, bytes) = &samples[sample % samples.len()];
        let (from, to) = (from % bytes.len(), to % bytes.len());
        let (from, to) = (from.min(to), from.max(to));
        let rest = if twice { &bytes[from..] } else { &bytes[to..] };
        let _ = decode_within_memory(&[&bytes[..to.min(if twice { to } else { from })], rest].concat());
    }

    #[test]
    fn noise_after_a_magic_number(magic in 0_usize..64, noise in prop::collection::vec(any::<u8>(), 0..512)) {
        let samples = SAMPLES.with(Clone::clone);
        let (_, bytes) = &samples[magic % samples.len()];
        let _ = decode_within_memory(&[&bytes[..bytes.len().min(16)], &noise].concat());
    }
}

thread_local! {
    /// Made once a thread; the counting allocator must not see the making of them.
    static SAMPLES: std::rc::Rc<Vec<(String, Vec<u8>)>> = std::rc::Rc::new(samples());
}
