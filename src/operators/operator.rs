//! What an operator is.

use std::collections::HashMap;

use wgpu_bridge::kernels::Kernel;

use super::conv_kernel::Conv;
pub use super::parts::{Part, Upload, Values};
use crate::onnx::{Node, Weight};
use crate::shaders::Variant;
use crate::shaders::layout::Map;

/// What is known of the graph when a node is checked, besides the shapes of its inputs.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The constants by name.
    pub weights: &'a HashMap<String, Weight>,
}

impl Known<'_> {
    /// `Err` names the first of a node's inputs from the second on that is not constant.
    pub(super) fn require_constant(self, node: &Node) -> Result<(), String> {
        match node.inputs.iter().skip(1).find(|name| !self.weights.contains_key(*name)) {
            Some(name) => Err(format!("its weights or bias \"{name}\" are not constant")),
            None => Ok(()),
        }
    }
}

/// A node where it stands, for its kernel. A map that was flattened keeps the shape it had.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// The node.
    pub node: &'a Node,
    /// Those of its inputs that are not constant.
    pub inputs: &'a [Map],
    /// Its output, channel by channel: several parts where nodes were joined into one.
    pub outputs: &'a [Part],
    /// It adds a bias, which its operator does not.
    pub biased: bool,
    /// Which kernels are wanted.
    pub variant: Variant,
}

impl Site<'_> {
    /// Its input, where but one is not constant.
    pub(super) fn only_input(&self) -> Result<Map, String> {
        match *self.inputs {
            [input] => Ok(input),
            _ => Err(format!("{} of its inputs are not constant, where one may be", self.inputs.len())),
        }
    }

    /// Its output, where nothing was joined to it.
    pub(super) fn only_output(&self) -> Result<Map, String> {
        match *self.outputs {
            [Part { map, buffer: 0, .. }] => Ok(map),
            _ => Err("it cannot be joined with others".to_owned()),
        }
    }
}

/// Brings weights and biases of the nodes of a dispatch, which it asks for one after the other, into the order in which the kernel reads
/// them, and hands over one buffer after the other: no more of them is in main memory at a time than need be.
pub type PackConstants = Box<dyn FnOnce(&mut dyn Iterator<Item = Values>, Upload<'_>)>;

/// How a node is computed on the GPU.
#[derive(Default)]
pub struct Planned {
    /// Its kernel; `None` if the output is the input.
    pub kernel: Option<Kernel>,
    /// Where there are weights or a bias, whose buffers follow the input's.
    pub constants: Option<PackConstants>,
    /// The convolutions in it.
    pub convolutions: Vec<Conv>,
    /// Buffers it writes to, if more than its outputs lie in.
    pub outputs: usize,
}

impl From<Kernel> for Planned {
    fn from(kernel: Kernel) -> Self {
        Self { kernel: Some(kernel), ..Self::default() }
    }
}

/// Linear operations of which either kind may come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linear {
    /// A mean over windows that are one pixel apart, the same for every channel.
    Mean,
    /// A convolution of single pixels, one to one.
    Pixels,
}

/// One operator of ONNX, in the form in which packs may use it. `Err(String)` says what is wrong with a node.
pub trait Operator: Sync {
    /// Its name in ONNX.
    fn name(&self) -> &'static str;

    /// The accepted form, as docs/formats.md has it.
    fn form(&self) -> &'static str;

    /// Checks the form of a node and gives the shape of its output.
    ///
    /// # Errors
    /// What is wrong with the node.
    fn shape(&self, node: &Node, inputs: &[&[usize]], known: Known<'_>) -> Result<Vec<usize>, String>;

    /// Multiply-accumulate operations, from the shapes of the second input and of the output.
    fn multiply_accumulates(&self, _weights: &[usize], _output: &[usize]) -> u64 {
        0
    }

    /// Whether it can do the work of a `Relu` behind it.
    fn takes_relu(&self) -> bool {
        false
    }

    /// Whether its output lies in GPU memory as its input does, whatever shape ONNX gives it.
    fn keeps_layout(&self) -> bool {
        false
    }

    /// Whether its output is its input, under another shape.
    fn forwards(&self) -> bool {
        false
    }

    /// Whether its output is its inputs one behind the other.
    fn joins_channels(&self) -> bool {
        false
    }

    /// What can be exchanged with another node.
    fn linear(&self, _node: &Node) -> Option<Linear> {
        None
    }

    /// Whether two nodes over one tensor can be computed as one whose output channels are those of both.
    fn joins(&self, _one: &Node, _other: &Node) -> bool {
        false
    }

    /// Whether several of its nodes that read one buffer can be computed in one dispatch.
    fn shares_dispatch(&self, _variant: Variant) -> bool {
        false
    }

    /// The kernel of several nodes.
    ///
    /// # Errors
    /// Why there is none for these.
    fn plan_together(&self, sites: &[Site<'_>]) -> Result<Planned, String> {
        match sites {
            [site] => self.plan(site),
            _ => Err("it cannot be dispatched together with others".to_owned()),
        }
    }

    /// Its kernel for a node whose form has been checked.
    ///
    /// # Errors
    /// Why there is none for this one.
    fn plan(&self, site: &Site<'_>) -> Result<Planned, String>;
}

/// What is wrong with a node whose inputs are not as they should be.
pub(super) fn wrong_inputs(inputs: &[&[usize]], wanted: &str) -> String {
    format!("its inputs have the shapes {inputs:?}; {wanted}")
}
