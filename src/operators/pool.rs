//! `MaxPool` and `AveragePool`.

use askama::Template;
use skintree_cpu::PoolKind;
use wgpu_bridge::kernels::Kernel;

use super::operator::{Known, Linear, Operator, PackConstants, Planned, Site, Values, wrong_inputs};
use super::window::window_of;
use crate::onnx::Node;
use crate::shaders::layout::{LANES, bytes, pack_bias, quads, signed};
use crate::shaders::{Bindings, Grid, VEC4, render};

/// The operator `MaxPool`.
pub(super) static MAX_POOL: MaxPool = MaxPool;
/// The operator `AveragePool`.
pub(super) static AVERAGE_POOL: AveragePool = AveragePool;

/// The largest value of each window.
#[derive(Debug)]
pub(super) struct MaxPool;

/// The mean of each window.
#[derive(Debug)]
pub(super) struct AveragePool;

/// What a `MaxPool` or an `AveragePool` computes.
pub(crate) fn pool_kind(node: &Node) -> PoolKind {
    match (node.op.as_str(), node.int("count_include_pad", 0)) {
        ("MaxPool", _) => PoolKind::Max,
        (_, 0) => PoolKind::Average,
        _ => PoolKind::AverageWithPads,
    }
}

/// A pool with a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pool {
    /// Channels, height and width of the input.
    input: [usize; 3],
    /// Height and width of the output.
    output: [usize; 2],
    /// Height and width of the window.
    kernel: [usize; 2],
    /// Steps of the window down and right.
    strides: [usize; 2],
    /// Elements above and left of the input.
    pads: [usize; 2],
    kind: PoolKind,
    /// A bias is added.
    biased: bool,
    /// Negative values become 0.
    relu: bool,
    /// Where input and output begin in their buffers.
    from: usize,
    to: usize,
}

#[derive(Template)]
#[template(path = "pool.wgsl", escape = "none")]
struct Shader {
    bindings: Bindings,
    threads: usize,
    kind: PoolKind,
}

impl Pool {
    fn of(site: &Site<'_>) -> Result<Self, String> {
        let window = window_of(site.node)?;
        let (image, result) = (site.only_input()?, site.only_output()?);
        Ok(Self {
            input: image.shape,
            output: [result.shape[1], result.shape[2]],
            kernel: window.kernel,
            strides: window.strides,
            pads: window.corner(),
            kind: pool_kind(site.node),
            biased: site.biased,
            relu: site.outputs.iter().any(|part| part.relu),
            from: image.start,
            to: result.start,
        })
    }

    fn plan(self) -> Result<Planned, String> {
        let constants: PackConstants = Box::new(move |values, upload| {
            for bytes in self.pack(&values.next().unwrap_or_default()) {
                upload(&bytes);
            }
        });
        Ok(Planned { constants: Some(constants), ..self.shader()?.into() })
    }

    /// Bytes of the bias, a zero if there is none, and of what the shader reads from `pool`.
    fn pack(&self, Values { bias, .. }: &Values) -> Vec<Vec<u8>> {
        let numbers = [
            [self.input[1], self.input[2], self.output[1], self.output[0] * self.output[1]],
            [self.kernel[0], self.kernel[1], self.strides[0], self.strides[1]],
            [self.pads[0], self.pads[1], self.from, self.to],
            [self.count(), usize::from(self.biased), usize::from(self.relu), self.grid().row()],
        ];
        let words: Vec<i32> = numbers.as_flattened().iter().map(|&number| signed(number)).collect();
        let bias = if self.biased { pack_bias(bias, 1) } else { vec![0.0; LANES] };
        vec![bytes(&bias), bytemuck::cast_slice(&words).to_vec()]
    }

    fn count(&self) -> usize {
        quads(self.input[0]) * self.output[0] * self.output[1]
    }

    fn grid(&self) -> Grid {
        Grid::of(self.count())
    }

    fn shader(&self) -> Result<Kernel, String> {
        let bindings = Bindings::new(&[("image", VEC4), ("bias", VEC4)], &["result"]).with_uniform(
            "pool",
            "array<vec4<i32>, 4>".to_owned(),
            2,
        );
        let grid = self.grid();
        render(&Shader { bindings, threads: grid.threads, kind: self.kind }, grid.workgroups())
    }
}

fn shape(node: &Node, inputs: &[&[usize]]) -> Result<Vec<usize>, String> {
    let &[input @ &[1, channels, _, _]] = inputs else {
        return Err(wrong_inputs(inputs, "one of 4 dimensions and batch 1 is accepted"));
    };
    if node.int("ceil_mode", 0) != 0 || node.int("storage_order", 0) != 0 {
        return Err("ceil_mode or storage_order is set".to_owned());
    }
    let [height, width] = window_of(node)?.output(input)?;
    Ok(vec![1, channels, height, width])
}

