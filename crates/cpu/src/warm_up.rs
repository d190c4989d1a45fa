//! Has the browser compile the innermost loops well before they are needed.
//!
//! Browsers first run a function as they can compile it at once, several times slower, and take the good code, which they make meanwhile,
//! from its next call on. A convolution is one call, of up to a tenth of a second, so that without this most of the
//! first run of a network, the self-test, would be slow.

use crate::conv::{Constants, Conv};
use crate::number::Number;
use crate::view::View;
use crate::window::Window;

/// Channels and side of a map so small that it takes a fraction of a millisecond.
const CHANNELS: usize = 32;
const SIDE: usize = 8;

/// After so many runs V8 has begun to compile: its budget for a function are 13 MB of instructions that were run through.
const RUNS: usize = 8;

/// Runs a small convolution over nothing in numbers of this kind a few times.
pub fn warm_up<N: Number>() {
    let map = View {
        slot: 0,
        start: 0,
        stride: CHANNELS,
        channels: CHANNELS,
        height: SIDE,
        width: SIDE,
        scale: 1.0,
        most: 1,
    };
    let window = Window { kernel: [3, 3], strides: [1, 1], pads: [1; 4] };
    let weights = vec![N::Weight::default(); CHANNELS * CHANNELS * 9];
    let constants = Constants { weights: &weights, scales: &[1.0; CHANNELS], bias: &[0.0; CHANNELS] };
    let conv = Conv::<N>::new(map, map, window, constants, true);
    let values = map.area() * CHANNELS;
    let (image, mut result) = (vec![N::default(); values + CHANNELS], vec![N::default(); values]);
    let mut places = Vec::new();
    for _ in 0..RUNS {
        conv.run(&image, values, &mut result, &mut places);
    }
}
