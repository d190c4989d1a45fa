//! Makes the GPU engine, or the CPU engine where `auto` finds that better.

use prost::bytes::Bytes;
use wgpu_bridge::gpu::Gpu;

use super::adapter;
use super::choice::EngineRequest;
use super::error::EngineError;
use super::fallback::Declined;
use super::faster::faster;
use super::load_cpu::load_cpu;
use super::tested::{Chosen, Tested};
pub use super::trial::remember as remember_kernels;
use super::wonnx::WonnxEngine;
use crate::engine_info::Measured;
use crate::onnx::Graph;
use crate::pack::Manifest;
use crate::shaders::{KernelChoice, Variant};

/// The GPU engine.
pub(super) async fn load(
    manifest: &Manifest,
    graph: Graph,
    bytes: &[u8],
    request: &EngineRequest,
) -> Result<Tested, EngineError> {
    load_gpu(adapter::open().await?, manifest, graph, bytes, request.kernels).await
}

/// The GPU unless [`super::load`] says why not, else the CPU.
pub(super) async fn load_auto(
    manifest: &Manifest,
    graph: Graph,
    bytes: Bytes,
    request: &EngineRequest,
) -> Result<Chosen, EngineError> {
    let signature = manifest.signature();
    let declined = match load_if_worth_it(manifest, graph, &bytes, request).await {
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
async fn load_if_worth_it(
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
pub(super) async fn load_gpu(
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
pub(super) async fn load_half(
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
