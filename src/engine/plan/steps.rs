//! The dispatches of a graph, with their kernels and buffers.

use std::collections::HashMap;

use wgpu_bridge::kernels::Kernel;

use super::buffers::{self, Buffers};
use super::fuse::{self, Constants, Operation};
use super::place::{self, Home, Homes};
use super::{group, join, order};
use crate::onnx::{Graph, GraphError};
use crate::operators::conv::Conv;
use crate::operators::{self, PackConstants, Part, Planned, Site};
use crate::shaders::Variant;
use crate::shaders::layout::Map;

/// What one dispatch needs.
pub(crate) struct Step {
    /// Name of its first node.
    pub(crate) name: String,
    pub(crate) kernel: Kernel,
    /// Names of weights and biases of each of its operations, part by part of the output channels; either may be missing, and
    /// is then empty or zeros.
    pub(crate) constants: Vec<Vec<Constants>>,
    /// Makes buffers of these.
    pub(crate) pack: Option<PackConstants>,
    /// Names of the buffers it reads and of those it writes.
    pub(crate) reads: Vec<String>,
    pub(crate) writes: Vec<String>,
    /// The output of the graph of which it writes the last part.
    pub(crate) output: Option<String>,
}

/// The dispatches of a graph.
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    /// Buffers by name, with their bytes.
    pub(crate) buffers: Vec<(String, u64)>,
    /// Shape of the input and of each output of the graph, which lie in buffers of their names.
    pub(crate) ends: HashMap<String, [usize; 3]>,
    /// Outputs that are the same as another tensor: name, and whose buffer it is.
    pub(crate) forwarded: Vec<(String, String)>,
    /// The convolutions, as they are dispatched.
    pub(crate) convolutions: Vec<Conv>,
}

impl Plan {
    pub(crate) fn of(graph: &Graph, variant: Variant) -> Result<Self, GraphError> {
        let fused = fuse::fuse(graph)?;
        // A tensor that lies in the buffer of another must not be made from what lies there too.
        let placed = |in_place: bool| {
            let (operations, mut homes) = place::place(&fused, in_place);
            let operations = join::join(operations, &mut homes, &fused.outputs);
            (operations, homes)
        };
        let (mut operations, mut homes) = placed(true);
        if homes.overlap(&operations) {
            (operations, homes) = placed(false);
        }
        let levels = order::by_level(operations, &homes);
        let dispatches = group::group(levels, &mut homes, variant);
        Self::render(&dispatches, &homes, &fused, variant)
    }

    fn render(
        dispatches: &[Vec<Operation<'_>>],
        homes: &Homes<'_>,
        fused: &fuse::Fused<'_>,
        variant: Variant,
    ) -> Result<Self, GraphError> {
        let buffers = Buffers::of(dispatches, homes, fused);
        let mut plan = Self {
            steps: Vec::with_capacity(dispatches.len()),
            buffers: buffers.all(),
            ends: fused.ends(),
            forwarded: fused.forwarded.iter().map(|&(name, of)| (name.to_owned(), of.to_owned())).collect(),
            convolutions: Vec::new(),
        };
        for operations in dispatches {
            let Some(Operation { node, .. }) = operations.first() else { continue };
            plan.add(operations, homes, &buffers, variant).map_err(|reason| GraphError::Node {
                node: node.name.clone(),
                op: node.op.clone(),
                reason,
            })?;
        }
        for output in &fused.outputs {
            let last = plan.steps.iter_mut().rfind(|step| step.writes.iter().any(|name| name == output));
            if let Some(step) = last {
                step.output = Some((*output).to_owned());
            }
        }
        Ok(plan)
    }

    /// Adds a dispatch; `Err` says why there is no kernel for it.
    fn add(
        &mut self,
        operations: &[Operation<'_>],
        homes: &Homes<'_>,
        buffers: &Buffers,
        variant: Variant,
    ) -> Result<(), String> {
        let node = operations.first().ok_or("there is nothing to compute")?.node;
        let operator = operators::find(&node.op).ok_or("there is no kernel for it")?;
        let place = |(tensor, shape): (&str, [usize; 3])| {
            let Home { buffer, start } = homes.of(tensor).ok_or("an input is no feature map of batch 1")?;
            Ok::<_, String>((buffers.name(buffer), Map { shape, start }))
        };
        let mut reads: Vec<String> = Vec::new();
        let mut writes: Vec<String> = Vec::new();
        let mut ends: Vec<(Vec<Map>, Vec<Part>)> = Vec::with_capacity(operations.len());
        for (index, Operation { inputs, outputs, .. }) in operations.iter().enumerate() {
            let inputs: Vec<(String, Map)> = inputs.iter().copied().map(place).collect::<Result<_, _>>()?;
            // All of a dispatch read the same buffer.
            if index == 0 {
                reads.extend(inputs.iter().map(|(name, _)| name.clone()));
            }
            let mut parts = Vec::with_capacity(outputs.len());
            for made in outputs {
                let (name, map) = place((made.tensor, made.shape))?;
                let buffer = writes.iter().position(|known| *known == name).unwrap_or(writes.len());
                if buffer == writes.len() {
                    writes.push(name);
                }
                parts.push(Part { map, buffer, relu: made.relu });
            }
            ends.push((inputs.into_iter().map(|(_, map)| map).collect(), parts));
        }
        let sites: Vec<Site<'_>> = operations
            .iter()
            .zip(&ends)
            .map(|(operation, (inputs, outputs))| Site {
                node: operation.node,
                inputs,
                outputs,
                biased: operation.outputs.iter().any(|made| made.weights.is_none() && made.bias.is_some()),
                variant,
            })
            .collect();
        let Planned { kernel, constants: pack, convolutions, outputs } = operator.plan_together(&sites)?;
        let mut made = operations.iter().flat_map(|operation| &operation.outputs);
        if pack.is_none() && made.any(|made| made.weights.is_some()) {
            return Err("an input is constant, for which there is no kernel".to_owned());
        }
        writes.extend((writes.len()..outputs).map(|_| buffers::UNUSED.to_owned()));
        self.convolutions.extend(convolutions);
        self.steps.push(Step {
            name: node.name.clone(),
            kernel: kernel.ok_or("there is no kernel for it")?,
            constants: operations
                .iter()
                .map(|operation| operation.outputs.iter().map(fuse::Made::constants).collect())
                .collect(),
            pack,
            reads,
            writes,
            output: None,
        });
        Ok(())
    }
}
