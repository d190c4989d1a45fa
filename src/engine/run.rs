//! What an engine is.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use super::error::{EngineError, EngineName};
use super::outputs::{Outputs, Wanted};

/// The answer of [`Engine::run`], when it comes.
pub type RunFuture<'a> = Pin<Box<dyn Future<Output = Result<Outputs, EngineError>> + 'a>>;

/// Something that can run the network of one pack.
pub trait Engine: fmt::Debug {
    /// Which engine this is.
    fn name(&self) -> EngineName;

    /// What the GPU driver calls itself, for engines that have one.
    fn adapter(&self) -> Option<String> {
        None
    }

    /// Which kernels run on the GPU ([`Variant`](crate::shaders::Variant)) or on the CPU, for engines that have a choice.
    fn kernels(&self) -> Option<String> {
        None
    }

    /// How many threads of the processor compute it.
    fn threads(&self) -> usize {
        1
    }

    /// Runs the network on one input of 3 x size x size values, planar (NCHW, batch 1).
    ///
    /// # Errors
    /// [`EngineError`]; never wrong numbers because of a GPU error.
    fn compute<'a>(&'a mut self, input: &'a [f32], wanted: Wanted) -> RunFuture<'a>;

    /// How far its logits may be off by design; 0 for engines that compute in f32.
    fn rounding(&self) -> f32 {
        0.0
    }

    /// Asks for a look at the engine itself after the next run: something has happened after which it may compute wrongly.
    fn verify_next(&mut self) {}

    /// [`Self::compute`] for everything there is.
    ///
    /// # Errors
    /// As there.
    fn run<'a>(&'a mut self, input: &'a [f32]) -> RunFuture<'a> {
        self.compute(input, Wanted::LogitsAndFeatures)
    }
}
