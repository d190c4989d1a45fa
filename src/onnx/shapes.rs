//! The operators a pack may use, the form in which wonnx gets each of them right, and the shape each gives.

use std::collections::{BTreeMap, HashMap, HashSet};

use wonnx::onnx::{NodeProto, TensorProto};

use super::dequantise;
use super::tensor::{FLOAT, INT8, check_shape, elements, float, has_attribute, int, ints};

/// What is known of the tensors before a node.
#[derive(Debug)]
pub(super) struct Known<'a> {
    /// Shape of every tensor made so far, by name.
    pub(super) shapes: BTreeMap<String, Vec<usize>>,
    /// The file's constants by name.
    pub(super) constants: HashMap<&'a str, &'a TensorProto>,
    /// Constants that come out of a `DequantizeLinear`.
    pub(super) dequantised: HashSet<String>,
}

impl Known<'_> {
    fn is_constant(&self, name: &str) -> bool {
        self.constants.contains_key(name) || self.dequantised.contains(name)
    }
}

/// WebGPU guarantees eight storage buffers a shader stage: seven inputs and the output.
const MAX_CONCAT: usize = 7;

/// Shape of a node's output, or what is wrong with the node.
pub(super) fn infer(node: &NodeProto, known: &Known<'_>) -> Result<Vec<usize>, String> {
    if !matches!(node.get_domain(), "" | "ai.onnx") {
        return Err(format!("it is of the foreign domain \"{}\"", node.get_domain()));
    }
    let inputs = node
        .get_input()
        .iter()
        .map(|name| {
            known.shapes.get(name).map(Vec::as_slice).ok_or_else(|| format!("its input \"{name}\" does not exist yet"))
        })
        .collect::<Result<Vec<_>, _>>()?;
    check_types(node, known)?;
    // wonnx would compute it while loading, on a device of its own.
    if node.get_op_type() != dequantise::OP && node.get_input().iter().all(|name| known.is_constant(name)) {
        return Err("all its inputs are constant; fold it".to_owned());
    }
    let shape = match (node.get_op_type(), inputs.as_slice()) {
        (dequantise::OP, [values, ..]) => dequantize_linear(node, values, known)?,
        ("Conv", &[input, weights, bias]) => conv(node, input, weights, bias, known)?,
        ("Conv", [_, _]) => return Err("it has no bias; fold the batch norm into it".to_owned()),
        ("MaxPool" | "AveragePool", &[input]) => pool(node, input)?,
        ("GlobalAveragePool", &[[1, channels, _, _]]) => vec![1, *channels, 1, 1],
        ("Relu", &[input]) => input.to_vec(),
        ("Concat", inputs) => concat(node, inputs)?,
        ("Flatten", &[[1, rest @ ..]]) if int(node, "axis", 1) == 1 => vec![1, elements(rest)],
        ("Gemm", &[input, weights, bias]) => gemm(node, input, weights, bias)?,
        (op, inputs) => {
            return Err(format!("operator {op} with inputs {inputs:?} is not among the accepted ones"));
        }
    };
    check_shape(&shape)?;
    Ok(shape)
}

/// Multiply-accumulate operations of a node whose shapes are known.
pub(super) fn multiply_accumulates(node: &NodeProto, shapes: &BTreeMap<String, Vec<usize>>) -> u64 {
    let size = |name: Option<&String>| name.and_then(|name| shapes.get(name)).map_or(&[][..], Vec::as_slice);
    let weights = size(node.get_input().get(1));
    let output = size(node.get_output().first());
    match (node.get_op_type(), weights, output) {
        ("Conv", [_, rest @ ..], output) => (elements(rest) * elements(output)) as u64,
        ("Gemm", weights, _) => elements(weights) as u64,
        _ => 0,
    }
}

/// int8 goes into `DequantizeLinear` and nowhere else.
fn check_types(node: &NodeProto, known: &Known<'_>) -> Result<(), String> {
    if node.get_op_type() == dequantise::OP {
        return Ok(());
    }
    match node
        .get_input()
        .iter()
        .find(|name| known.constants.get(name.as_str()).is_some_and(|c| c.get_data_type() == INT8))
    {
        Some(name) => Err(format!("its input \"{name}\" is int8; put a {} in between", dequantise::OP)),
        None => Ok(()),
    }
}

fn dequantize_linear(node: &NodeProto, values: &[usize], known: &Known<'_>) -> Result<Vec<usize>, String> {
    let constant = |index: usize| node.get_input().get(index).and_then(|name| known.constants.get(name.as_str()));
    if constant(0).is_none_or(|c| c.get_data_type() != INT8) || constant(1).is_none_or(|c| c.get_data_type() != FLOAT) {
        return Err("only constant int8 values with a constant f32 scale are accepted".to_owned());
    }
    if node.get_input().len() > 2 && constant(2).is_none_or(|c| c.get_data_type() != INT8) {
        return Err("its zero point must be constant int8".to_owned());
    }
    let axis = int(node, "axis", 1);
    let channels = usize::try_from(axis).ok().and_then(|axis| values.get(axis)).copied();
    let scales = constant(1).map_or(0, |c| c.get_dims().iter().product::<i64>());
    if scales == 1 || channels == usize::try_from(scales).ok() {
        Ok(values.to_vec())
    } else {
        Err(format!("{scales} scales on axis {axis} do not fit values of shape {values:?}"))
    }
}

