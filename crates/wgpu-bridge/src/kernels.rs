//! Kernels of our own in the place of those that wonnx generates.
//!
//! wonnx names the shader module, the pipeline and the bind groups of a node after the node (`<node>`, or
//! `<conv node>+<relu output>` where it fused an activation into a convolution). A kernel registered under such a
//! name is compiled instead of wonnx's text and dispatched with its own number of workgroups; the buffers and their
//! bindings stay wonnx's: inputs in order, then the output, four to a bind group.

use std::collections::HashMap;

/// Bindings of a bind group, as wonnx counts them.
pub const BINDINGS: usize = 4;

/// A compute kernel for one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// WGSL with an entry point `main` that declares exactly the bindings of the node.
    pub wgsl: String,
    /// Workgroups to dispatch in x, y and z.
    pub workgroups: [u32; 3],
}

/// Kernels by node name.
pub type Kernels = HashMap<String, Kernel>;
