//! Runs the network: on the GPU through wonnx, or on the CPU.
//!
//! [`load`] chooses. Whatever it chooses has first computed the pack's self-test vector and agreed with the logits
//! that onnxruntime gave for it, because a GPU driver that is wrong does not say so. That run is also the warm-up.

mod adapter;
mod cpu;
mod error;
mod fallback;
pub mod lower;
mod outputs;
mod plan;
mod run;
mod self_test;
pub mod trial;
mod watch;
mod wonnx;
mod wonnx_graph;

use std::fmt;
use std::str::FromStr;

pub use crate::engine_info::EngineInfo;
use crate::onnx::{Graph, ModelFile};
use crate::pack::Manifest;
use crate::shaders::{KernelChoice, Variant};

use wgpu_bridge::gpu::Gpu;

pub use self::cpu::{FixedEngine, FloatEngine};
pub use self::error::{EngineError, EngineName};
pub use self::outputs::{FeatureMap, Outputs, Wanted};
pub use self::run::{Engine, RunFuture};
pub use self::wonnx::WonnxEngine;

use self::fallback::Declined;
use self::self_test::self_test;
use self::watch::Watched;

/// Which engine the caller wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum EngineChoice {
    /// The GPU if it is real and passes the self-test, else the CPU.
    #[default]
    Auto,
    /// This one or an error.
    Only(EngineName),
    /// The CPU, computing in f32.
    CpuFloat,
}

impl fmt::Display for EngineChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Only(name) => name.fmt(f),
            Self::CpuFloat => f.write_str("cpu-f32"),
        }
    }
}

impl FromStr for EngineChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "wonnx" => Ok(Self::Only(EngineName::Wonnx)),
            "cpu" => Ok(Self::Only(EngineName::Cpu)),
            "cpu-f32" => Ok(Self::CpuFloat),
            other => Err(format!("\"{other}\" is no engine; use auto, wonnx, cpu or cpu-f32")),
        }
    }
}

/// Which engine the caller wants, and which kernels if it runs on the GPU.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EngineRequest {
    /// The engine.
    pub engine: EngineChoice,
    /// The kernels; for measuring and for tests.
    pub kernels: KernelChoice,
}

impl From<EngineChoice> for EngineRequest {
    fn from(engine: EngineChoice) -> Self {
        Self { engine, kernels: KernelChoice::Auto }
    }
}

/// An engine that has passed the self-test, and how it was chosen.
#[derive(Debug)]
pub struct Loaded {
    /// The engine.
    pub engine: Box<dyn Engine>,
    /// For the report.
    pub info: EngineInfo,
}

/// Makes an engine for a pack's model file. Of the file and the graph read from it, what the engine does not need is
/// freed before the engine is made.
///
/// `auto` takes the GPU unless there is none, it is only emulated (slower than the CPU engine), or it fails in any
/// way; the reason is recorded in [`EngineInfo::fallback`].
///
/// # Errors
/// [`EngineError::Graph`] if quantised weights and their scales do not fit together, else what the last engine tried reported.
pub async fn load(
    manifest: &Manifest,
    model: ModelFile,
    request: impl Into<EngineRequest>,
) -> Result<Loaded, EngineError> {
    let EngineRequest { engine: choice, kernels } = request.into();
    let (bytes, graph) = model.into_parts();
    let mut fallback = None;
    let Tested { engine, max_abs_diff } = match choice {
        EngineChoice::Only(EngineName::Wonnx) => {
            load_gpu(adapter::open().await?, manifest, graph, &bytes, kernels).await?
        }
        EngineChoice::Only(EngineName::Cpu) => {
            drop(bytes);
            load_cpu(manifest, graph).await?
        }
        EngineChoice::CpuFloat => {
            drop(bytes);
            load_float(manifest, graph).await?
        }
        EngineChoice::Auto => match load_gpu_if_worth_it(manifest, graph, &bytes, kernels).await {
            Ok(tested) => tested,
            Err(declined) => {
                fallback = Some(declined.explain()?);
                load_cpu(manifest, Graph::of_file(bytes, &manifest.signature())?).await?
            }
        },
    };
    let (fallback, fallback_reason) = fallback.map(|(code, reason)| (code.into(), reason)).unzip();
    let info = EngineInfo {
        name: engine.name().to_string(),
        requested: choice.to_string(),
        adapter: engine.adapter(),
        kernels: engine.kernels(),
        fallback,
        fallback_reason,
        self_test_max_abs_diff: f64::from(max_abs_diff),
    };
    Ok(Loaded { engine, info })
}

