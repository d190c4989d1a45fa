//! `Relu`, where it stands alone; behind a convolution it is part of that one's kernel.

use askama::Template;
use wgpu_bridge::kernels::Kernel;

use super::operator::{Known, Operator, Planned, Site, wrong_inputs};
use crate::onnx::Node;
use crate::shaders::layout::{LANES, Map, packed_len};
use crate::shaders::{Bindings, Grid, VEC4, render};

/// The operator.
pub(super) static RELU: Relu = Relu;

/// Negative values become 0.
#[derive(Debug)]
pub(super) struct Relu;

#[derive(Template)]
#[template(path = "relu.wgsl", escape = "none")]
struct Shader {
    bindings: Bindings,
    grid: Grid,
    from: usize,
    to: usize,
}

impl Operator for Relu {
    fn name(&self) -> &'static str {
        "Relu"
    }

    fn form(&self) -> &'static str {
        "any"
    }

    fn shape(&self, _: &Node, inputs: &[&[usize]], _: Known<'_>) -> Result<Vec<usize>, String> {
        match inputs {
            [input] => Ok(input.to_vec()),
            _ => Err(wrong_inputs(inputs, "one is accepted")),
        }
    }

    fn keeps_layout(&self) -> bool {
        true
    }

    fn plan(&self, site: &Site<'_>) -> Result<Planned, String> {
        Ok(kernel(site.only_input()?, site.only_output()?)?.into())
    }
}

fn kernel(from: Map, to: Map) -> Result<Kernel, String> {
    let bindings = Bindings::new(&[("image", VEC4)], &["result"]);
    let grid = Grid::of(packed_len(from.shape) / LANES);
    render(&Shader { bindings, grid, from: from.start, to: to.start }, grid.workgroups())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Case, check, values};
    use super::*;
    use crate::shaders::layout::{bytes, pack};

    #[test]
    fn agrees_with_a_plain_computation() {
        let shape = [10, 5, 3];
        let image = values(150, 1);
        let packed = bytes(&pack(&image, shape));
        let case = Case {
            name: "relu".to_owned(),
            kernel: kernel(Map::whole(shape), Map::whole(shape)).unwrap(),
            unused: 0,
            inputs: vec![packed],
            shape,
            expected: image.iter().map(|v| v.max(0.0)).collect(),
        };
        check("relu", &[case]);
    }
}
