//! Our compute kernels in the place of wonnx's.
//!
//! wonnx plans the graph and owns the buffers; only the shader of a node is replaced, through
//! [`wgpu::kernels`]. The weights therefore lie as wonnx puts them, see [`Conv::weight_stride`].

mod conv;

use wgpu::gpu::AdapterInfo;
use wgpu::kernels::Kernels;
use wonnx::onnx::{GraphProto, ModelProto, NodeProto};

pub use conv::{Conv, Tile};

/// The tile that was fastest on an adapter of this kind (docs/engines.md).
pub fn tile_for(adapter: &AdapterInfo) -> Tile {
    // llvmpipe turns a large unrolled body into good AVX code; browsers' compilers and drivers want smaller ones.
    if adapter.name.contains("llvmpipe") { Tile { channels: 8, pixels: 8 } } else { Tile { channels: 4, pixels: 4 } }
}

/// A kernel for every convolution of a graph that [`crate::onnx::Graph::into_f32`] made; wonnx's own remain for the
/// rest.
pub fn for_graph(model: &ModelProto, tile: Tile) -> Kernels {
    let graph = model.get_graph();
    let convolutions = graph.get_node().iter().filter(|node| node.get_op_type() == "Conv");
    convolutions
        .filter_map(|node| {
            let relu = fused_relu(graph, node);
            let kernel = Conv::of(graph, node, relu.is_some())?.kernel(tile)?;
            Some((wonnx_name(node, relu), kernel))
        })
        .collect()
}

/// The `Relu` that wonnx fuses into a convolution: the only user of its output.
fn fused_relu<'a>(graph: &'a GraphProto, conv: &NodeProto) -> Option<&'a NodeProto> {
    let output = conv.get_output().first()?;
    let is_output = graph.get_output().iter().any(|value| value.get_name() == output);
    let mut users = graph.get_node().iter().filter(|node| node.get_input().contains(output));
    match (users.next(), users.next()) {
        (Some(user), None) if user.get_op_type() == "Relu" && !is_output => Some(user),
        _ => None,
    }
}

/// What wonnx calls the shader of a convolution.
fn wonnx_name(conv: &NodeProto, relu: Option<&NodeProto>) -> String {
    match relu {
        Some(relu) => format!("{}+{}", conv.get_output()[0], relu.get_output()[0]),
        None => conv.get_name().to_owned(),
    }
}
