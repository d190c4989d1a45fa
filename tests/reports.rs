//! From logits to a report, on the small pack of the repository.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, missing_docs)]

use std::collections::HashMap;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};
use skintree::engine::{FeatureMap, Outputs};
use skintree::input::Region;
use skintree::interpret::{InterpretError, Observation, assemble};
use skintree::pack::{OperatingPoint, OptionalFiles, Pack};
use skintree::photo::{PhotoFormat, PhotoInfo};
use skintree::quality::Quality;
use skintree::report::{
    Certainty, EngineInfo, FallbackCode, HeatMap, OperatingPointResult, Report, Scope, WarningCode,
};
use skintree::taxonomy::Level;
use skintree_testing::{golden, sha256, tiny};

fn photo(width: u32, height: u32) -> PhotoInfo {
    PhotoInfo { format: PhotoFormat::Jpeg, width, height, orientation: 1, sha256: "0".repeat(64) }
}

fn engine() -> EngineInfo {
    EngineInfo {
        name: "cpu".into(),
        requested: "auto".into(),
        adapter: None,
        kernels: None,
        threads: None,
        fallback: Some(FallbackCode::EngineUnavailable.into()),
        fallback_reason: Some("This browser has no WebGPU.".into()),
        measured: None,
        self_test_max_abs_diff: 0.0,
    }
}

/// A photo with nothing wrong about it.
const GOOD: Quality =
    Quality { sharpness: 2.1, brightness: 0.6, contrast: 0.3, dark_clipped: 0.0, bright_clipped: 0.0 };

fn try_report(pack: &Pack, photo: &PhotoInfo, logits: &[f32], top_k: usize) -> Result<Report, InterpretError> {
    let outputs = Outputs { logits: logits.to_vec(), features: None };
    assemble(
        pack,
        &Observation { photo, quality: GOOD, views: 1, outputs: &outputs, photo_kind: None, engine: &engine() },
        top_k,
    )
}

fn report(pack: &Pack, logits: &[f32]) -> Report {
    try_report(pack, &photo(600, 450), logits, 5).unwrap()
}

/// Logits of the tiny pack's eight classes: nv, mel, bkl, bcc, scc, ak, df, vasc.
const LOGITS: [f32; 8] = [2.0, 1.0, 0.5, -1.0, -2.0, -3.0, 0.5, -4.0];

#[test]
fn fine_classes_are_the_best_k_with_ties_in_the_manifest_s_order() {
    let pack = tiny();
    let report = report(&pack, &LOGITS);
    let ids: Vec<&str> = report.fine.iter().map(|fine| fine.id.as_str()).collect();
    assert_eq!(ids, ["nv", "mel", "bkl", "df", "bcc"]);
    for k in [0, 1, 8, 100] {
        let report = try_report(&pack, &photo(600, 450), &LOGITS, k).unwrap();
        assert_eq!(report.fine.len(), k.min(8));
    }
}

#[test]
fn temperature_is_the_pack_s() {
    let pack = tiny();
    let temperature = pack.manifest().temperature;
    assert!((temperature - 1.0).abs() > 0.1, "the test needs another");
    let report = report(&pack, &LOGITS);
    let ratio = report.fine[0].probability / report.fine[1].probability;
    assert!((ratio.ln() - 1.0 / temperature).abs() < 1e-12);
}

#[test]
fn a_report_has_the_fields_of_the_schema_and_no_others() {
    let mut report = report(&tiny(), &LOGITS);
    report.warnings = try_report(&tiny(), &photo(10, 40), &LOGITS, 5).unwrap().warnings;
    let region = Region { x: 0, y: 0, width: 1, height: 1 };
    report.heat_maps = Some(vec![HeatMap { node: "mel".into(), region, width: 1, height: 1, values: vec![0.5] }]);
    report.engine.kernels = Some("tiles".into());
    report.photo_kind = report_of_kind(1.0, None, 2.0).unwrap().photo_kind;
    report.scope = Some(Scope { score: 0.1, threshold: 0.4, in_scope: true });
    let point = OperatingPoint { id: "youden".into(), threshold: 0.3, sensitivity: 0.9, specificity: 0.8 };
    report.tasks[0].operating_points = vec![OperatingPointResult { point, positive: false }];
    let page = include_str!("../docs/formats.md");
    let section = page.split("## Report").nth(1).unwrap();
    let example = section.split("```json").nth(1).unwrap().split("```").next().unwrap();
    let example: serde_json::Value = serde_json::from_str(example).unwrap();
    let ours = serde_json::to_value(&report).unwrap();
    assert_same_keys(&example, &ours, "report");
    assert_eq!(ours["schema"], "skintree.report/2");
    let plain = serde_json::to_value(self::report(&tiny(), &LOGITS)).unwrap();
    assert_eq!(plain.get("heat_maps"), None, "only when asked for");
    let back: Report = serde_json::from_value(ours).unwrap();
    assert_eq!(back, report);
}

