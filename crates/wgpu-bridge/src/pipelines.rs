//! Compiles shaders. Nodes of one shape share a kernel and so a pipeline.

use std::borrow::Cow;

use crate::gpu::Gpu;
use crate::kernels::Kernel;

impl Gpu {
    pub(crate) fn compile(&self, label: Option<&str>, wgsl: &str) -> modern::ShaderModule {
        // naga 30 has the functions of the extension, but not the line that browsers ask for.
        #[cfg(not(target_arch = "wasm32"))]
        let wgsl = &wgsl.replace("enable subgroups;", "");
        let source = modern::ShaderSource::Wgsl(Cow::Borrowed(wgsl));
        self.device().create_shader_module(modern::ShaderModuleDescriptor { label, source })
    }

    pub(crate) fn make_pipeline(
        &self,
        label: Option<&str>,
        module: &modern::ShaderModule,
        entry_point: &str,
    ) -> modern::ComputePipeline {
        self.device().create_compute_pipeline(&modern::ComputePipelineDescriptor {
            label,
            layout: None,
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

    /// The pipeline of a kernel, made when it is first asked for.
    pub(crate) fn pipeline(&self, kernel: &Kernel) -> modern::ComputePipeline {
        let known = self.state().pipelines.get(&kernel.wgsl).cloned();
        known.unwrap_or_else(|| {
            let made = self.make_pipeline(None, &self.compile(None, &kernel.wgsl), "main");
            self.state().pipelines.insert(kernel.wgsl.clone(), made.clone());
            made
        })
    }
}
