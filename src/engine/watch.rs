//! Looks now and then whether an engine still computes what it did when it was loaded. Drivers and GPUs that are warm, short of
//! memory or back from sleep may give wrong numbers without an error.

use super::error::{EngineError, EngineName};
use super::outputs::Wanted;
use super::run::{Engine, RunFuture};
use super::self_test::self_test;
use crate::pack::Manifest;

/// The self-test costs as much as an answer, so this is 5 % more work.
const CHECK_EVERY: u32 = 20;

/// An engine whose self-test is repeated after every 20 runs, and after a run that [`Engine::verify_next`] asked it for. The answer of
/// that run is given only if the test is passed.
#[derive(Debug)]
pub(super) struct Watched<E> {
    engine: E,
    manifest: Manifest,
    runs: u32,
    verify: bool,
}

impl<E: Engine> Watched<E> {
    pub(super) fn new(engine: E, manifest: &Manifest) -> Self {
        Self { engine, manifest: manifest.clone(), runs: 0, verify: false }
    }
}

impl<E: Engine> Engine for Watched<E> {
    fn name(&self) -> EngineName {
        self.engine.name()
    }

    fn adapter(&self) -> Option<String> {
        self.engine.adapter()
    }

    fn kernels(&self) -> Option<String> {
        self.engine.kernels()
    }

    fn compute<'a>(&'a mut self, input: &'a [f32], wanted: Wanted) -> RunFuture<'a> {
        Box::pin(async move {
            let outputs = self.engine.compute(input, wanted).await?;
            self.runs += 1;
            if self.verify || self.runs.is_multiple_of(CHECK_EVERY) {
                self_test(&mut self.engine, &self.manifest).await?;
                self.verify = false;
            }
            Ok::<_, EngineError>(outputs)
        })
    }

    fn verify_next(&mut self) {
        self.verify = true;
    }
}

#[cfg(test)]
mod tests {
    use pollster::block_on;
    use skintree_testing::golden;

    use super::*;
    use crate::engine::Outputs;
    use crate::pack::Pack;

    /// Gives the logits of the self-test, and after some runs others.
    #[derive(Debug)]
    struct Wearing {
        logits: Vec<f32>,
        right: u32,
    }

    impl Engine for Wearing {
        fn name(&self) -> EngineName {
            EngineName::Wonnx
        }

        fn compute<'a>(&'a mut self, _: &'a [f32], _: Wanted) -> RunFuture<'a> {
            let wrong = self.right == 0;
            self.right = self.right.saturating_sub(1);
            let logits = self.logits.iter().map(|logit| if wrong { logit + 1.0 } else { *logit }).collect();
            Box::pin(std::future::ready(Ok(Outputs { logits, features: None })))
        }
    }

    fn watched(right: u32) -> Watched<Wearing> {
        let pack = Pack::read_dir(&golden("tiny")).unwrap();
        let logits = pack.manifest().self_test.logits.clone();
        Watched::new(Wearing { logits, right }, pack.manifest())
    }

    fn run(engine: &mut impl Engine) -> Result<(), EngineError> {
        block_on(engine.compute(&[], Wanted::Logits)).map(drop)
    }

    #[test]
    fn an_engine_that_computes_wrongly_after_a_while_is_found_out() {
        let mut engine = watched(5);
        let answered = (0..100).take_while(|_| run(&mut engine).is_ok()).count();
        assert_eq!(answered, CHECK_EVERY as usize - 1);
        // And every time it is asked again.
        assert!((0..CHECK_EVERY).any(|_| run(&mut engine).is_err()));
    }

    #[test]
    fn after_a_pause_the_next_answer_is_checked() {
        let mut engine = watched(1);
        engine.verify_next();
        assert!(matches!(run(&mut engine), Err(EngineError::SelfTest { .. })));
        assert!(run(&mut engine).is_err(), "it stays in doubt");
    }

    #[test]
    fn an_engine_that_is_right_is_left_alone() {
        let mut engine = watched(u32::MAX);
        for _ in 0..100 {
            run(&mut engine).unwrap();
            engine.verify_next();
        }
    }
}