/// Objects have the same keys, and so have the first elements of lists. Texts by language may differ.
fn assert_same_keys(example: &serde_json::Value, ours: &serde_json::Value, at: &str) {
    use serde_json::Value::{Array, Object};
    match (example, ours) {
        (Object(example), Object(ours)) if example.is_empty() || example.contains_key("en") => {
            assert!(ours.contains_key("en"), "{at}");
        }
        (Object(example), Object(ours)) => {
            let mut expected: Vec<&String> = example.keys().collect();
            let mut found: Vec<&String> = ours.keys().collect();
            expected.sort();
            found.sort();
            assert_eq!(expected, found, "{at}");
            for (key, value) in example {
                assert_same_keys(value, &ours[key], &format!("{at}.{key}"));
            }
        }
        (Array(example), Array(_)) if example.is_empty() => {}
        (Array(example), Array(ours)) => assert_same_keys(&example[0], &ours[0], &format!("{at}[0]")),
        (Object(_) | Array(_), _) => panic!("{at} is {ours}"),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::with_cases(100)
    })]

    #[test]
    fn numbers_of_a_report_agree(logits in prop::collection::vec(-30.0_f32..30.0, 8)) {
        let pack = tiny();
        let report = report(&pack, &logits);
        let probability: HashMap<&str, f64> = report.tree.iter().map(|node| (node.id.as_str(), node.probability)).collect();
        // Levels.
        for (level, results) in [(Level::Class, &report.classes), (Level::Group, &report.groups)] {
            prop_assert_eq!(results.len(), report.tree.iter().filter(|node| node.level == level).count());
            let sum: f64 = results.iter().map(|result| result.probability).sum();
            prop_assert!((sum - 1.0).abs() < 1e-12);
            prop_assert!(results.windows(2).all(|pair| pair[0].probability >= pair[1].probability));
            for result in results {
                prop_assert_eq!(result.probability.to_bits(), probability[result.id.as_str()].to_bits());
                prop_assert!(result.covered || result.probability == 0.0);
            }
        }
        // The tree: parents first, subtrees in one piece, siblings by falling probability.
        let mut path: Vec<&str> = Vec::new();
        let mut last: HashMap<Option<&str>, f64> = HashMap::new();
        for node in &report.tree {
            while path.last().copied() != node.parent.as_deref() {
                prop_assert!(path.pop().is_some());
            }
            path.push(&node.id);
            let before = last.insert(node.parent.as_deref(), node.probability);
            prop_assert!(before.is_none_or(|before| before >= node.probability));
        }
        prop_assert_eq!(report.tree.iter().filter(|node| node.fine).count(), 8);
        // Questions.
        for (task, manifest) in report.tasks.iter().zip(&pack.manifest().tasks) {
            prop_assert!((task.positive.probability + task.negative.probability - 1.0).abs() < 1e-12);
            let sum = |nodes: &[String]| nodes.iter().map(|id| probability[id.as_str()]).sum::<f64>();
            let (positive, negative) = (sum(&manifest.positive.nodes), sum(&manifest.negative.nodes));
            prop_assert!((task.mass - positive - negative).abs() < 1e-12);
            prop_assert!((task.positive.probability * task.mass - positive).abs() < 1e-12);
        }
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let bytes = || serde_json::to_vec(&report(&tiny(), &LOGITS)).unwrap();
    assert_eq!(bytes(), bytes());
}

#[test]
fn a_question_without_mass_is_open() {
    // Only "vasc" is left: exp of the others is 0 in f64.
    let mut logits = [-1.0e30_f32; 8];
    logits[7] = 1.0e30;
    let report = report(&tiny(), &logits);
    for task in &report.tasks {
        assert_eq!((task.mass, task.positive.probability, task.negative.probability), (0.0, 0.5, 0.5));
    }
}

#[test]
fn logits_must_be_one_number_a_class() {
    let pack = tiny();
    let error = |logits: &[f32]| try_report(&pack, &photo(600, 450), logits, 5).unwrap_err();
    assert_eq!(error(&LOGITS[..7]), InterpretError::Length { expected: 8, actual: 7 });
    let mut logits = LOGITS;
    logits[3] = f32::NAN;
    assert_eq!(error(&logits), InterpretError::NotFinite { class: 3 });
    assert_eq!(error(&logits).code(), "engine-failed");
}