/// The window of a convolution or pool: kernel, strides and pads (top, left, bottom, right).
fn window(node: &NodeProto, input: &[usize]) -> Result<[usize; 2], String> {
    if has_attribute(node, "auto_pad") {
        return Err("auto_pad is set; write pads instead".to_owned());
    }
    if ints(node, "dilations", Some([1, 1]))? != [1, 1] {
        return Err("dilation other than 1".to_owned());
    }
    let kernel = ints::<2>(node, "kernel_shape", None)?;
    let strides = ints(node, "strides", Some([1, 1]))?;
    let pads = ints(node, "pads", Some([0; 4]))?;
    let [height, width] = [0, 1].map(|axis| {
        let padded = input[axis + 2].checked_add(pads[axis])?.checked_add(pads[axis + 2])?;
        let span = padded.checked_sub(kernel[axis])?;
        (kernel[axis] > 0 && pads[axis].max(pads[axis + 2]) < kernel[axis]).then_some(())?;
        Some(span.checked_div(strides[axis])? + 1)
    });
    match (height, width) {
        (Some(height), Some(width)) => Ok([height, width]),
        _ => Err(format!("window {kernel:?} with strides {strides:?} and pads {pads:?} does not fit {input:?}")),
    }
}

fn conv(
    node: &NodeProto,
    input: &[usize],
    weights: &[usize],
    bias: &[usize],
    known: &Known<'_>,
) -> Result<Vec<usize>, String> {
    let (&[1, channels, _, _], &[out, channels_in, height, width]) = (input, weights) else {
        return Err(format!("input {input:?} with weights {weights:?}; both must have 4 dimensions, batch 1"));
    };
    if int(node, "group", 1) != 1 || channels != channels_in {
        return Err(format!("input of {channels} channels with weights for {channels_in}, or grouped"));
    }
    if ints::<2>(node, "kernel_shape", None)? != [height, width] {
        return Err("kernel_shape differs from the shape of its weights".to_owned());
    }
    if bias != [out] {
        return Err(format!("bias of shape {bias:?} for {out} output channels"));
    }
    // wonnx's 3x3 kernel takes the padding of a stride-1 convolution from the shape and is right for 0 and 1 only.
    let pads = ints(node, "pads", Some([0; 4]))?;
    if [height, width] == [3, 3] && ints(node, "strides", Some([1, 1]))? == [1, 1] && pads != [0; 4] && pads != [1; 4] {
        return Err(format!("3x3 with stride 1 and pads {pads:?}; only 0 or 1 all around is right"));
    }
    if let Some(name) = node.get_input()[1..].iter().find(|name| !known.is_constant(name)) {
        return Err(format!("its weights or bias \"{name}\" are not constant"));
    }
    let [height, width] = window(node, input)?;
    Ok(vec![1, out, height, width])
}

fn pool(node: &NodeProto, input: &[usize]) -> Result<Vec<usize>, String> {
    let &[1, channels, _, _] = input else {
        return Err(format!("input {input:?}; it must have 4 dimensions, batch 1"));
    };
    if int(node, "ceil_mode", 0) != 0 || int(node, "storage_order", 0) != 0 {
        return Err("ceil_mode or storage_order is set".to_owned());
    }
    let [height, width] = window(node, input)?;
    Ok(vec![1, channels, height, width])
}

fn concat(node: &NodeProto, inputs: &[&[usize]]) -> Result<Vec<usize>, String> {
    if int(node, "axis", 0) != 1 || inputs.is_empty() || inputs.len() > MAX_CONCAT {
        return Err(format!(
            "{} tensors on axis {}; 1 to {MAX_CONCAT} on axis 1 are accepted",
            inputs.len(),
            int(node, "axis", 0)
        ));
    }
    let mut total = 0;
    for input in inputs {
        match input {
            [1, channels, rest @ ..] if inputs[0].get(2..) == Some(rest) => total += channels,
            _ => return Err(format!("inputs {inputs:?} do not fit together")),
        }
    }
    let mut shape = inputs[0].to_vec();
    shape[1] = total;
    Ok(shape)
}

#[expect(clippy::float_cmp, reason = "the attributes are exactly 1 or not")]
fn gemm(node: &NodeProto, input: &[usize], weights: &[usize], bias: &[usize]) -> Result<Vec<usize>, String> {
    if int(node, "transA", 0) != 0 || int(node, "transB", 0) != 0 {
        return Err("transA or transB is set; store the weights as [K, N]".to_owned());
    }
    if float(node, "alpha", 1.0) != 1.0 || float(node, "beta", 1.0) != 1.0 {
        return Err("alpha or beta is not 1".to_owned());
    }
    match (input, weights, bias) {
        (&[1, k], &[rows, n], &[bias]) if k == rows && n == bias && k % 4 == 0 => Ok(vec![1, n]),
        _ => Err(format!(
            "input {input:?}, weights {weights:?}, bias {bias:?}; [1, K], [K, N], [N] with K % 4 = 0 is accepted"
        )),
    }
}
