//! The classifier as JavaScript sees it: everything in `www/worker.js` goes through here.

use std::rc::Rc;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use web_time::Instant;

use crate::classifier::{Classifier, DEFAULT_TOP_K, Options};
use crate::engine::{EngineChoice, EngineName, EngineRequest, Measured, remember_kernels, warm_up};
use crate::heat_map::HeatMapChoice;
use crate::interpret::InterpretError;
use crate::pack::{Files, Manifest, OptionalFiles, Pack, PackFile};
use crate::photo::{Limits, Photo, PhotoError};
use crate::photo_part::Part;
use crate::report::EngineInfo;

use super::bitmap;
use super::convert::{JsResult, from_js, js_error, to_js, to_js_error};
use super::helpers::HelperStarter;
use super::sha256::sha256_hex;

/// A file of the pack that has to be fetched.
#[derive(Debug, Serialize)]
struct FileToFetch<'a> {
    role: &'a str,
    path: &'a str,
    bytes: u64,
    sha256: &'a str,
}

impl<'a> FileToFetch<'a> {
    fn new(role: &'a str, file: &'a PackFile) -> Self {
        Self { role, path: &file.path, bytes: file.bytes, sha256: &file.sha256 }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LoadOptions {
    engine: Option<String>,
    kernels: Option<String>,
    known: Option<KnownDevice>,
}

/// What an earlier visit has found out.
#[derive(Debug, Default, Deserialize)]
struct KnownDevice {
    kernels: Option<KnownKernels>,
    measured: Option<Measured>,
}

/// The kernels that a trial chose.
#[derive(Debug, Deserialize)]
struct KnownKernels {
    adapter: String,
    chosen: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClassifyOptions {
    top_k: Option<usize>,
    views: Option<usize>,
    heat_maps: Option<HeatMaps>,
    photo_kind: Option<String>,
    verify: Option<bool>,
}

/// `"all"` or ids of nodes; skintree.js lets nothing else through.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum HeatMaps {
    All(All),
    Nodes(Vec<String>),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum All {
    All,
}

impl From<ClassifyOptions> for Options {
    fn from(options: ClassifyOptions) -> Self {
        let heat_maps = match options.heat_maps {
            None => HeatMapChoice::None,
            Some(HeatMaps::All(All::All)) => HeatMapChoice::All,
            Some(HeatMaps::Nodes(ids)) => HeatMapChoice::Nodes(ids),
        };
        Self {
            top_k: options.top_k.unwrap_or(DEFAULT_TOP_K),
            heat_maps,
            views: options.views.unwrap_or(1),
            features: false,
            photo_kind: options.photo_kind,
            verify: options.verify.unwrap_or(false),
        }
    }
}

#[derive(Debug, Serialize)]
struct Info<'a> {
    id: &'a str,
    version: &'a str,
    sha256: &'a str,
    manifest_sha256: &'a str,
    classes: usize,
    engine: &'a EngineInfo,
}

/// Runs once, when the module is instantiated.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}

/// Checks a manifest and lists the files it names: `{role, path, bytes, sha256}[]`.
///
/// # Errors
/// `pack-manifest`.
#[wasm_bindgen(js_name = packFiles)]
pub fn pack_files(manifest: &[u8]) -> JsResult<JsValue> {
    let manifest = Manifest::parse(manifest).map_err(to_js_error)?;
    let Files { model, taxonomy, scope, kind } = &manifest.files;
    let optional = [("scope", scope), ("kind", kind)];
    let optional = optional.into_iter().filter_map(|(role, file)| Some((role, file.as_ref()?)));
    let files = [("model", model), ("taxonomy", taxonomy)].into_iter().chain(optional);
    to_js(&files.map(|(role, file)| FileToFetch::new(role, file)).collect::<Vec<_>>())
}

/// A part of a photo as a PNG file of at most `most` x `most` pixels; needs no pack. `part` is a [`Part`].
///
/// # Errors
/// `photo-*`.
#[wasm_bindgen(js_name = partOfPhoto)]
pub async fn part_of_photo(bytes: Vec<u8>, part: JsValue, most: u32) -> JsResult<Vec<u8>> {
    let part: Part = from_js(part)?;
    decode(bytes).await?.part_as_png(part, most).map_err(to_js_error)
}

/// A loaded pack and its engine.
#[wasm_bindgen]
#[derive(Debug)]
pub struct WebClassifier(Classifier);

#[wasm_bindgen]
impl WebClassifier {
    /// Checks the pack, chooses an engine (`options.engine`: `auto`, `wonnx` or `cpu`) and warms it up. For measuring,
    /// `options.kernels` names kernels ([`crate::shaders::KernelChoice`]); `options.known` has what an earlier visit found out
    /// (`engine.kernels` with `engine.adapter`, and `engine.measured` of its reports), so that it need not be measured again.
    /// `helpers` start those who compute for a CPU engine.
    ///
    /// # Errors
    /// `pack-*`, `taxonomy`, `engine-*` and `gpu-*`.
    pub async fn load(
        manifest: Vec<u8>,
        model: Vec<u8>,
        taxonomy: Vec<u8>,
        scope: Option<Vec<u8>>,
        kind: Option<Vec<u8>>,
        options: JsValue,
        helpers: Option<HelperStarter>,
    ) -> JsResult<WebClassifier> {
        let options: LoadOptions = from_js(options)?;
        let KnownDevice { kernels, measured } = options.known.unwrap_or_default();
        let request = EngineRequest {
            engine: parse(options.engine.as_deref())?,
            kernels: parse(options.kernels.as_deref())?,
            measured,
            helpers: helpers.map(|helpers| Rc::new(helpers) as _),
        };
        // What cannot be read is of another version.
        if let Some((adapter, Ok(chosen))) = kernels.map(|known| (known.adapter, known.chosen.parse())) {
            remember_kernels(adapter, chosen);
        }
        let optional = OptionalFiles { scope: scope.as_deref(), kind: kind.as_deref() };
        if request.engine != EngineChoice::Only(EngineName::Wonnx) {
            warm_up();
        }
        let sha256 = sha256_hex(&model).await;
        let pack = Pack::open_with(&manifest, model, &taxonomy, optional, |_| sha256).map_err(to_js_error)?;
        drop((manifest, taxonomy, scope, kind));
        Classifier::load(pack, request).await.map(Self).map_err(to_js_error)
    }

    /// Classifies the bytes of a photo. What the crate `image` cannot decode, the browser may.
    ///
    /// # Errors
    /// `photo-*`, `heat-map`, `engine-failed` and `gpu-*`.
    pub async fn classify(&mut self, bytes: Vec<u8>, options: JsValue) -> JsResult<JsValue> {
        let options: ClassifyOptions = from_js(options)?;
        let start = Instant::now();
        let photo = decode(bytes).await?;
        self.report(&photo, options, start).await
    }

    /// The logits for the bytes of a photo, calibrated for its kind and decoded as in [`classify`](Self::classify).
    ///
    /// # Errors
    /// `photo-*`, `engine-failed` and `gpu-*`.
    pub async fn logits(&mut self, bytes: Vec<u8>) -> JsResult<Vec<f32>> {
        let start = Instant::now();
        let photo = decode(bytes).await?;
        let answer = self.0.classify_photo(&photo, &Options::default(), start).await.map_err(to_js_error)?;
        Ok(answer.calibrated)
    }

    /// Classifies pixels that the page has already drawn: rows of R, G, B, A bytes.
    ///
    /// # Errors
    /// `photo-*`, `heat-map`, `engine-failed` and `gpu-*`.
    #[wasm_bindgen(js_name = classifyRgba)]
    pub async fn classify_rgba(
        &mut self,
        data: Vec<u8>,
        width: u32,
        height: u32,
        options: JsValue,
    ) -> JsResult<JsValue> {
        let options: ClassifyOptions = from_js(options)?;
        let start = Instant::now();
        let photo = Photo::from_rgba(data, width, height, &Limits::default()).map_err(to_js_error)?;
        self.report(&photo, options, start).await
    }

    /// The probabilities of all nodes of the taxonomy, in its order, from one for each class of the pack. A
    /// classification does this by itself; alone it is for those who average the answers of several photos, and to be
    /// timed.
    ///
    /// # Errors
    /// `engine-failed` unless there is one number a class.
    #[wasm_bindgen(js_name = rollUp)]
    pub fn roll_up(&self, probabilities: &[f64]) -> JsResult<Vec<f64>> {
        let pack = self.0.pack();
        let (expected, actual) = (pack.classes().len(), probabilities.len());
        if actual != expected {
            return Err(to_js_error(InterpretError::Length { expected, actual }));
        }
        let own: Vec<_> = pack.classes().iter().copied().zip(probabilities.iter().copied()).collect();
        Ok(pack.taxonomy().roll_up(&own))
    }

    /// Model and engine: `{id, version, sha256, manifest_sha256, classes, engine}`.
    ///
    /// # Errors
    /// Only `internal`.
    pub fn info(&self) -> JsResult<JsValue> {
        let pack = self.0.pack();
        let manifest = pack.manifest();
        to_js(&Info {
            id: &manifest.id,
            version: &manifest.version,
            sha256: &manifest.files.model.sha256,
            manifest_sha256: pack.manifest_sha256(),
            classes: manifest.classes.len(),
            engine: self.0.engine(),
        })
    }

    async fn report(&mut self, photo: &Photo, options: ClassifyOptions, start: Instant) -> JsResult<JsValue> {
        let answer = self.0.classify_photo(photo, &options.into(), start).await.map_err(to_js_error)?;
        to_js(&answer.report)
    }
}

/// A name of an engine or of kernels, or the default.
fn parse<T: Default + FromStr<Err = String>>(name: Option<&str>) -> JsResult<T> {
    let unavailable = |reason: String| js_error("engine-unavailable", &reason);
    name.map_or_else(|| Ok(T::default()), |name| name.parse().map_err(unavailable))
}

async fn decode(bytes: Vec<u8>) -> JsResult<Photo> {
    let limits = Limits::default();
    let decoded = match Photo::decode(&bytes, &limits) {
        Err(unknown @ PhotoError::Format { .. }) => {
            bitmap::decode(&bytes, &limits).await.and_then(|photo| photo.ok_or(unknown))
        }
        decoded => decoded,
    };
    decoded.map_err(to_js_error)
}