#[test]
fn warnings_depend_on_the_part_of_the_photo_that_counts() {
    let pack = tiny();
    let size = pack.manifest().input.size;
    let codes = |width, height| {
        let report = try_report(&pack, &photo(width, height), &LOGITS, 5).unwrap();
        report.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>()
    };
    assert_eq!(codes(size, size), []);
    assert_eq!(codes(2 * size, size), []);
    assert_eq!(codes(size, size - 1), [WarningCode::SmallPhoto]);
    assert_eq!(codes(2 * size + 1, size), [WarningCode::ExtremeAspect]);
    assert_eq!(codes(1, size), [WarningCode::SmallPhoto, WarningCode::ExtremeAspect]);
}

#[test]
fn the_terminal_shows_everything_that_matters() {
    let report = report(&tiny(), &LOGITS);
    let (english, korean) = (report.to_text("en"), report.to_text("ko-KR"));
    assert!(english.starts_with("Research use only. Not a medical device."), "{english}");
    assert!(english.contains("does not rule out cancer"));
    assert!(korean.contains("의료기기가 아니며"), "{korean}");
    for node in &report.tree {
        assert!(english.contains(node.name.get("en")), "{}", node.id);
        assert!(korean.contains(node.name.get("ko")), "{}", node.id);
    }
    assert!(english.contains("This browser has no WebGPU."));
    assert!(english.contains("No graphics processor can be used here."));
    assert!(korean.contains("사용할 수 있는 GPU"), "{korean}");
    assert!(english.contains("not known to this model"));
    assert!(english.ends_with('\n'));
}

#[test]
fn a_badly_taken_photo_is_called_so() {
    let pack = tiny();
    let codes = |quality: Quality| {
        let outputs = Outputs { logits: LOGITS.to_vec(), features: None };
        let observation = Observation {
            photo: &photo(600, 450),
            quality,
            views: 1,
            outputs: &outputs,
            photo_kind: None,
            engine: &engine(),
        };
        let report = assemble(&pack, &observation, 5).unwrap();
        for warning in &report.warnings {
            assert!(!warning.message.get("ko").is_ascii() && warning.message.get("en").is_ascii());
        }
        report.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>()
    };
    assert_eq!(codes(GOOD), []);
    assert_eq!(codes(Quality { sharpness: 1.05, ..GOOD }), [WarningCode::Blurred]);
    assert_eq!(codes(Quality { brightness: 0.1, ..GOOD }), [WarningCode::TooDark]);
    assert_eq!(codes(Quality { dark_clipped: 0.5, ..GOOD }), [WarningCode::TooDark]);
    assert_eq!(codes(Quality { brightness: 0.95, ..GOOD }), [WarningCode::TooBright]);
    assert_eq!(codes(Quality { bright_clipped: 0.5, ..GOOD }), [WarningCode::TooBright]);
    assert_eq!(codes(Quality { contrast: 0.02, ..GOOD }), [WarningCode::LowContrast]);
    // Just inside and just outside the limits that docs/formats.md names.
    let (q, [blurred, dark, bright, flat]) =
        (GOOD, [WarningCode::Blurred, WarningCode::TooDark, WarningCode::TooBright, WarningCode::LowContrast]);
    for (inside, outside, code) in [
        (Quality { sharpness: 1.281, ..q }, Quality { sharpness: 1.279, ..q }, blurred),
        (Quality { brightness: 0.251, ..q }, Quality { brightness: 0.249, ..q }, dark),
        (Quality { dark_clipped: 0.299, ..q }, Quality { dark_clipped: 0.301, ..q }, dark),
        (Quality { brightness: 0.899, ..q }, Quality { brightness: 0.901, ..q }, bright),
        (Quality { bright_clipped: 0.249, ..q }, Quality { bright_clipped: 0.251, ..q }, bright),
        (Quality { contrast: 0.061, ..q }, Quality { contrast: 0.059, ..q }, flat),
    ] {
        assert_eq!(codes(inside), [], "{inside:?}");
        assert_eq!(codes(outside), [code], "{outside:?}");
    }
    let all = Quality { sharpness: 0.0, brightness: 0.0, contrast: 0.0, dark_clipped: 1.0, bright_clipped: 0.0 };
    assert_eq!(codes(all), [WarningCode::Blurred, WarningCode::TooDark, WarningCode::LowContrast]);
}

