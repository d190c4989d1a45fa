//! Small readers over wonnx's protobuf types.

use wonnx::onnx::{
    AttributeProto, NodeProto, TensorProto, TensorProto_DataLocation, TensorShapeProto, TensorShapeProto_Dimension,
    TypeProto, TypeProto_Tensor, ValueInfoProto,
};

/// ONNX's number for f32.
pub(crate) const FLOAT: i32 = 1;
/// ONNX's number for int8.
pub(super) const INT8: i32 = 3;

/// A gibibyte of f32; beyond any network that a browser can hold.
const MAX_ELEMENTS: usize = 1 << 28;

/// Number of elements of a shape.
pub(super) fn elements(shape: &[usize]) -> usize {
    shape.iter().product()
}

/// Refuses shapes that are empty or would not fit into memory.
pub(super) fn check_shape(shape: &[usize]) -> Result<(), String> {
    let total = shape.iter().try_fold(1_usize, |total, &dim| total.checked_mul(dim));
    match total {
        Some(total) if total > 0 && total <= MAX_ELEMENTS => Ok(()),
        _ => Err(format!("shape {shape:?} is empty or too large")),
    }
}

/// Dimensions of a constant that [`check`] has accepted.
pub(super) fn dims(tensor: &TensorProto) -> Vec<usize> {
    tensor.get_dims().iter().map(|&dim| usize::try_from(dim).unwrap_or(0)).collect()
}

/// A constant must be f32 or int8, inside the file, and as long as its shape says.
pub(super) fn check(tensor: &TensorProto) -> Result<(), String> {
    let name = tensor.get_name();
    if tensor.get_data_location() == TensorProto_DataLocation::EXTERNAL {
        return Err(format!("constant \"{name}\" lies in another file"));
    }
    let shape = dims(tensor);
    check_shape(&shape).map_err(|reason| format!("constant \"{name}\": {reason}"))?;
    let wanted = elements(&shape);
    let found = match tensor.get_data_type() {
        FLOAT if tensor.get_raw_data().is_empty() => tensor.get_float_data().len(),
        FLOAT => tensor.get_raw_data().len() / 4,
        INT8 => tensor.get_raw_data().len(),
        other => {
            return Err(format!("constant \"{name}\" has ONNX data type {other}; only f32 and int8 are accepted"));
        }
    };
    if found == wanted {
        Ok(())
    } else {
        Err(format!("constant \"{name}\" of shape {shape:?} holds {found} values instead of {wanted}"))
    }
}

/// The values of an f32 constant.
pub(crate) fn floats(tensor: &TensorProto) -> Vec<f32> {
    if tensor.get_raw_data().is_empty() {
        return tensor.get_float_data().to_vec();
    }
    tensor.get_raw_data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

/// A tensor's name and shape as ONNX writes them.
pub(crate) fn value_info(name: &str, shape: &[usize]) -> ValueInfoProto {
    let mut dims = TensorShapeProto::new();
    for &size in shape {
        let mut dim = TensorShapeProto_Dimension::new();
        dim.set_dim_value(i64::try_from(size).unwrap_or(i64::MAX));
        dims.mut_dim().push(dim);
    }
    let mut tensor = TypeProto_Tensor::new();
    tensor.set_elem_type(FLOAT);
    tensor.set_shape(dims);
    let mut kind = TypeProto::new();
    kind.set_tensor_type(tensor);
    let mut info = ValueInfoProto::new();
    info.set_name(name.to_owned());
    info.set_field_type(kind);
    info
}

fn attribute<'a>(node: &'a NodeProto, name: &str) -> Option<&'a AttributeProto> {
    node.get_attribute().iter().find(|attribute| attribute.get_name() == name)
}

/// Whether a node has an attribute at all.
pub(super) fn has_attribute(node: &NodeProto, name: &str) -> bool {
    attribute(node, name).is_some()
}

/// An integer attribute, or its default.
pub(crate) fn int(node: &NodeProto, name: &str, default: i64) -> i64 {
    attribute(node, name).map_or(default, AttributeProto::get_i)
}

/// A float attribute, or its default.
pub(super) fn float(node: &NodeProto, name: &str, default: f32) -> f32 {
    attribute(node, name).map_or(default, AttributeProto::get_f)
}

/// A list attribute of exactly `N` non-negative integers, or its default.
pub(crate) fn ints<const N: usize>(
    node: &NodeProto,
    name: &str,
    default: Option<[usize; N]>,
) -> Result<[usize; N], String> {
    match (attribute(node, name), default) {
        (None, Some(default)) => Ok(default),
        (None, None) => Err(format!("attribute {name} is missing")),
        (Some(found), _) => {
            let list: Option<Vec<usize>> = found.get_ints().iter().map(|&i| usize::try_from(i).ok()).collect();
            list.and_then(|list| list.try_into().ok())
                .ok_or_else(|| format!("{name} = {:?}; it must be {N} numbers that are not negative", found.get_ints()))
        }
    }
}
