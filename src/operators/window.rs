//! What the attributes of a node say of its window.

use skintree_cpu::Window;

use crate::onnx::Node;

/// The accepted attributes, without checking that they fit an input.
pub(crate) fn window_of(node: &Node) -> Result<Window, String> {
    if node.has("auto_pad") {
        return Err("auto_pad is set; write pads instead".to_owned());
    }
    if node.ints("dilations", Some([1, 1]))? != [1, 1] {
        return Err("dilation other than 1".to_owned());
    }
    Ok(Window {
        kernel: node.ints("kernel_shape", None)?,
        strides: node.ints("strides", Some([1, 1]))?,
        pads: node.ints("pads", Some([0; 4]))?,
    })
}
