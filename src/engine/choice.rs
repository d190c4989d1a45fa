//! What a caller can ask for.

use std::fmt;
use std::rc::Rc;
use std::str::FromStr;

use super::cpu::StartHelpers;
use super::error::EngineName;
use crate::engine_info::Measured;
use crate::shaders::KernelChoice;

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
    /// What `auto` has measured before ([`EngineInfo::measured`](crate::engine::EngineInfo::measured)), so that it need not do so again.
    pub measured: Option<Measured>,
    /// Who may compute convolutions for a CPU engine, if one is made.
    pub helpers: Option<Rc<dyn StartHelpers>>,
}

impl From<EngineChoice> for EngineRequest {
    fn from(engine: EngineChoice) -> Self {
        Self { engine, ..Self::default() }
    }
}
