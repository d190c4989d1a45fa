//! `Conv` with constant weights and bias.

use rten::RegisterOp;

use super::operator::{Known, Operator, Planned, Site, wrong_inputs};
use super::window::Window;
use crate::onnx::{Node, elements};

pub use super::conv_kernel::Conv;

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
        let window = Window::of(node)?;
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

    fn plan(&self, site: &Site<'_>) -> Result<Planned, String> {
        let window = Window::of(site.node)?;
        let conv = Conv {
            input: site.only_input()?,
            output: site.output,
            kernel: window.kernel,
            strides: window.strides,
            pads: window.corner(),
            relu: site.relu,
        };
        let variant = site.variant;
        Ok(Planned {
            kernel: Some(conv.kernel(variant, site.repeated)?),
            constants: Some(Box::new(move |weights, bias| conv.constants(variant, weights, bias))),
            conv: Some(conv),
        })
    }

    fn cpu(&self) -> &'static dyn RegisterOp {
        &rten::op_types::Conv
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Case, check, values, window};
    use super::*;
    use crate::engine::trial::candidates;
    use crate::shaders::layout::{bytes, pack, packed_len};
    use crate::shaders::{Method, Variant};
    use wgpu_bridge::gpu::AdapterInfo;

    /// Whole numbers times a scale, as int8 weights are, the largest of each channel 127.
    fn int8_weights(channels: usize, per_channel: usize) -> Vec<f32> {
        let mut weights: Vec<f32> =
            values(channels * per_channel, 7).iter().map(|w| (w * 126.0).round() * 0.002).collect();
        weights.iter_mut().step_by(per_channel).for_each(|w| *w = 127.0 * 0.002);
        weights
    }

    fn convolve(conv: &Conv, image: &[f32], weights: &[f32], bias: &[f32]) -> Vec<f32> {
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
                    out.push(if conv.relu { sum.max(0.0) } else { sum } as f32);
                }
            }
        }
        out
    }

    fn variants() -> Vec<Variant> {
        let registers = |quads, pixels, shared| Method::Registers { quads, pixels, shared };
        let methods = [
            registers(4, 2, true),
            registers(4, 2, false),
            registers(3, 3, false),
            registers(1, 4, false),
            Method::Tiles,
        ];
        let full = methods.map(|method| Variant { method, half: false });
        let half =
            [registers(4, 2, true), registers(4, 2, false), Method::Tiles].map(|method| Variant { method, half: true });
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
            let conv = Conv { input, output, kernel, strides: [stride; 2], pads, relu: index % 3 != 1 };
            let image = values(input.iter().product(), index as u32);
            let weights = int8_weights(channels, input[0] * kernel[0] * kernel[1]);
            let bias = values(channels, 99);
            let expected = convolve(&conv, &image, &weights, &bias);
            let large = output[1] > 50;
            let variants = variants().into_iter().filter(|variant| !large || matches!(variant.method, Method::Tiles));
            for variant in variants {
                let repeated = index % 2 == 0;
                let mut inputs = vec![bytes(&pack(&image, input))];
                inputs.extend(conv.constants(variant, weights.clone(), &bias));
                if repeated {
                    inputs.push(inputs[0].clone());
                }
                let sizes = conv.buffer_bytes(variant).map(|size| size as usize);
                assert_eq!(sizes[..3], [0, 1, 2].map(|index| inputs[index].len()));
                assert_eq!(sizes[3], packed_len(output) * size_of::<f32>());
                cases.push(Case {
                    name: format!("{kernel:?} stride {stride} pads {pads:?} {input:?} -> {output:?}, {variant}"),
                    kernel: conv.kernel(variant, repeated).unwrap(),
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
