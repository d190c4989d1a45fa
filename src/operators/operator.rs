//! What an operator is.

use std::collections::HashMap;

use rten::RegisterOp;
use wgpu_bridge::kernels::Kernel;

use super::conv_kernel::Conv;
use crate::onnx::{Node, Weight};
use crate::shaders::Variant;

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

/// A node where it stands, for its kernel. Shapes are `[channels, height, width]`; a vector is `[length, 1, 1]`, and one
/// that was flattened keeps the shape it had.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// The node.
    pub node: &'a Node,
    /// Shapes of those of its inputs that are not constant.
    pub inputs: &'a [[usize; 3]],
    /// Shape of its output.
    pub output: [usize; 3],
    /// Its first input is bound a second time, behind the others (`engine/lower.rs` says why).
    pub repeated: bool,
    /// Negative outputs become 0: it does the work of a `Relu` behind it too.
    pub relu: bool,
    /// Which kernels are wanted.
    pub variant: Variant,
}

impl Site<'_> {
    /// Shape of its input, where but one is not constant.
    pub(super) fn only_input(&self) -> Result<[usize; 3], String> {
        match *self.inputs {
            [input] => Ok(input),
            _ => Err(format!("{} of its inputs are not constant, where one may be", self.inputs.len())),
        }
    }
}

/// Brings weights and bias into the order in which the kernel reads them.
pub type PackConstants = Box<dyn FnOnce(Vec<f32>, &[f32]) -> [Vec<u8>; 2]>;

/// How a node is computed on the GPU.
#[derive(Default)]
pub struct Planned {
    /// Its kernel; `None` if the output is the input.
    pub kernel: Option<Kernel>,
    /// Where weights and bias are the second and third input.
    pub constants: Option<PackConstants>,
    /// If it is a convolution.
    pub conv: Option<Conv>,
}

impl From<Kernel> for Planned {
    fn from(kernel: Kernel) -> Self {
        Self { kernel: Some(kernel), ..Self::default() }
    }
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

    /// Its kernel for a node whose form has been checked.
    ///
    /// # Errors
    /// Why there is none for this one.
    fn plan(&self, site: &Site<'_>) -> Result<Planned, String>;

    /// What computes it on the CPU.
    fn cpu(&self) -> &'static dyn RegisterOp;
}

/// What is wrong with a node whose inputs are not as they should be.
pub(super) fn wrong_inputs(inputs: &[&[usize]], wanted: &str) -> String {
    format!("its inputs have the shapes {inputs:?}; {wanted}")
}
