//! The steps of the engine of integers against loops that are written as in a textbook, to the bit.

use std::collections::BTreeMap;

use skintree_testing::{path, random};

use super::FixedEngine;
use super::conv::{Constants, Conv};
use super::number::Number;
use super::pool::{Pool, copy, flatten};
use super::tensors::View;
use crate::onnx::Graph;
use crate::operators::Window;
use crate::operators::pool::Kind;
use crate::pack::Pack;

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
        for kind in [Kind::Max, Kind::Average, Kind::AverageWithPads] {
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
                        Kind::Max => (*values.iter().max().unwrap(), 1),
                        Kind::Average => (values.iter().sum(), values.len()),
                        Kind::AverageWithPads => (values.iter().sum(), count),
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
fn a_graph_that_is_not_computed_in_integers_says_why() {
    let pack = Pack::read_dir(&path("model/pack")).unwrap();
    let signature = pack.manifest().signature();
    let graph = Graph::read(pack.model(), &signature).unwrap();
    let why = |activations: &BTreeMap<String, f32>| FixedEngine::of_graph(&graph, activations).err().unwrap();
    let known = &pack.manifest().activations;
    assert!(FixedEngine::of_graph(&graph, known).is_ok());
    assert!(why(&BTreeMap::new()).contains("does not say how large \"input\" becomes"));
    let mut broken = known.clone();
    let last = known.keys().find(|name| *name != "input").unwrap();
    broken.insert(last.clone(), f32::NAN);
    assert!(why(&broken).contains(last.as_str()));
}

#[test]
fn the_warm_up_fits_what_it_computes() {
    super::warm_up();
}
