//! The window of convolutions and pools.

/// Its size, its steps, and its pads: top, left, bottom, right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Height and width.
    pub kernel: [usize; 2],
    /// Down and right.
    pub strides: [usize; 2],
    /// Values beyond the input's edges, which are 0.
    pub pads: [usize; 4],
}

impl Window {
    /// Height and width of what it makes of an input `[1, channels, height, width]`.
    ///
    /// # Errors
    /// It does not fit.
    pub fn output(&self, input: &[usize]) -> Result<[usize; 2], String> {
        let Self { kernel, strides, pads } = *self;
        let [height, width] = [0, 1].map(|axis| {
            let padded = input.get(axis + 2)?.checked_add(pads[axis])?.checked_add(pads[axis + 2])?;
            let span = padded.checked_sub(kernel[axis])?;
            (kernel[axis] > 0 && pads[axis].max(pads[axis + 2]) < kernel[axis]).then_some(())?;
            Some(span.checked_div(strides[axis])? + 1)
        });
        match (height, width) {
            (Some(height), Some(width)) => Ok([height, width]),
            _ => Err(format!("window {kernel:?} with strides {strides:?} and pads {pads:?} does not fit {input:?}")),
        }
    }

    /// Whether it takes each pixel for itself.
    pub fn is_pixel(&self) -> bool {
        *self == Self { kernel: [1, 1], strides: [1, 1], pads: [0; 4] }
    }

    /// Its places, row by row: how far down and right.
    pub fn places(&self) -> impl Iterator<Item = [usize; 2]> {
        let [height, width] = self.kernel;
        (0..height).flat_map(move |down| (0..width).map(move |right| [down, right]))
    }

    /// Elements above and left of the input.
    pub fn corner(&self) -> [usize; 2] {
        [self.pads[0], self.pads[1]]
    }
}
