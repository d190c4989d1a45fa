//! The whole way from a photo to a report, as the command line and the browser use it.

use web_time::Instant;

use crate::Result;
use crate::engine::{self, Engine, EngineRequest, Loaded, Outputs, Wanted};
use crate::error::Error;
use crate::heat_map::{HeatMapChoice, HeatMapError, HeatMapper, Selection};
use crate::input::InputTensor;
use crate::interpret::{Kind, Observation, assemble};
use crate::onnx::ModelFile;
use crate::pack::Pack;
use crate::photo::{Limits, Photo};
use crate::quality::Quality;
use crate::report::{EngineInfo, Report, Timings};
use crate::views::{MAX_VIEWS, view};

/// How many fine classes a report lists unless told otherwise.
pub const DEFAULT_TOP_K: usize = 5;

/// What a report shall have in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The most [`Report::fine`] may hold.
    pub top_k: usize,
    /// What goes into [`Report::heat_maps`].
    pub heat_maps: HeatMapChoice,
    /// How many views of the photo are averaged, 1 to [`MAX_VIEWS`]; other numbers count as the nearest of these.
    pub views: usize,
    /// Whether [`Classification::outputs`] shall have the features, their means at least, also where neither heat maps nor the pack
    /// need them: they are read back from the GPU only if somebody has a use for them.
    pub features: bool,
    /// Id of the kind of photo (`photo_kinds` of the manifest), if it is known; else the pack's kind file decides.
    pub photo_kind: Option<String>,
    /// Whether the engine shall prove itself before this answer is given: the device may have slept since the last one.
    pub verify: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            top_k: DEFAULT_TOP_K,
            heat_maps: HeatMapChoice::None,
            views: 1,
            features: false,
            photo_kind: None,
            verify: false,
        }
    }
}

/// A pack and an engine that runs it.
#[derive(Debug)]
pub struct Classifier {
    pack: Pack,
    loaded: Loaded,
    heat_mapper: Result<HeatMapper, HeatMapError>,
}

/// A report and what the network got and gave for it.
#[derive(Debug)]
pub struct Classification {
    /// The report.
    pub report: Report,
    /// The network's input.
    pub input: InputTensor,
    /// The network's outputs.
    pub outputs: Outputs,
    /// The logits calibrated for the kind of photo, as the softmax at the manifest's temperature takes them.
    pub calibrated: Vec<f32>,
}

impl Classifier {
    /// Chooses an engine and warms it up; see [`engine::load`].
    ///
    /// # Errors
    /// [`crate::Error::Graph`] if the ONNX file is not accepted, [`crate::Error::Engine`] if no engine can be had.
    pub async fn load(mut pack: Pack, request: impl Into<EngineRequest>) -> Result<Self> {
        let model = ModelFile::read(pack.take_model(), &pack.manifest().signature())?;
        let heat_mapper = HeatMapper::of(model.graph(), pack.manifest());
        let loaded = engine::load(pack.manifest(), model, request).await?;
        Ok(Self { pack, loaded, heat_mapper })
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
    /// [`crate::Error::Photo`] if it cannot be decoded, else as [`Self::classify_photo`].
    pub async fn classify(&mut self, photo: &[u8], options: &Options) -> Result<Classification> {
        let start = Instant::now();
        let photo = Photo::decode(photo, &Limits::default())?;
        self.classify_photo(&photo, options, start).await
    }

    /// Classifies a photo that has been decoded. `start` is when decoding began.
    ///
    /// # Errors
    /// [`crate::Error::HeatMap`] if the pack cannot give the heat maps asked for, [`crate::Error::Engine`] and
    /// [`crate::Error::Interpret`] if the engine fails.
    pub async fn classify_photo(&mut self, photo: &Photo, options: &Options, start: Instant) -> Result<Classification> {
        let Self { pack, loaded, heat_mapper } = self;
        // First, so that a wrong name costs no run of the network.
        let heat_maps = select_heat_maps(pack, heat_mapper, &options.heat_maps)?;
        if options.verify {
            loaded.engine.verify_next();
        }
        let decoded = Instant::now();
        let input = InputTensor::from_photo(photo, &pack.manifest().input);
        let quality = Quality::measure(photo, &pack.manifest().input);
        let prepared = Instant::now();
        let views = options.views.clamp(1, MAX_VIEWS);
        let wanted = if heat_maps.is_some() {
            Wanted::LogitsAndFeatures
        } else if options.features || pack.needs_features() {
            Wanted::LogitsAndMeans
        } else {
            Wanted::Logits
        };
        let outputs = run(&mut *loaded.engine, &input, views, wanted).await?;
        let ran = Instant::now();
        let photo_kind = options.photo_kind.as_deref();
        let calibrated = Kind::of(pack, &outputs, photo_kind)?.calibrate(pack, &outputs.logits);
        let engine = &loaded.info;
        let observation = Observation { photo: photo.info(), quality, views, outputs: &outputs, photo_kind, engine };
        let mut report = assemble(pack, &observation, options.top_k)?;
        if let Some((mapper, selection)) = heat_maps {
            let features = outputs.features.as_ref();
            let features = features.ok_or_else(|| Error::Internal("the engine gave no feature map".to_owned()))?;
            let region = pack.manifest().input.region(photo.width(), photo.height());
            report.heat_maps = Some(mapper.maps(pack, &selection, features, &calibrated, region)?);
        }
        let done = Instant::now();
        let milliseconds = |from: Instant, to: Instant| (to - from).as_secs_f64() * 1000.0;
        report.timings = Timings {
            decode_ms: milliseconds(start, decoded),
            input_ms: milliseconds(decoded, prepared),
            engine_ms: milliseconds(prepared, ran),
            rollup_ms: milliseconds(ran, done),
            total_ms: milliseconds(start, done),
        };
        Ok(Classification { report, input, outputs, calibrated })
    }
}

/// Runs the network on the first `views` views and averages the logits; features are those of the first view.
async fn run(engine: &mut dyn Engine, input: &InputTensor, views: usize, wanted: Wanted) -> Result<Outputs> {
    let mut outputs = engine.compute(&view(input, 0), wanted).await?;
    for number in 1..views {
        let more = engine.compute(&view(input, number), Wanted::Logits).await?;
        outputs.logits.iter_mut().zip(more.logits).for_each(|(sum, logit)| *sum += logit);
    }
    outputs.logits.iter_mut().for_each(|sum| *sum /= views as f32);
    Ok(outputs)
}

fn select_heat_maps<'a>(
    pack: &Pack,
    mapper: &'a Result<HeatMapper, HeatMapError>,
    choice: &HeatMapChoice,
) -> Result<Option<(&'a HeatMapper, Selection)>, HeatMapError> {
    if *choice == HeatMapChoice::None {
        return Ok(None);
    }
    let mapper = mapper.as_ref().map_err(Clone::clone)?;
    Ok(Some((mapper, HeatMapper::select(pack, choice)?)))
}
