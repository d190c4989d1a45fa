//! Devices, pipelines and passes as wonnx sees them, with [`crate::kernels`] put under it.

use std::borrow::Cow;

use crate::gpu::Gpu;
use crate::kernels::Kernel;
use modern::{
    BindGroup, BindGroupDescriptor, Buffer, BufferDescriptor, BufferUsages, CommandBuffer, CommandEncoderDescriptor,
};

/// Makes resources.
#[derive(Debug)]
pub struct Device(Gpu);

/// Takes finished command buffers.
#[derive(Debug)]
pub struct Queue(Gpu);

pub(crate) fn device_and_queue(gpu: Gpu) -> (Device, Queue) {
    (Device(gpu.clone()), Queue(gpu))
}

/// What to wait for in [`Device::poll`].
#[derive(Clone, Copy, Debug)]
pub enum Maintain {
    /// Until everything submitted has been done.
    Wait,
}

/// Shader text.
#[derive(Clone, Debug)]
pub enum ShaderSource<'a> {
    /// In the WebGPU shading language.
    Wgsl(Cow<'a, str>),
}

/// See [`Device::create_shader_module`].
#[derive(Clone, Debug)]
pub struct ShaderModuleDescriptor<'a> {
    /// wonnx puts the node's name here.
    pub label: Option<&'a str>,
    /// The shader text.
    pub source: ShaderSource<'a>,
}

/// See [`Device::create_compute_pipeline`].
#[derive(Clone, Debug)]
pub struct ComputePipelineDescriptor<'a> {
    /// wonnx puts the node's name here.
    pub label: Option<&'a str>,
    /// Always `None`: the layout is derived from the shader.
    pub layout: Option<()>,
    /// The compiled shader.
    pub module: &'a ShaderModule,
    /// Name of the function to run.
    pub entry_point: &'a str,
}

/// A shader. Ours is compiled when its pipeline is made, because nodes of one shape share one.
#[derive(Debug)]
pub enum ShaderModule {
    /// What wonnx generated.
    Theirs(modern::ShaderModule),
    /// The kernel registered under the node's name.
    Ours(Kernel),
}

/// A shader ready to run, with the number of workgroups it wants if it is ours.
#[derive(Debug)]
pub struct ComputePipeline {
    modern: modern::ComputePipeline,
    workgroups: Option<[u32; 3]>,
}

impl ComputePipeline {
    /// The layout of one of its bind groups.
    pub fn get_bind_group_layout(&self, index: u32) -> modern::BindGroupLayout {
        self.modern.get_bind_group_layout(index)
    }
}

impl Device {
    pub(crate) fn modern(&self) -> &modern::Device {
        self.0.device()
    }

    pub(crate) fn gpu(&self) -> &Gpu {
        &self.0
    }

    /// A buffer in GPU memory, zeroed.
    pub fn create_buffer(&self, descriptor: &BufferDescriptor<'_>) -> Buffer {
        let buffer = self.modern().create_buffer(descriptor);
        if let (Some(name), true) = (descriptor.label, descriptor.usage.contains(BufferUsages::COPY_SRC)) {
            self.0.state().add_output(name, &buffer);
        }
        buffer
    }

    /// Begins to record commands.
    pub fn create_command_encoder(&self, descriptor: &CommandEncoderDescriptor<'_>) -> CommandEncoder {
        CommandEncoder { gpu: self.0.clone(), modern: self.modern().create_command_encoder(descriptor), pass: None }
    }

    /// Compiles wonnx's shader, or takes the kernel registered under its label.
    pub fn create_shader_module(&self, descriptor: ShaderModuleDescriptor<'_>) -> ShaderModule {
        if let Some(kernel) = descriptor.label.and_then(|label| self.0.kernel(label)) {
            return ShaderModule::Ours(kernel);
        }
        let ShaderSource::Wgsl(wgsl) = descriptor.source;
        ShaderModule::Theirs(self.0.compile(descriptor.label, &wgsl))
    }

