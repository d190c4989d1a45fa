//! `Flatten`: the buffer stays as it is. A map that was flattened keeps the order of a map in GPU memory, which the dense
//! layer behind it knows.

use super::operator::{Known, Operator, Planned, Site, wrong_inputs};
use crate::onnx::{Node, elements};

/// The operator.
pub(super) static FLATTEN: Flatten = Flatten;

/// `[1, C, H, W]` becomes `[1, C * H * W]`.
#[derive(Debug)]
pub(super) struct Flatten;

impl Operator for Flatten {
    fn name(&self) -> &'static str {
        "Flatten"
    }

    fn form(&self) -> &'static str {
        "batch 1, `axis` 1"
    }

    fn shape(&self, node: &Node, inputs: &[&[usize]], _: Known<'_>) -> Result<Vec<usize>, String> {
        match inputs {
            [[1, rest @ ..]] if node.int("axis", 1) == 1 => Ok(vec![1, elements(rest)]),
            _ => Err(wrong_inputs(inputs, "one of batch 1 is accepted, and axis 1")),
        }
    }

    fn keeps_layout(&self) -> bool {
        true
    }

    fn forwards(&self) -> bool {
        true
    }

    /// Nobody dispatches it.
    fn plan(&self, _: &Site<'_>) -> Result<Planned, String> {
        Ok(Planned::default())
    }
}
