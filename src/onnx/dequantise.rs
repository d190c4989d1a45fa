//! Expands int8 weights behind `DequantizeLinear` to f32: w = (q - zero point) * scale, per channel along an axis.

use wonnx::onnx::{NodeProto, TensorProto};

use super::tensor::{dims, elements, floats, int};
use super::{GraphError, node_error};

/// The operator that stands between int8 weights and their user.
pub(super) const OP: &str = "DequantizeLinear";

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
