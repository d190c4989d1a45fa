//! Tells a file's format by its first bytes.

use super::{PhotoError, PhotoFormat, is_dicom};

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
            b"crx " => RAW,
            b"jxl " => "a JPEG XL photo",
            b"jp2 " | b"jpx " | b"jpm " => "a JPEG 2000 photo",
            b"M4A " | b"M4B " => "a sound",
            brand if VIDEO_BRANDS.iter().any(|start| brand.starts_with(start)) => "a video",
            _ => "a HEIC photo, a video or the like",
        },
        [0xFF, 0x0A, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => "a JPEG XL photo",
        [0xFF, 0x4F, 0xFF, 0x51, ..] | [0, 0, 0, 12, b'j', b'P', b' ', b' ', ..] => "a JPEG 2000 photo",
        [b'%', b'P', b'D', b'F', ..] => "a PDF document",
        [b'8', b'B', b'P', b'S', ..] => "a Photoshop document",
        [0, 0, 1, 0, ..] => "an icon",
        [b'I', b'I', 43, 0, ..] | [b'M', b'M', 0, 43, ..] => "a BigTIFF photo",
        _ if RAW_STARTS.iter().any(|start| bytes.starts_with(start)) => RAW,
        [0x1A, 0x45, 0xDF, 0xA3, ..] | [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', b' ', ..] => "a video",
        [0xD0, 0xCF, 0x11, 0xE0, ..] => "an Office document",
        [b'{', b'\\', b'r', b't', b'f', ..] => "a text document",
        [b'P', b'K', 3, 4, ..] => "a ZIP archive",
        _ if is_dicom(bytes) => "a DICOM image",
        _ if starts_text_with(bytes, &["<svg"]) => "an SVG drawing",
        _ if starts_text_with(bytes, &["<!doctype html", "<html", "<head", "<body"]) => "a web page",
        _ => return None,
    })
}

const RAW: &str = "a camera's raw photo";

/// Fujifilm, Olympus (3), Panasonic, Canon, Minolta. Other makers' raw photos are TIFF files.
const RAW_STARTS: [&[u8]; 7] = [b"FUJIFILM", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"II\x1A\0", b"\0MRM"];

/// How the brands of ISO/IEC 14496-12 and of those who write films begin.
const VIDEO_BRANDS: [&[u8]; 12] =
    [b"iso", b"mp4", b"qt", b"M4V", b"3g", b"avc", b"dash", b"MSNV", b"f4v", b"mmp4", b"XAVC", b"NDS"];

/// Whether the first kilobyte is markup with one of these tags, given in lower case.
fn starts_text_with(bytes: &[u8], tags: &[&str]) -> bool {
    let head = &bytes[..bytes.len().min(1024)];
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    let has = |tag: &str| text.windows(tag.len()).any(|window| window.eq_ignore_ascii_case(tag.as_bytes()));
    text.starts_with(b"<") && tags.iter().any(|tag| has(tag))
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
        assert_eq!(found(b"\0\0\0\x14ftypzzzz\0\0\0\0"), "a HEIC photo, a video or the like");
        assert_eq!(found(b"\0\0\0\x14ftypisom\0\0\0\0"), "a video");
        assert_eq!(found(b"\x1A\x45\xDF\xA3\x01"), "a video");
        for raw in
            [&b"FUJIFILMCCD-RAW 0201"[..], b"IIRO\x08\0\0\0", b"IIU\0\x18\0\0\0", b"\0\0\0\x18ftypcrx \0\0\0\x01"]
        {
            assert_eq!(found(raw), RAW);
        }
        assert_eq!(found(b"II\x2B\0\x08\0\0\0"), "a BigTIFF photo");
        assert_eq!(found(b"MM\0\x2B\0\x08\0\0"), "a BigTIFF photo");
        assert_eq!(found(b"<!DOCTYPE html>\n<title>404</title>"), "a web page");
        for (start, name) in [
            (&b"\0\0\0\x14ftypjxl \0\0\0\0"[..], "a JPEG XL photo"),
            (b"\0\0\0\x14ftypjp2 \0\0\0\0", "a JPEG 2000 photo"),
            (b"\0\0\0\x14ftypjpx \0\0\0\0", "a JPEG 2000 photo"),
            (b"\0\0\0\x0CjP  \r\n\x87\n", "a JPEG 2000 photo"),
            (b"\xFF\x4F\xFF\x51\0", "a JPEG 2000 photo"),
            (b"\0\0\0\x14ftypM4A \0\0\0\0", "a sound"),
            (b"8BPS\0\x01", "a Photoshop document"),
            (b"\0\0\x01\0\x01\0", "an icon"),
            (b"\xD0\xCF\x11\xE0\xA1", "an Office document"),
            (b"{\\rtf1", "a text document"),
            (b"PK\x03\x04\x14", "a ZIP archive"),
            (b"RIFF\0\0\0\0AVI LIST", "a video"),
        ] {
            assert_eq!(found(start), name, "{start:?}");
        }
        assert_eq!(found(&[&[0; 128][..], b"DICM\x02\0"].concat()), "a DICOM image");
    }

    #[test]
    fn says_so_when_it_does_not_know() {
        assert_eq!(sniff(b""), Err(PhotoError::Empty));
        for bytes in [&b"hello"[..], b"<a></a>", b"II\0\0", b"IM\0\0", b"\xFF\xD8", b"{}", &[0; 300]] {
            assert_eq!(sniff(bytes), Err(PhotoError::UnknownFormat));
        }
    }
}
