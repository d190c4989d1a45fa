//! Every kernel against a plain reference, over shapes, strides, pads and odd sizes.
//!
//! Runs them on the GPU adapter of this machine, and writes them with inputs and expected results to
//! tests/output/kernels.json, from where tests/browser/kernels.test.js runs the same shaders in a browser.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]

use std::path::Path;
use std::sync::mpsc;

use pollster::block_on;
use skintree::engine::kernels::layout::{bytes, pack, pack_bias, pack_weights, packed_len, unpack};
use skintree::engine::kernels::plain::{Pool, PoolKind, concat, dense, global_average, relu};
use skintree::engine::kernels::trial::candidates;
use skintree::engine::kernels::{Conv, Method, Variant};
use skintree_testing::{gpu, random};
use wgpu_bridge::gpu::{AdapterInfo, Gpu};
use wgpu_bridge::kernels::Kernel;
use wgpu_bridge::util::{BufferInitDescriptor, DeviceExt as _, DownloadBuffer};

/// A kernel, what it reads, and what a plain computation gives.
struct Case {
    name: String,
    kernel: Kernel,
    inputs: Vec<Vec<u8>>,
    shape: [usize; 3],
    expected: Vec<f32>,
}

/// Values in -1..1 that look random.
fn values(len: usize, seed: u32) -> Vec<f32> {
    std::iter::repeat_with(random(seed)).take(len).collect()
}

/// Whole numbers times a scale, as int8 weights are, the largest of each channel 127.
fn int8_weights(channels: usize, per_channel: usize) -> Vec<f32> {
    let mut weights: Vec<f32> = values(channels * per_channel, 7).iter().map(|w| (w * 126.0).round() * 0.002).collect();
    weights.iter_mut().step_by(per_channel).for_each(|w| *w = 127.0 * 0.002);
    weights
}

fn window(size: usize, kernel: usize, stride: usize, pads: usize) -> usize {
    (size + 2 * pads - kernel) / stride + 1
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
    let methods =
        [registers(4, 2, true), registers(4, 2, false), registers(3, 3, false), registers(1, 4, false), Method::Tiles];
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
            let again = index % 2 == 0;
            let mut inputs = vec![bytes(&pack(&image, input))];
            inputs.extend(conv.constants(variant, weights.clone(), &bias));
            if again {
                inputs.push(inputs[0].clone());
            }
            let sizes = conv.buffer_bytes(variant).map(|size| size as usize);
            assert_eq!(sizes[..3], [0, 1, 2].map(|index| inputs[index].len()));
            assert_eq!(sizes[3], packed_len(output) * size_of::<f32>());
            cases.push(Case {
                name: format!("{kernel:?} stride {stride} pads {pads:?} {input:?} -> {output:?}, {variant}"),
                kernel: conv.kernel(variant, again).unwrap(),
                inputs,
                shape: output,
                expected: expected.clone(),
            });
        }
    }
    cases
}

fn pool(pool: &Pool, image: &[f32]) -> Vec<f32> {
    let [channels, height, width] = pool.input;
    let mut out = Vec::new();
    for plane in (0..channels).map(|c| &image[c * height * width..]) {
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
                out.push(match pool.kind {
                    PoolKind::Max => inside.iter().copied().fold(f32::NEG_INFINITY, f32::max),
                    PoolKind::Average => sum / inside.len() as f32,
                    PoolKind::AverageWithPads => sum / (pool.kernel[0] * pool.kernel[1]) as f32,
                });
            }
        }
    }
    out
}

fn pools() -> Vec<Case> {
    let shapes =
        [([6, 9, 8], [3, 3], 2, 0), ([8, 7, 7], [3, 3], 1, 1), ([4, 6, 9], [2, 3], 3, 1), ([5, 8, 8], [5, 5], 1, 2)];
    let mut cases = Vec::new();
    for (input, kernel, stride, pads) in shapes {
        for kind in [PoolKind::Max, PoolKind::Average, PoolKind::AverageWithPads] {
            let output = [window(input[1], kernel[0], stride, pads), window(input[2], kernel[1], stride, pads)];
            let spec = Pool { input, output, kernel, strides: [stride; 2], pads: [pads; 2], kind };
            // All negative, so that a zero that slips in is seen by the maximum.
            let image: Vec<f32> = values(input.iter().product(), 5).iter().map(|v| v - 1.5).collect();
            let packed = bytes(&pack(&image, input));
            cases.push(Case {
                name: format!("{spec:?}"),
                kernel: spec.kernel(stride == 1),
                inputs: vec![packed; if stride == 1 { 2 } else { 1 }],
                shape: [input[0], output[0], output[1]],
                expected: pool(&spec, &image),
            });
        }
    }
    cases
}

