//! The loops against others that are written as in a textbook, to the bit.

use skintree_testing::random;

use super::{
    Constants, Conv, Number, OUTPUTS, Pool, PoolKind, Share, Shares, View, Window, channels_of_shares, copy, flatten,
    warm_up,
};

/// What lies at a pixel of the image that may be outside it.
fn at(image: &[i16], view: &View, [y, x]: [isize; 2], channel: usize) -> Option<i16> {
    let y = usize::try_from(y).ok().filter(|&y| y < view.height)?;
    let x = usize::try_from(x).ok().filter(|&x| x < view.width)?;
    Some(image[view.at(y * view.width + x) + channel])
}

/// The window's values at an output pixel, place by place.
fn under(window: Window, to: &View, pixel: usize) -> Vec<[isize; 2]> {
    let first = |axis: usize, position: usize| {
        (position * window.strides[axis]).cast_signed() - window.pads[axis].cast_signed()
    };
    let [y, x] = [first(0, pixel / to.width), first(1, pixel % to.width)];
    window.places().map(|[down, right]| [y + down.cast_signed(), x + right.cast_signed()]).collect()
}

struct Case {
    from: View,
    to: View,
    image: Vec<i16>,
    zeros: usize,
}

/// An image of 7 x 6 pixels, alone or amidst other channels, random values in all of them, and zeros at the end.
fn case(channels: usize, outputs: usize, window: Window, alone: bool) -> Case {
    let mut random = random((channels * 31 + outputs) as u32);
    let (height, width) = (7, 6);
    let (start, stride) = if alone { (0, channels.next_multiple_of(2)) } else { (2, channels + 5) };
    let from = View { slot: 0, start, stride, channels, height, width, scale: 0.01, most: 4095 };
    let out =
        |axis: usize, side: usize| (side + 2 * window.pads[axis] - window.kernel[axis]) / window.strides[axis] + 1;
    let [height, width] = [out(0, height), out(1, width)];
    let to = View { slot: 1, start: 4, stride: outputs + 7, channels: outputs, height, width, scale: 0.9, most: 4095 };
    let zeros = channels.next_multiple_of(2);
    let mut image: Vec<i16> = (0..from.area() * from.stride).map(|_| (random() * 4095.0) as i16).collect();
    image.extend(vec![0; zeros]);
    Case { from, to, image, zeros }
}

const WINDOWS: [Window; 5] = [
    Window { kernel: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0] },
    Window { kernel: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1] },
    Window { kernel: [3, 3], strides: [2, 2], pads: [0, 0, 0, 0] },
    Window { kernel: [1, 7], strides: [1, 1], pads: [0, 3, 0, 3] },
    Window { kernel: [5, 3], strides: [1, 2], pads: [2, 1, 2, 1] },
];

