//! `Conv` with constant weights and bias.

use skintree_cpu::Window;
use wgpu_bridge::kernels::Kernel;
use wgpu_bridge::timing::{Contents, Job};

use super::conv_kernel::{RESULTS, Registers};
use super::conv_tiles::Tiled;
use super::operator::{Known, Linear, Operator, Planned, Site, Upload, Values, wrong_inputs};
use super::window::window_of;
use crate::onnx::{Node, elements};
use crate::shaders::{Method, Variant};

pub use super::conv_kernel::{Conv, Ends, MOST_OUTPUTS};
pub use super::conv_tile::{Model, Tile};
pub use super::conv_tiles::{MOST_LAYERS, MOST_PARTS};

/// The operator.
pub(super) static CONV: ConvOperator = ConvOperator;

/// Windows of the image times weights, plus a bias.
#[derive(Debug)]
pub(super) struct ConvOperator;

impl Operator for ConvOperator {
    fn name(&self) -> &'static str {
        "Conv"
    }

    fn form(&self) -> &'static str {
        "4 dimensions, batch 1; constant weights **and bias**; explicit pads smaller than the window, dilation 1, group 1; 3x3 with stride 1: pads 0 or 1 all around"
    }

    fn shape(&self, node: &Node, inputs: &[&[usize]], known: Known<'_>) -> Result<Vec<usize>, String> {
        let (input, weights, bias) = match inputs {
            &[input, weights, bias] => (input, weights, bias),
            [_, _] => return Err("it has no bias; fold the batch norm into it".to_owned()),
            _ => return Err(wrong_inputs(inputs, "input, weights and bias are accepted")),
        };
        let (&[1, channels, _, _], &[out, channels_in, height, width]) = (input, weights) else {
            return Err(format!("input {input:?} with weights {weights:?}; both must have 4 dimensions, batch 1"));
        };
        if node.int("group", 1) != 1 || channels != channels_in {
            return Err(format!("input of {channels} channels with weights for {channels_in}, or grouped"));
        }
        let window = window_of(node)?;
        if window.kernel != [height, width] {
            return Err("kernel_shape differs from the shape of its weights".to_owned());
        }
        if bias != [out] {
            return Err(format!("bias of shape {bias:?} for {out} output channels"));
        }
        // wonnx's 3x3 kernel takes the padding of a stride-1 convolution from the shape and is right for 0 and 1 only.
        let pads = window.pads;
        if window.kernel == [3, 3] && window.strides == [1, 1] && pads != [0; 4] && pads != [1; 4] {
            return Err(format!("3x3 with stride 1 and pads {pads:?}; only 0 or 1 all around is right"));
        }
        known.require_constant(node)?;
        let [height, width] = window.output(input)?;
        Ok(vec![1, out, height, width])
    }

    fn multiply_accumulates(&self, weights: &[usize], output: &[usize]) -> u64 {
        (elements(&weights[1..]) * elements(output)) as u64
    }

    fn takes_relu(&self) -> bool {
        true
    }

    fn linear(&self, node: &Node) -> Option<Linear> {
        window_of(node).ok().filter(Window::is_pixel).map(|_| Linear::Pixels)
    }

    fn joins(&self, one: &Node, other: &Node) -> bool {
        matches!((window_of(one), window_of(other)), (Ok(one), Ok(other)) if one == other)
    }

    fn shares_dispatch(&self, variant: Variant) -> bool {
        matches!(variant.method, Method::Tiles { .. })
    }

    fn plan(&self, site: &Site<'_>) -> Result<Planned, String> {
        self.plan_together(std::slice::from_ref(site))
    }

    fn plan_together(&self, sites: &[Site<'_>]) -> Result<Planned, String> {
        let layers: Vec<(Conv, Ends)> = sites.iter().map(layer).collect::<Result<_, _>>()?;
        let convolutions = layers.iter().map(|&(conv, _)| conv).collect();
        let variant = sites.first().ok_or("there is nothing to compute")?.variant;
        let kernels = Kernels::of(layers, variant)?;
        let outputs = kernels.outputs();
        Ok(Planned {
            kernel: Some(kernels.kernel()?),
            constants: Some(Box::new(move |values, upload| kernels.pack(values, upload))),
            convolutions,
            outputs,
        })
    }
}