/// An engine that has passed the self-test.
struct Tested {
    engine: Box<dyn Engine>,
    /// How far it was off.
    max_abs_diff: f32,
}

impl Tested {
    async fn new(mut engine: impl Engine + 'static, manifest: &Manifest) -> Result<Self, EngineError> {
        let max_abs_diff = self_test(&mut engine, manifest).await?;
        let engine: Box<dyn Engine> = match engine.name() {
            EngineName::Wonnx => Box::new(Watched::new(engine, manifest)),
            // A processor that computes wrongly would not get this far.
            EngineName::Cpu => Box::new(engine),
        };
        Ok(Self { engine, max_abs_diff })
    }
}

async fn load_gpu_if_worth_it(
    manifest: &Manifest,
    graph: Graph,
    bytes: &[u8],
    kernels: KernelChoice,
) -> Result<Tested, Declined> {
    let gpu = adapter::open().await?;
    if gpu.info().software {
        return Err(Declined::Software { adapter: gpu.info().to_string() });
    }
    Ok(load_gpu(gpu, manifest, graph, bytes, kernels).await?)
}

/// With the kernels of the caller's choice. `bytes` are the file that `graph` was read from.
async fn load_gpu(
    gpu: Gpu,
    manifest: &Manifest,
    graph: Graph,
    bytes: &[u8],
    kernels: KernelChoice,
) -> Result<Tested, EngineError> {
    let variant = WonnxEngine::choose(&gpu, &graph, kernels).await?;
    match (kernels, variant) {
        (KernelChoice::Auto, Variant { half: true, .. }) => load_half(gpu, manifest, graph, bytes, variant).await,
        _ => Tested::new(WonnxEngine::of_graph(gpu, graph, &manifest.signature(), variant).await?, manifest).await,
    }
}

/// With f16 weights, or f32 ones where the self-test does not agree with those.
async fn load_half(
    gpu: Gpu,
    manifest: &Manifest,
    graph: Graph,
    bytes: &[u8],
    variant: Variant,
) -> Result<Tested, EngineError> {
    let signature = manifest.signature();
    let engine = WonnxEngine::of_graph(gpu, graph, &signature, variant).await?;
    match Tested::new(engine, manifest).await {
        Err(EngineError::SelfTest { .. }) => {}
        tested => return tested,
    }
    let full = Variant { half: false, ..variant };
    let graph = Graph::read(bytes, &signature)?;
    let engine = WonnxEngine::of_graph(adapter::open().await?, graph, &signature, full).await?;
    Tested::new(engine, manifest).await
}

/// In integers where the pack says how large they become, else in f32.
async fn load_cpu(manifest: &Manifest, graph: Graph) -> Result<Tested, EngineError> {
    if manifest.activations.is_empty() {
        return load_float(manifest, graph).await;
    }
    match FixedEngine::of_graph(&graph, &manifest.activations) {
        Ok(engine) => {
            drop(graph);
            Tested::new(engine, manifest).await
        }
        Err(_) => load_float(manifest, graph).await,
    }
}

async fn load_float(manifest: &Manifest, graph: Graph) -> Result<Tested, EngineError> {
    let engine = FloatEngine::of_graph(&graph)?;
    drop(graph);
    Tested::new(engine, manifest).await
}

#[cfg(test)]
mod tests;
