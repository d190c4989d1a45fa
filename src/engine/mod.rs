//! Runs the network: on the GPU through wonnx, or on the CPU.
//!
//! [`load`] chooses. Whatever it chooses has first computed the pack's self-test vector and agreed with the logits
//! that onnxruntime gave for it, because a GPU driver that is wrong does not say so. That run is also the warm-up.

mod adapter;
mod cpu;
pub mod kernels;
mod wonnx;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::str::FromStr;

pub use crate::engine_info::EngineInfo;
use crate::input::self_test_input;
use crate::onnx::{Graph, GraphError, ModelFile, Signature};
use crate::pack::Manifest;

use wgpu_bridge::gpu::Gpu;

use self::kernels::{KernelChoice, Variant};

pub use self::cpu::CpuEngine;
pub use self::wonnx::WonnxEngine;

/// Why an engine could not be made or did not answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EngineError {
    /// The engine that was asked for does not exist here.
    #[error("the {engine} engine is not available: {reason}. Use the engine \"auto\" or \"cpu\".")]
    Unavailable {
        /// Which engine.
        engine: EngineName,
        /// What it lacks.
        reason: String,
    },
    /// The engine computes wrong numbers.
    #[error(
        "the {engine} engine computes wrong numbers here: its self-test is off by {max_abs_diff}, and {tolerance} is \
         allowed. Update the graphics driver, or use the engine \"cpu\"."
    )]
    SelfTest {
        /// Which engine.
        engine: EngineName,
        /// Largest absolute difference of logits; infinite if some were not numbers.
        max_abs_diff: f32,
        /// What the pack allows.
        tolerance: f32,
    },
    /// The engine reported an error.
    #[error("the {engine} engine failed: {reason}. Load the classifier again, or use the engine \"cpu\".")]
    Failed {
        /// Which engine.
        engine: EngineName,
        /// What it said.
        reason: String,
    },
    /// The GPU was taken away.
    #[error("{0}. Load the classifier again.")]
    GpuLost(String),
    /// The GPU's memory is full.
    #[error("the GPU has too little memory free. Close other tabs or programs, or use the engine \"cpu\".")]
    GpuMemory,
    /// The pack's graph is not accepted.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

impl EngineError {
    /// The stable code of docs/formats.md.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "engine-unavailable",
            Self::SelfTest { .. } => "engine-self-test",
            Self::Failed { .. } => "engine-failed",
            Self::GpuLost(_) => "gpu-lost",
            Self::GpuMemory => "gpu-memory",
            Self::Graph(error) => error.code(),
        }
    }
}

/// The engines there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineName {
    /// wonnx: WebGPU in a browser; Vulkan, Metal or DirectX 12 natively.
    Wonnx,
    /// rten: SIMD on the CPU.
    Cpu,
}

impl fmt::Display for EngineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wonnx => "wonnx",
            Self::Cpu => "cpu",
        })
    }
}

/// Which engine the caller wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum EngineChoice {
    /// The GPU if it is real and passes the self-test, else the CPU.
    #[default]
    Auto,
    /// This one or an error.
    Only(EngineName),
}

impl fmt::Display for EngineChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Only(name) => name.fmt(f),
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
            other => Err(format!("\"{other}\" is no engine; use auto, wonnx or cpu")),
        }
    }
}

/// What a caller has a use for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// [`Outputs::features`] will be `None`.
    Logits,
    /// All that the pack names.
    LogitsAndFeatures,
}

/// Which engine the caller wants, and which kernels if it runs on the GPU.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// The engine.
    pub engine: EngineChoice,
    /// The kernels; for measuring and for tests.
    pub kernels: KernelChoice,
}

impl From<EngineChoice> for Wish {
    fn from(engine: EngineChoice) -> Self {
        Self { engine, kernels: KernelChoice::Auto }
    }
}

/// What the network gives for one photo.
#[derive(Clone, Debug, PartialEq)]
pub struct Outputs {
    /// One value a class, before the softmax.
    pub logits: Vec<f32>,
    /// The last feature map, if the pack names one.
    pub features: Option<FeatureMap>,
}

/// The network's last feature map, channel by channel, each row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureMap {
    /// Channels, height, width.
    pub shape: [usize; 3],
    /// channels x height x width values.
    pub data: Vec<f32>,
}

impl FeatureMap {
    /// The mean of each channel over its area.
    #[must_use]
    pub fn pooled(&self) -> Vec<f64> {
        let area = (self.shape[1] * self.shape[2]).max(1);
        let mean = |channel: &[f32]| channel.iter().map(|&value| f64::from(value)).sum::<f64>() / area as f64;
        self.data.chunks_exact(area).map(mean).collect()
    }
}

/// The answer of [`Engine::run`], when it comes.
pub type RunFuture<'a> = Pin<Box<dyn Future<Output = Result<Outputs, EngineError>> + 'a>>;

/// Something that can run the network of one pack.
pub trait Engine: fmt::Debug {
    /// Which engine this is.
    fn name(&self) -> EngineName;

    /// What the GPU driver calls itself, for engines that have one.
    fn adapter(&self) -> Option<String>;

    /// Which kernels run on the GPU ([`kernels::Variant`], or `stock` for wonnx's own), for engines that have a choice.
    fn kernels(&self) -> Option<String> {
        None
    }

    /// Runs the network on one input of 3 x size x size values, planar (NCHW, batch 1). One run at a time: the next
    /// must not begin before this one's future is done.
    ///
    /// # Errors
    /// [`EngineError`]; never wrong numbers because of a GPU error.
    fn compute<'a>(&'a self, input: &'a [f32], wanted: Wanted) -> RunFuture<'a>;

