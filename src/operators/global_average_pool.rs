//! `GlobalAveragePool`.

use askama::Template;
use wgpu_bridge::kernels::Kernel;

use super::operator::{Known, Operator, Planned, Site, wrong_inputs};
use crate::onnx::Node;
use crate::shaders::layout::{Map, quads};
use crate::shaders::{Bindings, Grid, VEC4, render};

/// The operator.
pub(super) static GLOBAL_AVERAGE_POOL: GlobalAveragePool = GlobalAveragePool;

/// The mean of every channel.
#[derive(Debug)]
pub(super) struct GlobalAveragePool;

#[derive(Template)]
#[template(path = "global_average_pool.wgsl", escape = "none")]
struct Shader {
    bindings: Bindings,
    grid: Grid,
    pixels: usize,
    from: usize,
    to: usize,
}

impl Operator for GlobalAveragePool {
    fn name(&self) -> &'static str {
        "GlobalAveragePool"
    }

    fn form(&self) -> &'static str {
        "4 dimensions, batch 1"
    }

    fn shape(&self, _: &Node, inputs: &[&[usize]], _: Known<'_>) -> Result<Vec<usize>, String> {
        match inputs {
            [[1, channels, _, _]] => Ok(vec![1, *channels, 1, 1]),
            _ => Err(wrong_inputs(inputs, "one of 4 dimensions and batch 1 is accepted")),
        }
    }

    fn plan(&self, site: &Site<'_>) -> Result<Planned, String> {
        Ok(kernel(site.only_input()?, site.only_output()?)?.into())
    }
}

fn kernel(from: Map, to: Map) -> Result<Kernel, String> {
    let bindings = Bindings::new(&[("image", VEC4)], &["result"]);
    let grid = Grid::of(quads(from.shape[0]));
    render(&Shader { bindings, grid, pixels: from.pixels(), from: from.start, to: to.start }, grid.workgroups())
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
            name: "global average pool".to_owned(),
            kernel: kernel(Map::whole(shape), Map::whole([10, 1, 1])).unwrap(),
            unused: 0,
            inputs: vec![packed],
            shape: [10, 1, 1],
            expected: image.chunks(15).map(|plane| plane.iter().sum::<f32>() / 15.0).collect(),
        };
        check("global_average_pool", &[case]);
    }
}
