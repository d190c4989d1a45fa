//! Files written by the crate `dicom-object`, of every encoding and kind of pixels that is read or refused by name.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, missing_docs)]

use std::borrow::Cow;
use std::io::Cursor;

use dicom_core::value::{DataSetSequence, PixelFragmentSequence};
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use image::{ImageFormat, Rgb, RgbImage};
use skintree::photo::{Limits, Photo, PhotoError, is_dicom};
use skintree_dicom::photo_file;
use skintree_testing::path;

const IMPLICIT: &str = "1.2.840.10008.1.2";
const EXPLICIT: &str = "1.2.840.10008.1.2.1";
const BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";
const JPEG: &str = "1.2.840.10008.1.2.4.50";
const PATIENT: &str = "Mustermann^Erika";

/// 6 x 4 pixels, no two the same.
fn picture() -> RgbImage {
    RgbImage::from_fn(6, 4, |x, y| Rgb([(x * 40) as u8, (y * 60) as u8, (x * y * 10 + 5) as u8]))
}

fn number(tag: Tag, value: usize) -> DataElement<InMemDicomObject> {
    DataElement::new(tag, VR::US, PrimitiveValue::from(value as u16))
}

fn string(tag: Tag, vr: VR, value: &str) -> DataElement<InMemDicomObject> {
    DataElement::new(tag, vr, PrimitiveValue::from(value))
}

/// What a hospital writes around a dermoscopic picture of `width` x `height`.
fn described(width: usize, height: usize, photometric: &str, samples: usize) -> InMemDicomObject {
    // An icon, as some systems put before the picture: with sides and pixels of its own.
    let icon = InMemDicomObject::from_element_iter([
        number(tags::ROWS, 1),
        number(tags::COLUMNS, 1),
        string(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2"),
        number(tags::SAMPLES_PER_PIXEL, 1),
        number(tags::BITS_ALLOCATED, 8),
        DataElement::new(tags::PIXEL_DATA, VR::OB, PrimitiveValue::from(vec![7_u8, 0])),
    ]);
    InMemDicomObject::from_element_iter([
        string(tags::SOP_CLASS_UID, VR::UI, "1.2.840.10008.5.1.4.1.1.77.1.4"),
        string(tags::SOP_INSTANCE_UID, VR::UI, "1.2.3.4"),
        string(tags::MODALITY, VR::CS, "DMS"),
        string(tags::PATIENT_NAME, VR::PN, PATIENT),
        string(tags::PATIENT_BIRTH_DATE, VR::DA, "19640812"),
        DataElement::new(tags::ICON_IMAGE_SEQUENCE, VR::SQ, DataSetSequence::from(vec![icon])),
        number(tags::ROWS, height),
        number(tags::COLUMNS, width),
        number(tags::SAMPLES_PER_PIXEL, samples),
        number(tags::BITS_ALLOCATED, 8),
        number(tags::BITS_STORED, 8),
        number(tags::PLANAR_CONFIGURATION, 0),
        string(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, photometric),
    ])
}

fn file(data_set: InMemDicomObject, transfer_syntax: &str) -> Vec<u8> {
    let meta = FileMetaTableBuilder::new().transfer_syntax(transfer_syntax);
    let mut bytes = Vec::new();
    data_set.with_meta(meta).unwrap().write_all(&mut bytes).unwrap();
    bytes
}

fn raw(mut data_set: InMemDicomObject, samples: Vec<u8>, transfer_syntax: &str) -> Vec<u8> {
    data_set.put(DataElement::new(tags::PIXEL_DATA, VR::OB, PrimitiveValue::from(samples)));
    file(data_set, transfer_syntax)
}

fn compressed(mut data_set: InMemDicomObject, fragments: Vec<Vec<u8>>, transfer_syntax: &str) -> Vec<u8> {
    let sequence = PixelFragmentSequence::new_fragments(fragments);
    data_set.put(DataElement::new(tags::PIXEL_DATA, VR::OB, sequence));
    file(data_set, transfer_syntax)
}

fn read(bytes: &[u8]) -> Result<Vec<u8>, PhotoError> {
    assert!(is_dicom(bytes));
    photo_file(bytes, &Limits::default()).map(Cow::into_owned)
}

fn pixels(bytes: &[u8]) -> RgbImage {
    let file = read(bytes).unwrap();
    assert!(!holds(&file, PATIENT.as_bytes()));
    let photo = Photo::decode(&file, &Limits::default()).unwrap();
    RgbImage::from_raw(photo.width(), photo.height(), photo.rgb().to_vec()).unwrap()
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn found(bytes: &[u8]) -> &'static str {
    match read(bytes) {
        Err(PhotoError::Format { found }) => found,
        other => panic!("{other:?}"),
    }
}

#[test]
fn pixels_that_are_not_compressed_are_read_to_the_bit() {
    let picture = picture();
    for syntax in [IMPLICIT, EXPLICIT, BIG_ENDIAN] {
        let bytes = raw(described(6, 4, "RGB", 3), picture.to_vec(), syntax);
        assert!(holds(&bytes, PATIENT.as_bytes()), "the patient is to be found in the file itself");
        assert_eq!(pixels(&bytes), picture, "{syntax}");
    }
}

#[test]
fn colours_may_lie_apart() {
    let picture = picture();
    let planes = (0..3).flat_map(|colour| picture.pixels().map(move |pixel| pixel[colour])).collect();
    let mut data_set = described(6, 4, "RGB", 3);
    data_set.put(number(tags::PLANAR_CONFIGURATION, 1));
    assert_eq!(pixels(&raw(data_set, planes, EXPLICIT)), picture);
}

#[test]
fn luma_and_chroma_become_colours() {
    // Red, as ITU-T T.871 has it: 76, 85, 255 (254 after rounding).
    let near = |pixel: &Rgb<u8>, wanted: [u8; 3]| pixel.0.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) <= 1);
    let full = pixels(&raw(described(2, 1, "YBR_FULL", 3), vec![76, 85, 255, 128, 128, 128], EXPLICIT));
    assert!(near(&full[(0, 0)], [254, 0, 0]) && near(&full[(1, 0)], [128; 3]), "{full:?}");
    let halved = pixels(&raw(described(2, 1, "YBR_FULL_422", 3), vec![76, 100, 85, 255], EXPLICIT));
    assert!(near(&halved[(0, 0)], [254, 0, 0]) && near(&halved[(1, 0)], [255, 24, 24]), "{halved:?}");
}

