//! Runs the network: on the GPU through wonnx, or on the CPU.
//!
//! [`load`] chooses. Whatever it chooses has first computed the pack's self-test vector and agreed with the logits
//! that onnxruntime gave for it, because a GPU driver that is wrong does not say so. That run is also the warm-up.

#[cfg(feature = "gpu")]
mod adapter;
mod choice;
mod cpu;
mod error;
#[cfg_attr(not(feature = "gpu"), allow(dead_code))]
mod fallback;
#[cfg(feature = "gpu")]
mod faster;
#[cfg(feature = "gpu")]
mod gpu;
#[cfg(not(feature = "gpu"))]
#[path = "no_gpu.rs"]
mod gpu;
mod load_cpu;
#[cfg(feature = "gpu")]
pub mod lower;
mod outputs;
#[cfg(feature = "gpu")]
mod plan;
mod run;
mod self_test;
mod tested;
#[cfg(feature = "gpu")]
pub mod trial;
mod watch;
#[cfg(feature = "gpu")]
mod wonnx;
#[cfg(feature = "gpu")]
mod wonnx_graph;

use crate::onnx::ModelFile;
use crate::pack::Manifest;

pub use self::choice::{EngineChoice, EngineRequest};
pub use self::cpu::{FixedEngine, FloatEngine, Helpers, StartHelpers, Started, warm_up};
pub use self::error::{EngineError, EngineName};
pub use self::gpu::remember_kernels;
pub use self::outputs::{FeatureMap, Outputs, Wanted};
pub use self::run::{Engine, RunFuture};
#[cfg(feature = "gpu")]
pub use self::wonnx::WonnxEngine;
pub use crate::engine_info::{EngineInfo, Measured};
pub use skintree_cpu::Share;

use self::load_cpu::{load_cpu, load_float};
use self::tested::Tested;

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
        EngineChoice::Only(EngineName::Wonnx) => (gpu::load(manifest, graph, &bytes, &request).await?, None, None),
        EngineChoice::Only(EngineName::Cpu) => {
            drop(bytes);
            (load_cpu(manifest, graph, &request).await?, None, None)
        }
        EngineChoice::CpuFloat => {
            drop(bytes);
            (load_float(manifest, graph, &request).await?, None, None)
        }
        EngineChoice::Auto => gpu::load_auto(manifest, graph, bytes, &request).await?,
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

#[cfg(test)]
#[cfg(feature = "gpu")]
mod tests;
