//! Turns a checked graph into one that wonnx runs with our kernels and buffers.
//!
//! What is dispatched, in which order and over which buffers is decided in [`plan`](super::plan). wonnx is given a chain of
//! stand-ins, `Relu` with the name of a step each, in that order; the bridge puts the step's kernel and buffers under each.
//!
//! wonnx 0.5.1 optimises along chains of nodes that have one input which is not constant, and builds a chain anew for
//! every user of its end. A node with two such inputs ends a chain, so a stand-in whose output is read back and
//! has a stand-in behind it is made from the same input twice.

use std::collections::HashMap;

use wgpu_bridge::gpu::Gpu;
use wgpu_bridge::kernels::{Dispatch, Kernels};
use wonnx::onnx::ModelProto;

use super::plan::{Constants, Plan, Step};
use super::wonnx_graph::Builder;
use crate::onnx::{Graph, GraphError, Weight};
use crate::operators::Values;
use crate::operators::conv::Conv;
use crate::shaders::layout::packed_len;
use crate::shaders::{Method, Variant};

/// A graph for wonnx and the kernels to put under it.
#[derive(Debug)]
pub struct Lowered {
    /// What wonnx is given.
    pub model: ModelProto,
    /// What is dispatched for each of its nodes.
    pub kernels: Kernels,
    /// Input and outputs that are packed ([`layout`](crate::shaders::layout)), with their shape `[channels, height, width]`.
    pub packed: HashMap<String, [usize; 3]>,
}

/// Our kernels for a graph. Its constants go to GPU memory one after the other as they are packed, and its buffers are made.
///
/// # Errors
/// [`GraphError::Node`] names the first node that has no kernel.
pub fn lower(graph: &Graph, variant: Variant, gpu: &Gpu) -> Result<Lowered, GraphError> {
    let Plan { steps, buffers, ends, forwarded, .. } = Plan::of(graph, variant)?;
    for (name, bytes) in &buffers {
        gpu.allocate(name, *bytes);
    }
    // First, because a browser compiles beside what follows.
    gpu.compile(steps.iter().map(|step| &step.kernel));
    let mut builder = Builder::default();
    let info = |name: &str| [1, packed_len(ends.get(name).copied().unwrap_or([1; 3]))];
    builder.input(graph.input(), &info(graph.input()));
    let mut kernels = Kernels::new();
    let mut before = graph.input().to_owned();
    let last = steps.len().saturating_sub(1);
    for (index, Step { name, kernel, constants, pack, reads, writes, output: read_back }) in
        steps.into_iter().enumerate()
    {
        let mut bound = reads;
        if let Some(pack) = pack {
            let mut values = constants.iter().map(|parts| values_of(graph, parts));
            pack(&mut values, &mut |bytes| {
                let constant = format!("{name}/constant {}", bound.len());
                gpu.upload(&constant, bytes);
                bound.push(constant);
            });
        }
        bound.extend(writes);
        let inputs = if read_back.is_some() && index < last { vec![before.clone(), before] } else { vec![before] };
        let output = read_back.clone().unwrap_or_else(|| format!("{name}/done"));
        builder.tensor(&output, &read_back.map_or([1, 1], |name| info(&name)), graph.is_result(&output));
        builder.node(&name, "Relu", inputs, &output);
        kernels.insert(name, Dispatch { kernel, buffers: bound });
        before = output;
    }
    for (name, of) in forwarded {
        builder.tensor(&name, &info(&name), true);
        builder.node(&format!("{name}/forwarded"), "Flatten", vec![of], &name);
    }
    Ok(Lowered { model: builder.model(), kernels, packed: ends })
}

/// Weights and biases of all parts; zeros for a bias that there is none of.
fn values_of(graph: &Graph, parts: &[Constants]) -> Values {
    let weight = |name: &Option<String>| name.as_ref().and_then(|name| graph.weights().get(name));
    let count = parts.iter().filter_map(|part| weight(&part.weights)).map(Weight::count).sum();
    let mut values = Values { weights: Vec::with_capacity(count), bias: Vec::new() };
    for part in parts {
        values.weights.extend(weight(&part.weights).map(Weight::values).unwrap_or_default());
        let bias = weight(&part.bias).map(Weight::values);
        values.bias.extend(bias.unwrap_or_else(|| vec![0.0; part.channels]));
    }
    values
}

/// The convolutions of a graph as they are dispatched, in that order.
///
/// # Errors
/// As [`lower`].
pub fn convolutions(graph: &Graph) -> Result<Vec<Conv>, GraphError> {
    Ok(Plan::of(graph, Variant { method: Method::Tiles { cores: 1 }, half: false })?.convolutions)
}
