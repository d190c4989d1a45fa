//! Test-time views: the same photo mirrored and turned, whose logits are averaged.
//!
//! A lesion has no upright position, so every view is as good as the first. The model card says what averaging gains; it
//! costs one run of the network a view.

use std::borrow::Cow;

use crate::input::InputTensor;

/// The most views there are: as it is, mirrored, upside down, turned by 180 degrees. `inference.py` has the same.
pub const MAX_VIEWS: usize = 4;

/// View `number` (below [`MAX_VIEWS`]) of an input: a row may be read backwards (bit 0 of the number), and so may the
/// rows of a plane (bit 1).
#[must_use]
pub fn view(input: &InputTensor, number: usize) -> Cow<'_, [f32]> {
    let size = input.size as usize;
    let (mirrored, upside_down) = (number & 1 == 1, number & 2 == 2);
    if !mirrored && !upside_down {
        return Cow::Borrowed(&input.data);
    }
    let mut turned = Vec::with_capacity(input.data.len());
    for plane in input.data.chunks_exact(size * size) {
        for y in 0..size {
            let y = if upside_down { size - 1 - y } else { y };
            let row = &plane[y * size..(y + 1) * size];
            if mirrored { turned.extend(row.iter().rev()) } else { turned.extend(row) }
        }
    }
    Cow::Owned(turned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_mirror_and_turn_each_plane() {
        let input = InputTensor { data: (0..12).map(|value| value as f32).collect(), size: 2 };
        let first_plane = |number| view(&input, number)[..4].to_vec();
        assert_eq!(first_plane(0), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(first_plane(1), [1.0, 0.0, 3.0, 2.0]);
        assert_eq!(first_plane(2), [2.0, 3.0, 0.0, 1.0]);
        assert_eq!(first_plane(3), [3.0, 2.0, 1.0, 0.0]);
        assert_eq!(view(&input, 3)[8..], [11.0, 10.0, 9.0, 8.0]);
    }
}
