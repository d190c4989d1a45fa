//! Runs kernels on the GPU adapter of this machine, through the part of wgpu that wonnx calls, against plain computations,
//! and writes them to tests/output/kernels, from where tests/browser/kernels.test.js runs the same shaders in a browser.

use std::sync::mpsc;

use pollster::block_on;
use skintree_testing::{gpu, path};
use wgpu_bridge::gpu::Gpu;
use wgpu_bridge::kernels::{Dispatch, Kernel};
use wgpu_bridge::util::DownloadBuffer;

use crate::input::uniform;
use crate::shaders::layout::{bytes, pack, packed_len, unpack};

/// A kernel, what it reads, and what a plain computation gives.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) kernel: Kernel,
    /// Buffers behind the result that it does not write to.
    pub(super) unused: usize,
    pub(super) inputs: Vec<Vec<u8>>,
    pub(super) shape: [usize; 3],
    pub(super) expected: Vec<f32>,
}

/// Values in -1..1, the same in every run.
pub(super) fn values(len: usize, seed: u32) -> Vec<f32> {
    uniform(seed).take(len).collect()
}

/// How many places a window has along an axis.
pub(super) fn window(size: usize, kernel: usize, stride: usize, pads: usize) -> usize {
    (size + 2 * pads - kernel) / stride + 1
}

/// Runs the cases of an operator here and writes them for the browser.
pub(super) fn check(operator: &str, cases: &[Case]) {
    write(operator, cases);
    let Some(gpu) = gpu() else { return };
    let (device, queue) = lend(&gpu);
    for case in cases {
        let lacks = |extension: &str, there: bool| case.kernel.wgsl.contains(extension) && !there;
        if lacks("enable subgroups", gpu.info().subgroups) || lacks("enable f16", gpu.info().f16) {
            eprintln!("skipped: {} has not what {} needs", gpu.info(), case.name);
            continue;
        }
        let found = block_on(gpu.watch(async { run(&gpu, &device, &queue, case) })).unwrap();
        gpu.clear_buffers();
        assert_eq!(found.len(), case.expected.len(), "{}", case.name);
        for (index, (found, expected)) in found.iter().zip(&case.expected).enumerate() {
            let tolerance = 2e-5 * expected.abs().max(1.0);
            assert!((found - expected).abs() <= tolerance, "{}: [{index}] is {found}, not {expected}", case.name);
        }
    }
}

/// Runs a kernel through the part of wgpu that wonnx calls.
fn run(gpu: &Gpu, device: &wgpu_bridge::Device, queue: &wgpu_bridge::Queue, case: &Case) -> Vec<f32> {
    const RESULT: &str = "result";
    let inputs = case.inputs.iter().enumerate().map(|(index, input)| (format!("input {index}"), input.clone()));
    // Not zero, so that an output that is never written is seen.
    let output = (RESULT.to_owned(), bytes(&vec![1e9; packed_len(case.shape)]));
    let unused = (0..case.unused).map(|index| (format!("unused {index}"), vec![0; 16]));
    let buffers: Vec<(String, Vec<u8>)> = inputs.chain([output]).chain(unused).collect();
    for (name, bytes) in &buffers {
        gpu.upload(name, bytes);
    }
    let names = buffers.into_iter().map(|(name, _)| name).collect();
    gpu.set_kernels([(case.name.clone(), Dispatch { kernel: case.kernel.clone(), buffers: names })].into());
    let module = device.create_shader_module(wgpu_bridge::ShaderModuleDescriptor {
        label: Some(&case.name),
        source: wgpu_bridge::ShaderSource::Wgsl("".into()),
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
        // The kernel brings its own number.
        pass.dispatch_workgroups(1, 1, 1);
    }
    queue.submit([encoder.finish()]);
    let result = device.create_buffer(&wgpu_bridge::BufferDescriptor {
        label: Some(RESULT),
        size: 4,
        usage: wgpu_bridge::BufferUsages::COPY_SRC,
        mapped_at_creation: false,
    });
    let (sender, receiver) = mpsc::channel();
    DownloadBuffer::read_buffer(device, queue, &result.slice(..), move |result| {
        let bytes = result.unwrap().to_vec();
        sender.send(bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()).unwrap();
    });
    device.poll(wgpu_bridge::Maintain::Wait);
    let packed: Vec<f32> = receiver.recv().unwrap();
    unpack(&packed, case.shape)
}

/// Device and queue as wonnx gets them.
fn lend(gpu: &Gpu) -> (wgpu_bridge::Device, wgpu_bridge::Queue) {
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

fn write(operator: &str, cases: &[Case]) {
    let words = |bytes: &[u8]| -> Vec<u32> {
        bytes.chunks_exact(4).map(|b| u32::from_le_bytes(b.try_into().unwrap())).collect()
    };
    let case = |case: &Case| {
        serde_json::json!({
            "name": case.name,
            "wgsl": case.kernel.wgsl,
            "workgroups": case.kernel.workgroups,
            "unused": case.unused,
            "inputs": case.inputs.iter().map(|input| words(input)).collect::<Vec<_>>(),
            "expected": pack(&case.expected, case.shape),
            "shape": case.shape,
        })
    };
    let cases: Vec<serde_json::Value> = cases.iter().map(case).collect();
    let folder = path("tests/output/kernels");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{operator}.json")), serde_json::to_vec(&cases).unwrap()).unwrap();
}
