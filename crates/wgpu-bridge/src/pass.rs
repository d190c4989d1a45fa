//! Devices, pipelines and passes as wonnx sees them, with [`crate::kernels`] put under it.

use std::borrow::Cow;

use crate::gpu::Gpu;
use crate::kernels::{BINDINGS, Dispatch, Kernel};
use modern::{BindGroupEntry, Buffer, BufferDescriptor, BufferUsages, CommandBuffer, CommandEncoderDescriptor};

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
    /// What is registered under the node's name.
    Ours(Dispatch),
}

/// A shader ready to run.
#[derive(Debug)]
pub enum ComputePipeline {
    /// What wonnx generated.
    Theirs(modern::ComputePipeline),
    /// A kernel of ours with everything that its dispatch needs.
    Ours(Ready),
}

/// A kernel with its pipeline made and its buffers bound.
#[derive(Clone, Debug)]
pub struct Ready {
    pub(crate) pipeline: modern::ComputePipeline,
    pub(crate) groups: Vec<modern::BindGroup>,
    pub(crate) workgroups: [u32; 3],
}

impl Ready {
    /// Records the dispatch.
    pub(crate) fn record(&self, pass: &mut modern::ComputePass<'_>) {
        pass.set_pipeline(&self.pipeline);
        for (index, group) in self.groups.iter().enumerate() {
            pass.set_bind_group(index as u32, group, &[]);
        }
        let [x, y, z] = self.workgroups;
        pass.dispatch_workgroups(x, y, z);
    }
}

/// The layout of a bind group; `None` of a kernel of ours, whose buffers are bound already.
#[derive(Debug)]
pub struct BindGroupLayout(Option<modern::BindGroupLayout>);

/// Buffers bound for a pipeline; `None` for a kernel of ours.
#[derive(Debug)]
pub struct BindGroup(Option<modern::BindGroup>);

/// See [`Device::create_bind_group`].
#[derive(Debug)]
pub struct BindGroupDescriptor<'a> {
    /// wonnx puts the node's name here.
    pub label: Option<&'a str>,
    /// Of the pipeline.
    pub layout: &'a BindGroupLayout,
    /// The buffers.
    pub entries: &'a [BindGroupEntry<'a>],
}

impl ComputePipeline {
    /// The layout of one of its bind groups.
    pub fn get_bind_group_layout(&self, index: u32) -> BindGroupLayout {
        BindGroupLayout(match self {
            Self::Theirs(pipeline) => Some(pipeline.get_bind_group_layout(index)),
            Self::Ours(_) => None,
        })
    }
}

impl Gpu {
    /// Makes the pipeline of a kernel and binds it to the buffers of its names.
    pub(crate) fn ready_by_name(&self, Dispatch { kernel, buffers }: &Dispatch) -> Ready {
        // A name without a buffer leaves a binding empty, which the GPU refuses.
        let buffers: Vec<Buffer> = buffers.iter().filter_map(|name| self.buffer(name)).collect();
        self.ready(kernel, &buffers)
    }

    /// Makes the pipeline of a kernel and binds it to buffers.
    pub(crate) fn ready(&self, kernel: &Kernel, buffers: &[Buffer]) -> Ready {
        let pipeline = self.pipeline(kernel);
        let group = |(index, group): (usize, &[Buffer])| {
            let entries: Vec<_> = group
                .iter()
                .zip(0..)
                .map(|(buffer, binding)| BindGroupEntry { binding, resource: buffer.as_entire_binding() })
                .collect();
            self.device().create_bind_group(&modern::BindGroupDescriptor {
                label: None,
                layout: &pipeline.get_bind_group_layout(index as u32),
                entries: &entries,
            })
        };
        let groups = buffers.chunks(BINDINGS).enumerate().map(group).collect();
        Ready { pipeline, groups, workgroups: kernel.workgroups }
    }
}

impl Device {
    pub(crate) fn modern(&self) -> &modern::Device {
        self.0.device()
    }

    /// A buffer in GPU memory, zeroed, or the one that was made by that name before.
    pub fn create_buffer(&self, descriptor: &BufferDescriptor<'_>) -> Buffer {
        let ours = descriptor.label.and_then(|name| self.0.buffer(name));
        let buffer = ours.unwrap_or_else(|| self.modern().create_buffer(descriptor));
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
        if let Some(dispatch) = descriptor.label.and_then(|label| self.0.dispatch(label)) {
            return ShaderModule::Ours(dispatch);
        }
        let ShaderSource::Wgsl(wgsl) = descriptor.source;
        ShaderModule::Theirs(self.0.shader_module(descriptor.label, &wgsl))
    }

    /// Binds buffers for a pipeline.
    pub fn create_bind_group(&self, descriptor: &BindGroupDescriptor<'_>) -> BindGroup {
        let BindGroupDescriptor { label, layout, entries } = *descriptor;
        let bind = |layout| self.modern().create_bind_group(&modern::BindGroupDescriptor { label, layout, entries });
        BindGroup(layout.0.as_ref().map(bind))
    }

    /// Makes a shader ready to run.
    pub fn create_compute_pipeline(&self, descriptor: &ComputePipelineDescriptor<'_>) -> ComputePipeline {
        match descriptor.module {
            ShaderModule::Theirs(module) => {
                ComputePipeline::Theirs(self.0.make_pipeline(descriptor.label, None, module, descriptor.entry_point))
            }
            ShaderModule::Ours(dispatch) => ComputePipeline::Ours(self.0.ready_by_name(dispatch)),
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
        self.0.state().reads.clear();
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
        ComputePass { gpu, modern, ours: None }
    }

    /// Ends recording.
    pub fn finish(mut self) -> CommandBuffer {
        if self.pass.take().is_some() {
            self.gpu.record_reads(&mut self.modern);
        }
        self.modern.finish()
    }
}

/// A pass of dispatches.
#[derive(Debug)]
pub struct ComputePass<'encoder> {
    gpu: &'encoder Gpu,
    modern: &'encoder mut modern::ComputePass<'static>,
    ours: Option<Ready>,
}

impl ComputePass<'_> {
    /// Chooses the shader of the next dispatches.
    pub fn set_pipeline(&mut self, pipeline: &ComputePipeline) {
        self.ours = match pipeline {
            ComputePipeline::Theirs(pipeline) => {
                self.modern.set_pipeline(pipeline);
                None
            }
            ComputePipeline::Ours(ready) => Some(ready.clone()),
        };
    }

    /// Chooses the buffers of the next dispatches.
    pub fn set_bind_group(&mut self, index: u32, group: &BindGroup, offsets: &[u32]) {
        if let BindGroup(Some(group)) = group {
            self.modern.set_bind_group(index, group, offsets);
        }
    }

    /// Runs the shader; our kernels bring their own buffers and number of workgroups.
    pub fn dispatch_workgroups(&mut self, x: u32, y: u32, z: u32) {
        self.gpu.count(|work| work.dispatches += 1);
        match &self.ours {
            Some(ready) => ready.record(self.modern),
            None => self.modern.dispatch_workgroups(x, y, z),
        }
    }
}
