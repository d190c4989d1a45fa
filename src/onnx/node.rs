//! A node of the graph and its attributes.

use super::proto::{AttributeProto, NodeProto};

/// One use of an operator.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Unique in the graph.
    pub name: String,
    /// The operator's name in ONNX.
    pub op: String,
    /// Names of tensors.
    pub inputs: Vec<String>,
    /// Name of the tensor that it makes.
    pub output: String,
    attributes: Vec<AttributeProto>,
}

impl Node {
    /// Takes a node over; `Err` says what is wrong with it.
    pub(super) fn of(node: NodeProto) -> Result<Self, String> {
        if !matches!(node.domain.as_str(), "" | "ai.onnx") {
            return Err(format!("it is of the foreign domain \"{}\"", node.domain));
        }
        let count = node.output.len();
        let [output] = <[String; 1]>::try_from(node.output).map_err(|_| format!("it has {count} outputs, not one"))?;
        if node.attribute.iter().any(|attribute| attribute.g.is_some() || !attribute.graphs.is_empty()) {
            return Err("it has a graph inside".to_owned());
        }
        Ok(Self { name: node.name, op: node.op_type, inputs: node.input, output, attributes: node.attribute })
    }

    /// All its attributes.
    pub fn attributes(&self) -> &[AttributeProto] {
        &self.attributes
    }

    fn attribute(&self, name: &str) -> Option<&AttributeProto> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// Whether it has an attribute at all.
    pub fn has(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }

    /// A whole number, or its default.
    pub fn int(&self, name: &str, default: i64) -> i64 {
        self.attribute(name).map_or(default, |attribute| attribute.i)
    }

    /// A number, or its default.
    pub fn float(&self, name: &str, default: f32) -> f32 {
        self.attribute(name).map_or(default, |attribute| attribute.f)
    }

    /// A list of exactly `N` whole numbers that are not negative, or its default; `Err` says what is wrong with it.
    pub fn ints<const N: usize>(&self, name: &str, default: Option<[usize; N]>) -> Result<[usize; N], String> {
        match (self.attribute(name), default) {
            (None, Some(default)) => Ok(default),
            (None, None) => Err(format!("attribute {name} is missing")),
            (Some(AttributeProto { ints, .. }), _) => {
                let list: Option<Vec<usize>> = ints.iter().map(|&i| usize::try_from(i).ok()).collect();
                list.and_then(|list| list.try_into().ok())
                    .ok_or_else(|| format!("{name} = {ints:?}; it must be {N} numbers that are not negative"))
            }
        }
    }
}
