//! What sessions on a device have and do.

use std::collections::{HashMap, HashSet};

use modern::{Buffer, ComputePipeline};

use crate::kernels::Kernels;
use crate::staging::{PendingRead, Staging};

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
    /// What runs instead of wonnx's kernels, by node.
    pub(crate) kernels: Kernels,
    /// Pipelines of kernels by their text.
    pub(crate) pipelines: HashMap<String, ComputePipeline>,
    /// Buffers that were made for the next session, by name.
    pub(crate) buffers: HashMap<String, Buffer>,
    /// Pipelines that a browser compiles.
    #[cfg(target_arch = "wasm32")]
    pub(crate) compiling: Option<crate::parallel_compile::Compiling>,
    pub(crate) work: Work,
    /// Outputs that the last run has copied, and where to.
    pub(crate) copies: Vec<(Buffer, Staging)>,
    /// All that outputs were ever copied to.
    pub(crate) stagings: Vec<Staging>,
    /// Reads that were begun since the last dispatches and not asked for yet.
    pub(crate) reads: Vec<(Buffer, PendingRead)>,
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

    /// The read of a buffer, if it was begun.
    pub(crate) fn take_read(&mut self, buffer: &Buffer) -> Option<PendingRead> {
        let found = self.reads.iter().position(|(other, _)| other == buffer)?;
        Some(self.reads.swap_remove(found).1)
    }

    /// The outputs that are to be read back.
    pub(crate) fn wanted(&self) -> Vec<Buffer> {
        let wanted = self.outputs.iter().filter(|(name, _)| !self.unwanted.contains(*name));
        wanted.map(|(_, buffer)| buffer.clone()).collect()
    }

    /// Whether a buffer is to be read back.
    pub(crate) fn is_wanted(&self, buffer: &Buffer) -> bool {
        !self.unwanted.iter().any(|name| self.outputs.get(name) == Some(buffer))
    }
}
