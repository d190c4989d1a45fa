//! Engines that have proved themselves.

use super::error::{EngineError, EngineName};
use super::run::Engine;
use super::self_test::self_test;
use super::watch::Watched;
use crate::engine_info::{FallbackCode, Measured};
use crate::pack::Manifest;

/// An engine that has passed the self-test.
pub(super) struct Tested {
    pub(super) engine: Box<dyn Engine>,
    /// How far it was off.
    pub(super) max_abs_diff: f32,
}

impl Tested {
    /// # Errors
    /// [`EngineError::SelfTest`], or what the engine reports.
    pub(super) async fn new(mut engine: impl Engine + 'static, manifest: &Manifest) -> Result<Self, EngineError> {
        let max_abs_diff = self_test(&mut engine, manifest).await?;
        let engine: Box<dyn Engine> = match engine.name() {
            EngineName::Wonnx => Box::new(Watched::new(engine, manifest)),
            // A processor that computes wrongly would not get this far.
            EngineName::Cpu => Box::new(engine),
        };
        Ok(Self { engine, max_abs_diff })
    }
}

/// The engine that is taken, what was measured for it, and why it is not the GPU.
pub(super) type Chosen = (Tested, Option<Measured>, Option<(FallbackCode, String)>);
