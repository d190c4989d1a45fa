//! A look at the chunks of a WebP file before the decoder gets it.

use super::{PhotoError, PhotoFormat};

/// The file without what comes after it, if its chunks lie inside it and its sizes agree.
///
/// The decoder trusts lengths and takes up to 4 GiB for metadata, and it takes memory for a lossy frame by the frame's
/// own size (or panics) before it compares that with the size in the file's header, which is all that limits can see.
pub(super) fn check(bytes: &[u8]) -> Result<&[u8], PhotoError> {
    const RIFF_HEADER: usize = 12;
    let cut_off = || PhotoError::broken(PhotoFormat::Webp, "a part of it is missing");
    let declared = length_at(bytes, 4).ok_or_else(cut_off)?;
    // Some writers leave out the last padding byte, but count it.
    if declared.saturating_add(8) > bytes.len().saturating_add(1) {
        return Err(cut_off());
    }
    let bytes = &bytes[..declared.saturating_add(8).min(bytes.len())];
    let mut canvas = None;
    for chunk in chunks(bytes.get(RIFF_HEADER..).unwrap_or_default()) {
        let (name, data) = chunk.ok_or_else(cut_off)?;
        match name {
            b"VP8X" => canvas = size_at(data, 4),
            b"ANMF" => {
                let frame = size_at(data, 6);
                for chunk in chunks(data.get(16..).unwrap_or_default()) {
                    let (name, data) = chunk.ok_or_else(cut_off)?;
                    check_lossy(*name, data, frame)?;
                }
            }
            _ => check_lossy(*name, data, canvas)?,
        }
    }
    Ok(bytes)
}

/// A chunk's name and data, or `None` for one that does not lie inside `rest`; ends after the latter.
fn chunks(mut rest: &[u8]) -> impl Iterator<Item = Option<(&[u8; 4], &[u8])>> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let chunk =
            rest.first_chunk().zip(length_at(rest, 4).and_then(|length| rest.get(8..8_usize.checked_add(length)?)));
        rest = chunk.map_or(&[], |(_, data)| rest.get(8 + data.len().next_multiple_of(2)..).unwrap_or_default());
        Some(chunk)
    })
}

/// A lossy picture must have the size that the frame or canvas around it announces, if any.
fn check_lossy(name: [u8; 4], data: &[u8], around: Option<(u32, u32)>) -> Result<(), PhotoError> {
    let Some(around) = around.filter(|_| name == *b"VP8 ") else { return Ok(()) };
    // After a 3-byte tag and a 3-byte start code: 14 bits each, and 2 bits of scale.
    let side = |at: usize| Some(u32::from(u16::from_le_bytes([*data.get(at)?, *data.get(at + 1)?]) & 0x3FFF));
    if side(6).zip(side(8)) == Some(around) {
        return Ok(());
    }
    Err(PhotoError::broken(PhotoFormat::Webp, "sizes contradict each other"))
}

fn length_at(bytes: &[u8], at: usize) -> Option<usize> {
    let length = bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)?;
    usize::try_from(length).ok()
}

/// Width and height, each less one in 24 bits.
fn size_at(data: &[u8], at: usize) -> Option<(u32, u32)> {
    let side = |at: usize| Some(u32::from_le_bytes([*data.get(at)?, *data.get(at + 1)?, *data.get(at + 2)?, 0]) + 1);
    side(at).zip(side(at + 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(name: &[u8], data: &[u8]) -> Vec<u8> {
        let padding = &[0][..data.len() % 2];
        [name, &(data.len() as u32).to_le_bytes(), data, padding].concat()
    }

    fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
        let body = [b"WEBP", &chunks.concat()[..]].concat();
        chunk(b"RIFF", &body)
    }

    /// Only the header of a lossy picture.
    fn lossy(width: u16, height: u16) -> Vec<u8> {
        chunk(b"VP8 ", &[&[0, 0, 0, 0x9D, 1, 0x2A][..], &width.to_le_bytes(), &height.to_le_bytes()].concat())
    }

    fn canvas() -> Vec<u8> {
        chunk(b"VP8X", &[0, 0, 0, 0, 9, 0, 0, 19, 0, 0])
    }

    fn animation(frame: &[u8]) -> Vec<u8> {
        chunk(b"ANMF", &[&[0, 0, 0, 0, 0, 0, 9, 0, 0, 19, 0, 0, 0, 0, 0, 0][..], frame].concat())
    }

    #[test]
    fn sizes_agree() {
        for good in [vec![lossy(10, 20)], vec![canvas(), lossy(10, 20)], vec![canvas(), animation(&lossy(10, 20))]] {
            assert!(check(&file(&good)).is_ok());
        }
        for bad in [vec![canvas(), lossy(10, 16_000)], vec![canvas(), animation(&lossy(16_000, 20))]] {
            assert_eq!(check(&file(&bad)).unwrap_err().code(), "photo-broken");
        }
    }

    #[test]
    fn sides_have_three_bytes() {
        assert_eq!(size_at(&[7, 1, 2, 3, 4, 5, 6], 1), Some((0x03_02_02, 0x06_05_05)));
        assert_eq!(size_at(&[7, 1, 2, 3, 4, 5], 1), None);
    }

    #[test]
    fn chunks_lie_inside_the_file() {
        let whole = file(&[canvas(), lossy(10, 20), chunk(b"EXIF", b"abc")]);
        assert_eq!(check(&[&whole[..], b"trailer"].concat()).unwrap(), whole);
        assert_eq!(check(&whole[..whole.len() - 1]).unwrap(), &whole[..whole.len() - 1]);
        for length in 0..whole.len() - 1 {
            assert_eq!(check(&whole[..length]).unwrap_err().code(), "photo-broken");
        }
        let mut long = whole.clone();
        let length = long.len() - 8;
        long[length..length + 4].fill(0xFF);
        assert_eq!(check(&long).unwrap_err().code(), "photo-broken");
    }
}
