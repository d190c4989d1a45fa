//! The size that a HEIC or AVIF file says its picture has, for those who let something else decode it.

/// Bytes of a file in which the boxes with sizes lie.
const HEAD: usize = 1 << 20;

/// The largest width and height of the file's `ispe` boxes (ISO/IEC 23008-12, 6.5.3); a picture in tiles has one for the tiles and one
/// for the whole. `None` without such a box.
pub(crate) fn declared_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let head = &bytes[..bytes.len().min(HEAD)];
    // The box is its type, 4 bytes of version and flags, width, height.
    let sizes = head.windows(16).filter(|window| window.starts_with(b"ispe")).map(|window| {
        let number = |at: usize| u32::from_be_bytes([window[at], window[at + 1], window[at + 2], window[at + 3]]);
        (number(8), number(12))
    });
    sizes.max_by_key(|&(width, height)| u64::from(width) * u64::from(height))
}

#[cfg(test)]
mod tests {
    use super::declared_size;

    #[test]
    fn the_largest_size_counts() {
        let avif = include_bytes!("../../tests/photos/photo.avif");
        assert!(declared_size(avif).is_some_and(|(width, height)| width > 0 && height > 0));
        let ispe =
            |width: u32, height: u32| [b"ispe\0\0\0\0", &width.to_be_bytes()[..], &height.to_be_bytes()[..]].concat();
        let tiles = [ispe(512, 512), ispe(100_000, 100_000), ispe(1, 1)].concat();
        assert_eq!(declared_size(&tiles), Some((100_000, 100_000)));
        let long = [ispe(1, 1000), ispe(100, 100)].concat();
        assert_eq!(declared_size(&long), Some((100, 100)), "the most pixels, not the longest sides");
        assert_eq!(declared_size(b"ispe\0\0\0\0\0"), None);
        assert_eq!(declared_size(b""), None);
    }
}
