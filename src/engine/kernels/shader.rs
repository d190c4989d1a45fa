//! What all our shaders share: the declaration of their buffers.

use std::fmt::Write as _;

use wgpu_bridge::kernels::BINDINGS;

/// The buffers of a kernel in the order in which wonnx binds them: inputs, then the output.
///
/// `again` declares the first input once more after the others: wonnx runs a node anew for each of its users unless
/// the node has two inputs that are not constant (see [`super::lower`]).
pub(super) fn buffers(inputs: &[(&str, &str)], again: bool, output: &str) -> String {
    let mut code = String::new();
    let mut declare = |index: usize, access: &str, name: &str, element: &str| {
        let (group, binding) = (index / BINDINGS, index % BINDINGS);
        let _ = writeln!(code, "@group({group}) @binding({binding}) var<storage, {access}> {name}: array<{element}>;");
    };
    for (index, (name, element)) in inputs.iter().enumerate() {
        declare(index, "read", name, element);
    }
    let mut count = inputs.len();
    if let (true, Some((_, element))) = (again, inputs.first()) {
        declare(count, "read", "again", element);
        count += 1;
    }
    declare(count, "read_write", "result", output);
    code
}

/// A statement that keeps the buffer `again` in the shader's interface.
pub(super) fn touch(again: bool) -> &'static str {
    if again { "_ = again[0];\n" } else { "" }
}