/// The cases of `tests/golden/conclusions.json`, which also hold the stand-in of the browser tests.
#[test]
fn the_conclusion_names_what_is_likely_and_what_is_not_ruled_out() {
    let expected: Value = serde_json::from_slice(&std::fs::read(golden("conclusions.json")).unwrap()).unwrap();
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(golden("tiny/manifest.json")).unwrap()).unwrap();
    for task in manifest["tasks"].as_array_mut().unwrap() {
        task["operating_points"] = expected["operating_points"].clone();
    }
    let read = |name: &str| std::fs::read(golden("tiny").join(name)).unwrap();
    let manifest = serde_json::to_vec(&manifest).unwrap();
    let optional = OptionalFiles::default();
    let pack = Pack::open(&manifest, read("model.onnx"), &read("taxonomy.json"), optional).unwrap();
    for case in expected["cases"].as_array().unwrap() {
        let temperature = pack.manifest().temperature;
        let probability = |id: &String| case["probabilities"][id].as_f64().unwrap_or_default();
        let logit = |id: &String| (probability(id).max(1e-30).ln() * temperature) as f32;
        let logits: Vec<f32> = pack.manifest().classes.iter().map(logit).collect();
        let report = report(&pack, &logits);
        let found = &report.conclusion;
        assert_eq!(serde_json::to_value(found.certainty).unwrap(), case["certainty"], "{case}");
        assert_eq!(
            (json!(found.lead), json!(found.lead_class)),
            (case["lead"].clone(), case["lead_class"].clone()),
            "{case}"
        );
        let alternative = found.alternative.as_ref().unwrap();
        assert_eq!(json!(alternative.node), case["alternative"], "{case}");
        assert_eq!(serde_json::to_value(alternative.likelihood).unwrap(), case["likelihood"], "{case}");
        assert_eq!(json!(found.not_ruled_out), case["not_ruled_out"], "{case}");
        for task in &report.tasks {
            assert_eq!(json!(task.applies), case["applies"][&task.id], "{case} {}", task.id);
        }
        // The same at the terminal.
        let name = |id: &str| report.tree.iter().find(|node| node.id == id).unwrap().name.en();
        let text = report.to_text("en");
        let headline = match found.certainty {
            Certainty::Likely => format!("Most likely: {}", name(&found.lead)),
            _ => "Undecided".to_owned(),
        };
        assert!(text.contains(&headline), "{text}");
        assert_eq!(text.contains("Not ruled out: "), !found.not_ruled_out.is_empty(), "{text}");
    }
}

#[test]
fn without_operating_points_nothing_is_called_not_ruled_out_and_out_of_scope_comes_first() {
    let mut logits = [-30.0; 8];
    (logits[0], logits[1]) = (1.0, 0.0);
    assert!(report(&tiny(), &logits).conclusion.not_ruled_out.is_empty());
    let quality = Quality { sharpness: 1.0, ..GOOD };
    let outputs = Outputs { logits: LOGITS.to_vec(), features: None };
    let photo = &photo(600, 450);
    let observation = Observation { photo, quality, views: 1, outputs: &outputs, photo_kind: None, engine: &engine() };
    let report = assemble(&tiny(), &observation, 0).unwrap();
    assert!(report.conclusion.poor_photo && report.fine.is_empty());
    assert!(!report.conclusion.lead.is_empty());
}

