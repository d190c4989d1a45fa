//! Why a pack's ONNX file is not run.

use super::proto::OPSET;

/// Why a pack's ONNX file is not run. The code in JavaScript is `pack-graph`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// Not a protobuf, or not an ONNX model.
    #[error("model.onnx cannot be read: {0}. Export it again as ONNX opset {OPSET}.")]
    Unreadable(String),
    /// The graph as a whole is not of the form that docs/formats.md describes.
    #[error("the ONNX graph cannot be run safely: {0}. docs/formats.md says which form is accepted.")]
    Graph(String),
    /// One node is not of that form.
    #[error("node \"{node}\" ({op}) cannot be run safely: {reason}. docs/formats.md says which form is accepted.")]
    Node {
        /// Name of the node, or `#index` if it has none.
        node: String,
        /// Its operator.
        op: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl GraphError {
    /// The stable code of docs/formats.md.
    pub fn code(&self) -> &'static str {
        "pack-graph"
    }
}