    /// Binds buffers for a pipeline.
    pub fn create_bind_group(&self, descriptor: &BindGroupDescriptor<'_>) -> BindGroup {
        self.modern().create_bind_group(descriptor)
    }

    /// Makes a shader ready to run.
    pub fn create_compute_pipeline(&self, descriptor: &ComputePipelineDescriptor<'_>) -> ComputePipeline {
        match descriptor.module {
            ShaderModule::Theirs(module) => {
                let modern = self.0.make_pipeline(descriptor.label, module, descriptor.entry_point);
                ComputePipeline { modern, workgroups: None }
            }
            ShaderModule::Ours(kernel) => {
                ComputePipeline { modern: self.0.pipeline(kernel), workgroups: Some(kernel.workgroups) }
            }
        }
    }

    /// Waits for the GPU; in the browser the event loop does that instead.
    pub fn poll(&self, _: Maintain) {
        self.0.wait();
    }
}

impl Queue {
    pub(crate) fn modern(&self) -> &modern::Queue {
        self.0.queue()
    }

    pub(crate) fn gpu(&self) -> &Gpu {
        &self.0
    }

    /// Hands recorded commands to the GPU.
    pub fn submit(&self, commands: impl IntoIterator<Item = CommandBuffer>) {
        self.0.count(|work| work.submits += 1);
        self.modern().submit(commands);
    }

    /// Copies bytes into a buffer.
    pub fn write_buffer(&self, buffer: &Buffer, offset: u64, data: &[u8]) {
        self.modern().write_buffer(buffer, offset, data);
    }
}

/// Records commands. wonnx begins a pass for every node; here they become one pass, in which dispatches still see what
/// earlier ones wrote.
#[derive(Debug)]
pub struct CommandEncoder {
    gpu: Gpu,
    modern: modern::CommandEncoder,
    pass: Option<modern::ComputePass<'static>>,
}

/// See [`CommandEncoder::begin_compute_pass`].
#[derive(Debug)]
pub struct ComputePassDescriptor<'a> {
    /// A name for debuggers.
    pub label: Option<&'a str>,
}

impl CommandEncoder {
    /// Begins a pass of dispatches, or goes on with the one begun before.
    pub fn begin_compute_pass(&mut self, descriptor: &ComputePassDescriptor<'_>) -> ComputePass<'_> {
        let Self { gpu, modern, pass } = self;
        let modern = pass.get_or_insert_with(|| {
            gpu.count(|work| work.passes += 1);
            let descriptor = modern::ComputePassDescriptor { label: descriptor.label, timestamp_writes: None };
            modern.begin_compute_pass(&descriptor).forget_lifetime()
        });
        ComputePass { gpu, modern, workgroups: None }
    }

    /// Ends recording.
    pub fn finish(self) -> CommandBuffer {
        drop(self.pass);
        self.modern.finish()
    }
}

/// A pass of dispatches.
#[derive(Debug)]
pub struct ComputePass<'encoder> {
    gpu: &'encoder Gpu,
    modern: &'encoder mut modern::ComputePass<'static>,
    workgroups: Option<[u32; 3]>,
}

impl ComputePass<'_> {
    /// Chooses the shader of the next dispatches.
    pub fn set_pipeline(&mut self, pipeline: &ComputePipeline) {
        self.workgroups = pipeline.workgroups;
        self.modern.set_pipeline(&pipeline.modern);
    }

    /// Chooses the buffers of the next dispatches.
    pub fn set_bind_group(&mut self, index: u32, group: &BindGroup, offsets: &[u32]) {
        self.modern.set_bind_group(index, group, offsets);
    }

    /// Runs the shader; our kernels bring their own number of workgroups.
    pub fn dispatch_workgroups(&mut self, x: u32, y: u32, z: u32) {
        let [x, y, z] = self.workgroups.unwrap_or([x, y, z]);
        self.gpu.count(|work| work.dispatches += 1);
        self.modern.dispatch_workgroups(x, y, z);
    }
}
