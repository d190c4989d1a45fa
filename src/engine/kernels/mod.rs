//! Our compute kernels in the place of wonnx's.
//!
//! wonnx plans the graph and owns the buffers; the shader of every node is ours, put there through [`wgpu_bridge::kernels`].
//! [`lower()`] makes the graph that wonnx is given, [`layout`] says how tensors lie in memory, [`trial`] chooses
//! between variants.

mod conv;
pub mod layout;
mod lower;
pub mod plain;
mod shader;
pub mod trial;
mod variant;

pub use conv::Conv;
pub use lower::{Lowered, convolutions, lower};
pub use variant::{KernelChoice, Method, Variant};
