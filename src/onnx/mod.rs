//! Reads the ONNX file of a pack and checks it.
//!
//! Nothing reaches an engine before every node has been checked against the table in [`crate::operators`] and its shape
//! has been inferred here: what the file claims about shapes is believed only where it agrees. The file is foreign bytes;
//! prost reads it, within limits, and no engine sees it before.

mod constant;
mod error;
mod graph;
mod last_layer;
mod node;
pub mod proto;
mod weight;

pub(crate) use constant::{Constant, elements};
pub use error::GraphError;
pub use graph::{Graph, ModelFile, Signature};
pub use last_layer::LastLayer;
pub use node::Node;
pub use proto::OPSET;
pub use weight::{Quantisation, Symmetric, Weight};

#[cfg(test)]
mod tests;
