//! Walks a DICOM data set. Values are not decoded by the library, which would take the memory a damaged length asks for: they
//! are parts of the bytes that are there.

use std::ops::ControlFlow;

use dicom_core::Tag;
use dicom_core::dictionary::stub::StubDataDictionary;
use dicom_encoding::decode::basic::{BigEndianBasicDecoder, LittleEndianBasicDecoder};
use dicom_encoding::decode::explicit_be::ExplicitVRBigEndianDecoder;
use dicom_encoding::decode::explicit_le::ExplicitVRLittleEndianDecoder;
use dicom_encoding::decode::implicit_le::ImplicitVRLittleEndianDecoder;
use dicom_encoding::decode::{BasicDecode, DecodeFrom};
use dicom_encoding::text::SpecificCharacterSet;
use dicom_parser::StatefulDecoder;
use dicom_parser::dataset::LazyDataToken;
use dicom_parser::dataset::lazy_read::LazyDataSetReader;
use dicom_parser::stateful::decode::StatefulDecode as _;
use skintree::photo::PhotoError;

use crate::transfer_syntax::TransferSyntax;

/// A value of the outermost data set.
pub(crate) enum Element<'a> {
    /// A value that is not a sequence.
    Value(Tag, &'a [u8]),
    /// One of the items that compressed pixels are made of: a table of offsets first, then fragments.
    PixelItem(&'a [u8]),
}

/// Shows all elements of the data set in `bytes`, until `visit` breaks off or nothing is left.
///
/// # Errors
/// Those of `visit`, and [`PhotoError::BrokenDicom`].
pub(crate) fn walk<'a>(
    bytes: &'a [u8],
    syntax: TransferSyntax,
    visit: impl FnMut(Element<'a>) -> Result<ControlFlow<()>, PhotoError>,
) -> Result<(), PhotoError> {
    match syntax {
        // The types of elements, which a dictionary would know, are not asked for.
        TransferSyntax::ImplicitLittleEndian => {
            let decoder = ImplicitVRLittleEndianDecoder::with_dict(StubDataDictionary);
            walk_with(bytes, decoder, LittleEndianBasicDecoder, visit)
        }
        TransferSyntax::ExplicitLittleEndian | TransferSyntax::Jpeg => {
            walk_with(bytes, ExplicitVRLittleEndianDecoder::default(), LittleEndianBasicDecoder, visit)
        }
        TransferSyntax::ExplicitBigEndian => {
            walk_with(bytes, ExplicitVRBigEndianDecoder::default(), BigEndianBasicDecoder, visit)
        }
    }
}

fn walk_with<'a>(
    bytes: &'a [u8],
    decoder: impl DecodeFrom<&'a [u8]>,
    basic: impl BasicDecode,
    mut visit: impl FnMut(Element<'a>) -> Result<ControlFlow<()>, PhotoError>,
) -> Result<(), PhotoError> {
    let decoder = StatefulDecoder::new(bytes, decoder, basic, SpecificCharacterSet::default());
    let mut reader = LazyDataSetReader::new(decoder);
    // Sequences and items that are open: what stands in them belongs to something else, such as an icon.
    let mut depth = 0_usize;
    let mut in_pixels = false;
    while let Some(token) = reader.advance() {
        let token = token.map_err(|_| PhotoError::BrokenDicom)?;
        let flow = match token {
            LazyDataToken::ElementHeader(_) => ControlFlow::Continue(()),
            LazyDataToken::PixelSequenceStart => {
                in_pixels = depth == 0;
                depth += 1;
                ControlFlow::Continue(())
            }
            LazyDataToken::SequenceStart { .. } => {
                depth += 1;
                ControlFlow::Continue(())
            }
            LazyDataToken::ItemStart { len } => {
                depth += 1;
                // No value comes for an empty item.
                if in_pixels && len.0 == 0 { visit(Element::PixelItem(&[]))? } else { ControlFlow::Continue(()) }
            }
            LazyDataToken::SequenceEnd | LazyDataToken::ItemEnd => {
                depth = depth.checked_sub(1).ok_or(PhotoError::BrokenDicom)?;
                if depth == 0 && in_pixels { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            }
            LazyDataToken::LazyValue { header, decoder } => {
                let value = value(bytes, decoder.position(), header.len.0)?;
                decoder.skip_bytes(header.len.0).map_err(|_| PhotoError::BrokenDicom)?;
                if depth == 0 { visit(Element::Value(header.tag, value))? } else { ControlFlow::Continue(()) }
            }
            LazyDataToken::LazyItemValue { len, decoder } => {
                let value = value(bytes, decoder.position(), len)?;
                decoder.skip_bytes(len).map_err(|_| PhotoError::BrokenDicom)?;
                if in_pixels { visit(Element::PixelItem(value))? } else { ControlFlow::Continue(()) }
            }
            _ => return Err(PhotoError::BrokenDicom),
        };
        if flow.is_break() {
            break;
        }
    }
    Ok(())
}

fn value(bytes: &[u8], start: u64, length: u32) -> Result<&[u8], PhotoError> {
    let start = usize::try_from(start).map_err(|_| PhotoError::BrokenDicom)?;
    let rest = bytes.get(start..).ok_or(PhotoError::BrokenDicom)?;
    rest.get(..length as usize).ok_or(PhotoError::BrokenDicom)
}
