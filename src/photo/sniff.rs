//! Tells a file's format by its first bytes.

use super::{PhotoError, PhotoFormat};

/// The format, if it is one that is decoded here; else an error that names what was found.
pub(super) fn sniff(bytes: &[u8]) -> Result<PhotoFormat, PhotoError> {
    match bytes {
        [] => Err(PhotoError::Empty),
        [0xFF, 0xD8, 0xFF, ..] => Ok(PhotoFormat::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Ok(PhotoFormat::Png),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(PhotoFormat::Webp),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Ok(PhotoFormat::Gif),
        [b'B', b'M', ..] => Ok(PhotoFormat::Bmp),
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => Ok(PhotoFormat::Tiff),
        _ => Err(foreign(bytes).map_or(PhotoError::UnknownFormat, |found| PhotoError::Format { found })),
    }
}

/// Formats that people do have photos in, but that are not decoded here.
fn foreign(bytes: &[u8]) -> Option<&'static str> {
    Some(match bytes {
        [_, _, _, _, b'f', b't', b'y', b'p', a, b, c, d, ..] => match &[*a, *b, *c, *d] {
            b"avif" | b"avis" => "an AVIF photo",
            b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"hevm" | b"hevs" | b"mif1" | b"msf1" => {
                "a HEIC photo"
            }
            b"crx " => "a camera's raw photo",
            _ => "a video",
        },
        [0xFF, 0x0A, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => "a JPEG XL photo",
        [0xFF, 0x4F, 0xFF, 0x51, ..] | [0, 0, 0, 12, b'j', b'P', b' ', b' ', ..] => "a JPEG 2000 photo",
        [b'%', b'P', b'D', b'F', ..] => "a PDF document",
        [b'8', b'B', b'P', b'S', ..] => "a Photoshop document",
        [0, 0, 1, 0, ..] => "an icon",
        [b'I', b'I' | b'M', 43 | 0, 0 | 43, ..] => "a BigTIFF photo",
        [b'P', b'K', 3, 4, ..] => "a ZIP archive",
        _ if bytes.get(128..132) == Some(b"DICM") => "a DICOM image",
        _ if is_svg(bytes) => "an SVG drawing",
        _ => return None,
    })
}

/// Whether the first kilobyte is text with an `<svg` tag.
fn is_svg(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(1024)];
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    text.starts_with(b"<") && text.windows(4).any(|window| window.eq_ignore_ascii_case(b"<svg"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bytes: &[u8]) -> &'static str {
        match sniff(bytes) {
            Err(PhotoError::Format { found }) => found,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn names_what_cannot_be_decoded() {
        assert_eq!(found(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), "a HEIC photo");
        assert_eq!(found(b"\0\0\0\x1cftypavif\0\0\0\0"), "an AVIF photo");
        assert_eq!(found(b"\0\0\0\x14ftypqt  \0\0\0\0"), "a video");
        assert_eq!(found(b"\xFF\x0A\0\0"), "a JPEG XL photo");
        assert_eq!(found(b"\0\0\0\x0CJXL \r\n\x87\n"), "a JPEG XL photo");
        assert_eq!(found(b"\xEF\xBB\xBF <?xml version=\"1.0\"?>\n<svg xmlns=\"...\">"), "an SVG drawing");
        assert_eq!(found(b"%PDF-1.7"), "a PDF document");
    }

    #[test]
    fn says_so_when_it_does_not_know() {
        assert_eq!(sniff(b""), Err(PhotoError::Empty));
        for bytes in [&b"hello"[..], b"<html></html>", b"\xFF\xD8", b"{}", &[0; 300]] {
            assert_eq!(sniff(bytes), Err(PhotoError::UnknownFormat));
        }
    }
}
