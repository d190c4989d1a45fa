//! How tensors lie in GPU memory: channels in quads, so that one load brings four of them.
//!
//! A feature map of C channels, height H and width W is an array of `vec4<f32>`: quad of channels by quad, each row by
//! row. Channels beyond the last fill up the last quad; what lies there is never used, because their weights are 0.
//! Weights follow the order in which the kernels read them, see [`pack_weights`].

/// Channels in one `vec4`.
pub const LANES: usize = 4;

/// Quads that hold so many channels.
pub fn quads(channels: usize) -> usize {
    channels.div_ceil(LANES)
}

/// Quads of pixels of a feature map.
pub fn map_quads([channels, height, width]: [usize; 3]) -> usize {
    quads(channels) * height * width
}

/// Values of a packed feature map, fill included.
pub fn packed_len(shape: [usize; 3]) -> usize {
    map_quads(shape) * LANES
}

/// A number as shaders read it; what does not fit would belong to a buffer larger than any adapter has.
pub fn signed(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Whether what follows a map of so many channels begins with a quad of its own.
pub fn is_aligned(channels: usize) -> bool {
    channels.is_multiple_of(LANES)
}

/// A feature map in a buffer, which may hold others too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Map {
    /// Channels, height and width; a vector is `[length, 1, 1]`.
    pub shape: [usize; 3],
    /// Where it begins in its buffer, in quads of a pixel.
    pub start: usize,
}

impl Map {
    /// One that has a buffer of its own.
    pub fn whole(shape: [usize; 3]) -> Self {
        Self { shape, start: 0 }
    }

    /// Pixels of a channel.
    pub fn pixels(&self) -> usize {
        self.shape[1] * self.shape[2]
    }
}

/// Packs a planar feature map (channels x height x width values); fill is 0.
pub fn pack(planar: &[f32], shape: [usize; 3]) -> Vec<f32> {
    let pixels = shape[1] * shape[2];
    let mut packed = vec![0.0; packed_len(shape)];
    for (channel, plane) in planar.chunks_exact(pixels).enumerate() {
        let start = channel / LANES * pixels * LANES + channel % LANES;
        for (slot, value) in packed[start..].iter_mut().step_by(LANES).zip(plane) {
            *slot = *value;
        }
    }
    packed
}

/// The planar feature map (channels x height x width values) in a packed one.
pub fn unpack(packed: &[f32], shape: [usize; 3]) -> Vec<f32> {
    let [channels, height, width] = shape;
    let pixels = height * width;
    let plane = |channel: usize| {
        let start = channel / LANES * pixels * LANES + channel % LANES;
        packed.get(start..).unwrap_or_default().iter().step_by(LANES).take(pixels).copied()
    };
    (0..channels).flat_map(plane).collect()
}

/// Weights in reading order: block of output quads, row and column of the window, quad of input channels, output quad
/// in the block, input channel in its quad, output channel in its quad. The last block is filled up with 0.
///
/// `weights` are ONNX's `[output, input, height, width]`, `block` is how many output quads one workgroup or invocation
/// computes. They are added to `packed`.
pub fn pack_weights(
    weights: &[f32],
    [outputs, inputs, height, width]: [usize; 4],
    block: usize,
    packed: &mut Vec<f32>,
) {
    let taps = height * width;
    let blocks = quads(outputs).div_ceil(block);
    packed.reserve(blocks * block * LANES * taps * quads(inputs) * LANES);
    for first in (0..blocks).map(|index| index * block * LANES) {
        for tap in 0..taps {
            for quad in 0..quads(inputs) {
                for output_quad in 0..block {
                    for input in quad * LANES..(quad + 1) * LANES {
                        packed.extend((0..LANES).map(|lane| {
                            let output = first + output_quad * LANES + lane;
                            let inside = output < outputs && input < inputs;
                            if inside { weights[(output * inputs + input) * taps + tap] } else { 0.0 }
                        }));
                    }
                }
            }
        }
    }
}

/// A bias filled up with 0 to whole blocks of output quads.
pub fn pack_bias(bias: &[f32], block: usize) -> Vec<f32> {
    let mut packed = bias.to_vec();
    packed.resize(bias.len().div_ceil(block * LANES) * block * LANES, 0.0);
    packed
}

/// Divides the weights of each output channel (`[outputs, ...]`) by a scale that makes the largest 127, and gives the
/// scales. What was int8 per channel in the file becomes whole numbers again, which f16 holds exactly.
pub fn take_scales(weights: &mut [f32], outputs: usize) -> Vec<f32> {
    let per_channel = weights.len() / outputs.max(1);
    let scale = |channel: &mut [f32]| {
        let largest = channel.iter().fold(0.0_f32, |max, value| max.max(value.abs()));
        let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
        for value in channel {
            *value /= scale;
        }
        scale
    };
    weights.chunks_exact_mut(per_channel.max(1)).map(scale).collect()
}

/// As the GPU reads them; what runs WebGPU is little-endian.
pub fn bytes(values: &[f32]) -> Vec<u8> {
    bytemuck::cast_slice(values).to_vec()
}

#[cfg(test)]
mod tests {
    use super::{pack, pack_bias, pack_weights, take_scales, unpack};

    #[test]
    fn packs_four_channels_side_by_side() {
        let planar: Vec<f32> = (0..5 * 6).map(|i| i as f32).collect();
        let packed = pack(&planar, [5, 2, 3]);
        assert_eq!(packed[..8], [0.0, 6.0, 12.0, 18.0, 1.0, 7.0, 13.0, 19.0]);
        assert_eq!(packed[24..32], [24.0, 0.0, 0.0, 0.0, 25.0, 0.0, 0.0, 0.0]);
        assert_eq!(unpack(&packed, [5, 2, 3]), planar);
    }

    #[test]
    fn packs_weights_in_reading_order() {
        // 5 outputs, 2 inputs, a window of 1 x 2; the value tells its place.
        let weights: Vec<f32> = (0..5 * 2 * 2).map(|i| i as f32).collect();
        let packed = |block| {
            let mut packed = vec![-1.0];
            pack_weights(&weights, [5, 2, 1, 2], block, &mut packed);
            assert_eq!(packed[..1], [-1.0], "it is added to what is there");
            packed.split_off(1)
        };
        let (wide, packed) = (packed(3), packed(1));
        assert_eq!(packed.len(), 2 * 2 * 4 * 4);
        assert_eq!(packed[..8], [0.0, 4.0, 8.0, 12.0, 2.0, 6.0, 10.0, 14.0]);
        assert_eq!(packed[16..20], [1.0, 5.0, 9.0, 13.0]);
        assert_eq!(packed[32..36], [16.0, 0.0, 0.0, 0.0]);
        assert_eq!(wide.len(), 2 * 3 * 4 * 4);
        assert_eq!(pack_bias(&[1.0; 5], 3).len(), 12);
    }

    #[test]
    fn int8_weights_become_whole_numbers_again() {
        let scales = [0.0123, 4.56e-5];
        let whole = [[-127.0, 3.0, 64.0], [1.0, 127.0, -99.0]];
        let mut weights: Vec<f32> = whole.iter().zip(scales).flat_map(|(row, s)| row.map(|q| q * s)).collect();
        let found = take_scales(&mut weights, 2);
        assert!(found.iter().zip(scales).all(|(a, b)| (a / b - 1.0).abs() < 1e-6));
        let rounded: Vec<f32> = weights.iter().map(|&w| half::f16::from_f32(w).to_f32()).collect();
        assert_eq!(rounded, whole.concat());
        assert_eq!(take_scales(&mut [0.0; 2], 1), [1.0]);
    }
}