/// A node as a convolution.
fn layer(site: &Site<'_>) -> Result<(Conv, Ends), String> {
    let window = window_of(site.node)?;
    let image = site.only_input()?;
    let channels = site.outputs.iter().map(|part| part.map.shape[0]).sum();
    let [height, width] = window.output(&[1, 1, image.shape[1], image.shape[2]])?;
    let conv = Conv {
        input: image.shape,
        output: [channels, height, width],
        kernel: window.kernel,
        strides: window.strides,
        pads: window.corner(),
    };
    Ok((conv, Ends { image, parts: site.outputs.to_vec() }))
}

/// How the convolutions of a dispatch are computed.
#[derive(Clone, Debug)]
enum Kernels {
    Registers(Registers, Ends),
    Tiles(Tiled),
}

impl Kernels {
    fn of(layers: Vec<(Conv, Ends)>, Variant { method, half }: Variant) -> Result<Self, String> {
        match (method, layers.as_slice()) {
            (Method::Tiles { cores }, _) => Ok(Self::Tiles(Tiled::new(layers, cores, half))),
            (Method::Registers { quads, pixels, shared }, [(conv, ends)]) => {
                Ok(Self::Registers(Registers::new(*conv, quads, pixels, shared, half), ends.clone()))
            }
            _ => Err("it cannot be dispatched together with others".to_owned()),
        }
    }

    /// Buffers that are written to.
    fn outputs(&self) -> usize {
        match self {
            Self::Registers(_, ends) => ends.buffers(),
            Self::Tiles(_) => RESULTS.len(),
        }
    }

    fn kernel(&self) -> Result<Kernel, String> {
        match self {
            Self::Registers(registers, ends) => registers.kernel(ends),
            Self::Tiles(tiled) => tiled.kernel(),
        }
    }

    fn pack(&self, values: &mut dyn Iterator<Item = Values>, upload: Upload<'_>) {
        match self {
            Self::Registers(registers, _) => registers.pack(values, upload),
            Self::Tiles(tiled) => tiled.pack(values, upload),
        }
    }

    /// For timing, where values do not matter.
    fn job(&self) -> Result<Job, String> {
        let zeros = |bytes: &[u64]| bytes.iter().copied().map(Contents::Zeros).collect::<Vec<_>>();
        let buffers = match self {
            Self::Registers(registers, _) => zeros(&registers.buffer_bytes()),
            Self::Tiles(tiled) => {
                let [image, weights, bias, output] = tiled.buffer_bytes();
                let mut buffers = zeros(&[image, weights, bias]);
                buffers.push(Contents::Bytes(tiled.description()));
                buffers.extend(zeros(&[output, UNUSED_BYTES]));
                buffers
            }
        };
        Ok(Job { kernel: self.kernel()?, buffers })
    }
}

/// Bytes of a buffer that stands where a kernel could write but does not.
pub const UNUSED_BYTES: u64 = 16;

impl Conv {
    /// What it takes to time the convolution with a variant.
    ///
    /// # Errors
    /// Where it has no kernel.
    pub fn job(&self, variant: Variant) -> Result<Job, String> {
        Kernels::of(vec![(*self, Ends::whole(self, true))], variant)?.job()
    }

    /// What it takes to time the convolution with one cut.
    ///
    /// # Errors
    /// Where it has no kernel.
    pub fn tiled_job(&self, tile: Tile) -> Result<Job, String> {
        Kernels::Tiles(Tiled::with(*self, tile, false)).job()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Case, check, values, window};
    use super::*;
    use crate::engine::trial::candidates;
    use crate::operators::Part;
    use crate::shaders::layout::{Map, bytes, pack};
    use crate::shaders::{Method, Variant};
    use wgpu_bridge::gpu::AdapterInfo;

    /// Whole numbers times a scale, as int8 weights are, the largest of each channel 127.
    fn int8_weights(channels: usize, per_channel: usize) -> Vec<f32> {
        let mut weights: Vec<f32> =
            values(channels * per_channel, 7).iter().map(|w| (w * 126.0).round() * 0.002).collect();
        weights.iter_mut().step_by(per_channel).for_each(|w| *w = 127.0 * 0.002);
        weights
    }

