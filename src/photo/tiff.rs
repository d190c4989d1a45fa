//! A look at the first directory of a TIFF file before the decoder gets it.

use super::{PhotoError, PhotoFormat};

const RAW: PhotoError = PhotoError::Format { found: "a camera's raw photo" };

/// Gives the file back, or refuses it for one of two reasons. Raw photos of cameras are often TIFF files whose first picture is but a thumbnail: that
/// must not be classified. And the decoder takes memory for as many values as an entry promises, up to some 160 MB,
/// before it sees that the file is not that long.
pub(super) fn check(bytes: &[u8]) -> Result<&[u8], PhotoError> {
    const DNG_VERSION: u16 = 0xC612;
    const NEW_SUBFILE_TYPE: u16 = 0x00FE;
    if bytes.get(8..10) == Some(b"CR") {
        return Err(RAW);
    }
    let file = File::new(bytes);
    let cut_off = || PhotoError::broken(PhotoFormat::Tiff, "its directory is missing");
    for entry in file.entries().ok_or_else(cut_off)? {
        let Entry { tag, kind, count, value } = entry.ok_or_else(cut_off)?;
        match tag {
            DNG_VERSION => return Err(RAW),
            // Bit 0: a version of lower resolution of another picture in the file (NEF and others).
            NEW_SUBFILE_TYPE if value & 1 == 1 => return Err(RAW),
            _ => {}
        }
        if u64::from(count) * size_of_kind(kind) > bytes.len() as u64 {
            return Err(PhotoError::broken(PhotoFormat::Tiff, "an entry of its directory is longer than the file"));
        }
    }
    Ok(bytes)
}

/// What is rare about the first picture: how it is compressed, or how its colours are stored.
pub(super) fn rare_kind(bytes: &[u8]) -> Option<&'static str> {
    const COMPRESSION: u16 = 259;
    const PHOTOMETRIC: u16 = 262;
    let file = File::new(bytes);
    let value = |tag: u16| file.entries()?.flatten().find(|entry| entry.tag == tag).map(|entry| entry.value);
    let compression = match value(COMPRESSION) {
        Some(2..=4) => Some("it is compressed as faxes are"),
        Some(6) => Some("it is compressed as JPEG in the old way"),
        Some(34_712 | 33_003 | 33_005) => Some("it is compressed as JPEG 2000"),
        Some(34_925) => Some("it is compressed as LZMA"),
        Some(50_000) => Some("it is compressed as Zstandard"),
        Some(50_001) => Some("it is compressed as WebP"),
        Some(50_002 | 52_546) => Some("it is compressed as JPEG XL"),
        _ => None,
    };
    compression.or_else(|| match value(PHOTOMETRIC) {
        Some(3) => Some("its colours come from a palette"),
        Some(4) => Some("it is a mask"),
        Some(6) => Some("its colours are stored as brightness and two differences (YCbCr)"),
        Some(8..=10) => Some("its colours are stored as CIE L*a*b*"),
        Some(32_844 | 32_845) => Some("its colours are stored as logarithms of brightness"),
        _ => None,
    })
}

/// Bytes of a value of this type; unknown types count as bytes.
fn size_of_kind(kind: u16) -> u64 {
    match kind {
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16..=18 => 8,
        _ => 1,
    }
}

/// An entry of the first directory.
struct Entry {
    tag: u16,
    kind: u16,
    count: u32,
    /// The value, if there is a single one; else where the values are.
    value: u32,
}

struct File<'a> {
    bytes: &'a [u8],
    big_endian: bool,
}

