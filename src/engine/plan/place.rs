//! Lets what a `Concat` joins be written where the result lies, so that nothing is copied.

use std::collections::{HashMap, HashSet};

use super::fuse::{Fused, Operation, Tensor};
use crate::operators;
use crate::shaders::layout::{is_aligned, map_quads};

/// Where a tensor lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Home {
    /// Number of the buffer.
    pub(super) buffer: usize,
    /// Where it begins there, in quads of a pixel.
    pub(super) start: usize,
}

/// Where all tensors lie.
#[derive(Clone, Debug, Default)]
pub(super) struct Homes<'a> {
    by_tensor: HashMap<&'a str, Home>,
    /// Quads of values of each buffer.
    sizes: Vec<usize>,
    /// Buffers that hold what one operation makes and nothing else.
    private: HashSet<usize>,
}

impl<'a> Homes<'a> {
    pub(super) fn of(&self, tensor: &str) -> Option<Home> {
        self.by_tensor.get(tensor).copied()
    }

    /// Quads of values of each buffer, by number.
    pub(super) fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// A new buffer for tensors one behind the other; those that have a home keep it.
    pub(super) fn together(&mut self, tensors: impl IntoIterator<Item = Tensor<'a>>) {
        let buffer = self.sizes.len();
        let mut size = 0;
        for (tensor, shape) in tensors {
            if !self.by_tensor.contains_key(tensor) {
                self.by_tensor.insert(tensor, Home { buffer, start: size });
                size += map_quads(shape);
            }
        }
        if size > 0 {
            self.sizes.push(size);
        }
    }

    /// [`Self::together`] for what one operation makes.
    pub(super) fn private(&mut self, tensors: impl IntoIterator<Item = Tensor<'a>>) {
        let buffer = self.sizes.len();
        self.together(tensors);
        if self.sizes.len() > buffer {
            self.private.insert(buffer);
        }
    }

    /// Whether a buffer holds nothing but what one dispatch makes.
    pub(super) fn is_private(&self, buffer: usize) -> bool {
        self.private.contains(&buffer)
    }

    /// Moves all that is in a buffer behind what is in another.
    pub(super) fn merge(&mut self, into: usize, from: usize) {
        let behind = self.sizes[into];
        for home in self.by_tensor.values_mut().filter(|home| home.buffer == from) {
            *home = Home { buffer: into, start: home.start + behind };
        }
        self.sizes[into] += std::mem::take(&mut self.sizes[from]);
    }

    /// Puts the inputs of a `Concat` where its output lies; not those that may not lie there.
    fn inside(&mut self, output: &str, parts: &[Tensor<'a>]) {
        let Some(Home { buffer, mut start }) = self.of(output) else { return };
        for &(tensor, shape) in parts {
            self.by_tensor.insert(tensor, Home { buffer, start });
            start += map_quads(shape);
        }
    }

    /// Whether an operation reads from a buffer that it writes to, which WebGPU does not allow.
    pub(super) fn overlap(&self, operations: &[Operation<'_>]) -> bool {
        let buffer = |tensor: &str| self.of(tensor).map(|home| home.buffer);
        operations.iter().any(|operation| {
            let written: HashSet<_> = operation.outputs.iter().map(|made| buffer(made.tensor)).collect();
            operation.inputs.iter().any(|&(tensor, _)| written.contains(&buffer(tensor)))
        })
    }
}

/// Gives every tensor that cannot be joined to others ([`join`](super::join)) a place, and leaves out each `Concat` whose
/// parts are written into its output, if that is wanted.
pub(super) fn place<'a>(fused: &Fused<'a>, in_place: bool) -> (Vec<Operation<'a>>, Homes<'a>) {
    let mut homes = Homes::default();
    homes.together([fused.input]);
    let made: HashSet<&str> =
        fused.operations.iter().flat_map(|operation| &operation.outputs).map(|made| made.tensor).collect();
    let mut kept = Vec::new();
    // From the last, so that what is joined twice finds its place in the outermost.
    for operation in fused.operations.iter().rev() {
        let joins = in_place && operators::find(&operation.node.op).is_some_and(operators::Operator::joins_channels);
        let mut seen = HashSet::new();
        let free = |&(tensor, _): &Tensor<'a>| {
            made.contains(tensor) && homes.of(tensor).is_none() && !fused.outputs.contains(&tensor)
        };
        let aligned = operation.inputs.iter().rev().skip(1).all(|&(_, [channels, ..])| is_aligned(channels));
        let fits = aligned && operation.inputs.iter().all(|input| free(input) && seen.insert(input.0));
        if let (true, true, [output]) = (joins, fits, operation.outputs.as_slice()) {
            homes.together([(output.tensor, output.shape)]);
            homes.inside(output.tensor, &operation.inputs);
        } else {
            kept.push(operation.clone());
        }
    }
    kept.reverse();
    (kept, homes)
}