    fn convolve(conv: &Conv, relu: bool, image: &[f32], weights: &[f32], bias: &[f32]) -> Vec<f32> {
        let ([depth, height, width], [channels, rows, columns]) = (conv.input, conv.output);
        let [kh, kw] = conv.kernel;
        let mut out = Vec::with_capacity(channels * rows * columns);
        for channel in 0..channels {
            for y in 0..rows {
                for x in 0..columns {
                    let mut sum = f64::from(bias[channel]);
                    for c in 0..depth {
                        for ky in 0..kh {
                            for kx in 0..kw {
                                let (row, column) = (y * conv.strides[0] + ky, x * conv.strides[1] + kx);
                                let inside = (conv.pads[0]..conv.pads[0] + height).contains(&row)
                                    && (conv.pads[1]..conv.pads[1] + width).contains(&column);
                                if inside {
                                    let at = (c * height + row - conv.pads[0]) * width + column - conv.pads[1];
                                    let weight = weights[((channel * depth + c) * kh + ky) * kw + kx];
                                    sum += f64::from(image[at]) * f64::from(weight);
                                }
                            }
                        }
                    }
                    out.push(if relu { sum.max(0.0) } else { sum } as f32);
                }
            }
        }
        out
    }

    fn packed(kernels: &Kernels, values: Vec<Values>) -> Vec<Vec<u8>> {
        let mut buffers = Vec::new();
        kernels.pack(&mut values.into_iter(), &mut |bytes| buffers.push(bytes.to_vec()));
        buffers
    }

    fn variants() -> Vec<Variant> {
        let registers = |quads, pixels, shared| Method::Registers { quads, pixels, shared };
        let methods = [
            registers(4, 2, true),
            registers(4, 2, false),
            registers(3, 3, false),
            registers(1, 4, false),
            Method::Tiles { cores: 16 },
            Method::Tiles { cores: 40 },
            Method::Tiles { cores: 132 },
        ];
        let full = methods.map(|method| Variant { method, half: false });
        let half = [registers(4, 2, true), registers(4, 2, false)]
            .into_iter()
            .chain([16, 40, 132].map(|cores| Method::Tiles { cores }))
            .map(|method| Variant { method, half: true });
        full.into_iter().chain(half).collect()
    }

    /// Input, output channels, window, stride, pads.
    type Layer = ([usize; 3], usize, [usize; 2], usize, [usize; 2]);

    fn convolutions() -> Vec<Case> {
        let shapes: [Layer; 15] = [
            ([8, 9, 7], 16, [1, 1], 1, [0, 0]),
            ([20, 5, 5], 12, [1, 1], 1, [0, 0]),
            ([3, 17, 15], 32, [3, 3], 2, [0, 0]),
            ([3, 12, 12], 5, [3, 3], 2, [1, 1]),
            ([16, 11, 13], 24, [3, 3], 1, [1, 1]),
            ([5, 6, 6], 7, [3, 3], 1, [0, 0]),
            ([12, 9, 9], 16, [5, 5], 1, [2, 2]),
            ([16, 8, 10], 20, [1, 7], 1, [0, 3]),
            ([16, 10, 8], 20, [7, 1], 1, [3, 0]),
            ([12, 8, 8], 16, [1, 3], 1, [0, 1]),
            ([12, 8, 8], 16, [3, 1], 1, [1, 0]),
            ([7, 11, 10], 9, [3, 3], 3, [1, 1]),
            ([6, 1, 13], 4, [1, 3], 2, [0, 2]),
            // So many pixels that the larger tiles are taken.
            ([4, 56, 56], 64, [1, 1], 1, [0, 0]),
            ([4, 79, 79], 62, [1, 1], 1, [0, 0]),
        ];
        let mut cases = Vec::new();
        for (index, (input, channels, kernel, stride, pads)) in shapes.into_iter().enumerate() {
            let size = |axis: usize| window(input[axis + 1], kernel[axis], stride, pads[axis]);
            let output = [channels, size(0), size(1)];
            let conv = Conv { input, output, kernel, strides: [stride; 2], pads };
            let relu = index % 3 != 1;
            let image = values(input.iter().product(), index as u32);
            let weights = int8_weights(channels, input[0] * kernel[0] * kernel[1]);
            let bias = values(channels, 99);
            let expected = convolve(&conv, relu, &image, &weights, &bias);
            let large = output[1] > 50;
            let variants =
                variants().into_iter().filter(|variant| !large || matches!(variant.method, Method::Tiles { .. }));
            for variant in variants {
                let kernels = Kernels::of(vec![(conv, Ends::whole(&conv, relu))], variant).unwrap();
                let mut inputs = vec![bytes(&pack(&image, input))];
                inputs.extend(packed(&kernels, vec![Values { weights: weights.clone(), bias: bias.clone() }]));
                cases.push(Case {
                    name: format!("{kernel:?} stride {stride} pads {pads:?} {input:?} -> {output:?}, {variant}"),
                    kernel: kernels.kernel().unwrap(),
                    unused: kernels.outputs() - 1,
                    inputs,
                    shape: output,
                    expected: expected.clone(),
                });
            }
        }
        cases
    }

