//! The table of error codes in `docs/formats.md` and the codes in the source are the same.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, missing_docs)]

use std::collections::BTreeSet;

use skintree::engine::{EngineError, EngineName};
use skintree::heat_map::HeatMapError;
use skintree::interpret::InterpretError;
use skintree::onnx::GraphError;
use skintree::pack::PackError;
use skintree::photo::{PhotoError, PhotoFormat};
use skintree::taxonomy::TaxonomyError;
use skintree::taxonomy::outline::{OutlineCause, OutlineError};
use skintree::taxonomy::partition::CountsError;
use skintree_evaluate::{Error, EvaluateError};
use skintree_fhir::FhirError;

/// The codes of the table, without those that only a browser gives.
fn documented() -> BTreeSet<String> {
    let page = include_str!("../../../docs/formats.md");
    let section = page.split("## Errors").nth(1).unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `") && !line.contains("browser only"));
    rows.map(|row| row.split('`').nth(1).unwrap().to_owned()).collect()
}

/// Code and message of one error of each variant there is.
fn errors() -> Vec<(&'static str, String)> {
    let all = classifying_and_evaluating().into_iter().map(|error| (error.code(), error.to_string()));
    all.chain(writing_fhir().into_iter().map(|error| (error.code(), error.to_string()))).collect()
}

fn writing_fhir() -> [FhirError; 5] {
    let text = || "x".to_owned();
    [
        FhirError::Report(text()),
        FhirError::Schema(text()),
        FhirError::Options(text()),
        FhirError::Time { option: "x", value: text(), expected: "x" },
        FhirError::Subject,
    ]
}

fn classifying_and_evaluating() -> Vec<Error> {
    let text = || "x".to_owned();
    let engine = EngineName::Wonnx;
    vec![
        PhotoError::Format { found: "a HEIC photo" }.into(),
        PhotoError::UnknownFormat.into(),
        PhotoError::Kind { format: PhotoFormat::Jpeg, reason: text() }.into(),
        PhotoError::Blocked.into(),
        PhotoError::Part { width: 1, height: 1 }.into(),
        PhotoError::Empty.into(),
        PhotoError::Broken { format: PhotoFormat::Png, reason: text() }.into(),
        PhotoError::BrokenDicom.into(),
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
        TaxonomyError::Schema(text()).into(),
        TaxonomyError::BadId(text()).into(),
        TaxonomyError::Outline(OutlineError { line: 1, cause: OutlineCause::Indent }).into(),
        TaxonomyError::Empty.into(),
        TaxonomyError::DuplicateId(text()).into(),
        TaxonomyError::UnknownParent { node: text(), parent: text() }.into(),
        TaxonomyError::Cycle(text()).into(),
        TaxonomyError::WrongLevel { node: text(), found: "group", expected: "class" }.into(),
        TaxonomyError::BadIcd10 { node: text(), code: text() }.into(),
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
        InterpretError::NotFinite { class: 0 }.into(),
        InterpretError::Length { expected: 1, actual: 2 }.into(),
        InterpretError::NoFeatures.into(),
        InterpretError::UnknownKind { id: "x-ray".into(), known: "dermoscopic, clinical".into() }.into(),
        InterpretError::FeatureMap { channels: 1, shape: [2, 1, 1], values: 2 }.into(),
        HeatMapError::NoFeatures.into(),
        HeatMapError::NotLinear.into(),
        HeatMapError::UnknownNode(text()).into(),
        HeatMapError::NotCovered(text()).into(),
        EvaluateError::Table(text()).into(),
        EvaluateError::File(text()).into(),
        EvaluateError::Predictions(text()).into(),
        EvaluateError::MissingColumn { table: "x", column: text(), columns: text() }.into(),
        EvaluateError::UnknownLabels { names: text(), column: text() }.into(),
        EvaluateError::NothingLeft(text()).into(),
        EvaluateError::NothingRead { count: 1, file: text(), message: text() }.into(),
        EvaluateError::EmptyFold { fold: text() }.into(),
        EvaluateError::NoPhoto.into(),
        EvaluateError::UnreadablePhoto(text()).into(),
        EvaluateError::AmbiguousPhoto { candidates: text() }.into(),
        EvaluateError::Length { file: text(), expected: 1, actual: 2 }.into(),
        skintree::Error::Internal(text()).into(),
    ]
}

#[test]
fn every_documented_code_can_occur_and_every_code_is_documented() {
    let given: BTreeSet<String> = errors().iter().map(|(code, _)| (*code).to_owned()).collect();
    assert_eq!(given, documented());
}

/// The enums above, by the files that hold them; `transparent` variants only hand on what another one says.
const SOURCES: [&str; 10] = [
    include_str!("../../evaluate/src/error.rs"),
    include_str!("../../fhir/src/error.rs"),
    include_str!("../../../src/interpret/error.rs"),
    include_str!("../../../src/engine/error.rs"),
    include_str!("../../../src/error.rs"),
    include_str!("../../../src/heat_map.rs"),
    include_str!("../../../src/onnx/error.rs"),
    include_str!("../../../src/pack/error.rs"),
    include_str!("../../../src/photo.rs"),
    include_str!("../../../src/taxonomy/mod.rs"),
];
/// Has errors of lines of an outline too, which [`TaxonomyError::Outline`] hands on.
const PARTITION: &str = include_str!("../../../src/taxonomy/partition.rs");

#[test]
fn no_variant_is_left_out() {
    let count = |source: &&str, what: &str| source.matches(what).count();
    let sources: Vec<&str> = SOURCES.into_iter().chain([PARTITION]).collect();
    let all: usize = sources.iter().map(|source| count(source, "#[error(")).sum();
    let handed_on: usize = sources.iter().map(|source| count(source, "#[error(transparent)]")).sum();
    // One of each kind of error that is handed on is in the list: a pack's taxonomy, an engine's graph.
    assert_eq!(errors().len() - 2, all - handed_on);
}

#[test]
fn messages_say_what_to_do() {
    for (_, message) in errors() {
        assert!(message.contains(';') || message.contains(". "), "{message}");
    }
}
