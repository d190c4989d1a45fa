//! The JPEG file inside a DICOM file.

use skintree::photo::PhotoError;

use crate::picture::Layout;

const START_OF_IMAGE: [u8; 2] = [0xFF, 0xD8];
const END_OF_IMAGE: [u8; 2] = [0xFF, 0xD9];
/// Application segments 0 and 14, where JFIF and Adobe say which colours the samples are.
const APP0: u8 = 0xE0;
const APP14: u8 = 0xEE;
/// Adobe's segment: version 100, no flags, colours not transformed.
const ADOBE_RGB: [u8; 16] = *b"\xFF\xEE\x00\x0EAdobe\x00\x64\x00\x00\x00\x00\x00";

/// The file of the first frame. A decoder takes three colours for YCbCr unless the file says otherwise; where only the data set
/// does, it is written into the file.
///
/// # Errors
/// [`PhotoError::BrokenDicom`] if the fragments don't begin with a JPEG file.
pub(crate) fn first_frame(layout: &Layout, fragments: &[&[u8]]) -> Result<Vec<u8>, PhotoError> {
    let mut file = Vec::new();
    for fragment in fragments {
        file.extend_from_slice(fragment);
        // Frames begin with a fragment of their own (PS3.5, A.4); one frame may be several fragments.
        if layout.frames > 1 && ends(&file) {
            break;
        }
    }
    if !file.starts_with(&START_OF_IMAGE) {
        return Err(PhotoError::BrokenDicom);
    }
    if layout.photometric == "RGB" && !says_colours(&file) {
        file.splice(2..2, ADOBE_RGB);
    }
    Ok(file)
}

/// Whether the file is complete; a zero may fill it up to an even length.
fn ends(file: &[u8]) -> bool {
    file.strip_suffix(&[0]).unwrap_or(file).ends_with(&END_OF_IMAGE)
}

/// Whether JFIF or Adobe have written a segment before the frame begins.
fn says_colours(file: &[u8]) -> bool {
    let mut rest = &file[2..];
    while let [0xFF, marker @ 0xC4..=0xFE, high, low, ..] = *rest {
        let data = rest.get(4..).unwrap_or_default();
        match marker {
            APP0 if data.starts_with(b"JFIF\0") => return true,
            APP14 if data.starts_with(b"Adobe") => return true,
            // Start of scan.
            0xDA => return false,
            _ => {}
        }
        let length = usize::from(u16::from_be_bytes([high, low]));
        rest = rest.get(2 + length..).unwrap_or_default();
    }
    false
}
