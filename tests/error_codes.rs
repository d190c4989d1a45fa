//! The table of error codes in `docs/formats.md` and the codes in the source are the same.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, missing_docs)]

use std::collections::BTreeSet;

use skintree::Error;
use skintree::classify::ClassifyError;
use skintree::engine::{EngineError, EngineName};
use skintree::evaluate::EvaluateError;
use skintree::heat_map::HeatMapError;
use skintree::onnx::GraphError;
use skintree::pack::PackError;
use skintree::photo::{PhotoError, PhotoFormat};
use skintree::taxonomy::TaxonomyError;
use skintree::taxonomy::partition::CountsError;

/// The codes of the table, without those that only a browser gives.
fn documented() -> BTreeSet<String> {
    let page = include_str!("../docs/formats.md");
    let section = page.split("## Errors").nth(1).unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `") && !line.contains("browser only"));
    rows.map(|row| row.split('`').nth(1).unwrap().to_owned()).collect()
}

/// One error of each variant there is.
fn errors() -> Vec<Error> {
    let text = || "x".to_owned();
    let engine = EngineName::Wonnx;
    vec![
        PhotoError::Format { found: "a HEIC photo" }.into(),
        PhotoError::UnknownFormat.into(),
        PhotoError::Kind { format: PhotoFormat::Jpeg, reason: text() }.into(),
        PhotoError::Empty.into(),
        PhotoError::Broken { format: PhotoFormat::Png, reason: text() }.into(),
        PhotoError::TooManyBytes { actual: 2, limit: 1 }.into(),
        PhotoError::TooManyPixels { width: 1, height: 2, limit: 1 }.into(),
        PhotoError::TooMuchMemory { limit: 1 }.into(),
        PackError::Json(text()).into(),
        PackError::Schema(text()).into(),
        PackError::Field { field: text(), problem: text() }.into(),
        PackError::Length { path: text(), expected: 1, actual: 2 }.into(),
        PackError::Read { path: text(), reason: text() }.into(),
        PackError::Hash { path: text(), expected: text(), actual: text() }.into(),
        PackError::Taxonomy(TaxonomyError::Empty).into(),
        TaxonomyError::Json(text()).into(),
        TaxonomyError::UnknownId(text()).into(),
        CountsError::Json(text()).into(),
        CountsError::Schema(text()).into(),
        CountsError::UnknownId(text()).into(),
        CountsError::NoImages.into(),
        GraphError::Unreadable(text()).into(),
        GraphError::Graph(text()).into(),
        GraphError::Node { node: text(), op: text(), reason: text() }.into(),
        EngineError::Unavailable { engine, reason: text() }.into(),
        EngineError::SelfTest { engine, max_abs_diff: 1.0, tolerance: 0.1 }.into(),
        EngineError::Failed { engine, reason: text() }.into(),
        EngineError::GpuLost(text()).into(),
        EngineError::GpuMemory.into(),
        EngineError::Graph(GraphError::Unreadable(text())).into(),
        ClassifyError::NotFinite { class: 0 }.into(),
        ClassifyError::Length { expected: 1, actual: 2 }.into(),
        ClassifyError::NoFeatures.into(),
        ClassifyError::UnknownKind { id: "x-ray".into(), known: "dermoscopic, clinical".into() }.into(),
        ClassifyError::FeatureMap { channels: 1, shape: [2, 1, 1], values: 2 }.into(),
        HeatMapError::NoFeatures.into(),
        HeatMapError::NotLinear.into(),
        HeatMapError::UnknownNode(text()).into(),
        HeatMapError::NotCovered(text()).into(),
        EvaluateError::Table(text()).into(),
        EvaluateError::File(text()).into(),
        EvaluateError::MissingColumn { table: "x", column: text(), columns: text() }.into(),
        EvaluateError::UnknownLabels { names: text(), column: text() }.into(),
        EvaluateError::NothingLeft(text()).into(),
        EvaluateError::NothingRead { count: 1, file: text(), message: text() }.into(),
        EvaluateError::EmptyFold { fold: text() }.into(),
        EvaluateError::NoPhoto.into(),
        EvaluateError::UnreadablePhoto(text()).into(),
        EvaluateError::Length { file: text(), expected: 1, actual: 2 }.into(),
        Error::Internal(text()),
    ]
}

#[test]
fn every_documented_code_can_occur_and_every_code_is_documented() {
    let given: BTreeSet<String> = errors().iter().map(|error| error.code().to_owned()).collect();
    assert_eq!(given, documented());
}

#[test]
fn messages_say_what_to_do() {
    for error in errors() {
        let message = error.to_string();
        let says_more = message.contains(';') || message.contains(". ");
        assert!(says_more || error.code() == "taxonomy", "{message}");
    }
}
