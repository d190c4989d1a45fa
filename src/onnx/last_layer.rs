//! The dense layer at the end of the graph, which class activation maps need besides the feature map.

use super::graph::Graph;
use super::node::Node;

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
    pub fn last_layer(&self) -> Option<LastLayer> {
        let [logits, features] = self.outputs() else {
            return None;
        };
        let [input, weights, bias] = self.made_by(logits, "Gemm")?.inputs.as_slice() else {
            return None;
        };
        let mean = self.made_by(self.made_by(input, "Flatten")?.inputs.first()?, "GlobalAveragePool")?;
        if mean.inputs.first() != Some(features) {
            return None;
        }
        LastLayer::new(self.weights().get(weights)?.values(), self.weights().get(bias)?.values())
    }

    fn made_by(&self, tensor: &str, op: &str) -> Option<&Node> {
        self.nodes().iter().find(|node| node.op == op && node.output == tensor)
    }
}
