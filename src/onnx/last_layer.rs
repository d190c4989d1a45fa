//! The dense layer at the end of the graph, which class activation maps need besides the feature map.

use wonnx::onnx::{NodeProto, TensorProto};

use super::tensor::{FLOAT, floats};
use super::{Graph, GraphError, dequantise};

/// A dense layer that turns the mean of each channel of the feature map into logits.
#[derive(Clone, Debug, PartialEq)]
pub struct LastLayer {
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl LastLayer {
    /// `weights` are `[channels, classes]`, row by row; `bias` has one value a class. `None` if the two do not fit
    /// together or there is no class.
    #[must_use]
    pub fn new(weights: Vec<f32>, bias: Vec<f32>) -> Option<Self> {
        let fits = !bias.is_empty() && !weights.is_empty() && weights.len().is_multiple_of(bias.len());
        fits.then_some(Self { weights, bias })
    }

    /// Channels of the feature map, at least 1.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.weights.len() / self.bias.len()
    }

    /// Number of logits, at least 1.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.bias.len()
    }

    /// The weight of each channel for a class.
    ///
    /// # Panics
    /// If there is no such class.
    pub fn weights(&self, class: usize) -> impl Iterator<Item = f32> {
        self.weights[class..].iter().step_by(self.classes()).copied()
    }

    /// What is added for a class.
    ///
    /// # Panics
    /// If there is no such class.
    #[must_use]
    pub fn bias(&self, class: usize) -> f32 {
        self.bias[class]
    }
}

impl Graph {
    /// The layer between the feature map and the logits. `None` if the manifest names no feature map, or if more lies
    /// between the two than a mean over each channel (`GlobalAveragePool`, `Flatten`) and one dense layer (`Gemm`):
    /// then the logits are not the mean of anything that has a place in the photo.
    ///
    /// # Errors
    /// [`GraphError`] if quantised weights and their scales do not fit together.
    pub fn last_layer(&self) -> Result<Option<LastLayer>, GraphError> {
        let [logits, features] = self.outputs.as_slice() else {
            return Ok(None);
        };
        let Some(dense) = self.made_by(logits, "Gemm") else {
            return Ok(None);
        };
        let [input, weights, bias] = dense.get_input() else {
            return Ok(None);
        };
        let mean = self
            .made_by(input, "Flatten")
            .and_then(|flatten| self.made_by(flatten.get_input().first()?, "GlobalAveragePool"))
            .and_then(|mean| mean.get_input().first());
        if mean != Some(features) {
            return Ok(None);
        }
        match (self.constant_values(weights)?, self.constant_values(bias)?) {
            (Some(weights), Some(bias)) => Ok(LastLayer::new(weights, bias)),
            _ => Ok(None),
        }
    }

    fn made_by(&self, tensor: &str, op: &str) -> Option<&NodeProto> {
        let makes = |node: &&NodeProto| node.get_op_type() == op && node.get_output().iter().any(|name| name == tensor);
        self.nodes.iter().find(makes)
    }

    /// The values of a tensor that is constant, int8 ones expanded.
    fn constant_values(&self, name: &str) -> Result<Option<Vec<f32>>, GraphError> {
        let find = |name: &str| -> Option<&TensorProto> { self.initializers.iter().find(|t| t.get_name() == name) };
        if let Some(tensor) = find(name) {
            return Ok((tensor.get_data_type() == FLOAT).then(|| floats(tensor)));
        }
        let Some(node) = self.made_by(name, dequantise::OP) else {
            return Ok(None);
        };
        let Some(values) = node.get_input().first().and_then(|name| find(name)) else {
            return Ok(None);
        };
        dequantise::dequantised(node, 0, values, find).map(Some)
    }
}