#[test]
fn grey_is_read_both_ways_round() {
    let grey = |photometric| pixels(&raw(described(2, 1, photometric, 1), vec![10, 200], EXPLICIT));
    assert_eq!(grey("MONOCHROME2").into_raw(), [10, 10, 10, 200, 200, 200]);
    assert_eq!(grey("MONOCHROME1").into_raw(), [245, 245, 245, 55, 55, 55]);
}

/// JPEG files of the repository: baseline with JFIF, progressive, grey.
#[test]
fn a_jpeg_inside_is_handed_out_as_it_is() {
    for name in ["baseline-420.jpg", "progressive.jpg", "grey.jpg"] {
        let jpeg = std::fs::read(path("tests/photos").join(name)).unwrap();
        for parts in [1, 3] {
            let fragments = jpeg.chunks(jpeg.len() / parts / 2 * 2 + 2).map(<[u8]>::to_vec).collect();
            let file = read(&compressed(described(9, 9, "YBR_FULL_422", 3), fragments, JPEG)).unwrap();
            // The writer fills up to an even length.
            assert_eq!(file[..jpeg.len()], jpeg, "{name} in {parts} parts");
            assert!(Photo::decode(&file, &Limits::default()).is_ok());
        }
    }
}

#[test]
fn of_several_frames_the_first_counts() {
    let jpeg = std::fs::read(path("tests/photos/restart.jpg")).unwrap();
    let other = std::fs::read(path("tests/photos/grey.jpg")).unwrap();
    let mut data_set = described(9, 9, "YBR_FULL_422", 3);
    data_set.put(string(tags::NUMBER_OF_FRAMES, VR::IS, "2"));
    let (left, right) = jpeg.split_at((jpeg.len() / 2) & !1);
    let fragments = vec![left.to_vec(), right.to_vec(), other];
    let file = read(&compressed(data_set.clone(), fragments, JPEG)).unwrap();
    assert_eq!(file[..jpeg.len()], jpeg);
    assert!(file.len() <= jpeg.len() + 1);

    let picture = picture();
    let mut data_set = described(6, 4, "RGB", 3);
    data_set.put(string(tags::NUMBER_OF_FRAMES, VR::IS, "2"));
    let frames = [picture.to_vec(), vec![0; picture.len()]].concat();
    assert_eq!(pixels(&raw(data_set, frames, EXPLICIT)), picture);
}

