//! Compiles shaders. Nodes of one shape share a kernel and so a pipeline.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::gpu::Gpu;
use crate::kernels::{Kernel, bindings_of, groups_of};
#[cfg(target_arch = "wasm32")]
use crate::parallel_compile::Compiling;

impl Gpu {
    pub(crate) fn shader_module(&self, label: Option<&str>, wgsl: &str) -> modern::ShaderModule {
        // naga 30 has the functions of the extension, but not the line that browsers ask for.
        #[cfg(not(target_arch = "wasm32"))]
        let wgsl = &wgsl.replace("enable subgroups;", "");
        let source = modern::ShaderSource::Wgsl(Cow::Borrowed(wgsl));
        self.device().create_shader_module(modern::ShaderModuleDescriptor { label, source })
    }

    pub(crate) fn make_pipeline(
        &self,
        label: Option<&str>,
        layout: Option<&modern::PipelineLayout>,
        module: &modern::ShaderModule,
        entry_point: &str,
    ) -> modern::ComputePipeline {
        self.device().create_compute_pipeline(&modern::ComputePipelineDescriptor {
            label,
            layout,
            module,
            entry_point: Some(entry_point),
            // Every kernel writes each element it later reads, so clearing workgroup memory first is wasted time.
            compilation_options: modern::PipelineCompilationOptions {
                zero_initialize_workgroup_memory: false,
                ..modern::PipelineCompilationOptions::default()
            },
            cache: None,
        })
    }

    /// Makes the pipelines of kernels, so that these can be dispatched at once later. In a browser that goes on beside the page's
    /// own work until [`Self::compiled`]; natively, threads share it.
    pub fn compile<'a>(&self, kernels: impl IntoIterator<Item = &'a Kernel>) {
        let mut seen = HashSet::new();
        let kernels: Vec<&Kernel> = kernels.into_iter().filter(|kernel| seen.insert(kernel.wgsl.as_str())).collect();
        #[cfg(target_arch = "wasm32")]
        {
            let shaders = kernels.iter().map(|kernel| kernel.wgsl.as_str());
            self.state().compiling = Compiling::start(self.device(), shaders);
        }
        #[cfg(not(target_arch = "wasm32"))]
        std::thread::scope(|scope| {
            let threads = std::thread::available_parallelism().map_or(1, usize::from);
            for share in kernels.chunks(kernels.len().div_ceil(threads).max(1)) {
                scope.spawn(|| share.iter().for_each(|kernel| drop(self.pipeline(kernel))));
            }
        });
    }

    /// Waits for what [`Self::compile`] has begun and takes it over.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        expect(clippy::unused_async, reason = "only a browser has to be waited for")
    )]
    pub async fn compiled<'a>(&self, kernels: impl IntoIterator<Item = &'a Kernel>) {
        #[cfg(target_arch = "wasm32")]
        {
            let compiling = self.state().compiling.take();
            let kept = match compiling {
                Some(compiling) => Some(compiling.finish().await),
                None => None,
            };
            kernels.into_iter().for_each(|kernel| drop(self.pipeline(kernel)));
            drop(kept);
        }
        #[cfg(not(target_arch = "wasm32"))]
        drop(kernels);
    }

    /// Frees the pipelines that no session holds.
    pub fn forget_pipelines(&self) {
        self.state().pipelines.clear();
    }

    /// The pipeline of a kernel, made when it is first asked for.
    pub(crate) fn pipeline(&self, kernel: &Kernel) -> modern::ComputePipeline {
        let known = self.state().pipelines.get(&kernel.wgsl).cloned();
        known.unwrap_or_else(|| {
            let layout = self.layout(&kernel.wgsl);
            let made = self.make_pipeline(None, Some(&layout), &self.shader_module(None, &kernel.wgsl), "main");
            self.state().pipelines.insert(kernel.wgsl.clone(), made.clone());
            made
        })
    }

    /// The layout of a kernel's bindings, whether it uses them or not.
    fn layout(&self, wgsl: &str) -> modern::PipelineLayout {
        let entry = |(binding, ty): (u32, &modern::BufferBindingType)| modern::BindGroupLayoutEntry {
            binding,
            visibility: modern::ShaderStages::COMPUTE,
            ty: modern::BindingType::Buffer { ty: *ty, has_dynamic_offset: false, min_binding_size: None },
            count: None,
        };
        let group = |group: &[modern::BufferBindingType]| {
            let entries: Vec<_> = (0..).zip(group).map(entry).collect();
            let descriptor = modern::BindGroupLayoutDescriptor { label: None, entries: &entries };
            self.device().create_bind_group_layout(&descriptor)
        };
        let groups: Vec<modern::BindGroupLayout> = groups_of(&bindings_of(wgsl)).map(group).collect();
        let groups: Vec<Option<&modern::BindGroupLayout>> = groups.iter().map(Some).collect();
        self.device().create_pipeline_layout(&modern::PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: &groups,
            immediate_size: 0,
        })
    }
}