/// The small pack with two kinds of photo, told apart by the first of two channels: below 0 dermoscopic, else clinical.
fn pack_with_kinds() -> Pack {
    let read = |name: &str| std::fs::read(golden("tiny").join(name)).unwrap();
    let mut manifest: Value = serde_json::from_slice(&read("manifest.json")).unwrap();
    let head: Vec<u8> = [0.0_f32, 5.0, 0.0].iter().flat_map(|value| value.to_le_bytes()).collect();
    manifest["schema"] = json!("skintree.pack/2");
    manifest["files"]["kind"] = json!({"path": "kind.f32", "bytes": head.len(), "sha256": sha256(&head)});
    let point =
        |threshold: f64| json!({"id": "youden", "threshold": threshold, "sensitivity": 0.8, "specificity": 0.8});
    let kind = |id: &str, offset: f64, temperature: f64, threshold: f64| {
        json!({
            "id": id, "name": {"en": id}, "offset": [0.0, offset, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            "temperature": temperature, "operating_points": {"melanoma-or-naevus": [point(threshold)]},
            "quality": {"least_sharpness": threshold, "least_brightness": 0.1, "most_brightness": 0.9,
                        "most_dark_clipped": 0.3, "most_bright_clipped": 0.3, "least_contrast": 0.0},
        })
    };
    let kinds = [kind("dermoscopic", 0.0, 1.0, 0.9), kind("clinical", 3.0, 2.0, 0.1)];
    manifest["photo_kinds"] = json!({"channels": 2, "kinds": kinds});
    let optional = OptionalFiles { scope: None, kind: Some(&head) };
    Pack::open(&serde_json::to_vec(&manifest).unwrap(), read("model.onnx"), &read("taxonomy.json"), optional).unwrap()
}

fn report_of_kind(feature: f32, kind: Option<&str>, sharpness: f64) -> Result<Report, InterpretError> {
    let pack = pack_with_kinds();
    let features = FeatureMap { shape: [2, 1, 1], data: vec![feature, 0.0] };
    let outputs = Outputs { logits: LOGITS.to_vec(), features: Some(features) };
    let quality = Quality { sharpness, ..GOOD };
    let observation = Observation {
        photo: &photo(600, 450),
        quality,
        views: 1,
        outputs: &outputs,
        photo_kind: kind,
        engine: &engine(),
    };
    assemble(&pack, &observation, 8)
}

#[test]
fn the_kind_of_photo_chooses_calibration_operating_points_and_limits() {
    let softmax = |logits: [f64; 8]| {
        let sum: f64 = logits.iter().map(|logit| logit.exp()).sum();
        logits.map(|logit| logit.exp() / sum)
    };
    let melanoma = |report: &Report| report.tree.iter().find(|node| node.id == "mel").unwrap().probability;
    let dermoscopic = report_of_kind(-1.0, None, 0.5).unwrap();
    let expected = softmax(LOGITS.map(f64::from));
    assert!((melanoma(&dermoscopic) - expected[1]).abs() < 1e-6);
    let clinical = report_of_kind(1.0, None, 0.5).unwrap();
    let mut shifted = LOGITS.map(f64::from);
    shifted[1] += 3.0;
    let expected = softmax(shifted.map(|logit| logit / 2.0));
    assert!((melanoma(&clinical) - expected[1]).abs() < 1e-6);
    for (report, id, threshold, blurred) in
        [(&dermoscopic, "dermoscopic", 0.9, true), (&clinical, "clinical", 0.1, false)]
    {
        let kind = report.photo_kind.as_ref().unwrap();
        assert_eq!((kind.id.as_str(), kind.given, kind.others.len()), (id, false, 1));
        assert!((kind.probability - 1.0 / (1.0 + (-5.0_f64).exp())).abs() < 1e-9);
        let task = report.tasks.iter().find(|task| task.id == "melanoma-or-naevus").unwrap();
        assert!((task.operating_points[0].point.threshold - threshold).abs() < 1e-12);
        assert_eq!(report.warnings.iter().any(|warning| warning.code == WarningCode::Blurred), blurred);
    }
    assert!(clinical.to_text("en").contains("Taken for: clinical (99.3 %)"));
}

#[test]
fn a_caller_who_knows_the_kind_is_believed_and_unknown_kinds_are_refused() {
    let told = report_of_kind(-1.0, Some("clinical"), 2.0).unwrap();
    let kind = told.photo_kind.as_ref().unwrap();
    assert_eq!((kind.id.as_str(), kind.given), ("clinical", true));
    assert!(kind.probability < 0.01);
    assert_eq!(told.tree, report_of_kind(1.0, None, 2.0).unwrap().tree);
    let error = report_of_kind(1.0, Some("x-ray"), 2.0).unwrap_err();
    assert_eq!(error.code(), "photo-kind");
    assert!(error.to_string().contains("dermoscopic, clinical"));
    assert_eq!(report_of_kind(f32::NAN, None, 2.0).unwrap_err(), InterpretError::NoFeatures);
    let outputs = Outputs { logits: LOGITS.to_vec(), features: None };
    let pack = pack_with_kinds();
    let observation = Observation {
        photo: &photo(600, 450),
        quality: GOOD,
        views: 1,
        outputs: &outputs,
        photo_kind: None,
        engine: &engine(),
    };
    assert_eq!(assemble(&pack, &observation, 5).unwrap_err(), InterpretError::NoFeatures);
}

/// A report goes through JSON on its way from the page to FHIR.
#[test]
fn numbers_are_read_from_json_to_the_last_digit() {
    for number in [0.022_950_214_840_635_978, 0.022_950_214_840_635_974, 5e-324, f64::MAX, 1.0 / 3.0] {
        let text = serde_json::to_string(&number).unwrap();
        assert_eq!(serde_json::from_str::<f64>(&text).unwrap().to_bits(), number.to_bits(), "{text}");
    }
}
