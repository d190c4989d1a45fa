//! Convolutions for GPUs ([`Method::Tiles`](crate::shaders::Method)), several in one dispatch where they read the same
//! buffer.

use askama::Template;
use wgpu_bridge::kernels::Kernel;

use super::conv_kernel::{Conv, Ends, RESULTS, pack};
use super::conv_tile::Tile;
use super::parts::{Upload, Values};
use crate::shaders::layout::{LANES, packed_len, quads, signed};
use crate::shaders::{Bindings, VEC4, render};

/// Convolutions of a dispatch at most.
pub const MOST_LAYERS: usize = 4;

/// Parts of the output channels of one convolution at most.
pub const MOST_PARTS: usize = 4;

/// Convolutions of one dispatch, all cut alike.
#[derive(Clone, Debug)]
pub(super) struct Tiled {
    layers: Vec<(Conv, Ends)>,
    tile: Tile,
    half: bool,
}

#[derive(Template)]
#[template(path = "conv_tiles.wgsl", escape = "none")]
struct Shader {
    bindings: Bindings,
    tile: Tile,
    half: bool,
    /// The window of a convolution reaches outside its image.
    bounded: bool,
    layers: usize,
    parts: usize,
    /// How many threads along the depth add to as many others, until one is left.
    spans: Vec<usize>,
}

impl Tiled {
    /// With a cut for a GPU of so many cores.
    pub(super) fn new(layers: Vec<(Conv, Ends)>, cores: usize, half: bool) -> Self {
        let convolutions: Vec<Conv> = layers.iter().map(|&(conv, _)| conv).collect();
        Self { layers, tile: Tile::of(&convolutions, cores), half }
    }

    fn convolutions(&self) -> Vec<Conv> {
        self.layers.iter().map(|&(conv, _)| conv).collect()
    }

    /// With a given cut.
    pub(super) fn with(conv: Conv, tile: Tile, half: bool) -> Self {
        Self { layers: vec![(conv, Ends::whole(&conv, true))], tile, half }
    }

    /// Buffers: image, weights, bias, what [`Self::pack`] says of the layers; then two for the outputs.
    pub(super) fn kernel(&self) -> Result<Kernel, String> {
        let many = |(_, ends): &(Conv, Ends)| ends.parts.len() > MOST_PARTS || ends.buffers() > RESULTS.len();
        if self.layers.len() > MOST_LAYERS || self.layers.iter().any(many) {
            return Err("too much is joined to it".to_owned());
        }
        let weights = if self.half { "vec4<f16>" } else { VEC4 };
        let bindings = Bindings::new(&[("image", VEC4), ("weights", weights), ("bias", VEC4)], &RESULTS).with_uniform(
            "layers",
            format!("array<Layer, {MOST_LAYERS}>"),
            3,
        );
        let tile = self.tile;
        let shader = Shader {
            bindings,
            tile,
            half: self.half,
            bounded: self.layers.iter().any(|(conv, _)| conv.is_bounded()),
            layers: MOST_LAYERS,
            parts: MOST_PARTS,
            spans: (0..tile.split.ilog2()).rev().map(|bit| 1 << bit).collect(),
        };
        render(&shader, [tile.count(&self.convolutions()), 1])
    }

    /// Hands over weights, biases and the description of the layers.
    pub(super) fn pack(&self, values: &mut dyn Iterator<Item = Values>, upload: Upload<'_>) {
        pack(&self.convolutions(), values, self.tile.block(), self.half, upload);
        upload(&self.description());
    }

    /// Bytes of image, weights, bias and output.
    pub(super) fn buffer_bytes(&self) -> [u64; 4] {
        let sum = |of: &dyn Fn(&Conv) -> usize| self.layers.iter().map(|(conv, _)| of(conv)).sum::<usize>() as u64;
        let largest = |of: &dyn Fn(&Conv) -> [usize; 3]| {
            self.layers.iter().map(|(conv, _)| packed_len(of(conv)) * 4).max().unwrap_or(0) as u64
        };
        let (weight, biases) = if self.half { (2, 2) } else { (4, 1) };
        [
            largest(&|conv| conv.input),
            sum(&|conv| conv.packed_weights(self.tile.block())) * weight,
            sum(&|conv| self.bias_quads(conv)) * biases * 16,
            largest(&|conv| conv.output),
        ]
    }

    fn bias_quads(&self, conv: &Conv) -> usize {
        conv.output_quads().next_multiple_of(self.tile.block())
    }

    /// `array<Layer, MOST_LAYERS>` of the shader.
    pub(super) fn description(&self) -> Vec<u8> {
        let mut words: Vec<i32> = Vec::new();
        let (mut first, mut weights, mut bias) = (0, 0, 0);
        for (conv, ends) in &self.layers {
            let [across, down] = self.tile.workgroups(conv);
            let own_bias = self.bias_quads(conv);
            let layer = [
                [conv.input[1], conv.input[2], ends.image.start, quads(conv.input[0])],
                [conv.output[2], conv.pixels(), conv.output_quads(), across],
                [conv.kernel[0], conv.kernel[1], conv.strides[0], conv.strides[1]],
                [conv.pads[0], conv.pads[1], weights, bias],
                [first, bias + own_bias, 0, 0],
            ];
            words.extend(layer.as_flattened().iter().map(|&number| signed(number)));
            let stores = ends.stores();
            for index in 0..MOST_PARTS {
                let store = stores.get(index).or(stores.last());
                words.extend(store.map_or([0; 4], |store| {
                    [signed(store.end), store.start, signed(store.buffer), i32::from(store.relu)]
                }));
            }
            first += across * down;
            weights += conv.packed_weights(self.tile.block()) / LANES;
            bias += own_bias * if self.half { 2 } else { 1 };
        }
        // No workgroup belongs to what is not there.
        let none = self.layers.len()..MOST_LAYERS;
        words.extend(none.flat_map(|_| (0..(5 + MOST_PARTS) * 4).map(|index| if index == 16 { -1 } else { 0 })));
        bytemuck::cast_slice(&words).to_vec()
    }
}
