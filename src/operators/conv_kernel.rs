//! Convolution, bias and `ReLU` in one kernel, in two shapes: [`Method::Registers`] for software adapters,
//! [`Method::Tiles`] for GPUs. Both compute 4 output channels x several pixels with one `mat4x4 * vec4` per quad
//! of input channels, over the layout of [`crate::shaders::layout`].

use askama::Template;
use wgpu_bridge::kernels::Kernel;

use crate::shaders::layout::{LANES, bytes, pack_bias, pack_weights, packed_len, quads, take_scales};
use crate::shaders::{Bindings, Method, VEC4, Variant, render};

/// Invocations of a workgroup of [`Method::Registers`]: few, so that the last workgroup of a small layer idles little.
const REGISTER_WORKGROUP: usize = 16;

/// Quads of input channels that [`Method::Tiles`] brings into workgroup memory at a time.
const DEPTH: usize = 2;

/// Workgroups that should at least be there, or smaller tiles are taken: a real GPU has some tens of cores.
const ENOUGH_WORKGROUPS: usize = 96;

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
    /// Whether negative outputs become 0.
    pub relu: bool,
}

/// Threads of a workgroup of [`Method::Tiles`] along pixels and channels. Each thread loads one pixel and computes as
/// many pixels as there are threads along the channels.
#[derive(Clone, Copy, Debug)]
struct Tile {
    across: usize,
    down: usize,
    quads: usize,
}

impl Tile {
    /// Largest first. 64 pixels x 64, 32 or 16 channels.
    const ALL: [Self; 3] = [
        Self { across: 8, down: 8, quads: 2 },
        Self { across: 16, down: 4, quads: 2 },
        Self { across: 16, down: 4, quads: 1 },
    ];

    fn pixels(self) -> usize {
        self.across * self.down
    }

    fn block(self) -> usize {
        self.down * self.quads
    }

    fn of(conv: &Conv) -> Self {
        let count = |tile: &Self| conv.pixels().div_ceil(tile.pixels()) * quads(conv.output[0]).div_ceil(tile.block());
        let [.., smallest] = Self::ALL;
        Self::ALL.into_iter().find(|tile| count(tile) >= ENOUGH_WORKGROUPS).unwrap_or(smallest)
    }
}

/// What both kernels know of the convolution.
#[derive(Debug)]
struct Common {
    conv: Conv,
    /// Weights are f16.
    half: bool,
    /// The window reaches outside the image.
    bounded: bool,
    /// Quads of input channels.
    depth: usize,
    /// Where the scales of f16 weights begin in the bias, in quads.
    scales: usize,
}

#[derive(Template)]
#[template(path = "conv_registers.wgsl", escape = "none")]
struct Registers {
    bindings: Bindings,
    common: Common,
    shared: bool,
    workgroup: usize,
    block: usize,
    pixels: usize,
}

#[derive(Template)]
#[template(path = "conv_tiles.wgsl", escape = "none")]
struct Tiles {
    bindings: Bindings,
    common: Common,
    tile: Tile,
    /// Quads of input channels a step.
    step: usize,
}

impl Conv {
    fn pixels(&self) -> usize {
        self.output[1] * self.output[2]
    }

    fn output_quads(&self) -> usize {
        quads(self.output[0])
    }

    /// The bytes of the kernel's second and third buffer. `weights` are `[outputs, inputs, height, width]`.
    pub fn constants(&self, variant: Variant, mut weights: Vec<f32>, bias: &[f32]) -> [Vec<u8>; 2] {
        let block = self.block(variant.method);
        let shape = [self.output[0], self.input[0], self.kernel[0], self.kernel[1]];
        let mut bias = pack_bias(bias, block);
        if !variant.half {
            return [bytes(&pack_weights(&weights, shape, block)), bytes(&bias)];
        }
        bias.extend(pack_bias(&take_scales(&mut weights, shape[0]), block));
        let halves =
            pack_weights(&weights, shape, block).into_iter().flat_map(|w| half::f16::from_f32(w).to_le_bytes());
        [halves.collect(), bytes(&bias)]
    }

    /// Multiplications of a run.
    pub fn multiply_accumulates(&self) -> u64 {
        let taps = self.kernel[0] * self.kernel[1];
        (self.pixels() * self.output[0] * self.input[0] * taps) as u64
    }

    /// Bytes of image, weights, bias and output, as [`Self::kernel`] wants them.
    pub fn buffer_bytes(&self, variant: Variant) -> [u64; 4] {
        let block = self.block(variant.method);
        let outputs = quads(self.output[0]).next_multiple_of(block) * LANES;
        let taps = self.kernel[0] * self.kernel[1];
        let weights = outputs * taps * quads(self.input[0]) * LANES;
        let (weight, biases) = if variant.half { (2, 2) } else { (4, 1) };
        [packed_len(self.input) * 4, weights * weight, outputs * biases * 4, packed_len(self.output) * 4]
            .map(|bytes| bytes as u64)
    }

    /// Output quads that lie together in the weights.
    fn block(&self, method: Method) -> usize {
        match method {
            Method::Registers { quads: most, .. } => {
                (1..=most).rev().find(|&block| quads(self.output[0]).is_multiple_of(block)).unwrap_or(1)
            }
            Method::Tiles => Tile::of(self).block(),
        }
    }

    /// The kernel. Inputs: image, weights, bias, and the image once more if `repeated`.
    ///
    /// # Errors
    /// Where it needs more workgroups than WebGPU promises.
    pub fn kernel(&self, variant: Variant, repeated: bool) -> Result<Kernel, String> {
        let weights = if variant.half { "vec4<f16>" } else { VEC4 };
        let bindings = Bindings::new(&[("image", VEC4), ("weights", weights), ("bias", VEC4)], repeated, VEC4);
        let block = self.block(variant.method);
        let output_quads = quads(self.output[0]);
        let common = Common {
            conv: *self,
            half: variant.half,
            bounded: self.reaches_outside(),
            depth: quads(self.input[0]),
            scales: output_quads.next_multiple_of(block),
        };
        match variant.method {
            Method::Registers { pixels, shared, .. } => {
                let workgroup = REGISTER_WORKGROUP;
                let workgroups = [self.pixels().div_ceil(pixels * workgroup), output_quads / block];
                render(&Registers { bindings, common, shared, workgroup, block, pixels }, workgroups)
            }
            Method::Tiles => {
                let tile = Tile::of(self);
                let workgroups = [self.pixels().div_ceil(tile.pixels()), output_quads.div_ceil(tile.block())];
                render(&Tiles { bindings, common, tile, step: DEPTH }, workgroups)
            }
        }
    }

    fn reaches_outside(&self) -> bool {
        let beyond = |axis: usize| {
            let last = (self.output[axis + 1] - 1) * self.strides[axis] + self.kernel[axis];
            self.pads[axis] > 0 || last > self.input[axis + 1]
        };
        beyond(0) || beyond(1)
    }
}
