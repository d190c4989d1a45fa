//! Why `auto` takes the CPU although a GPU was looked for.

use super::EngineError;
use crate::engine_info::{FallbackCode, Measured};
use crate::onnx::GraphError;

/// Why the GPU is not taken.
pub(super) enum Declined {
    /// It is only emulated.
    Software {
        /// What the adapter calls itself.
        adapter: String,
    },
    /// It does not work.
    Failed(EngineError),
    /// It works, but the CPU is clearly faster.
    Slower(Measured),
}

impl From<EngineError> for Declined {
    fn from(error: EngineError) -> Self {
        Self::Failed(error)
    }
}

impl Declined {
    /// Its code, and an English sentence with the words of the driver.
    ///
    /// # Errors
    /// If it is the pack's graph that is not accepted, for then no engine can run it.
    pub(super) fn explain(self) -> Result<(FallbackCode, String), GraphError> {
        let error = match self {
            Self::Failed(error) => error,
            Self::Software { adapter } => {
                let reason = format!("the adapter {adapter} only emulates a GPU, which is slower than the CPU engine");
                return Ok((FallbackCode::SoftwareAdapter, reason));
            }
            Self::Slower(Measured { adapter, gpu_ms, cpu_ms }) => {
                let cpu_ms = cpu_ms.unwrap_or_default();
                let reason =
                    format!("a run takes {gpu_ms} ms on the adapter {adapter} and {cpu_ms} ms on the processor");
                return Ok((FallbackCode::SlowerThanCpu, reason));
            }
        };
        let code = match error {
            EngineError::Graph(error) => return Err(error),
            // That "auto" or "cpu" may be used instead is no news to those who asked for "auto".
            EngineError::Unavailable { reason, .. } => return Ok((FallbackCode::EngineUnavailable, reason)),
            EngineError::SelfTest { .. } => FallbackCode::EngineSelfTest,
            EngineError::Failed { .. } => FallbackCode::EngineFailed,
            EngineError::GpuLost(_) => FallbackCode::GpuLost,
            EngineError::GpuMemory => FallbackCode::GpuMemory,
        };
        Ok((code, error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::EngineName;

    #[test]
    fn every_failure_of_a_gpu_has_the_code_of_its_error() {
        let engine = EngineName::Wonnx;
        for error in [
            EngineError::Unavailable { engine, reason: "no WebGPU".into() },
            EngineError::SelfTest { engine, max_abs_diff: 1.0, tolerance: 0.1 },
            EngineError::Failed { engine, reason: "an error".into() },
            EngineError::GpuLost("the GPU was lost".into()),
            EngineError::GpuMemory,
        ] {
            let expected = error.code();
            let (code, reason) = Declined::from(error).explain().unwrap();
            assert_eq!(serde_json::to_value(code).unwrap(), expected);
            assert!(!reason.is_empty());
        }
    }

    #[test]
    fn a_gpu_that_is_slower_is_declined_with_both_times() {
        let measured = Measured { adapter: "a small GPU".into(), gpu_ms: 812.5, cpu_ms: Some(301.0) };
        let (code, reason) = Declined::Slower(measured).explain().unwrap();
        assert_eq!(code, FallbackCode::SlowerThanCpu);
        assert_eq!(reason, "a run takes 812.5 ms on the adapter a small GPU and 301 ms on the processor");
    }

    #[test]
    fn a_graph_that_is_refused_is_refused_by_every_engine() {
        let error = GraphError::Graph("no output".into());
        assert_eq!(Declined::from(EngineError::Graph(error.clone())).explain(), Err(error));
    }
}
