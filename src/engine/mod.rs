//! Runs the network: on the GPU through wonnx, or on the CPU.
//!
//! [`load`] chooses. Whatever it chooses has first computed the pack's self-test vector and agreed with the logits
//! that onnxruntime gave for it, because a GPU driver that is wrong does not say so. That run is also the warm-up.

mod adapter;
mod cpu;
mod error;
mod fallback;
mod faster;
pub mod lower;
mod outputs;
mod plan;
mod run;
mod self_test;
mod tested;
pub mod trial;
mod watch;
mod wonnx;
mod wonnx_graph;

use std::fmt;
use std::rc::Rc;
use std::str::FromStr;

use crate::engine_info::FallbackCode;
pub use crate::engine_info::{EngineInfo, Measured};
use crate::onnx::{Graph, ModelFile};
use crate::pack::Manifest;
use crate::shaders::{KernelChoice, Variant};

use prost::bytes::Bytes;
use wgpu_bridge::gpu::Gpu;

pub use self::cpu::{FixedEngine, FloatEngine, Helpers, StartHelpers, Started, warm_up};
pub use self::error::{EngineError, EngineName};
pub use self::outputs::{FeatureMap, Outputs, Wanted};
pub use self::run::{Engine, RunFuture};
pub use self::wonnx::WonnxEngine;
pub use skintree_cpu::Share;

use self::fallback::Declined;
use self::faster::faster;
use self::tested::Tested;

/// Which engine the caller wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum EngineChoice {
    /// The GPU if it is real, passes the self-test and is not clearly slower than the CPU, else the CPU.
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

/// Which engine the caller wants, and what it may use.
#[derive(Clone, Debug, Default)]
pub struct EngineRequest {
    /// The engine.
    pub engine: EngineChoice,
    /// The kernels; for measuring and for tests.
    pub kernels: KernelChoice,
    /// What `auto` has measured before ([`EngineInfo::measured`]), so that it need not do so again.
    pub measured: Option<Measured>,
    /// Who may compute convolutions for a CPU engine, if one is made.
    pub helpers: Option<Rc<dyn StartHelpers>>,
}

impl From<EngineChoice> for EngineRequest {
    fn from(engine: EngineChoice) -> Self {
        Self { engine, ..Self::default() }
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
/// `auto` takes the GPU unless there is none, it is only emulated (slower than the CPU engine), it fails in any
/// way, or a run on it takes clearly longer than one on the CPU; the reason is recorded in [`EngineInfo::fallback`].
///
/// # Errors
/// [`EngineError::Graph`] if quantised weights and their scales do not fit together, else what the last engine tried reported.
pub async fn load(
    manifest: &Manifest,
    model: ModelFile,
    request: impl Into<EngineRequest>,
) -> Result<Loaded, EngineError> {
    let request = request.into();
    let (bytes, graph) = model.into_parts();
    let (Tested { engine, max_abs_diff }, measured, fallback) = match request.engine {
        EngineChoice::Only(EngineName::Wonnx) => {
            (load_gpu(adapter::open().await?, manifest, graph, &bytes, request.kernels).await?, None, None)
        }
        EngineChoice::Only(EngineName::Cpu) => {
            drop(bytes);
            (load_cpu(manifest, graph, &request).await?, None, None)
        }
        EngineChoice::CpuFloat => {
            drop(bytes);
            (load_float(manifest, graph, &request).await?, None, None)
        }
        EngineChoice::Auto => load_auto(manifest, graph, bytes, &request).await?,
    };
    let (fallback, fallback_reason) = fallback.map(|(code, reason)| (code.into(), reason)).unzip();
    let info = EngineInfo {
        name: engine.name().to_string(),
        requested: request.engine.to_string(),
        adapter: engine.adapter(),
        kernels: engine.kernels(),
        threads: Some(engine.threads()).filter(|&threads| threads > 1),
        fallback,
        fallback_reason,
        measured,
        self_test_max_abs_diff: f64::from(max_abs_diff),
    };
    Ok(Loaded { engine, info })
}

/// The engine that is taken, what was measured for it, and why it is not the GPU.
type Chosen = (Tested, Option<Measured>, Option<(FallbackCode, String)>);

async fn load_auto(
    manifest: &Manifest,
    graph: Graph,
    bytes: Bytes,
    request: &EngineRequest,
) -> Result<Chosen, EngineError> {
    let signature = manifest.signature();
    let declined = match load_gpu_if_worth_it(manifest, graph, &bytes, request).await {
        Ok((gpu, Some(known))) => return Ok((gpu, Some(known), None)),
        Ok((gpu, None)) => {
            let cpu = async || load_cpu(manifest, Graph::of_file(bytes.clone(), &signature)?, request).await;
            match faster(gpu, manifest, cpu).await {
                Ok((taken, measured)) => {
                    let slower = measured.prefers_cpu().then(|| Declined::Slower(measured.clone()).explain());
                    return Ok((taken, Some(measured), slower.transpose()?));
                }
                Err(error) => Declined::Failed(error),
            }
        }
        Err(declined) => declined,
    };
    let measured = if let Declined::Slower(measured) = &declined { Some(measured.clone()) } else { None };
    let explained = declined.explain()?;
    Ok((load_cpu(manifest, Graph::of_file(bytes, &signature)?, request).await?, measured, Some(explained)))
}

/// The GPU, and what is known of it.
async fn load_gpu_if_worth_it(
    manifest: &Manifest,
    graph: Graph,
    bytes: &[u8],
    request: &EngineRequest,
) -> Result<(Tested, Option<Measured>), Declined> {
    let gpu = adapter::open().await?;
    let adapter = gpu.info().to_string();
    if gpu.info().software {
        return Err(Declined::Software { adapter });
    }
    match request.measured.clone().filter(|known| known.adapter == adapter) {
        Some(known) if known.prefers_cpu() => Err(Declined::Slower(known)),
        known => Ok((load_gpu(gpu, manifest, graph, bytes, request.kernels).await?, known)),
    }
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
async fn load_cpu(manifest: &Manifest, graph: Graph, request: &EngineRequest) -> Result<Tested, EngineError> {
    if manifest.activations.is_empty() {
        return load_float(manifest, graph, request).await;
    }
    let make = |helpers| FixedEngine::with_helpers(&graph, &manifest.activations, Some(helpers)).ok();
    if let Some(tested) = load_helped(manifest, request, false, make).await {
        return Ok(tested);
    }
    match FixedEngine::of_graph(&graph, &manifest.activations) {
        Ok(engine) => {
            drop(graph);
            Tested::new(engine, manifest).await
        }
        Err(_) => load_float(manifest, graph, request).await,
    }
}

async fn load_float(manifest: &Manifest, graph: Graph, request: &EngineRequest) -> Result<Tested, EngineError> {
    let make = |helpers| FloatEngine::with_helpers(&graph, Some(helpers)).ok();
    if let Some(tested) = load_helped(manifest, request, true, make).await {
        return Ok(tested);
    }
    let engine = FloatEngine::of_graph(&graph)?;
    drop(graph);
    Tested::new(engine, manifest).await
}

/// A CPU engine with helpers; `None` where they cannot be had or fail, for it does without them.
async fn load_helped<E: Engine + 'static>(
    manifest: &Manifest,
    request: &EngineRequest,
    floats: bool,
    make: impl FnOnce(Box<dyn Helpers>) -> Option<E>,
) -> Option<Tested> {
    let helpers = request.helpers.as_ref()?.start(floats).await?;
    Tested::new(make(helpers)?, manifest).await.ok()
}

#[cfg(test)]
mod tests;