#[test]
fn convolutions_are_exact() {
    for window in WINDOWS {
        for (channels, outputs) in [(1, 1), (3, 8), (4, 12), (10, 24)] {
            for (relu, alone) in [(true, true), (false, true), (true, false), (false, false)] {
                let Case { from, to, image, zeros, .. } = case(channels, outputs, window, alone);
                let places = window.kernel[0] * window.kernel[1];
                let mut random = random(7);
                let weights: Vec<i8> = (0..outputs * channels * places).map(|_| (random() * 128.0) as i8).collect();
                let scales: Vec<f32> = (0..outputs).map(|_| random().abs() + 0.1).collect();
                let bias: Vec<f32> = (0..outputs).map(|_| random() * 100.0).collect();
                let constants = Constants { weights: &weights, scales: &scales, bias: &bias };
                let mut result = vec![-1; to.area() * to.stride + 4];
                let untouched = result.clone();
                Conv::<i16>::new(from, to, window, constants, relu).run(
                    &image,
                    image.len() - zeros,
                    &mut result,
                    &mut Vec::new(),
                );
                for pixel in 0..to.area() {
                    for output in 0..outputs {
                        let sum: i32 = under(window, &to, pixel)
                            .into_iter()
                            .enumerate()
                            .flat_map(|(place, position)| {
                                let (image, weights, from) = (&image, &weights, &from);
                                (0..channels).map(move |channel| {
                                    let value = at(image, from, position, channel).unwrap_or(0);
                                    i32::from(value)
                                        * i32::from(weights[(output * channels + channel) * places + place])
                                })
                            })
                            .sum();
                        let value = sum as f32 * (from.scale * scales[output] / to.scale) + bias[output] / to.scale;
                        let lowest = if relu { 0.0 } else { -4095.0 };
                        let expected = value.max(lowest).min(4095.0).round_ties_even() as i16;
                        assert_eq!(
                            result[to.at(pixel) + output],
                            expected,
                            "{window:?} {channels} {outputs} {pixel} {output}"
                        );
                    }
                }
                let beside = |values: &[i16]| -> Vec<i16> {
                    let inside = |place: usize| {
                        (to.start..to.start + outputs).contains(&(place % to.stride)) && place < to.area() * to.stride
                    };
                    values.iter().enumerate().filter(|&(place, _)| !inside(place)).map(|(_, &value)| value).collect()
                };
                assert_eq!(beside(&result), beside(&untouched), "it wrote beside its channels");
            }
        }
    }
}

#[test]
fn pools_are_exact() {
    for window in &WINDOWS[1..] {
        for kind in [PoolKind::Max, PoolKind::Average, PoolKind::AverageWithPads] {
            let Case { from, mut to, image, .. } = case(5, 5, *window, false);
            to.scale = 0.02;
            let mut result = vec![0; to.area() * to.stride + 4];
            Pool { from, to, window: *window, kind }.run(&image, &mut result, &mut Vec::new());
            for pixel in 0..to.area() {
                for channel in 0..5 {
                    let positions = under(*window, &to, pixel);
                    let count = positions.len();
                    let values: Vec<i32> = positions
                        .into_iter()
                        .filter_map(|position| at(&image, &from, position, channel))
                        .map(i32::from)
                        .collect();
                    let (value, parts) = match kind {
                        PoolKind::Max => (*values.iter().max().unwrap(), 1),
                        PoolKind::Average => (values.iter().sum(), values.len()),
                        PoolKind::AverageWithPads => (values.iter().sum(), count),
                    };
                    let expected = i16::of(value as f32 * (from.scale / to.scale / parts as f32), &to);
                    assert_eq!(result[to.at(pixel) + channel], expected, "{window:?} {kind:?}");
                }
            }
        }
    }
}

#[test]
fn a_copy_has_the_scale_of_its_place() {
    let from = View { slot: 0, start: 1, stride: 3, channels: 2, height: 1, width: 2, scale: 0.5, most: 4095 };
    let to = View { slot: 1, start: 0, stride: 2, scale: 1.0, ..from };
    let mut result = vec![9; 4];
    copy(&from, &to, f32::NEG_INFINITY, &[7, 10, 20, 7, -30, 8191, 7], &mut result);
    assert_eq!(result, [5, 10, -15, 4095]);
    copy(&from, &to, 0.0, &[7, 10, 20, 7, -30, 8191, 7], &mut result);
    assert_eq!(result, [5, 10, 0, 4095]);
}

#[test]
fn a_map_is_flattened_plane_by_plane() {
    let from = View { slot: 0, start: 1, stride: 3, channels: 2, height: 1, width: 2, scale: 1.0, most: 0 };
    let to = View { slot: 1, start: 0, stride: 4, channels: 4, height: 1, width: 1, ..from };
    let mut result = vec![0.0; 4];
    flatten(&from, &to, &[9.0, 1.0, 2.0, 9.0, 3.0, 4.0], &mut result);
    assert_eq!(result, [1.0, 3.0, 2.0, 4.0_f32]);
}

#[test]
fn the_warm_up_fits_what_it_computes() {
    warm_up::<i16>();
    warm_up::<f32>();
}

