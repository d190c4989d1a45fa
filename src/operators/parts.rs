//! What kernels are given and where what they make goes.

use crate::shaders::layout::Map;

/// Where a part of the output channels of a step goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Shape and place.
    pub map: Map,
    /// Which of the step's output buffers it lies in.
    pub buffer: usize,
    /// Negative values become 0: the step does the work of a `Relu` behind it too.
    pub relu: bool,
}

/// Weights and bias of a node, or of several that were joined; either may be empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values {
    /// As in the ONNX file.
    pub weights: Vec<f32>,
    /// One for each output channel.
    pub bias: Vec<f32>,
}

/// What takes the bytes of a buffer.
pub type Upload<'a> = &'a mut dyn FnMut(&[u8]);