impl<'a> File<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, big_endian: bytes.first() == Some(&b'M') }
    }

    /// Those of the first directory; `None` for one that is cut off, and without a directory.
    fn entries(&self) -> Option<impl Iterator<Item = Option<Entry>>> {
        let directory = u64::from(self.u32_at(4)?);
        let count = u64::from(self.u16_at(directory)?);
        Some((0..count).map(move |place| self.entry(directory + 2 + place * 12)))
    }

    fn entry(&self, at: u64) -> Option<Entry> {
        let kind = self.u16_at(at + 2)?;
        let value = self.long(kind, self.u32_at(at + 8)?);
        Some(Entry { tag: self.u16_at(at)?, kind, count: self.u32_at(at + 4)?, value })
    }

    fn u16_at(&self, at: u64) -> Option<u16> {
        let at = usize::try_from(at).ok()?;
        let raw = [*self.bytes.get(at)?, *self.bytes.get(at.checked_add(1)?)?];
        Some(if self.big_endian { u16::from_be_bytes(raw) } else { u16::from_le_bytes(raw) })
    }

    fn u32_at(&self, at: u64) -> Option<u32> {
        let (first, second) = (u32::from(self.u16_at(at)?), u32::from(self.u16_at(at + 2)?));
        Some(if self.big_endian { first << 16 | second } else { second << 16 | first })
    }

    /// A directory entry's single value, which a short type puts into the first half of the field.
    fn long(&self, kind: u16, value: u32) -> u32 {
        match (kind, self.big_endian) {
            (3, true) => value >> 16,
            (3, false) => value & 0xFFFF,
            _ => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_kinds_are_said_in_plain_words() {
        let compression = |value| rare_kind(&with_entry(259, 3, 1, value));
        for (values, words) in [
            (&[2, 3, 4][..], "as faxes are"),
            (&[6], "as JPEG in the old way"),
            (&[34_712, 33_003, 33_005], "as JPEG 2000"),
            (&[34_925], "as LZMA"),
            (&[50_000], "as Zstandard"),
            (&[50_001], "as WebP"),
            (&[50_002, 52_546], "as JPEG XL"),
        ] {
            for &value in values {
                assert_eq!(compression(value), Some(format!("it is compressed {words}").as_str()), "{value}");
            }
        }
        let colours = |value| rare_kind(&with_entry(262, 3, 1, value));
        for (values, words) in [
            (&[3][..], "its colours come from a palette"),
            (&[4], "it is a mask"),
            (&[6], "its colours are stored as brightness and two differences (YCbCr)"),
            (&[8, 9, 10], "its colours are stored as CIE L*a*b*"),
            (&[32_844, 32_845], "its colours are stored as logarithms of brightness"),
        ] {
            for &value in values {
                assert_eq!(colours(value), Some(words), "{value}");
            }
        }
        assert_eq!((colours(2), compression(1), compression(5)), (None, None, None));
        assert_eq!(compression(0xABCD_0006), compression(6), "a short value fills half of its field");
        assert_eq!(rare_kind(b"II\x2A\0"), None);
    }

    /// A little-endian file with one entry.
    fn with_entry(tag: u16, kind: u16, count: u32, value: u32) -> Vec<u8> {
        let mut bytes = b"II\x2A\0\x08\0\0\0\x01\0".to_vec();
        bytes.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
        bytes.extend([count.to_le_bytes(), value.to_le_bytes(), [0; 4]].concat());
        bytes
    }

    #[test]
    fn raw_photos_are_named() {
        assert_eq!(check(b"II\x2A\0\x10\0\0\0CR\x02\0"), Err(RAW));
        assert_eq!(check(&with_entry(0xC612, 1, 4, 0x0401)), Err(RAW));
        assert_eq!(check(&with_entry(0x00FE, 4, 1, 1)), Err(RAW));
        assert!(check(&with_entry(0x00FE, 4, 1, 0)).is_ok());
        assert_eq!(check(b"MM\0\x2A\0\0\0\x08\0\x01\0\xFE\0\x03\0\0\0\x01\0\x01\0\0"), Err(RAW));
    }

    /// TIFF 6.0, section 2, and its form for larger files.
    #[test]
    fn types_have_their_sizes() {
        for (kinds, bytes) in
            [(&[1, 2, 6, 7, 99][..], 1), (&[3, 8], 2), (&[4, 9, 11, 13], 4), (&[5, 10, 12, 16, 17, 18], 8)]
        {
            for &kind in kinds {
                assert_eq!(size_of_kind(kind), bytes, "{kind}");
            }
        }
    }

    #[test]
    fn entries_lie_inside_the_file() {
        for bytes in [with_entry(270, 2, 27, 8), with_entry(270, 12, 4, 8), with_entry(273, 4, u32::MAX, 8)] {
            assert_eq!(check(&bytes).unwrap_err().code(), "photo-broken");
        }
        assert!(check(&with_entry(270, 2, 26, 0)).is_ok());
        for bytes in [&b"II\x2A\0"[..], b"II\x2A\0\xFF\xFF\xFF\xFF", b"II\x2A\0\x08\0\0\0\x01\0"] {
            assert_eq!(check(bytes).unwrap_err().code(), "photo-broken");
        }
    }
}
