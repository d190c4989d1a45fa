//! Our compute kernels in the place of wonnx's.
//!
//! wonnx plans the graph and owns the buffers; the shader of every node is ours, put there through [`wgpu::kernels`].
//! [`lower`] makes the graph that wonnx is given, [`layout`] says how tensors lie in memory.

mod conv;
pub mod layout;
mod lower;
pub mod plain;
mod shader;

use wgpu::gpu::AdapterInfo;

pub use conv::{Conv, Method, Variant};
pub use lower::{Lowered, lower};

/// The variant for an adapter of this kind (docs/engines.md has the figures; those of real GPUs are still missing).
pub fn variant_for(adapter: &AdapterInfo) -> Variant {
    let method = if adapter.software {
        // Loads are what costs most on a processor that plays the GPU.
        Method::Registers { quads: 4, pixels: 2, shared: adapter.subgroups }
    } else {
        Method::Tiles
    };
    Variant { method, half: false }
}
