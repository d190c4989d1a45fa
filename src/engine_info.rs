//! Which engine ran the network: what an engine says of itself and a report repeats.

use serde::{Deserialize, Serialize};

use crate::taxonomy::Text;

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
    /// Which kernels ran: on the GPU a name of [`crate::shaders::Variant`] (`stock` in reports from before 2026-11-27), on the CPU `int8`, `f32` or
    /// `f32, relaxed SIMD`; `None` in reports of before they were told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "types", ts(optional))]
    pub kernels: Option<String>,
    /// How many threads of the processor computed it, if there were several; the numbers do not depend on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "types", ts(optional))]
    pub threads: Option<usize>,
    /// Why `auto` did not take the GPU, for visitors; `None` if it did or was not asked, and in reports of before it was told.
    #[serde(default)]
    pub fallback: Option<Fallback>,
    /// The same with the words of the driver, for engineers, in one English sentence.
    pub fallback_reason: Option<String>,
    /// How long `auto` found the GPU and the CPU to take; `None` where it had nothing to compare, and in reports of before it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "types", ts(optional))]
    pub measured: Option<Measured>,
    /// The largest absolute difference from the manifest's self-test logits.
    pub self_test_max_abs_diff: f64,
}

/// Times of a run on the GPU and on the CPU, measured once for an adapter and then remembered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
pub struct Measured {
    /// What the GPU driver calls itself.
    pub adapter: String,
    /// Milliseconds of a run on the GPU.
    pub gpu_ms: f64,
    /// The same on the CPU; `None` where the GPU is so fast that the CPU was not asked, or the CPU could not be used.
    pub cpu_ms: Option<f64>,
}

/// Why `auto` did not take the GPU, with its explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
pub struct Fallback {
    /// For programs.
    pub code: FallbackCode,
    /// For people.
    pub message: Text,
}

/// Why `auto` did not take the GPU, in the order in which it is found out. Codes that an error has too are that error's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
#[serde(rename_all = "kebab-case")]
pub enum FallbackCode {
    /// There is no WebGPU, no adapter, or none with what the network needs.
    EngineUnavailable,
    /// The adapter is a program, slower than the CPU engine.
    SoftwareAdapter,
    /// The GPU's memory is full.
    GpuMemory,
    /// The GPU was taken away.
    GpuLost,
    /// The GPU engine reported an error.
    EngineFailed,
    /// The GPU computes wrong numbers.
    EngineSelfTest,
    /// The GPU works, but the CPU is clearly faster.
    SlowerThanCpu,
}

impl From<FallbackCode> for Fallback {
    fn from(code: FallbackCode) -> Self {
        let message = match code {
            FallbackCode::EngineUnavailable => Text::en_ko(
                "No graphics processor can be used here.",
                "여기서는 사용할 수 있는 GPU(그래픽 처리 장치)가 없습니다.",
            ),
            FallbackCode::SoftwareAdapter => Text::en_ko(
                "The graphics processor here is only emulated, which is slower than the main processor.",
                "여기 있는 GPU는 소프트웨어로 흉내 낸 것이어서 CPU보다 느립니다.",
            ),
            FallbackCode::GpuMemory => {
                Text::en_ko("The graphics processor has too little memory free.", "GPU에 남은 메모리가 부족합니다.")
            }
            FallbackCode::GpuLost => Text::en_ko(
                "The graphics processor was taken away while it was made ready.",
                "준비하는 동안 GPU와의 연결이 끊어졌습니다.",
            ),
            FallbackCode::EngineFailed => {
                Text::en_ko("The graphics processor reported an error.", "GPU가 오류를 보고했습니다.")
            }
            FallbackCode::EngineSelfTest => {
                Text::en_ko("The graphics processor computes wrong numbers.", "GPU의 계산 결과가 정확하지 않습니다.")
            }
            FallbackCode::SlowerThanCpu => Text::en_ko(
                "The graphics processor here is slower than the main processor.",
                "여기 있는 GPU는 CPU보다 느립니다.",
            ),
        };
        Self { code, message }
    }
}
