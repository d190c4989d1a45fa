//! Makes a CPU engine.

use super::choice::EngineRequest;
use super::cpu::{FixedEngine, FloatEngine, Helpers};
use super::error::EngineError;
use super::run::Engine;
use super::tested::Tested;
use crate::onnx::Graph;
use crate::pack::Manifest;

/// In integers where the pack says how large they become, else in f32.
pub(super) async fn load_cpu(
    manifest: &Manifest,
    graph: Graph,
    request: &EngineRequest,
) -> Result<Tested, EngineError> {
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

/// In f32.
pub(super) async fn load_float(
    manifest: &Manifest,
    graph: Graph,
    request: &EngineRequest,
) -> Result<Tested, EngineError> {
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
