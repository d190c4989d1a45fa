//! Feature maps in main memory.

use crate::window::Window;

/// With fewer bits than these 12 the answers become inaccurate (docs/engines.md).
const FEWEST: i32 = 4095;

/// The largest magnitude that activations may have where so many of their products with int8 weights are added up in an `i32`;
/// `None` if there are too many of them.
pub fn largest_activation(terms: usize) -> Option<i16> {
    let terms = i32::try_from(terms).ok().filter(|&terms| terms > 0)?;
    let most = i32::MAX / 128 / terms;
    (most >= FEWEST).then_some(i16::try_from(most).unwrap_or(i16::MAX))
}

/// A feature map: pixels row by row, the channels of a pixel together. It may be some channels of a larger one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// The memory it lies in.
    pub slot: usize,
    /// Where its first value lies.
    pub start: usize,
    /// Values from one pixel to the next.
    pub stride: usize,
    /// Values of a pixel.
    pub channels: usize,
    /// Rows of pixels.
    pub height: usize,
    /// Pixels of a row.
    pub width: usize,
    /// What 1 stands for.
    pub scale: f32,
    /// The largest magnitude, of integers.
    pub most: i16,
}

impl View {
    /// Pixels.
    pub fn area(&self) -> usize {
        self.height * self.width
    }

    /// Where a pixel's values begin.
    pub fn at(&self, pixel: usize) -> usize {
        self.start + pixel * self.stride
    }

    /// How many values there are from its first to its last, channels counted in whole steps.
    pub fn span(&self, step: usize) -> usize {
        self.area().saturating_sub(1) * self.stride + self.channels.next_multiple_of(step)
    }

    /// The pixel below a place of a window that is at its `[y, x]`th position; `None` outside the image.
    pub fn under(&self, window: &Window, [y, x]: [usize; 2], [down, right]: [usize; 2]) -> Option<usize> {
        let [above, left] = window.corner();
        let y = (y * window.strides[0] + down).checked_sub(above).filter(|&y| y < self.height)?;
        let x = (x * window.strides[1] + right).checked_sub(left).filter(|&x| x < self.width)?;
        Some(y * self.width + x)
    }

    /// The values of all pixels, one after the other.
    pub fn pixels<N>(self, values: &[N]) -> impl Iterator<Item = &[N]> {
        (0..self.area()).map(move |pixel| &values[self.at(pixel)..][..self.channels])
    }
}

#[cfg(test)]
mod tests {
    use super::largest_activation;

    #[test]
    fn no_sum_leaves_its_range() {
        for terms in [1_u32, 27, 288, 720, 2048, 4032, 4096] {
            let most = i64::from(largest_activation(terms as usize).unwrap());
            assert!(most >= 4095 && most * 128 * i64::from(terms) <= i64::from(i32::MAX), "{terms}: {most}");
        }
        assert_eq!([27, 2048, 4098, 0].map(largest_activation), [Some(32767), Some(8191), None, None]);
    }
}
