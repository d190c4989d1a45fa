//! `Gemm` as a dense layer.

use askama::Template;
use wgpu_bridge::kernels::Kernel;

use super::operator::{Known, Operator, Planned, Site, Upload, Values, wrong_inputs};
use crate::onnx::Node;
use crate::shaders::layout::{LANES, Map, pack_bias, pack_weights, packed_len, quads};
use crate::shaders::{Bindings, VEC4, render};

/// Invocations that share a sum.
const WORKGROUP: usize = 64;

/// The operator.
pub(super) static GEMM: Gemm = Gemm;

/// Weights times a vector, plus a bias.
#[derive(Debug)]
pub(super) struct Gemm;

#[derive(Template)]
#[template(path = "gemm.wgsl", escape = "none")]
struct Shader {
    bindings: Bindings,
    workgroup: usize,
    depth: usize,
    from: usize,
    to: usize,
}

impl Operator for Gemm {
    fn name(&self) -> &'static str {
        "Gemm"
    }

    fn form(&self) -> &'static str {
        "`[1, K]` times constant `[K, N]` plus constant `[N]`; K % 4 = 0, `alpha` and `beta` 1, no transposition"
    }

    #[expect(clippy::float_cmp, reason = "the attributes are exactly 1 or not")]
    fn shape(&self, node: &Node, inputs: &[&[usize]], known: Known<'_>) -> Result<Vec<usize>, String> {
        if node.int("transA", 0) != 0 || node.int("transB", 0) != 0 {
            return Err("transA or transB is set; store the weights as [K, N]".to_owned());
        }
        if node.float("alpha", 1.0) != 1.0 || node.float("beta", 1.0) != 1.0 {
            return Err("alpha or beta is not 1".to_owned());
        }
        known.require_constant(node)?;
        match inputs {
            &[&[1, k], &[rows, n], &[bias]] if k == rows && n == bias && k % 4 == 0 => Ok(vec![1, n]),
            _ => Err(wrong_inputs(inputs, "[1, K], [K, N], [N] with K % 4 = 0 are accepted")),
        }
    }

    fn multiply_accumulates(&self, weights: &[usize], _: &[usize]) -> u64 {
        weights.iter().product::<usize>() as u64
    }

    fn plan(&self, site: &Site<'_>) -> Result<Planned, String> {
        let (image, result) = (site.only_input()?, site.only_output()?);
        let (flattened, outputs) = (image.shape, result.shape[0]);
        let kernel = kernel(image, result)?;
        let pack = move |values: &mut dyn Iterator<Item = Values>, upload: Upload<'_>| {
            let Values { weights, bias } = values.next().unwrap_or_default();
            upload(bytemuck::cast_slice(&in_order_of(flattened, &weights, outputs)));
            upload(bytemuck::cast_slice(&pack_bias(&bias, 1)));
        };
        Ok(Planned { constants: Some(Box::new(pack)), ..kernel.into() })
    }
}

/// A dense layer of all packed values of a map: a workgroup for every quad of outputs, whose invocations share the sum.
/// Inputs: values, weights in blocks of one quad, bias.
fn kernel(image: Map, result: Map) -> Result<Kernel, String> {
    let bindings = Bindings::new(&[("image", VEC4), ("weights", VEC4), ("bias", VEC4)], &["result"]);
    let depth = quads(packed_len(image.shape));
    let shader = Shader { bindings, workgroup: WORKGROUP, depth, from: image.start, to: result.start };
    render(&shader, [quads(result.shape[0]), 1])
}

/// Weights `[inputs, outputs]`, brought into the order of the packed map that the input was.
fn in_order_of(flattened: [usize; 3], weights: &[f32], outputs: usize) -> Vec<f32> {
    let [channels, height, width] = flattened;
    let pixels = height * width;
    let inputs = packed_len(flattened);
    let mut rows = vec![0.0; outputs * inputs];
    for input in 0..channels * pixels {
        let (channel, pixel) = (input / pixels, input % pixels);
        let place = (channel / LANES * pixels + pixel) * LANES + channel % LANES;
        for output in 0..outputs {
            rows[output * inputs + place] = weights[input * outputs + output];
        }
    }
    let mut packed = Vec::new();
    pack_weights(&rows, [outputs, inputs, 1, 1], 1, &mut packed);
    packed
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Case, check, values};
    use super::*;
    use crate::shaders::layout::{bytes, pack};

    #[test]
    fn agrees_with_a_plain_computation() {
        let shapes = [([2048, 1, 1], 8), ([36, 1, 1], 5), ([300, 1, 1], 1000), ([7, 2, 2], 6)];
        let cases = shapes.into_iter().map(|(flattened, outputs)| {
            let inputs = flattened.iter().product();
            let (image, weights, bias) = (values(inputs, 3), values(inputs * outputs, 4), values(outputs, 5));
            let dot = |output: usize| {
                let row = weights[output..].iter().step_by(outputs);
                row.zip(&image).map(|(w, v)| f64::from(*w) * f64::from(*v)).sum::<f64>()
            };
            Case {
                name: format!("gemm {flattened:?} -> {outputs}"),
                kernel: kernel(Map::whole(flattened), Map::whole([outputs, 1, 1])).unwrap(),
                unused: 0,
                inputs: vec![
                    bytes(&pack(&image, flattened)),
                    bytes(&in_order_of(flattened, &weights, outputs)),
                    bytes(&pack_bias(&bias, 1)),
                ],
                shape: [outputs, 1, 1],
                expected: bias.iter().enumerate().map(|(output, bias)| dot(output) as f32 + bias).collect(),
            }
        });
        check("gemm", &cases.collect::<Vec<_>>());
    }
}
