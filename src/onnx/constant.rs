//! A constant of the graph, its values as small as in the file.

use prost::bytes::Bytes;

use super::proto::TensorProto;

/// ONNX's numbers of types and places.
pub(super) mod number {
    pub(crate) const FLOAT: i32 = 1;
    pub(crate) const INT8: i32 = 3;
    pub(crate) const EXTERNAL: i32 = 1;
}

/// A gibibyte of f32; beyond any network that a browser can hold.
const MAX_ELEMENTS: usize = 1 << 28;

/// A constant and its shape. Clones share what it holds, which lies in the file that was read unless that writes it as a list of
/// numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    /// Dimensions.
    pub shape: Vec<usize>,
    values: Values,
}

#[derive(Clone, Debug, PartialEq)]
enum Values {
    /// Little-endian f32.
    Floats(Bytes),
    Int8(Bytes),
}

impl Constant {
    /// A constant must be f32 or int8, inside the file, and as long as its shape says; `Err` says what is wrong.
    pub(super) fn of(tensor: TensorProto) -> Result<Self, String> {
        if tensor.data_location == number::EXTERNAL {
            return Err("lies in another file".to_owned());
        }
        let shape: Vec<usize> = tensor.dims.iter().map(|&dim| usize::try_from(dim).unwrap_or(0)).collect();
        check_shape(&shape)?;
        let (values, found) = match tensor.data_type {
            number::FLOAT => {
                let bytes = if tensor.raw_data.is_empty() { to_bytes(&tensor.float_data) } else { tensor.raw_data };
                // A rest of one to three bytes counts as one more, and so as one too many.
                let count = bytes.len().div_ceil(size_of::<f32>());
                (Values::Floats(bytes), count)
            }
            number::INT8 => {
                let count = tensor.raw_data.len();
                (Values::Int8(tensor.raw_data), count)
            }
            other => return Err(format!("has ONNX data type {other}; only f32 and int8 are accepted")),
        };
        if found == elements(&shape) {
            Ok(Self { shape, values })
        } else {
            Err(format!("of shape {shape:?} holds {found} values instead of {}", elements(&shape)))
        }
    }

    /// Whether it is int8, which goes into `DequantizeLinear` and nowhere else.
    pub fn is_int8(&self) -> bool {
        matches!(self.values, Values::Int8(_))
    }

    /// The int8 values; none if it is f32.
    pub fn int8(&self) -> &[i8] {
        match &self.values {
            Values::Int8(bytes) => bytemuck::cast_slice(bytes),
            Values::Floats(_) => &[],
        }
    }

    /// The f32 values; none if it is int8.
    pub fn floats(&self) -> Vec<f32> {
        match &self.values {
            Values::Floats(bytes) => bytes.as_chunks().0.iter().map(|&value| f32::from_le_bytes(value)).collect(),
            Values::Int8(_) => Vec::new(),
        }
    }
}

fn to_bytes(values: &[f32]) -> Bytes {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Number of elements of a shape.
pub(crate) fn elements(shape: &[usize]) -> usize {
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
