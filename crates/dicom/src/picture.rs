//! What a DICOM file says of its picture, and where the pixels lie.

use std::ops::ControlFlow;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use skintree::photo::{DICOM_MARK, PhotoError};

use crate::data_set::{Element, walk};
use crate::transfer_syntax::TransferSyntax;

/// Reports, measurements, documents, directories.
const NO_PICTURE: PhotoError = PhotoError::Format { found: "a DICOM file without a picture" };
/// Names and numbers of patients would be shown and kept with the picture.
const WRITTEN_ON: PhotoError = PhotoError::Format { found: "a DICOM image with writing in the picture" };

/// How the pixels lie (PS3.3, C.7.6.3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) rows: u16,
    pub(crate) columns: u16,
    pub(crate) samples_per_pixel: u16,
    pub(crate) bits_allocated: u16,
    /// Each colour is a picture of its own, one after the other.
    pub(crate) planar: bool,
    /// `RGB`, `YBR_FULL_422` and the like.
    pub(crate) photometric: String,
    pub(crate) frames: u32,
}

/// The pixels as they lie in the file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pixels<'a> {
    /// Fragments of JPEG files, one file a frame.
    Jpeg(Vec<&'a [u8]>),
    /// Samples, frame after frame.
    Raw(&'a [u8]),
}

/// The picture of a file.
#[derive(Debug)]
pub(crate) struct Picture<'a> {
    pub(crate) layout: Layout,
    pub(crate) pixels: Pixels<'a>,
}

impl<'a> Picture<'a> {
    /// That of a file whose first bytes are those of DICOM.
    ///
    /// # Errors
    /// [`PhotoError::Format`] for what is not read, and [`PhotoError::BrokenDicom`].
    pub(crate) fn find(bytes: &'a [u8]) -> Result<Self, PhotoError> {
        let (syntax, data_set) = open(bytes.get(DICOM_MARK.end..).unwrap_or_default())?;
        let mut layout = Layout { frames: 1, ..Layout::default() };
        let mut raw = None;
        let mut items = Vec::new();
        walk(data_set, syntax, |element| {
            match element {
                Element::PixelItem(item) => items.push(item),
                Element::Value(tags::PIXEL_DATA, samples) => {
                    raw = Some(samples);
                    return Ok(ControlFlow::Break(()));
                }
                Element::Value(tags::BURNED_IN_ANNOTATION, value) if text(value) == "YES" => return Err(WRITTEN_ON),
                Element::Value(tag, value) => layout.set(tag, value, syntax)?,
            }
            Ok(ControlFlow::Continue(()))
        })?;
        let pixels = match (syntax, raw) {
            // The first item is the table of offsets.
            (TransferSyntax::Jpeg, None) if items.len() > 1 => Pixels::Jpeg(items.split_off(1)),
            (TransferSyntax::Jpeg, _) => {
                return Err(if items.is_empty() { NO_PICTURE } else { PhotoError::BrokenDicom });
            }
            (_, Some(samples)) if items.is_empty() => Pixels::Raw(samples),
            (_, None) if items.is_empty() => return Err(NO_PICTURE),
            _ => return Err(PhotoError::BrokenDicom),
        };
        Ok(Self { layout, pixels })
    }
}

impl Layout {
    fn set(&mut self, tag: Tag, value: &[u8], syntax: TransferSyntax) -> Result<(), PhotoError> {
        let number = || {
            let value: [u8; 2] = value.try_into().map_err(|_| PhotoError::BrokenDicom)?;
            Ok(if syntax == TransferSyntax::ExplicitBigEndian {
                u16::from_be_bytes(value)
            } else {
                u16::from_le_bytes(value)
            })
        };
        match tag {
            tags::ROWS => self.rows = number()?,
            tags::COLUMNS => self.columns = number()?,
            tags::SAMPLES_PER_PIXEL => self.samples_per_pixel = number()?,
            tags::BITS_ALLOCATED => self.bits_allocated = number()?,
            tags::PLANAR_CONFIGURATION => self.planar = number()? == 1,
            tags::PHOTOMETRIC_INTERPRETATION => text(value).clone_into(&mut self.photometric),
            tags::NUMBER_OF_FRAMES => self.frames = text(value).parse().map_err(|_| PhotoError::BrokenDicom)?,
            _ => {}
        }
        Ok(())
    }
}

/// Bytes of the first element, which says how many bytes the others of its group have.
const GROUP_LENGTH: usize = 12;

/// The encoding that the meta information (PS3.10, 7.1) names, and the data set behind it.
fn open(bytes: &[u8]) -> Result<(TransferSyntax, &[u8]), PhotoError> {
    let mut length = None;
    let mut uid = "";
    let explicit = TransferSyntax::ExplicitLittleEndian;
    let (first, rest) = bytes.split_at_checked(GROUP_LENGTH).ok_or(PhotoError::BrokenDicom)?;
    walk(first, explicit, |element| {
        if let Element::Value(tags::FILE_META_INFORMATION_GROUP_LENGTH, value) = element {
            length = <[u8; 4]>::try_from(value).ok().map(|length| u32::from_le_bytes(length) as usize);
        }
        Ok(ControlFlow::Break(()))
    })?;
    let split = length.and_then(|length| rest.split_at_checked(length));
    let (meta, data_set) = split.ok_or(PhotoError::BrokenDicom)?;
    walk(meta, explicit, |element| {
        if let Element::Value(tags::TRANSFER_SYNTAX_UID, value) = element {
            uid = text(value);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok((TransferSyntax::of(uid)?, data_set))
}

/// A value of characters, without what fills it up to an even length.
fn text(value: &[u8]) -> &str {
    str::from_utf8(value).unwrap_or_default().trim_matches(['\0', ' '])
}
