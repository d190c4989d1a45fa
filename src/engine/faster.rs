//! `auto` between a GPU that works and the processor beside it: a weak GPU may be the slower one. Nothing says so but a clock, so
//! a run on each is timed, once for each adapter and browser; the caller keeps the result and hands it in again.

use std::time::Duration;

use web_time::Instant;

use super::error::EngineError;
use super::run::Engine;
use super::self_test::run_vector;
use super::tested::Tested;
use crate::engine_info::Measured;
use crate::pack::Manifest;

/// A GPU that needs no longer is taken as it is: no processor is known that needs as little, and none is asked for it.
const FAST: Duration = Duration::from_millis(100);

/// The CPU is taken only if it needs less than this share of the GPU's time, because the page and the rest of the device need it too.
const MARGIN: f64 = 0.8;

impl Measured {
    /// Whether the CPU is clearly the faster one.
    pub(super) fn prefers_cpu(&self) -> bool {
        self.cpu_ms.is_some_and(|cpu| cpu < MARGIN * self.gpu_ms)
    }
}

/// The GPU or, where that is slow and the CPU clearly faster, the CPU; and how long each took. An engine that cannot be loaded is not
/// faster.
///
/// # Errors
/// What the GPU reports while it is timed.
pub(super) async fn faster(
    mut gpu: Tested,
    manifest: &Manifest,
    load_cpu: impl AsyncFnOnce() -> Result<Tested, EngineError>,
) -> Result<(Tested, Measured), EngineError> {
    let adapter = gpu.engine.adapter().unwrap_or_default();
    let time = time_of_run(&mut *gpu.engine, manifest).await?;
    let mut measured = Measured { adapter, gpu_ms: milliseconds(time), cpu_ms: None };
    if time <= FAST {
        return Ok((gpu, measured));
    }
    let Ok(mut cpu) = load_cpu().await else { return Ok((gpu, measured)) };
    measured.cpu_ms = time_of_run(&mut *cpu.engine, manifest).await.ok().map(milliseconds);
    Ok((if measured.prefers_cpu() { cpu } else { gpu }, measured))
}

/// Of a run that is not the first.
async fn time_of_run(engine: &mut dyn Engine, manifest: &Manifest) -> Result<Duration, EngineError> {
    let start = Instant::now();
    run_vector(engine, manifest).await?;
    Ok(start.elapsed())
}

/// To a tenth.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;

    use pollster::block_on;
    use skintree_testing::golden;

    use super::*;
    use crate::engine::{EngineName, Outputs, RunFuture, Wanted};
    use crate::pack::Pack;

    /// Needs so long for a run.
    #[derive(Debug)]
    struct Slow {
        name: EngineName,
        time: Duration,
    }

    impl Engine for Slow {
        fn name(&self) -> EngineName {
            self.name
        }

        fn adapter(&self) -> Option<String> {
            (self.name == EngineName::Wonnx).then(|| "a small GPU".to_owned())
        }

        fn compute<'a>(&'a mut self, _: &'a [f32], _: Wanted) -> RunFuture<'a> {
            sleep(self.time);
            Box::pin(std::future::ready(Ok(Outputs { logits: vec![], features: None })))
        }
    }

    fn tested(name: EngineName, ms: u64) -> Tested {
        Tested { engine: Box::new(Slow { name, time: Duration::from_millis(ms) }), max_abs_diff: 0.0 }
    }

    /// Which one is taken, and whether the CPU was loaded for it.
    fn chosen(gpu_ms: u64, cpu_ms: Option<u64>) -> (EngineName, bool, Measured) {
        let pack = Pack::read_dir(&golden("tiny")).unwrap();
        let mut loaded = false;
        let load_cpu = async || {
            loaded = true;
            let refused = EngineError::Failed { engine: EngineName::Cpu, reason: "no memory".into() };
            cpu_ms.map(|ms| tested(EngineName::Cpu, ms)).ok_or(refused)
        };
        let gpu = tested(EngineName::Wonnx, gpu_ms);
        let (taken, measured) = block_on(faster(gpu, pack.manifest(), load_cpu)).unwrap();
        (taken.engine.name(), loaded, measured)
    }

    #[test]
    fn a_fast_gpu_is_taken_without_a_look_at_the_processor() {
        let (name, loaded, measured) = chosen(1, Some(0));
        assert_eq!((name, loaded, measured.cpu_ms), (EngineName::Wonnx, false, None));
        assert_eq!(measured.adapter, "a small GPU");
        assert!((1.0..100.0).contains(&measured.gpu_ms), "{measured:?}");
    }

    #[test]
    fn a_slow_gpu_gives_way_to_a_processor_that_is_clearly_faster() {
        let (name, _, measured) = chosen(150, Some(20));
        assert_eq!(name, EngineName::Cpu, "{measured:?}");
        assert!(measured.prefers_cpu() && measured.gpu_ms >= 150.0 && measured.cpu_ms.unwrap() >= 20.0, "{measured:?}");
    }

    #[test]
    fn a_slow_gpu_stays_where_the_processor_is_no_better_or_cannot_be_used() {
        let (name, loaded, measured) = chosen(150, Some(150));
        assert_eq!((name, loaded), (EngineName::Wonnx, true), "{measured:?}");
        assert!(measured.cpu_ms.is_some() && !measured.prefers_cpu());
        let (name, loaded, measured) = chosen(150, None);
        assert_eq!((name, loaded, measured.cpu_ms), (EngineName::Wonnx, true, None));
    }
}
