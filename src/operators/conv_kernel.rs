//! Convolution, bias and `ReLU` in one kernel for software adapters ([`Method::Registers`]): an invocation computes several
//! pixels of several quads of output channels, with one `mat4x4 * vec4` per quad of input channels, over the layout of
//! [`crate::shaders::layout`].

use askama::Template;
use wgpu_bridge::kernels::Kernel;

use super::parts::{Part, Upload, Values};
use crate::shaders::layout::{LANES, Map, pack_bias, pack_weights, packed_len, quads, signed, take_scales};
use crate::shaders::{Bindings, VEC4, render};

/// Invocations of a workgroup: few, so that the last workgroup of a small layer idles little.
const WORKGROUP: usize = 16;

/// A convolution of batch 1, group 1, dilation 1, with bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Conv {
    /// Channels, height and width of the input.
    pub input: [usize; 3],
    /// Channels, height and width of the output.
    pub output: [usize; 3],
    /// Height and width of the window.
    pub kernel: [usize; 2],
    /// Steps of the window down and right.
    pub strides: [usize; 2],
    /// Zeros above and left of the input.
    pub pads: [usize; 2],
}

/// Where the input of a convolution lies, and where its output goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ends {
    /// The input.
    pub image: Map,
    /// The output channels, part by part.
    pub parts: Vec<Part>,
}

impl Ends {
    /// Input and output in buffers of their own.
    pub fn whole(conv: &Conv, relu: bool) -> Self {
        let part = Part { map: Map::whole(conv.output), buffer: 0, relu };
        Self { image: Map::whole(conv.input), parts: vec![part] }
    }

    /// Buffers that the output goes to.
    pub(super) fn buffers(&self) -> usize {
        self.parts.iter().map(|part| part.buffer + 1).max().unwrap_or(1)
    }

    /// The parts as a shader stores them.
    pub(super) fn stores(&self) -> Vec<Store> {
        let mut begin = 0;
        let store = |part: &Part| {
            let end = begin + quads(part.map.shape[0]);
            let start = signed(part.map.start).saturating_sub(signed(begin * part.map.pixels()));
            let store = Store { begin, end, buffer: part.buffer, start, relu: part.relu };
            begin = end;
            store
        };
        self.parts.iter().map(store).collect()
    }
}

/// A part of the output.
#[derive(Clone, Copy, Debug)]
pub(super) struct Store {
    /// Quads of the output channels in front of it and up to its end.
    pub(super) begin: usize,
    pub(super) end: usize,
    /// Its buffer, and where in it the first quad of all output channels would lie.
    pub(super) buffer: usize,
    pub(super) start: i32,
    pub(super) relu: bool,
}

/// Buffers that a kernel writes to at most.
pub const MOST_OUTPUTS: usize = 2;

/// Names of the outputs.
pub(super) const RESULTS: [&str; MOST_OUTPUTS] = ["result", "result_2"];

impl Conv {
    /// Pixels of an output channel.
    pub fn pixels(&self) -> usize {
        self.output[1] * self.output[2]
    }

    /// Quads of output channels.
    pub fn output_quads(&self) -> usize {
        quads(self.output[0])
    }

    /// Places of the window.
    pub fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Multiplications of a run.
    pub fn multiply_accumulates(&self) -> u64 {
        (self.pixels() * self.output[0] * self.input[0] * self.taps()) as u64
    }

    /// The window reaches outside the image.
    pub(super) fn is_bounded(&self) -> bool {
        let beyond = |axis: usize| {
            let last = (self.output[axis + 1] - 1) * self.strides[axis] + self.kernel[axis];
            self.pads[axis] > 0 || last > self.input[axis + 1]
        };
        beyond(0) || beyond(1)
    }

    /// Values of the weights, filled up to whole blocks of output quads.
    pub(super) fn packed_weights(&self, block: usize) -> usize {
        self.output_quads().next_multiple_of(block) * LANES * self.taps() * quads(self.input[0]) * LANES
    }
}

/// Hands over weights and biases of convolutions whose kernel reads them from the same two buffers. `block` output quads lie together;
/// behind the biases of a convolution lie the scales of its f16 weights.
pub(super) fn pack(
    convolutions: &[Conv],
    values: &mut dyn Iterator<Item = Values>,
    block: usize,
    half: bool,
    upload: Upload<'_>,
) {
    let count = convolutions.iter().map(|conv| conv.packed_weights(block)).sum();
    let (mut weights, mut biases) = (Vec::with_capacity(count), Vec::new());
    for (conv, Values { weights: mut own, bias }) in convolutions.iter().zip(values) {
        biases.extend(pack_bias(&bias, block));
        if half {
            biases.extend(pack_bias(&take_scales(&mut own, conv.output[0]), block));
        }
        pack_weights(&own, [conv.output[0], conv.input[0], conv.kernel[0], conv.kernel[1]], block, &mut weights);
    }
    if half {
        let halves = weights.into_iter().flat_map(|weight| half::f16::from_f32(weight).to_le_bytes());
        upload(&halves.collect::<Vec<u8>>());
    } else {
        upload(bytemuck::cast_slice(&weights));
    }
    upload(bytemuck::cast_slice(&biases));
}

/// A kernel for software adapters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Registers {
    conv: Conv,
    /// Output quads of an invocation.
    block: usize,
    /// Neighbouring output pixels of an invocation, in reading order.
    pixels: usize,
    shared: bool,
    half: bool,
}

#[derive(Template)]
#[template(path = "conv_registers.wgsl", escape = "none")]
struct Shader {
    bindings: Bindings,
    of: Registers,
    /// Where the input begins in its buffer.
    start: usize,
    stores: Vec<Store>,
    workgroup: usize,
}

impl Registers {
    /// `quads` is how many output quads an invocation computes at most.
    pub(super) fn new(conv: Conv, quads: usize, pixels: usize, shared: bool, half: bool) -> Self {
        let block = (1..=quads).rev().find(|&block| conv.output_quads().is_multiple_of(block)).unwrap_or(1);
        Self { conv, block, pixels, shared, half }
    }

    /// Quads of input channels.
    fn depth(&self) -> usize {
        quads(self.conv.input[0])
    }

    /// Inputs: image, weights, bias.
    pub(super) fn kernel(&self, ends: &Ends) -> Result<Kernel, String> {
        let Self { conv, block, pixels, half, .. } = *self;
        let weights = if half { "vec4<f16>" } else { VEC4 };
        let results = RESULTS.get(..ends.buffers()).ok_or("its output goes to too many buffers")?;
        let bindings = Bindings::new(&[("image", VEC4), ("weights", weights), ("bias", VEC4)], results);
        let workgroups = [conv.pixels().div_ceil(pixels * WORKGROUP), conv.output_quads() / block];
        let (start, stores) = (ends.image.start, ends.stores());
        render(&Shader { bindings, of: *self, start, stores, workgroup: WORKGROUP }, workgroups)
    }

    pub(super) fn pack(&self, values: &mut dyn Iterator<Item = Values>, upload: Upload<'_>) {
        pack(&[self.conv], values, self.block, self.half, upload);
    }

    /// Bytes of image, weights, bias and output.
    pub(super) fn buffer_bytes(&self) -> [u64; 4] {
        let weights = self.conv.packed_weights(self.block) * if self.half { 2 } else { 4 };
        let bias = self.conv.output_quads() * LANES * if self.half { 8 } else { 4 };
        [packed_len(self.conv.input) * 4, weights, bias, packed_len(self.conv.output) * 4].map(|bytes| bytes as u64)
    }
}
