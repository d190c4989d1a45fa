//! A square part of a photo, turned by quarters: what a person has put into a frame.

use std::io::Cursor;

use image::{ImageFormat, RgbImage, imageops};
use serde::{Deserialize, Serialize};

use crate::input::{Filter, Region, resize};
use crate::photo::{Photo, PhotoError};

/// Which part. A person sees the photo turned by `turns` quarters clockwise, and `x`, `y` and `side` are pixels of that
/// view.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Quarters clockwise, 0 to 3.
    pub turns: u8,
    /// Pixels left of the square.
    pub x: u32,
    /// Pixels above the square.
    pub y: u32,
    /// Side of the square, above 0.
    pub side: u32,
}

impl Part {
    /// The square in a photo of `width` x `height` that is not turned; `None` if it does not lie in it.
    fn region(self, width: u32, height: u32) -> Option<Region> {
        let Self { turns, x, y, side } = self;
        let (seen_width, seen_height) = if turns % 2 == 0 { (width, height) } else { (height, width) };
        let right = seen_width.checked_sub(x.checked_add(side)?)?;
        let below = seen_height.checked_sub(y.checked_add(side)?)?;
        let (x, y) = match turns {
            0 => (x, y),
            1 => (y, right),
            2 => (right, below),
            3 => (below, x),
            _ => return None,
        };
        (side > 0).then_some(Region { x, y, width: side, height: side })
    }
}

impl Photo {
    /// A part as a PNG file of at most `most` x `most` pixels.
    ///
    /// # Errors
    /// [`PhotoError::Part`] if it does not lie in the photo.
    pub fn part_as_png(&self, part: Part, most: u32) -> Result<Vec<u8>, PhotoError> {
        let (width, height) = (self.width(), self.height());
        let region = part.region(width, height).ok_or(PhotoError::Part { width, height })?;
        let side = region.width.min(most.max(1));
        let square = resize(self.rgb(), width, region, side, side, Filter::Bicubic);
        let turned = RgbImage::from_raw(side, side, square).map(|square| match part.turns {
            1 => imageops::rotate90(&square),
            2 => imageops::rotate180(&square),
            3 => imageops::rotate270(&square),
            _ => square,
        });
        let mut png = Cursor::new(Vec::new());
        let written = turned.map(|turned| turned.write_to(&mut png, ImageFormat::Png));
        match written {
            Some(Ok(())) => Ok(png.into_inner()),
            _ => Err(PhotoError::Part { width, height }),
        }
    }
}

#[cfg(test)]
mod tests {
    use image::{GenericImageView as _, imageops};

    use super::*;
    use crate::photo::Limits;

    /// 5 x 3 pixels, no two the same.
    fn photo() -> Photo {
        let rgba = (0..15_u8).flat_map(|i| [i * 16, 255 - i * 16, i, 255]).collect();
        Photo::from_rgba(rgba, 5, 3, &Limits::default()).unwrap()
    }

    fn pixels(png: &[u8]) -> RgbImage {
        image::load_from_memory(png).unwrap().to_rgb8()
    }

    #[test]
    fn a_part_is_cut_out_of_the_photo_as_it_is_seen() {
        let photo = photo();
        let whole = RgbImage::from_raw(5, 3, photo.rgb().to_vec()).unwrap();
        let seen =
            [whole.clone(), imageops::rotate90(&whole), imageops::rotate180(&whole), imageops::rotate270(&whole)];
        for (turns, seen) in (0..).zip(seen) {
            for (x, y, side) in [(0, 0, 3), (0, 0, 1), (1, 0, 2), (0, 1, 2), (seen.width() - 1, seen.height() - 1, 1)] {
                let part = Part { turns, x, y, side };
                let cut = pixels(&photo.part_as_png(part, 100).unwrap());
                assert_eq!(cut, seen.view(x, y, side, side).to_image(), "{part:?}");
            }
        }
        assert_eq!(pixels(&photo.part_as_png(Part { side: 3, ..Part::default() }, 2).unwrap()).dimensions(), (2, 2));
    }

    #[test]
    fn what_does_not_lie_in_the_photo_is_refused() {
        let refused = |part| photo().part_as_png(part, 100).unwrap_err();
        for part in [
            Part { side: 4, ..Part::default() },
            Part::default(),
            Part { x: 3, side: 3, ..Part::default() },
            Part { x: u32::MAX, side: 1, ..Part::default() },
            Part { side: 1, turns: 4, ..Part::default() },
            Part { turns: 1, x: 1, side: 3, ..Part::default() },
        ] {
            assert_eq!(refused(part), PhotoError::Part { width: 5, height: 3 }, "{part:?}");
        }
    }
}
