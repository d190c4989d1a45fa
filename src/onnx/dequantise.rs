//! Expands int8 weights behind `DequantizeLinear` to f32: w = (q - zero point) * scale, per channel along an axis.

use std::collections::{HashMap, HashSet};

use wonnx::onnx::{NodeProto, TensorProto};

use super::tensor::{FLOAT, INT8, dims, elements, floats, int};
use super::{GraphError, node_error};

/// The operator that stands between int8 weights and their user.
pub(super) const OP: &str = "DequantizeLinear";

/// The graph without [`OP`], every constant f32 and used.
pub(super) fn expand(
    nodes: Vec<NodeProto>,
    initializers: Vec<TensorProto>,
) -> Result<(Vec<NodeProto>, Vec<TensorProto>), GraphError> {
    let mut constants: HashMap<String, TensorProto> =
        initializers.into_iter().map(|mut tensor| (tensor.take_name(), tensor)).collect();
    let (quantised, nodes): (Vec<_>, Vec<_>) = nodes.into_iter().partition(|node| node.get_op_type() == OP);

    for (index, node) in quantised.iter().enumerate() {
        let Some(mut values) = node.get_input().first().and_then(|name| constants.remove(name)) else {
            return Err(node_error(node, index, "its values are missing or used twice".to_owned()));
        };
        let expanded = dequantised(node, index, &values, |name| constants.get(name))?;
        let mut tensor = TensorProto::new();
        tensor.set_dims(values.take_dims());
        tensor.set_data_type(FLOAT);
        tensor.set_float_data(expanded);
        constants.insert(node.get_output()[0].clone(), tensor);
    }

    let used: HashSet<&String> = nodes.iter().flat_map(NodeProto::get_input).collect();
    let initializers = constants
        .into_iter()
        .filter(|(name, tensor)| used.contains(name) && tensor.get_data_type() != INT8)
        .map(|(name, mut tensor)| {
            tensor.set_name(name);
            tensor
        })
        .collect();
    Ok((nodes, initializers))
}

/// What a [`OP`] node, the `index`-th of its kind, makes of its `values`.
pub(super) fn dequantised<'a>(
    node: &NodeProto,
    index: usize,
    values: &TensorProto,
    constant: impl Fn(&str) -> Option<&'a TensorProto>,
) -> Result<Vec<f32>, GraphError> {
    let fail = |reason: &str| node_error(node, index, reason.to_owned());
    let mut parameters = node.get_input().iter().skip(1);
    let scale = parameters.next().and_then(|name| constant(name)).map(floats);
    let scale = scale.ok_or_else(|| fail("its scale is missing"))?;
    let zero_point = match parameters.next() {
        Some(name) => constant(name).ok_or_else(|| fail("its zero point is missing"))?.get_raw_data().to_vec(),
        None => vec![0; scale.len()],
    };
    let shape = dims(values);
    let axis = int(node, "axis", 1);
    let inner = usize::try_from(axis)
        .ok()
        .and_then(|axis| shape.get(axis + 1..))
        .map(elements)
        .ok_or_else(|| fail("its axis does not exist"))?;
    let channels = scale.len();
    if channels == 0 || zero_point.len() != channels || !elements(&shape).is_multiple_of(channels * inner) {
        return Err(fail("scale, zero point and axis do not fit its values"));
    }
    let expanded = values.get_raw_data().iter().enumerate().map(|(position, byte)| {
        let channel = position / inner % channels;
        (f32::from(byte.cast_signed()) - f32::from(zero_point[channel].cast_signed())) * scale[channel]
    });
    Ok(expanded.collect())
}
