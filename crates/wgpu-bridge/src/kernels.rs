//! Kernels of our own in the place of those that wonnx generates.
//!
//! wonnx names the shader module, the pipeline and the bind groups of a node after the node. A kernel registered under
//! such a name is compiled instead of wonnx's text, bound to buffers that were made by name ([`crate::gpu::Gpu::upload`],
//! [`crate::gpu::Gpu::allocate`]) instead of those of the node, and dispatched with its own number of workgroups.

use std::collections::HashMap;

/// Bindings of a bind group: all that WebGPU promises of buffers.
pub const BINDINGS: usize = 8;

/// A compute kernel for one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// WGSL with an entry point `main` and its bindings, a line each that begins with `@group`, [`BINDINGS`] to a group.
    pub wgsl: String,
    /// Workgroups to dispatch in x, y and z.
    pub workgroups: [u32; 3],
}

/// A kernel and what it is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispatch {
    /// The kernel.
    pub kernel: Kernel,
    /// Names of its buffers in the order of its bindings.
    pub buffers: Vec<String>,
}

/// Dispatches by node name.
pub type Kernels = HashMap<String, Dispatch>;

/// What a kernel's bindings are, in their order. It declares each in a line of its own.
pub(crate) fn bindings_of(wgsl: &str) -> Vec<modern::BufferBindingType> {
    let declared = wgsl.lines().filter(|line| line.starts_with("@group("));
    let kind = |line: &str| {
        if line.contains("var<uniform>") {
            modern::BufferBindingType::Uniform
        } else {
            modern::BufferBindingType::Storage { read_only: !line.contains("read_write") }
        }
    };
    declared.map(kind).collect()
}

/// Bindings by group.
pub(crate) fn groups_of(bindings: &[modern::BufferBindingType]) -> impl Iterator<Item = &[modern::BufferBindingType]> {
    bindings.chunks(BINDINGS)
}
