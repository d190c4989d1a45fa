//! Why an engine could not be made or did not answer.

use std::fmt;

use crate::onnx::GraphError;

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
    /// What the CPU engine says.
    pub(crate) fn cpu(reason: String) -> Self {
        Self::Failed { engine: EngineName::Cpu, reason }
    }

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
    /// The processor, in integers or in f32.
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