fn others() -> Vec<Case> {
    let shape = [10, 5, 3];
    let image = values(150, 1);
    let packed = bytes(&pack(&image, shape));
    let mut cases = vec![
        Case {
            name: "relu".to_owned(),
            kernel: relu(packed_len(shape), false),
            inputs: vec![packed.clone()],
            shape,
            expected: image.iter().map(|v| v.max(0.0)).collect(),
        },
        Case {
            name: "global average".to_owned(),
            kernel: global_average(shape, true),
            inputs: vec![packed.clone(), packed],
            shape: [10, 1, 1],
            expected: image.chunks(15).map(|plane| plane.iter().sum::<f32>() / 15.0).collect(),
        },
    ];
    for channels in [vec![8, 4, 12, 7], vec![3, 5, 4], vec![6], vec![4, 4, 4, 4, 4, 4, 4]] {
        let parts: Vec<Vec<f32>> = channels.iter().map(|count| values(count * 15, *count as u32)).collect();
        let shapes = channels.iter().map(|&count| [count, 5, 3]);
        cases.push(Case {
            name: format!("concat {channels:?}"),
            kernel: concat(&channels, 15, false),
            inputs: parts.iter().zip(shapes).map(|(part, shape)| bytes(&pack(part, shape))).collect(),
            shape: [channels.iter().sum(), 5, 3],
            expected: parts.concat(),
        });
    }
    for (inputs, outputs) in [(2048, 8), (36, 5), (300, 1000)] {
        let (image, weights, bias) = (values(inputs, 3), values(inputs * outputs, 4), values(outputs, 5));
        let dot = |row: &[f32]| row.iter().zip(&image).map(|(w, v)| f64::from(*w) * f64::from(*v)).sum::<f64>();
        cases.push(Case {
            name: format!("dense {inputs} -> {outputs}"),
            kernel: dense(inputs, outputs, false),
            inputs: vec![
                bytes(&pack(&image, [inputs, 1, 1])),
                bytes(&pack_weights(&weights, [outputs, inputs, 1, 1], 1)),
                bytes(&pack_bias(&bias, 1)),
            ],
            shape: [outputs, 1, 1],
            expected: weights.chunks(inputs).zip(&bias).map(|(row, b)| dot(row) as f32 + b).collect(),
        });
    }
    cases
}