/// Without a word in the JPEG itself, three colours are taken for YCbCr, and a red lesion for a blue one.
#[test]
fn the_data_set_says_which_colours_a_jpeg_has() {
    let mut jpeg = Vec::new();
    RgbImage::from_pixel(16, 16, Rgb([254, 0, 0])).write_to(&mut Cursor::new(&mut jpeg), ImageFormat::Jpeg).unwrap();
    let of = |jpeg: &[u8], photometric| {
        pixels(&compressed(described(16, 16, photometric, 3), vec![jpeg.to_vec()], JPEG))[(5, 5)]
    };
    let near = |pixel: Rgb<u8>, wanted: [u8; 3]| pixel.0.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) <= 2);
    // JFIF prescribes YCbCr, whatever the data set says.
    assert!(holds(&jpeg, b"JFIF"));
    assert!(near(of(&jpeg, "RGB"), [254, 0, 0]));
    // The segment of JFIF is the first, 18 bytes long.
    let bare = [&jpeg[..2], &jpeg[20..]].concat();
    assert!(near(of(&bare, "YBR_FULL_422"), [254, 0, 0]));
    assert!(near(of(&bare, "RGB"), [76, 85, 255]));
}

#[test]
fn what_is_not_read_is_named() {
    let jpeg = vec![vec![1, 2, 3, 4]];
    let compressed = |uid: &str| compressed(described(6, 4, "RGB", 3), jpeg.clone(), uid);
    assert_eq!(found(&compressed("1.2.840.10008.1.2.4.90")), "a DICOM image compressed as JPEG 2000");
    assert_eq!(found(&compressed("1.2.840.10008.1.2.4.80")), "a DICOM image compressed as JPEG-LS");
    assert_eq!(found(&compressed("1.2.840.10008.1.2.5")), "a DICOM image compressed as RLE");
    for syntax in [EXPLICIT, JPEG] {
        assert_eq!(found(&file(described(6, 4, "RGB", 3), syntax)), "a DICOM file without a picture");
    }

    let mut deep = described(2, 1, "MONOCHROME2", 1);
    deep.put(number(tags::BITS_ALLOCATED, 16));
    assert!(found(&raw(deep, vec![0; 4], EXPLICIT)).contains("more than 8 bits"));
    assert!(found(&raw(described(2, 1, "PALETTE COLOR", 1), vec![0; 2], EXPLICIT)).contains("palette"));
    assert!(found(&raw(described(2, 1, "HSV", 3), vec![0; 6], EXPLICIT)).contains("not known"));
    let mut written_on = described(6, 4, "RGB", 3);
    written_on.put(string(tags::BURNED_IN_ANNOTATION, VR::CS, "YES"));
    assert!(found(&raw(written_on, picture().to_vec(), EXPLICIT)).contains("writing"));
}

#[test]
fn damage_is_refused_without_a_word_of_the_patient() {
    let whole = raw(described(6, 4, "RGB", 3), picture().to_vec(), EXPLICIT);
    for length in 132..whole.len() {
        let error = read(&whole[..length]).unwrap_err();
        assert!(!error.to_string().contains("Muster"), "{error}");
        assert!(matches!(error, PhotoError::BrokenDicom | PhotoError::Format { .. }), "{length}: {error}");
    }
    let with_jpeg = compressed(described(6, 4, "RGB", 3), vec![b"no JPEG!".to_vec()], JPEG);
    assert_eq!(read(&with_jpeg), Err(PhotoError::BrokenDicom));
    for (rows, columns) in [(0, 4), (6, 0)] {
        assert_eq!(read(&raw(described(columns, rows, "RGB", 3), vec![0; 72], EXPLICIT)), Err(PhotoError::BrokenDicom));
    }
    let error = read(&raw(described(65_535, 65_535, "RGB", 3), vec![0; 72], EXPLICIT)).unwrap_err();
    assert_eq!(error.code(), "photo-too-large");
}

/// Every length in the file made enormous: refused, and no memory is taken for it.
#[test]
fn lengths_are_not_believed() {
    let whole = raw(described(6, 4, "RGB", 3), picture().to_vec(), EXPLICIT);
    for place in 132..whole.len() - 4 {
        let mut bytes = whole.clone();
        bytes[place..place + 4].copy_from_slice(&[0xF0, 0xFF, 0xFF, 0x7F]);
        drop(read(&bytes));
    }
}

#[test]
fn other_files_pass_as_they_are() {
    for bytes in [&b"\xFF\xD8\xFF"[..], b"", b"DICM", &[0; 300]] {
        assert!(!is_dicom(bytes));
        assert!(matches!(photo_file(bytes, &Limits::default()), Ok(Cow::Borrowed(same)) if same == bytes));
    }
}