    /// [`Self::compute`] for everything there is.
    ///
    /// # Errors
    /// As there.
    fn run<'a>(&'a self, input: &'a [f32]) -> RunFuture<'a> {
        self.compute(input, Wanted::LogitsAndFeatures)
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
/// way; the reason is recorded in [`EngineInfo::fallback_reason`].
///
/// # Errors
/// [`EngineError::Graph`] if quantised weights and their scales do not fit together, else what the last engine tried reported.
pub async fn load(manifest: &Manifest, model: ModelFile, wish: impl Into<Wish>) -> Result<Loaded, EngineError> {
    let Wish { engine: choice, kernels } = wish.into();
    let (bytes, graph) = model.into_parts();
    let signature = manifest.signature();
    let (engine, max_abs_diff, fallback_reason): (Box<dyn Engine>, f32, Option<String>) = match choice {
        EngineChoice::Only(EngineName::Wonnx) => {
            let gpu = adapter::open().await?;
            // Only f16 may need the file a second time.
            let bytes = if gpu.info().f16 { bytes } else { Vec::new() };
            let (engine, max_abs_diff) = load_gpu(gpu, manifest, graph, &bytes, &signature, &kernels).await?;
            (Box::new(engine), max_abs_diff, None)
        }
        EngineChoice::Only(EngineName::Cpu) => {
            drop(graph);
            load_cpu(manifest, bytes, &signature, None).await?
        }
        EngineChoice::Auto => match load_gpu_if_worth_it(manifest, graph, &bytes, &signature, &kernels).await {
            Ok((engine, max_abs_diff)) => (Box::new(engine), max_abs_diff, None),
            // Weights that do not fit their scales are bad for every engine.
            Err(EngineError::Graph(error)) => return Err(error.into()),
            // That "auto" or "cpu" may be used instead is no news to those who asked for "auto".
            Err(EngineError::Unavailable { reason, .. }) => load_cpu(manifest, bytes, &signature, Some(reason)).await?,
            Err(error) => load_cpu(manifest, bytes, &signature, Some(error.to_string())).await?,
        },
    };
    let info = EngineInfo {
        name: engine.name().to_string(),
        requested: choice.to_string(),
        adapter: engine.adapter(),
        kernels: engine.kernels(),
        fallback_reason,
        self_test_max_abs_diff: f64::from(max_abs_diff),
    };
    Ok(Loaded { engine, info })
}

async fn load_gpu_if_worth_it(
    manifest: &Manifest,
    graph: Graph,
    bytes: &[u8],
    signature: &Signature<'_>,
    kernels: &KernelChoice,
) -> Result<(WonnxEngine, f32), EngineError> {
    let gpu = adapter::open().await?;
    if gpu.info().software {
        let reason = format!("the adapter {} only emulates a GPU, which is slower than the CPU engine", gpu.info());
        return Err(EngineError::Unavailable { engine: EngineName::Wonnx, reason });
    }
    load_gpu(gpu, manifest, graph, bytes, signature, kernels).await
}

/// An engine that has passed the self-test. Where a trial chose f16 and the self-test does not agree, f32 is taken;
/// `bytes` are the file that `graph` was read from.
async fn load_gpu(
    gpu: Gpu,
    manifest: &Manifest,
    graph: Graph,
    bytes: &[u8],
    signature: &Signature<'_>,
    kernels: &KernelChoice,
) -> Result<(WonnxEngine, f32), EngineError> {
    let engine = WonnxEngine::of_graph(gpu, graph, signature, kernels).await?;
    let mut tested = self_test(&engine, manifest).await;
    let fallback = match (&tested, kernels, engine.variant()) {
        (Err(EngineError::SelfTest { .. }), KernelChoice::Auto | KernelChoice::Fastest(_), Some(variant)) => {
            Some(variant).filter(|variant| variant.half)
        }
        _ => None,
    };
    let Some(variant) = fallback else { return Ok((engine, tested?)) };
    drop(engine);
    let full = KernelChoice::Only(Variant { half: false, ..variant });
    let graph = Graph::read(bytes, signature)?;
    let engine = WonnxEngine::of_graph(adapter::open().await?, graph, signature, &full).await?;
    tested = self_test(&engine, manifest).await;
    Ok((engine, tested?))
}

async fn load_cpu(
    manifest: &Manifest,
    model: Vec<u8>,
    signature: &Signature<'_>,
    fallback_reason: Option<String>,
) -> Result<(Box<dyn Engine>, f32, Option<String>), EngineError> {
    let engine = CpuEngine::of_checked(model, signature)?;
    let max_abs_diff = self_test(&engine, manifest).await?;
    Ok((Box::new(engine), max_abs_diff, fallback_reason))
}

/// Runs the self-test vector of docs/formats.md and gives the largest absolute difference of logits.
async fn self_test(engine: &dyn Engine, manifest: &Manifest) -> Result<f32, EngineError> {
    let test = &manifest.self_test;
    let input = self_test_input(test.seed, manifest.input.size).data;
    let outputs = engine.compute(&input, Wanted::Logits).await?;
    let max_abs_diff = max_abs_diff(&outputs.logits, &test.logits);
    if max_abs_diff <= test.tolerance {
        Ok(max_abs_diff)
    } else {
        Err(EngineError::SelfTest { engine: engine.name(), max_abs_diff, tolerance: test.tolerance })
    }
}

/// Largest absolute difference; infinite where lengths differ or a value is not a number.
fn max_abs_diff(found: &[f32], expected: &[f32]) -> f32 {
    if found.len() != expected.len() {
        return f32::INFINITY;
    }
    let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    differences.fold(0.0, |max, d| if d.is_nan() { f32::INFINITY } else { max.max(d) })
}
