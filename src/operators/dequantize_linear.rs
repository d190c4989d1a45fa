//! `DequantizeLinear`, which stands between int8 constants and their users. It is no node of the checked graph: the
//! constant behind it becomes a [`Weight`] that expands when it is read.

use std::collections::HashMap;

use super::operator::{Known, Operator, Planned, Site};
use crate::onnx::{Constant, Node, Quantisation, Weight, elements};

/// Its name in ONNX.
pub(crate) const NAME: &str = "DequantizeLinear";

/// The operator.
pub(super) static DEQUANTIZE_LINEAR: DequantizeLinear = DequantizeLinear;

/// w = (q - zero point) * scale.
#[derive(Debug)]
pub(super) struct DequantizeLinear;

impl Operator for DequantizeLinear {
    fn name(&self) -> &'static str {
        NAME
    }

    fn form(&self) -> &'static str {
        "constant int8 with a constant f32 scale, one for all or one for each channel along `axis`, and constant int8 zero points or none"
    }

    fn shape(&self, _: &Node, _: &[&[usize]], _: Known<'_>) -> Result<Vec<usize>, String> {
        Err("it is used where nothing is constant".to_owned())
    }

    fn plan(&self, _: &Site<'_>) -> Result<Planned, String> {
        Err("it is computed while the graph is read".to_owned())
    }
}

/// What a node makes of the constants that it names; `Err` says what is wrong with it.
pub(crate) fn weight(node: &Node, constants: &HashMap<String, Constant>) -> Result<Weight, String> {
    let input = |index: usize| node.inputs.get(index).map(|name| constants.get(name));
    let values = input(0).flatten().filter(|values| values.is_int8());
    let scales = input(1).flatten().filter(|scales| !scales.is_int8());
    let (Some(values), Some(scales)) = (values, scales) else {
        return Err("only constant int8 values with a constant f32 scale are accepted".to_owned());
    };
    let scales = scales.floats();
    let zero_points = match input(2) {
        Some(Some(points)) if points.is_int8() && points.int8().len() == scales.len() => points.int8().to_vec(),
        None => vec![0; scales.len()],
        Some(_) => return Err("its zero points must be constant int8, as many as there are scales".to_owned()),
    };
    let axis = node.int("axis", 1);
    let place = usize::try_from(axis).ok().filter(|&place| place < values.shape.len());
    let fits = place.filter(|&place| scales.len() == 1 || scales.len() == values.shape[place]);
    let Some(place) = fits else {
        return Err(format!("{} scales on axis {axis} do not fit values of shape {:?}", scales.len(), values.shape));
    };
    let inner = elements(&values.shape[place + 1..]);
    Ok(Weight::quantised(values.clone(), Quantisation { scales, zero_points, inner }))
}
