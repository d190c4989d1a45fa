//! The whole way from a photo to a report, as the command line and the browser use it.

use web_time::Instant;

use crate::Result;
use crate::classify::assemble;
use crate::engine::{self, EngineChoice, Loaded, Outputs};
use crate::input::InputTensor;
use crate::pack::Pack;
use crate::photo::{Limits, Photo};
use crate::report::{EngineInfo, Report, Timings};

/// How many fine classes a report lists unless told otherwise.
pub const DEFAULT_TOP_K: usize = 5;

/// A pack and an engine that runs it.
#[derive(Debug)]
pub struct Classifier {
    pack: Pack,
    loaded: Loaded,
}

/// A report and what the network got and gave for it.
#[derive(Debug)]
pub struct Answer {
    /// The report.
    pub report: Report,
    /// The network's input.
    pub input: InputTensor,
    /// The network's outputs.
    pub outputs: Outputs,
}

impl Classifier {
    /// Chooses an engine and warms it up; see [`engine::load`].
    ///
    /// # Errors
    /// [`crate::Error::Engine`].
    pub async fn load(mut pack: Pack, choice: EngineChoice) -> Result<Self> {
        let model = pack.take_model();
        let loaded = engine::load(pack.manifest(), model, choice).await?;
        Ok(Self { pack, loaded })
    }

    /// Which engine runs, and why.
    pub fn engine(&self) -> &EngineInfo {
        &self.loaded.info
    }

    /// The pack; its model file has been freed.
    pub fn pack(&self) -> &Pack {
        &self.pack
    }

    /// Decodes and classifies a photo.
    ///
    /// # Errors
    /// [`crate::Error::Photo`] if it cannot be decoded, [`crate::Error::Engine`] if the engine fails.
    pub async fn classify(&self, photo: &[u8], top_k: usize) -> Result<Answer> {
        let start = Instant::now();
        let photo = Photo::decode(photo, &Limits::default())?;
        self.classify_photo(&photo, top_k, start).await
    }

    /// Classifies a photo that has been decoded. `start` is when decoding began.
    ///
    /// # Errors
    /// [`crate::Error::Engine`] if the engine fails.
    pub async fn classify_photo(&self, photo: &Photo, top_k: usize, start: Instant) -> Result<Answer> {
        let decoded = Instant::now();
        let input = InputTensor::from_photo(photo, &self.pack.manifest().input);
        let prepared = Instant::now();
        let outputs = self.loaded.engine.run(&input.data).await?;
        let ran = Instant::now();
        let mut report =
            assemble(&self.pack, photo.info(), &outputs.logits, &self.loaded.info, Timings::default(), top_k)?;
        let done = Instant::now();
        let milliseconds = |from: Instant, to: Instant| (to - from).as_secs_f64() * 1000.0;
        report.timings = Timings {
            decode_ms: milliseconds(start, decoded),
            input_ms: milliseconds(decoded, prepared),
            engine_ms: milliseconds(prepared, ran),
            rollup_ms: milliseconds(ran, done),
            total_ms: milliseconds(start, done),
        };
        Ok(Answer { report, input, outputs })
    }
}