impl Operator for MaxPool {
    fn name(&self) -> &'static str {
        "MaxPool"
    }

    fn form(&self) -> &'static str {
        "4 dimensions, batch 1; explicit pads smaller than the window, dilation 1, `ceil_mode` and `storage_order` 0"
    }

    fn shape(&self, node: &Node, inputs: &[&[usize]], _: Known<'_>) -> Result<Vec<usize>, String> {
        shape(node, inputs)
    }

    fn plan(&self, site: &Site<'_>) -> Result<Planned, String> {
        Pool::of(site)?.plan()
    }
}

impl Operator for AveragePool {
    fn name(&self) -> &'static str {
        "AveragePool"
    }

    fn form(&self) -> &'static str {
        "as `MaxPool`; `count_include_pad` 0 or 1"
    }

    fn shape(&self, node: &Node, inputs: &[&[usize]], _: Known<'_>) -> Result<Vec<usize>, String> {
        shape(node, inputs)
    }

    fn linear(&self, node: &Node) -> Option<Linear> {
        window_of(node).ok().filter(|window| window.strides == [1, 1]).map(|_| Linear::Mean)
    }

    fn plan(&self, site: &Site<'_>) -> Result<Planned, String> {
        Pool::of(site)?.plan()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Case, check, values, window};
    use super::*;
    use crate::shaders::layout::pack;

    fn plain(pool: &Pool, image: &[f32], bias: &[f32]) -> Vec<f32> {
        let [channels, height, width] = pool.input;
        let mut out = Vec::new();
        for (channel, plane) in (0..channels).map(|c| (c, &image[c * height * width..])) {
            for y in 0..pool.output[0] {
                for x in 0..pool.output[1] {
                    let rows = (y * pool.strides[0]..).take(pool.kernel[0]).filter_map(|y| y.checked_sub(pool.pads[0]));
                    let inside: Vec<f32> = rows
                        .filter(|&y| y < height)
                        .flat_map(|y| {
                            let columns = (x * pool.strides[1]..).take(pool.kernel[1]);
                            columns
                                .filter_map(|x| x.checked_sub(pool.pads[1]))
                                .filter(|&x| x < width)
                                .map(move |x| plane[y * width + x])
                        })
                        .collect();
                    let sum: f32 = inside.iter().sum();
                    let value = match pool.kind {
                        PoolKind::Max => inside.iter().copied().fold(f32::NEG_INFINITY, f32::max),
                        PoolKind::Average => sum / inside.len() as f32,
                        PoolKind::AverageWithPads => sum / (pool.kernel[0] * pool.kernel[1]) as f32,
                    };
                    let value = if pool.biased { value + bias[channel] } else { value };
                    out.push(if pool.relu { value.max(0.0) } else { value });
                }
            }
        }
        out
    }

    #[test]
    fn agrees_with_a_plain_computation() {
        let shapes = [
            ([6, 9, 8], [3, 3], 2, 0),
            ([8, 7, 7], [3, 3], 1, 1),
            ([4, 6, 9], [2, 3], 3, 1),
            ([5, 8, 8], [5, 5], 1, 2),
        ];
        let mut cases = Vec::new();
        for (input, kernel, stride, pads) in shapes {
            for kind in [PoolKind::Max, PoolKind::Average, PoolKind::AverageWithPads] {
                let output = [window(input[1], kernel[0], stride, pads), window(input[2], kernel[1], stride, pads)];
                let biased = stride == 1;
                let at = |input, output, kernel, kind| Pool {
                    input,
                    output,
                    kernel,
                    strides: [stride; 2],
                    pads: [pads; 2],
                    kind,
                    biased,
                    relu: pads == 2,
                    from: 0,
                    to: 0,
                };
                let spec = at(input, output, kernel, kind);
                let bias = values(input[0], 9);
                // All negative, so that a zero that slips in is seen by the maximum.
                let image: Vec<f32> = values(input.iter().product(), 5).iter().map(|v| v - 1.5).collect();
                let packed = bytes(&pack(&image, input));
                cases.push(Case {
                    name: format!("{spec:?}"),
                    kernel: spec.shader().unwrap(),
                    unused: 0,
                    inputs: std::iter::once(packed)
                        .chain(spec.pack(&Values { bias: bias.clone(), ..Values::default() }))
                        .collect(),
                    shape: [input[0], output[0], output[1]],
                    expected: plain(&spec, &image, &bias),
                });
            }
        }
        check("pool", &cases);
    }
}
