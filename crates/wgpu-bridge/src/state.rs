//! What sessions on a device have and do.

use std::collections::{HashMap, HashSet};

use modern::{Buffer, ComputePipeline};

use crate::kernels::Kernels;

/// What sessions had a device do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Shaders started.
    pub dispatches: usize,
    /// Compute passes begun.
    pub passes: usize,
    /// Command buffers of dispatches handed over; copies for reading back are not among them.
    pub submits: usize,
    /// Buffers read back.
    pub reads: usize,
    /// Bytes in these.
    pub read_bytes: u64,
}

/// All that changes while sessions are made and run, behind one lock: whatever locks it lets go of it before it calls wgpu.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Kernels to use instead of wonnx's, by node.
    pub(crate) kernels: Kernels,
    /// Pipelines of kernels by their text.
    pub(crate) pipelines: HashMap<String, ComputePipeline>,
    /// Constants of the next session that are in GPU memory already, by name.
    pub(crate) constants: HashMap<String, Buffer>,
    pub(crate) work: Work,
    /// The buffers that wonnx may read back, by the name it gave them.
    outputs: HashMap<String, Buffer>,
    /// Names of those that nobody wants for now.
    unwanted: HashSet<String>,
}

impl State {
    pub(crate) fn add_output(&mut self, name: &str, buffer: &Buffer) {
        self.outputs.insert(name.to_owned(), buffer.clone());
    }

    pub(crate) fn leave_unread(&mut self, names: impl IntoIterator<Item = String>) {
        self.unwanted = names.into_iter().collect();
    }

    /// Whether a buffer is to be read back.
    pub(crate) fn is_wanted(&self, buffer: &Buffer) -> bool {
        !self.unwanted.iter().any(|name| self.outputs.get(name) == Some(buffer))
    }
}
