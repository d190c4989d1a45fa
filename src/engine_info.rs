//! Which engine ran the network: what an engine says of itself and a report repeats.

use serde::{Deserialize, Serialize};

/// Which engine ran, and why that one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
pub struct EngineInfo {
    /// `wonnx` or `cpu`.
    #[cfg_attr(feature = "types", ts(type = "'wonnx' | 'cpu'"))]
    pub name: String,
    /// What the caller asked for: `auto`, `wonnx`, `cpu` or `cpu-f32`.
    #[cfg_attr(feature = "types", ts(type = "'auto' | 'wonnx' | 'cpu' | 'cpu-f32'"))]
    pub requested: String,
    /// What the GPU driver calls itself; `None` on the CPU.
    pub adapter: Option<String>,
    /// Which kernels ran: on the GPU a name of [`crate::shaders::Variant`] (`stock` in reports from before 2026-11-27), on the CPU `int8` or `f32`; `None` in reports of
    /// before they were told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "types", ts(optional))]
    pub kernels: Option<String>,
    /// Why `auto` did not take the GPU, in one English sentence.
    pub fallback_reason: Option<String>,
    /// The largest absolute difference from the manifest's self-test logits.
    pub self_test_max_abs_diff: f64,
}
