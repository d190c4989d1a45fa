//! wonnx on today's wgpu.
//!
//! wonnx 0.5.1 asks for `wgpu = "0.16"`, a release of 2023 that pins `web-sys`, hides GPU errors in the browser and
//! cannot ask for the adapter's limits. This crate stands in its place through `[patch.crates-io]`: it offers just
//! the part of the 0.16 API that wonnx calls and forwards it to wgpu 30.
//!
//! What skintree itself uses is in three modules that wgpu never had:
//!
//! - [`gpu`]: open an adapter and device with its full limits, lend it to the next wonnx session, catch every GPU
//!   error, and destroy it.
//! - [`kernels`]: put a compute kernel of our own, and buffers of our own, in the place of those of a node.
//! - [`timing`]: time kernels.
//!
//! wonnx opens its device itself, so [`gpu::Gpu::lend`] leaves one in a slot that [`Adapter::request_device`] takes
//! it from. A session made without a device lent finds no adapter.

mod download;
pub mod gpu;
#[cfg(target_arch = "wasm32")]
mod js;
pub mod kernels;
#[cfg(target_arch = "wasm32")]
mod parallel_compile;
mod pass;
mod pipelines;
mod staging;
mod state;
#[cfg(target_arch = "wasm32")]
mod subgroups;
pub mod timing;

pub use modern::{
    BindGroupEntry, Buffer, BufferAddress, BufferAsyncError, BufferDescriptor, BufferUsages, CommandBuffer,
    CommandEncoderDescriptor,
};

pub use pass::{
    BindGroup, BindGroupDescriptor, BindGroupLayout, CommandEncoder, ComputePass, ComputePassDescriptor,
    ComputePipeline, ComputePipelineDescriptor, Device, Maintain, Queue, ShaderModule, ShaderModuleDescriptor,
    ShaderSource,
};

/// Which native graphics APIs to use. Kept for wonnx's sake; [`gpu::Gpu::open`] decides.
#[derive(Clone, Copy, Debug)]
pub struct Backends;

impl Backends {
    /// What wonnx asks for when the environment names no backend.
    pub const PRIMARY: Self = Self;
}

/// The HLSL compiler on Windows. Kept for wonnx's sake.
#[derive(Clone, Copy, Debug)]
pub enum Dx12Compiler {
    /// The compiler that comes with Windows.
    Fxc,
}

/// See [`Instance::new`].
#[derive(Clone, Copy, Debug)]
pub struct InstanceDescriptor {
    /// Ignored.
    pub backends: Backends,
    /// Ignored.
    pub dx12_shader_compiler: Dx12Compiler,
}

/// Stands for the entry point to GPUs; the real one is made by [`gpu::Gpu::open`].
#[derive(Debug)]
pub struct Instance;

impl Instance {
    /// Does nothing.
    pub fn new(_: InstanceDescriptor) -> Self {
        Self
    }
}

/// A surface to draw on. None exists here.
#[derive(Debug)]
pub enum Surface {}

/// The adapter whose device was lent to wonnx.
#[derive(Debug)]
pub struct Adapter {
    gpu: gpu::Gpu,
}

/// See [`Adapter::request_device`].
#[derive(Debug, Default)]
pub struct DeviceDescriptor;

impl Adapter {
    /// The device that was lent.
    ///
    /// # Errors
    /// Never: the device exists already. The `Result` is wgpu 0.16's.
    #[expect(clippy::unused_async, reason = "wonnx awaits it")]
    pub async fn request_device(
        self,
        _: &DeviceDescriptor,
        _trace: Option<&std::path::Path>,
    ) -> Result<(Device, Queue), gpu::GpuError> {
        Ok(pass::device_and_queue(self.gpu))
    }
}

/// wgpu's helpers, as far as wonnx uses them.
pub mod util {
    use super::{Adapter, Backends, Buffer, BufferUsages, Device, Instance, Surface, gpu};
    use modern::util::DeviceExt as _;

    pub use crate::download::DownloadBuffer;

    /// Always `None`: [`gpu::Gpu::open`] reads the environment.
    pub fn backend_bits_from_env() -> Option<Backends> {
        None
    }

    /// The adapter of the device that was lent, or `None` if none was.
    #[expect(clippy::unused_async, reason = "wonnx awaits it")]
    pub async fn initialize_adapter_from_env_or_default(
        _: &Instance,
        _: Backends,
        _: Option<&Surface>,
    ) -> Option<Adapter> {
        gpu::take_lent().map(|gpu| Adapter { gpu })
    }

    /// See [`DeviceExt::create_buffer_init`].
    #[derive(Clone, Debug)]
    pub struct BufferInitDescriptor<'a> {
        /// wonnx puts the tensor's name here.
        pub label: Option<&'a str>,
        /// The bytes of the buffer.
        pub contents: &'a [u8],
        /// What the buffer is for.
        pub usage: BufferUsages,
    }

    /// Buffers made with their contents.
    pub trait DeviceExt {
        /// A buffer that holds `contents`.
        fn create_buffer_init(&self, descriptor: &BufferInitDescriptor<'_>) -> Buffer;
    }

    impl DeviceExt for Device {
        fn create_buffer_init(&self, descriptor: &BufferInitDescriptor<'_>) -> Buffer {
            self.modern().create_buffer_init(&modern::util::BufferInitDescriptor {
                label: descriptor.label,
                contents: descriptor.contents,
                usage: descriptor.usage,
            })
        }
    }
}
