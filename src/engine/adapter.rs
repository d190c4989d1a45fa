//! Opens the GPU and turns its errors into [`EngineError`].

use wgpu_bridge::gpu::{Gpu, GpuError};

use super::{EngineError, EngineName};

/// The fastest adapter there is.
pub(super) async fn open() -> Result<Gpu, EngineError> {
    Gpu::open().await.map_err(EngineError::from)
}

impl From<GpuError> for EngineError {
    fn from(error: GpuError) -> Self {
        match error {
            GpuError::Unavailable(reason) => Self::Unavailable { engine: EngineName::Wonnx, reason },
            GpuError::OutOfMemory => Self::GpuMemory,
            GpuError::Lost(_) => Self::GpuLost(error.to_string()),
            GpuError::Validation(_) | GpuError::Internal(_) => {
                Self::Failed { engine: EngineName::Wonnx, reason: error.to_string() }
            }
        }
    }
}