/// Runs a kernel through the part of wgpu that wonnx calls.
fn run(device: &wgpu_bridge::Device, queue: &wgpu_bridge::Queue, case: &Case) -> Vec<f32> {
    let buffer = |contents: &[u8]| {
        let usage = wgpu_bridge::BufferUsages::STORAGE | wgpu_bridge::BufferUsages::COPY_SRC;
        device.create_buffer_init(&BufferInitDescriptor { label: None, contents, usage })
    };
    let mut buffers: Vec<wgpu_bridge::Buffer> = case.inputs.iter().map(|input| buffer(input)).collect();
    // Not zero, so that an output that is never written is seen.
    buffers.push(buffer(&bytes(&vec![1e9; packed_len(case.shape)])));
    let module = device.create_shader_module(wgpu_bridge::ShaderModuleDescriptor {
        label: Some(&case.name),
        source: wgpu_bridge::ShaderSource::Wgsl(case.kernel.wgsl.as_str().into()),
    });
    let pipeline = device.create_compute_pipeline(&wgpu_bridge::ComputePipelineDescriptor {
        label: Some(&case.name),
        layout: None,
        module: &module,
        entry_point: "main",
    });
    let mut encoder = device.create_command_encoder(&wgpu_bridge::CommandEncoderDescriptor::default());
    {
        let mut pass = encoder.begin_compute_pass(&wgpu_bridge::ComputePassDescriptor { label: None });
        pass.set_pipeline(&pipeline);
        for (index, group) in buffers.chunks(4).enumerate() {
            let entries: Vec<_> = group
                .iter()
                .zip(0..)
                .map(|(buffer, binding)| wgpu_bridge::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
                .collect();
            let layout = pipeline.get_bind_group_layout(index as u32);
            let descriptor = wgpu_bridge::BindGroupDescriptor { label: None, layout: &layout, entries: &entries };
            pass.set_bind_group(index as u32, &device.create_bind_group(&descriptor), &[]);
        }
        let [x, y, z] = case.kernel.workgroups;
        pass.dispatch_workgroups(x, y, z);
    }
    queue.submit([encoder.finish()]);
    let (sender, receiver) = mpsc::channel();
    DownloadBuffer::read_buffer(device, queue, &buffers[case.inputs.len()].slice(..), move |result| {
        let bytes = result.unwrap().to_vec();
        sender.send(bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()).unwrap();
    });
    device.poll(wgpu_bridge::Maintain::Wait);
    let packed: Vec<f32> = receiver.recv().unwrap();
    unpack(&packed, case.shape)
}

/// Device and queue as wonnx gets them, with the kernels registered under the cases' names.
fn lend(gpu: &Gpu, cases: &[Case]) -> (wgpu_bridge::Device, wgpu_bridge::Queue) {
    gpu.set_kernels(cases.iter().map(|case| (case.name.clone(), case.kernel.clone())).collect());
    gpu.lend();
    let instance = wgpu_bridge::Instance::new(wgpu_bridge::InstanceDescriptor {
        backends: wgpu_bridge::Backends::PRIMARY,
        dx12_shader_compiler: wgpu_bridge::Dx12Compiler::Fxc,
    });
    block_on(async {
        let adapter =
            wgpu_bridge::util::initialize_adapter_from_env_or_default(&instance, wgpu_bridge::Backends::PRIMARY, None)
                .await;
        adapter.unwrap().request_device(&wgpu_bridge::DeviceDescriptor, None).await.unwrap()
    })
}

fn check(cases: &[Case]) {
    let Some(gpu) = gpu() else { return };
    let (device, queue) = lend(&gpu, cases);
    for case in cases {
        let lacks = |extension: &str, there: bool| case.kernel.wgsl.contains(extension) && !there;
        if lacks("enable subgroups", gpu.info().subgroups) || lacks("enable f16", gpu.info().f16) {
            eprintln!("skipped: {} has not what {} needs", gpu.info(), case.name);
            continue;
        }
        let found = block_on(gpu.watch(async { run(&device, &queue, case) })).unwrap();
        assert_eq!(found.len(), case.expected.len(), "{}", case.name);
        for (index, (found, expected)) in found.iter().zip(&case.expected).enumerate() {
            let tolerance = 2e-5 * expected.abs().max(1.0);
            assert!((found - expected).abs() <= tolerance, "{}: [{index}] is {found}, not {expected}", case.name);
        }
    }
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

#[test]
fn convolutions_agree_with_a_plain_one() {
    check(&convolutions());
}

#[test]
fn pools_agree_with_plain_ones() {
    check(&pools());
}

#[test]
fn other_nodes_agree_with_plain_ones() {
    check(&others());
}

/// Not a test of its own: the browser tests check what this writes.
#[test]
fn writes_the_kernels_for_the_browser() {
    let words = |bytes: &[u8]| -> Vec<u32> {
        bytes.chunks_exact(4).map(|b| u32::from_le_bytes(b.try_into().unwrap())).collect()
    };
    let cases: Vec<serde_json::Value> = [convolutions(), pools(), others()]
        .into_iter()
        .flatten()
        .map(|case| {
            serde_json::json!({
                "name": case.name,
                "wgsl": case.kernel.wgsl,
                "workgroups": case.kernel.workgroups,
                "inputs": case.inputs.iter().map(|input| words(input)).collect::<Vec<_>>(),
                "expected": pack(&case.expected, case.shape),
                "shape": case.shape,
            })
        })
        .collect();
    let folder = Path::new("tests/output");
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("kernels.json"), serde_json::to_vec(&cases).unwrap()).unwrap();
}
