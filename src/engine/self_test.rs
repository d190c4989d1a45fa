//! The self-test of docs/formats.md.

use super::error::EngineError;
use super::outputs::{Outputs, Wanted};
use super::run::Engine;
use crate::input::self_test_input;
use crate::pack::Manifest;

/// Runs the self-test vector of docs/formats.md and gives the largest absolute difference of logits.
pub(super) async fn self_test(engine: &mut dyn Engine, manifest: &Manifest) -> Result<f32, EngineError> {
    let test = &manifest.self_test;
    let outputs = run_vector(engine, manifest).await?;
    let max_abs_diff = max_abs_diff(&outputs.logits, &test.logits);
    let tolerance = test.tolerance.max(engine.rounding());
    if max_abs_diff <= tolerance {
        Ok(max_abs_diff)
    } else {
        Err(EngineError::SelfTest { engine: engine.name(), max_abs_diff, tolerance })
    }
}

/// What an engine gives for the self-test vector.
pub(super) async fn run_vector(engine: &mut dyn Engine, manifest: &Manifest) -> Result<Outputs, EngineError> {
    let input = self_test_input(manifest.self_test.seed, manifest.input.size).data;
    engine.compute(&input, Wanted::Logits).await
}

/// Largest absolute difference; infinite where lengths differ or a value is not a number.
fn max_abs_diff(found: &[f32], expected: &[f32]) -> f32 {
    if found.len() != expected.len() {
        return f32::INFINITY;
    }
    let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    differences.fold(0.0, |max, d| if d.is_nan() { f32::INFINITY } else { max.max(d) })
}
