//! Lets tensors that are not needed at the same time share memory.

use std::collections::HashMap;

use super::fuse::{Fused, Operation};
use super::place::Homes;
use crate::operators::conv::UNUSED_BYTES;
use crate::shaders::layout::LANES;

/// A buffer for those outputs of a kernel that it does not need.
pub(super) const UNUSED: &str = "unused";

/// Buffers in GPU memory for those of a plan.
pub(super) struct Buffers {
    /// Name and bytes.
    memory: Vec<(String, u64)>,
    /// Which one a buffer of the plan lies in.
    index: Vec<usize>,
}

impl Buffers {
    /// Input and outputs have memory of their own, under their names. All else takes what is free, the smallest that is large
    /// enough, or else the largest, which then grows.
    pub(super) fn of(dispatches: &[Vec<Operation<'_>>], homes: &Homes<'_>, fused: &Fused<'_>) -> Self {
        let sizes: Vec<u64> = homes.sizes().iter().map(|&quads| (quads * LANES * size_of::<f32>()) as u64).collect();
        let buffer = |tensor: &str| homes.of(tensor).map(|home| home.buffer);
        let mut buffers = Self { memory: Vec::new(), index: vec![usize::MAX; sizes.len()] };
        for tensor in std::iter::once(fused.input.0).chain(fused.outputs.iter().copied()) {
            if let Some(own) = buffer(tensor).filter(|&own| buffers.index[own] == usize::MAX) {
                buffers.index[own] = buffers.memory.len();
                buffers.memory.push((tensor.to_owned(), sizes[own]));
            }
        }
        let kept = buffers.memory.len();
        let mut last_use: HashMap<usize, usize> = HashMap::new();
        let used_by = |operations: &[Operation<'_>]| -> Vec<usize> {
            operations.iter().flat_map(Operation::tensors).filter_map(buffer).collect()
        };
        for (step, operations) in dispatches.iter().enumerate() {
            last_use.extend(used_by(operations).into_iter().map(|used| (used, step)));
        }
        let mut free: Vec<usize> = Vec::new();
        for (step, operations) in dispatches.iter().enumerate() {
            for used in used_by(operations) {
                if buffers.index[used] == usize::MAX {
                    buffers.index[used] = buffers.take(&mut free, sizes[used]);
                }
            }
            for used in used_by(operations) {
                let index = buffers.index[used];
                if last_use.get(&used) == Some(&step) && index >= kept && !free.contains(&index) {
                    free.push(index);
                }
            }
        }
        buffers
    }

    fn take(&mut self, free: &mut Vec<usize>, size: u64) -> usize {
        let bytes = |index: &usize| self.memory[*index].1;
        let large_enough = free.iter().copied().filter(|index| bytes(index) >= size).min_by_key(bytes);
        let found = large_enough.or_else(|| free.iter().copied().max_by_key(bytes));
        let index = found.unwrap_or(self.memory.len());
        match self.memory.get_mut(index) {
            Some((_, bytes)) => *bytes = size.max(*bytes),
            None => self.memory.push((format!("maps {index}"), size)),
        }
        free.retain(|&other| other != index);
        index
    }

    /// Names and bytes.
    pub(super) fn all(&self) -> Vec<(String, u64)> {
        let unused = (UNUSED.to_owned(), UNUSED_BYTES);
        self.memory.iter().cloned().chain([unused]).collect()
    }

    /// Where a buffer of the plan lies.
    pub(super) fn name(&self, buffer: usize) -> String {
        let index = self.index.get(buffer).copied();
        index.and_then(|index| self.memory.get(index)).map(|(name, _)| name.clone()).unwrap_or_default()
    }
}
