//! What the markers of a JPEG file say, before anything is decoded.

use crate::photo::{PhotoError, PhotoFormat};

/// A component's sampling factors.
type Factors = [u8; 2];

/// The frame header and what the scans are like (ITU-T T.81, annex B).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Structure {
    /// Position of the end-of-image marker, if there is one. What comes behind it (a gain map, a video) does not matter.
    pub(super) end: Option<usize>,
    /// Coefficients come in several scans of growing precision.
    pub(super) progressive: bool,
    /// Horizontal and vertical sampling factors of each component.
    components: Vec<Factors>,
    /// Components in the first scan, and number of scans.
    first_scan: usize,
    scans: usize,
}

impl Structure {
    /// Walks over the markers. Segments are skipped by their length, so that what a thumbnail inside one says does not
    /// count.
    ///
    /// # Errors
    /// [`PhotoError::Kind`] for whole kinds of JPEG that are not decoded here.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, PhotoError> {
        let mut found = Self { end: None, progressive: false, components: Vec::new(), first_scan: 0, scans: 0 };
        found.walk(bytes)?;
        Ok(found)
    }

    /// `Ok(None)` where the file ends before its end marker.
    fn walk(&mut self, bytes: &[u8]) -> Result<Option<()>, PhotoError> {
        let mut at = 0;
        loop {
            let Some(step) = bytes.get(at..).and_then(|rest| rest.iter().position(|&byte| byte == 0xFF)) else {
                return Ok(None);
            };
            at += step;
            match bytes.get(at + 1) {
                None => return Ok(None),
                Some(0xD9) => {
                    self.end = Some(at);
                    return Ok(Some(()));
                }
                // A fill byte: its successor may be the marker.
                Some(0xFF) => at += 1,
                // An escaped 0xFF in the data, TEM, restart markers and the start of the image have no length.
                Some(0x00 | 0x01 | 0xD0..=0xD8) => at += 2,
                Some(&marker) => {
                    let Some(&[high, low]) = bytes.get(at + 2..at + 4).and_then(|length| length.as_array()) else {
                        return Ok(None);
                    };
                    let length = usize::from(u16::from_be_bytes([high, low]));
                    let segment = bytes.get(at + 4..at + 2 + length).unwrap_or_default();
                    self.segment(marker, segment)?;
                    at += 2 + length;
                }
            }
        }
    }

    fn segment(&mut self, marker: u8, segment: &[u8]) -> Result<(), PhotoError> {
        let kind = |reason: &str| Err(PhotoError::Kind { format: PhotoFormat::Jpeg, reason: reason.to_owned() });
        match marker {
            0xC0..=0xC2 => {
                let [precision, _, _, _, _, _, components @ ..] = segment else { return Ok(()) };
                if *precision != 8 {
                    return kind("it has more than 8 bits a colour");
                }
                self.progressive = marker == 0xC2;
                let factors = |component: &[u8; 3]| [component[1] >> 4, component[1] & 15];
                self.components = components.as_chunks().0.iter().map(factors).collect();
                if !matches!(self.components.len(), 1 | 3 | 4) {
                    return kind("it has neither 1 nor 3 nor 4 colours");
                }
            }
            0xC3 => return kind("it is a lossless JPEG"),
            0xC5..=0xC7 | 0xDE | 0xDF => return kind("it is a hierarchical JPEG"),
            0xC9..=0xCB | 0xCD..=0xCF => return kind("its data is packed by arithmetic coding"),
            0xDC => return kind("its height stands behind the picture"),
            0xDA => {
                if self.scans == 0 {
                    self.first_scan = segment.first().copied().map_or(0, usize::from);
                }
                self.scans += 1;
            }
            _ => {}
        }
        Ok(())
    }

    /// All components lie in one scan, so that running out of data can be noticed.
    pub(super) fn is_single_scan(&self) -> bool {
        !self.progressive && self.scans == 1 && self.first_scan == self.components.len()
    }

    /// `zune-jpeg` decodes all such files rightly (`tests/jpeg_grid.rs`): those in one scan and progressive ones, as long as no
    /// component is finer than the first and factors are powers of two.
    pub(super) fn suits_zune(&self) -> bool {
        let Some((first, others)) = self.components.split_first() else { return false };
        let power = |factors: &Factors| factors.iter().all(|factor| matches!(factor, 1 | 2 | 4));
        let finer = |factors: &Factors| factors[0] > first[0] || factors[1] > first[1];
        (self.progressive || self.is_single_scan()) && self.components.iter().all(power) && !others.iter().any(finer)
    }

    /// Number of components.
    pub(super) fn components(&self) -> usize {
        self.components.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(bytes: &[u8]) -> Option<usize> {
        Structure::read(bytes).unwrap().end
    }

    #[test]
    fn only_the_picture_s_own_end_counts() {
        assert_eq!(end(b"\xFF\xD8\xFF\xDA\0\x02ab\xFF\0c\xFF\xD0d\xFF\xD9trailer"), Some(14));
        assert_eq!(end(b"\xFF\xD8\xFF\xFF\xFF\xD9"), Some(4));
        assert_eq!(end(b"\xFF\xD8\xFF\xE1\0\x06\xFF\xD8\xFF\xD9\xFF\xDA\0\x02abc"), None);
        assert_eq!(end(b"\xFF\xD8\xFF\xE1\xFF\xFF\xFF\xD9"), None);
        for cut in [&b""[..], b"\xFF", b"\xFF\xD8", b"\xFF\xD8\xFF", b"\xFF\xD8\xFF\xE1", b"\xFF\xD8\xFF\xE1\0"] {
            assert_eq!(end(cut), None);
        }
    }

    #[test]
    fn kinds_that_nobody_decodes_are_named() {
        for (marker, words) in [(0xC3, "lossless"), (0xC9, "arithmetic"), (0xC5, "hierarchical"), (0xDC, "height")] {
            let error = Structure::read(&[0xFF, 0xD8, 0xFF, marker, 0, 2, 0xFF, 0xD9]).unwrap_err();
            assert_eq!(error.code(), "photo-format");
            assert!(error.to_string().contains(words), "{error}");
        }
        let frame = |precision: u8, components: u8| {
            let mut bytes = vec![0xFF, 0xD8, 0xFF, 0xC1, 0, 8 + 3 * components, precision, 0, 8, 0, 8, components];
            bytes.extend([1, 0x11, 0].repeat(usize::from(components)));
            Structure::read(&bytes)
        };
        assert!(frame(12, 3).unwrap_err().to_string().contains("8 bits"));
        assert!(frame(8, 2).is_err());
        assert_eq!(frame(8, 3).unwrap().components(), 3);
    }
}