#[test]
fn shares_of_a_convolution_make_what_the_whole_makes() {
    fn check<N: Number>(weight: impl Fn(f32) -> N::Weight) {
        let mut shares: Vec<Shares<N>> = (0..3).map(|_| Shares::default()).collect();
        let mut convolutions = Vec::new();
        for window in WINDOWS {
            for (channels, outputs, alone) in [(3, 8, true), (4, 12, false), (10, 36, true)] {
                let Case { from, to, image, zeros } = case(channels, outputs, window, alone);
                let image: Vec<N> = image.iter().map(|&value| N::of(value.into(), &from)).collect();
                let mut random = random(7);
                let weights: Vec<N::Weight> = (0..outputs * channels * window.kernel[0] * window.kernel[1])
                    .map(|_| weight(random() * 128.0))
                    .collect();
                let bias: Vec<f32> = (0..outputs).map(|_| random() * 100.0).collect();
                let constants = Constants { weights: &weights, scales: &vec![0.3; outputs], bias: &bias };
                let conv = Conv::<N>::new(from, to, window, constants, alone);
                for (shares, channels) in shares.iter_mut().zip(channels_of_shares(outputs, 3)) {
                    shares.add(&conv.share(channels)).unwrap();
                }
                convolutions.push((conv, image, zeros));
            }
        }
        for (index, (conv, image, zeros)) in convolutions.iter().enumerate() {
            let Conv { from, to, .. } = conv;
            let mut whole = vec![N::default(); to.start + to.area() * to.stride];
            conv.run(image, image.len() - zeros, &mut whole, &mut Vec::new());
            let image = &image[from.start..][..from.span(N::STEP)];
            for (shares, channels) in shares.iter_mut().zip(channels_of_shares(to.channels, 3)) {
                shares.image()[..image.len()].copy_from_slice(image);
                let part = View { start: to.start + channels.start, channels: channels.len(), ..*to };
                let expected: Vec<N> = part.pixels(&whole).flatten().copied().collect();
                assert_eq!(
                    bytemuck::cast_slice::<N, u8>(shares.run(index).unwrap()),
                    bytemuck::cast_slice::<N, u8>(&expected)
                );
            }
        }
        assert!(shares[0].run(convolutions.len()).is_err());
    }
    check::<i16>(|weight| weight as i8);
    check::<f32>(|weight| weight);
}

#[test]
fn shares_have_all_channels_in_whole_eights() {
    for (channels, count) in [(32, 2), (48, 4), (8, 3), (2, 4), (80, 3), (1, 1)] {
        let shares: Vec<_> = channels_of_shares(channels, count).collect();
        assert_eq!(shares.len(), count);
        assert_eq!(shares.iter().cloned().flatten().collect::<Vec<_>>(), (0..channels).collect::<Vec<_>>());
        assert!(shares.iter().all(|share| share.start % OUTPUTS == 0 || share.is_empty()), "{shares:?}");
        let most = channels.div_ceil(OUTPUTS).div_ceil(count) * OUTPUTS;
        assert!(shares.iter().all(|share| share.len() <= most), "{shares:?}");
    }
}

#[test]
fn a_broken_share_is_refused() {
    let Case { from, to, .. } = case(4, 12, WINDOWS[1], true);
    let constants = Constants { weights: &[1; 4 * 12 * 9], scales: &[1.0; 12], bias: &[0.0; 12] };
    let conv = Conv::<i16>::new(from, to, WINDOWS[1], constants, true);
    let share = conv.share(0..8);
    let mut shares = Shares::<i16>::default();
    assert_eq!(shares.add(&share), Ok(()));
    for broken in [
        Share { weights: share.weights[16..].into(), ..share.clone() },
        Share { factors: vec![].into(), ..share.clone() },
        Share { biases: vec![0.0; 16].into(), ..share.clone() },
    ] {
        assert!(shares.add(&broken).unwrap_err().contains("too few or too many constants"));
    }
}
