//! The evaluation of a pack on labelled photos, for `www/evaluate-worker.js`.

use serde::Serialize;
use wasm_bindgen::prelude::*;

use skintree::pack::Pack;
use skintree::report::EngineInfo;
use skintree::taxonomy::Text;
use skintree::web::convert::{JsResult, from_js, js_error, to_js, with_reason};

use crate::labels::{self, LabelOptions, Labels};
use crate::photo_index::PhotoIndex;
use crate::predictions::{Prediction, Predictions, photo_id};
use crate::table_text::decode;
use crate::{Error, EvaluateError, Settings, Study};

#[derive(Debug, Serialize)]
struct Reports {
    json: String,
    html: String,
}

#[derive(Debug, Serialize)]
struct UnknownLabel {
    name: String,
    rows: usize,
}

#[derive(Debug, Serialize)]
struct Node<'a> {
    id: &'a str,
    name: &'a Text,
}

/// Runs once, when the module is instantiated.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}

fn to_js_error(error: impl Into<Error>) -> JsValue {
    let error = error.into();
    let reason = match &error {
        Error::Evaluate(error) => error.reason(),
        Error::Classifier(_) => None,
    };
    with_reason(js_error(error.code(), &error.to_string()), reason)
}

/// The [columns](labels::Columns) of a table in CSV; these are the bytes of its file.
///
/// # Errors
/// `labels`.
#[wasm_bindgen(js_name = tableColumns)]
pub fn table_columns(table: &[u8]) -> JsResult<JsValue> {
    to_js(&labels::columns(&decode(table).map_err(to_js_error)?).map_err(to_js_error)?)
}

/// Where a photo of a table is.
#[derive(Debug, Serialize)]
struct Located {
    /// Its place among the paths.
    place: Option<usize>,
    /// Why there is none.
    failure: Option<String>,
}

/// Which of the files that are there, by their paths, are the photos that a table names: `{place, failure}[]`.
///
/// # Errors
/// Only `internal`.
#[wasm_bindgen(js_name = findPhotos)]
#[expect(clippy::needless_pass_by_value, reason = "as wasm-bindgen wants it")]
pub fn find_photos(paths: Vec<String>, files: Vec<String>) -> JsResult<JsValue> {
    let located = |found: Result<Option<usize>, EvaluateError>| match found {
        Ok(Some(place)) => Located { place: Some(place), failure: None },
        Ok(None) => Located { place: None, failure: Some(EvaluateError::NoPhoto.to_string()) },
        Err(error) => Located { place: None, failure: Some(error.to_string()) },
    };
    to_js(&PhotoIndex::new(paths).find_all(&files).into_iter().map(located).collect::<Vec<_>>())
}

/// A pack whose answers are evaluated, and the engine that gives them.
#[wasm_bindgen]
#[derive(Debug)]
pub struct WebEvaluation {
    pack: Pack,
    engine: EngineInfo,
}

#[wasm_bindgen]
impl WebEvaluation {
    /// `manifest` and `taxonomy` are the pack's files, `engine` is the `engine` of the classifier's `info()`.
    ///
    /// # Errors
    /// `pack-*`, `taxonomy`.
    #[wasm_bindgen(constructor)]
    pub fn new(manifest: &[u8], taxonomy: &[u8], engine: JsValue) -> JsResult<WebEvaluation> {
        let pack = Pack::open_without_network(manifest, taxonomy).map_err(to_js_error)?;
        let engine = serde_wasm_bindgen::from_value(engine)
            .map_err(|error| js_error("internal", &format!("the engine is not described: {error}")))?;
        Ok(Self { pack, engine })
    }