    #[test]
    fn agrees_with_a_plain_computation() {
        check("conv", &convolutions());
    }

    /// Two convolutions of different windows in one dispatch: over maps in one buffer, into one buffer, one of them in two parts of
    /// which one has a `ReLU`.
    #[test]
    fn several_in_one_dispatch_agree_with_plain_computations() {
        let mut cases = Vec::new();
        for (cores, half) in [(1, false), (16, false), (132, false), (132, true)] {
            let size = [9, 11];
            let image = [values(16 * 99, 1), values(8 * 99, 2)];
            let shape = |channels: usize| [channels, size[0], size[1]];
            let conv = |input: usize, output: usize, kernel: [usize; 2]| {
                let pads = kernel.map(|side| side / 2);
                Conv { input: shape(input), output: shape(output), kernel, strides: [1, 1], pads }
            };
            let convolutions = [conv(16, 20, [1, 7]), conv(8, 12, [3, 3])];
            let map = |channels: usize, start: usize| Map { shape: shape(channels), start };
            let part =
                |channels: usize, quads: usize, relu: bool| Part { map: map(channels, quads * 99), buffer: 0, relu };
            // The second convolution comes first in the result, between the parts of the first.
            let ends = [
                Ends { image: map(16, 0), parts: vec![part(8, 0, true), part(12, 5, false)] },
                Ends { image: map(8, 4 * 99), parts: vec![part(12, 2, true)] },
            ];
            let constants = convolutions.map(|conv| Values {
                weights: int8_weights(conv.output[0], conv.input[0] * conv.taps()),
                bias: values(conv.output[0], 99),
            });
            let plain = |index: usize| {
                let Values { weights, bias } = &constants[index];
                convolve(&convolutions[index], false, &image[index], weights, bias)
            };
            let relu = |values: &[f32]| values.iter().map(|value| value.max(0.0)).collect::<Vec<_>>();
            let (first, second) = (plain(0), plain(1));
            let expected = [relu(&first[..8 * 99]), relu(&second), first[8 * 99..].to_vec()].concat();
            let variant = Variant { method: Method::Tiles { cores }, half };
            let kernels = Kernels::of(convolutions.into_iter().zip(ends).collect(), variant).unwrap();
            let mut inputs = vec![bytes(&[pack(&image[0], shape(16)), pack(&image[1], shape(8))].concat())];
            inputs.extend(packed(&kernels, constants.to_vec()));
            let name = format!("two convolutions, {variant}");
            let unused = kernels.outputs() - 1;
            cases.push(Case { name, kernel: kernels.kernel().unwrap(), unused, inputs, shape: shape(32), expected });
        }
        check("convolutions", &cases);
    }

    #[test]
    fn every_candidate_of_every_adapter_is_among_the_variants() {
        let adapter = |software, subgroups, f16| AdapterInfo {
            name: String::new(),
            backend: String::new(),
            software,
            subgroups,
            f16,
        };
        for bits in 0..8 {
            for variant in candidates(&adapter(bits & 1 > 0, bits & 2 > 0, bits & 4 > 0)) {
                assert!(variants().contains(&variant), "{variant} is not tested");
            }
        }
    }
}
