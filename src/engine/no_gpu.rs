//! In the place of `gpu.rs` in the wasm module for browsers without a GPU, which so has no wonnx in it.

use prost::bytes::Bytes;

use super::choice::EngineRequest;
use super::error::{EngineError, EngineName};
use super::fallback::Declined;
use super::load_cpu::load_cpu;
use super::tested::{Chosen, Tested};
use crate::onnx::Graph;
use crate::pack::Manifest;
use crate::shaders::Variant;

/// There are none to remember.
pub fn remember_kernels(_adapter: String, _chosen: Variant) {}

fn none() -> EngineError {
    EngineError::Unavailable { engine: EngineName::Wonnx, reason: "no graphics adapter was found".to_string() }
}

/// There is none.
#[allow(clippy::unused_async)]
pub(super) async fn load(
    _manifest: &Manifest,
    _graph: Graph,
    _bytes: &[u8],
    _request: &EngineRequest,
) -> Result<Tested, EngineError> {
    Err(none())
}

/// The CPU.
pub(super) async fn load_auto(
    manifest: &Manifest,
    graph: Graph,
    bytes: Bytes,
    request: &EngineRequest,
) -> Result<Chosen, EngineError> {
    drop(bytes);
    let declined = Declined::Failed(none()).explain()?;
    Ok((load_cpu(manifest, graph, request).await?, None, Some(declined)))
}