    /// The labels that are no node of the taxonomy: `{name, rows}[]`.
    ///
    /// # Errors
    /// `labels`.
    #[wasm_bindgen(js_name = unknownLabels)]
    pub fn unknown_labels(&self, table: &[u8], options: JsValue) -> JsResult<JsValue> {
        let csv = decode(table).map_err(to_js_error)?;
        let unknown = labels::unknown_labels(&csv, &from_js(options)?, self.pack.taxonomy());
        let unknown = unknown.map_err(to_js_error)?.into_iter().map(|(name, rows)| UnknownLabel { name, rows });
        to_js(&unknown.collect::<Vec<_>>())
    }

    /// What a label can be: `{id, name}[]` of all nodes of the taxonomy.
    ///
    /// # Errors
    /// Only `internal`.
    pub fn nodes(&self) -> JsResult<JsValue> {
        let nodes = self.pack.taxonomy().nodes().iter();
        to_js(&nodes.map(|node| Node { id: &node.id, name: &node.name }).collect::<Vec<_>>())
    }

    /// Reads the table; `options` are [`LabelOptions`].
    ///
    /// # Errors
    /// `labels`.
    pub fn study(&self, table: &[u8], options: JsValue) -> JsResult<WebStudy> {
        let options: LabelOptions = from_js(options)?;
        let csv = decode(table).map_err(to_js_error)?;
        let labels = Labels::read(&csv, None, &options, self.pack.taxonomy()).map_err(to_js_error)?;
        Ok(WebStudy {
            predictions: Predictions::new(self.pack.manifest_sha256(), &self.engine.name),
            study: Study::new(self.pack.clone(), labels),
            engine: self.engine.clone(),
        })
    }
}

/// Labelled photos and what the network has given for them so far.
#[wasm_bindgen]
#[derive(Debug)]
pub struct WebStudy {
    study: Study,
    predictions: Predictions,
    engine: EngineInfo,
}

#[wasm_bindgen]
impl WebStudy {
    /// The paths of the photos, as the table has them.
    pub fn files(&self) -> Vec<String> {
        self.study.photos().iter().map(|photo| photo.file.clone()).collect()
    }

    /// The places in [`files`](Self::files) of the photos that are still to be classified.
    pub fn pending(&self) -> Vec<u32> {
        self.study.pending(&self.predictions).into_iter().map(|place| place as u32).collect()
    }

    /// The network has given these logits for the photo with this path and these bytes.
    pub fn answered(&mut self, file: &str, photo: &[u8], logits: Vec<f32>) {
        self.predictions.add(file, Some(photo_id(photo)), Prediction::Logits { logits, features: None });
    }

    /// The photo with this path could not be classified.
    pub fn failed(&mut self, file: &str, code: &str, message: &str) {
        self.predictions.add(file, None, Prediction::Failed { code: code.to_owned(), message: message.to_owned() });
    }

    /// Whether what is known for this path is the answer to a photo of these bytes. If it is another photo's, it is forgotten.
    pub fn confirm(&mut self, file: &str, photo: &[u8]) -> bool {
        let own = self.predictions.belongs_to(file, &photo_id(photo)) == Some(true);
        if !own {
            self.predictions.forget(file);
        }
        own
    }

    /// All there is so far, as `predictions.jsonl`.
    pub fn saved(&self) -> String {
        self.predictions.to_text()
    }

    /// Takes up the answers of an earlier run, of the page or the command line, and says how many; `undefined` if they
    /// are of another pack or engine.
    pub fn restore(&mut self, text: &str) -> Option<usize> {
        self.predictions.read(text).ok()
    }

    /// All figures over the photos classified so far, as `report.json` and `report.html`: `{json, html}`.
    ///
    /// # Errors
    /// `labels` if there is no photo, `engine-failed` for logits that are no numbers.
    pub fn finish(&mut self) -> JsResult<JsValue> {
        self.study.take(&self.predictions).map_err(to_js_error)?;
        let evaluation = self.study.finish(&self.engine, &Settings::default()).map_err(to_js_error)?;
        to_js(&Reports { json: evaluation.to_json(), html: evaluation.to_html() })
    }
}
