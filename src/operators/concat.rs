//! `Concat` of feature maps along the channels.

use askama::Template;
use wgpu_bridge::kernels::Kernel;

use super::operator::{Known, Operator, Planned, Site, wrong_inputs};
use crate::onnx::Node;
use crate::shaders::layout::{LANES, Map, quads};
use crate::shaders::{Bindings, Grid, VEC4, render};

/// WebGPU guarantees eight storage buffers a shader stage: seven inputs and the output.
const MOST: usize = 7;

/// The operator.
pub(super) static CONCAT: Concat = Concat;

/// Feature maps one behind the other.
#[derive(Debug)]
pub(super) struct Concat;

/// One of the maps that are joined.
struct Part {
    name: String,
    /// Where it begins and ends in the result: packed values if all parts are of whole quads, else channels.
    start: usize,
    end: usize,
    /// Where it begins in its own buffer.
    from: usize,
}

#[derive(Template)]
#[template(path = "concat.wgsl", escape = "none")]
struct Shader {
    bindings: Bindings,
    grid: Grid,
    parts: Vec<Part>,
    pixels: usize,
    to: usize,
    /// All parts but the last are of whole quads, so that they are copied as they are.
    aligned: bool,
}

impl Operator for Concat {
    fn name(&self) -> &'static str {
        "Concat"
    }

    fn form(&self) -> &'static str {
        "1 to 7 tensors of 4 dimensions and batch 1 on axis 1"
    }

    fn shape(&self, node: &Node, inputs: &[&[usize]], _: Known<'_>) -> Result<Vec<usize>, String> {
        let axis = node.int("axis", 0);
        if axis != 1 || inputs.is_empty() || inputs.len() > MOST {
            return Err(format!("{} tensors on axis {axis}; {}", inputs.len(), self.form()));
        }
        let mut total = 0;
        for input in inputs {
            match (input, inputs[0]) {
                (&&[1, channels, height, width], &[_, _, first_height, first_width])
                    if height == first_height && width == first_width =>
                {
                    total += channels;
                }
                _ => return Err(wrong_inputs(inputs, "they do not fit together")),
            }
        }
        let mut shape = inputs[0].to_vec();
        shape[1] = total;
        Ok(shape)
    }

    fn joins_channels(&self) -> bool {
        true
    }

    fn plan(&self, site: &Site<'_>) -> Result<Planned, String> {
        Ok(kernel(site.inputs, site.only_output()?)?.into())
    }
}

fn kernel(images: &[Map], result: Map) -> Result<Kernel, String> {
    let pixels = result.pixels();
    let (_, first_ones) = images.split_last().ok_or("it has no inputs")?;
    let aligned = first_ones.iter().all(|map| map.shape[0].is_multiple_of(LANES));
    let mut end = 0;
    let parts: Vec<Part> = images
        .iter()
        .enumerate()
        .map(|(index, map)| {
            let (start, count) = (end, map.shape[0]);
            end += if aligned { quads(count) * pixels } else { count };
            Part { name: format!("image{index}"), start, end, from: map.start }
        })
        .collect();
    let inputs: Vec<(&str, &'static str)> = parts.iter().map(|part| (part.name.as_str(), VEC4)).collect();
    let bindings = Bindings::new(&inputs, &["result"]);
    let grid = Grid::of(quads(result.shape[0]) * pixels);
    render(&Shader { bindings, grid, parts, pixels, to: result.start, aligned }, grid.workgroups())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Case, check, values};
    use super::*;
    use crate::shaders::layout::{bytes, pack};

    #[test]
    fn agrees_with_a_plain_computation() {
        let channels = [vec![8, 4, 12, 7], vec![3, 5, 4], vec![6], vec![4, 4, 4, 4, 4, 4, 4]];
        let cases = channels.into_iter().map(|channels| {
            let parts: Vec<Vec<f32>> = channels.iter().map(|count| values(count * 15, *count as u32)).collect();
            let shapes: Vec<[usize; 3]> = channels.iter().map(|&count| [count, 5, 3]).collect();
            let maps: Vec<Map> = shapes.iter().map(|&shape| Map::whole(shape)).collect();
            let shape = [channels.iter().sum(), 5, 3];
            Case {
                name: format!("concat {channels:?}"),
                kernel: kernel(&maps, Map::whole(shape)).unwrap(),
                unused: 0,
                inputs: parts.iter().zip(shapes).map(|(part, shape)| bytes(&pack(part, shape))).collect(),
                shape,
                expected: parts.concat(),
            }
        });
        check("concat", &cases.collect::<Vec<_>>());
    }
}
