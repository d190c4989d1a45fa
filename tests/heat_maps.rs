//! Heat maps against the gradients of `PyTorch`, their properties, and the pictures made of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use pollster::block_on;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde::Deserialize;
use skintree::classifier::{Classifier, Options};
use skintree::engine::{EngineChoice, EngineName, FeatureMap};
use skintree::heat_map::{HeatMapChoice, HeatMapError, HeatMapper, class_activation_map};
use skintree::input::Region;
use skintree::interpret::{InterpretError, probabilities};
use skintree::onnx::LastLayer;
use skintree::pack::{OptionalFiles, Pack};
use skintree::report::HeatMap;
use skintree_testing::tiny;

/// `python -m skintree_train heat_maps` wrote them.
#[derive(Deserialize)]
struct Reference {
    model_sha256: HashMap<String, String>,
    /// Photo, pack, node.
    photos: BTreeMap<String, HashMap<String, HashMap<String, Vec<f32>>>>,
}

fn reference() -> Reference {
    serde_json::from_slice(&std::fs::read("tests/golden/heat-maps.json").unwrap()).unwrap()
}

fn classifier(folder: &str, engine: EngineName) -> skintree::Result<Classifier> {
    classifier_of_choice(folder, EngineChoice::Only(engine))
}

fn classifier_of_choice(folder: &str, choice: EngineChoice) -> skintree::Result<Classifier> {
    block_on(Classifier::load(Pack::read_dir(Path::new(folder))?, choice))
}

fn maps_of(
    classifier: &mut Classifier,
    photo: &str,
    heat_maps: HeatMapChoice,
) -> skintree::Result<Option<Vec<HeatMap>>> {
    let bytes = std::fs::read(Path::new("tests/golden").join(photo)).unwrap();
    let options = Options { heat_maps, ..Options::default() };
    Ok(block_on(classifier.classify(&bytes, &options))?.report.heat_maps)
}

fn nodes(ids: &[&str]) -> HeatMapChoice {
    HeatMapChoice::Nodes(ids.iter().map(|&id| id.to_owned()).collect())
}

/// Every map of every golden photo, to 1e-4.
fn check_against_pytorch(classifier: &mut Classifier, pack: &str) {
    check_within(1e-4, classifier, pack);
}

fn check_within(tolerance: f32, classifier: &mut Classifier, pack: &str) {
    let reference = reference();
    assert_eq!(classifier.pack().manifest().files.model.sha256, reference.model_sha256[pack], "run it again");
    for (photo, expected) in &reference.photos {
        let expected = &expected[pack];
        let maps = maps_of(classifier, photo, HeatMapChoice::All).unwrap().unwrap();
        assert_eq!(maps.len(), expected.len());
        for map in maps {
            let expected = &expected[&map.node];
            assert_eq!((map.values.len(), map.width * map.height), (expected.len(), expected.len()));
            for (found, expected) in map.values.iter().zip(expected) {
                assert!((found - expected).abs() < tolerance, "{photo}, {}: {found} is not {expected}", map.node);
            }
        }
    }
}

#[test]
fn maps_of_the_shipped_pack_agree_with_pytorch() {
    check_against_pytorch(&mut classifier_of_choice("model/pack", EngineChoice::CpuFloat).unwrap(), "pack");
    // In integers, which round; single places of a map more than the logits, their mean.
    check_within(0.05, &mut classifier("model/pack", EngineName::Cpu).unwrap(), "pack");
}

#[test]
fn maps_of_the_tiny_pack_agree_with_pytorch_on_both_engines() {
    check_against_pytorch(&mut classifier("tests/golden/tiny", EngineName::Cpu).unwrap(), "tiny");
    match classifier("tests/golden/tiny", EngineName::Wonnx) {
        Ok(mut classifier) => check_against_pytorch(&mut classifier, "tiny"),
        Err(error) if error.code() == "engine-unavailable" => eprintln!("skipped on the GPU: {error}"),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_report_has_the_maps_asked_for_in_that_order() {
    let mut classifier = classifier("tests/golden/tiny", EngineName::Cpu).unwrap();
    let mut maps = |choice| maps_of(&mut classifier, "landscape-640x481.png", choice).unwrap();
    assert_eq!(maps(HeatMapChoice::None), None);
    assert_eq!(maps(nodes(&[])), Some(vec![]));
    let some = maps(nodes(&["nv", "malignant", "nv"])).unwrap();
    assert_eq!(some.iter().map(|map| map.node.as_str()).collect::<Vec<_>>(), ["nv", "malignant"]);
    assert_eq!(some[0].region, Region { x: 79, y: 0, width: 481, height: 481 });
    let all = maps(HeatMapChoice::All).unwrap();
    let covered = classifier.pack().covered().iter().filter(|covered| **covered).count();
    assert_eq!(all.len(), covered);
    assert!(some.iter().all(|map| all.contains(map)));
}

#[test]
fn a_node_without_a_map_is_an_error_that_names_it() {
    let mut classifier = classifier("tests/golden/tiny", EngineName::Cpu).unwrap();
    let mut error = |id| maps_of(&mut classifier, "exact-299x299.png", nodes(&["nv", id])).unwrap_err();
    for (id, why) in [("naevus", "no such node"), ("inflammatory", "no class")] {
        let error = error(id);
        assert_eq!(error.code(), "heat-map");
        assert!(error.to_string().contains(id) && error.to_string().contains(why), "{error}");
    }
}

#[test]
fn a_pack_without_a_feature_map_classifies_but_has_no_heat_maps() {
    let read = |name| std::fs::read(Path::new("tests/golden/tiny").join(name)).unwrap();
    let mut manifest: serde_json::Value = serde_json::from_slice(&read("manifest.json")).unwrap();
    manifest["outputs"].as_object_mut().unwrap().remove("features");
    let pack = Pack::open(
        &serde_json::to_vec(&manifest).unwrap(),
        read("model.onnx"),
        &read("taxonomy.json"),
        OptionalFiles::default(),
    )
    .unwrap();
    let mut classifier = block_on(Classifier::load(pack, EngineChoice::Only(EngineName::Cpu))).unwrap();
    assert_eq!(maps_of(&mut classifier, "exact-299x299.png", HeatMapChoice::None).unwrap(), None);
    let error = maps_of(&mut classifier, "exact-299x299.png", HeatMapChoice::All).unwrap_err();
    assert!(matches!(error, skintree::Error::HeatMap(HeatMapError::NoFeatures)), "{error}");
}

#[test]
fn a_feature_map_that_does_not_fit_is_refused() {
    let pack = tiny();
    let mapper = HeatMapper::new(LastLayer::new(vec![1.0; 5 * 8], vec![0.0; 8]).unwrap());
    let all = HeatMapper::select(&pack, &HeatMapChoice::All).unwrap();
    let region = Region { x: 0, y: 0, width: 9, height: 9 };
    let maps = |shape: [usize; 3], values, logits| {
        let features = FeatureMap { shape, data: vec![1.0; values] };
        mapper.maps(&pack, &all, &features, &vec![0.0; logits], region).map(|maps| maps.len())
    };
    assert_eq!(maps([5, 2, 3], 30, 8), Ok(pack.covered().iter().filter(|covered| **covered).count()));
    assert_eq!(maps([5, 2, 3], 30, 7), Err(InterpretError::Length { expected: 8, actual: 7 }));
    for (shape, values) in [([6, 2, 3], 36), ([5, 2, 3], 29), ([5, 0, 3], 0)] {
        assert_eq!(maps(shape, values, 8), Err(InterpretError::FeatureMap { channels: 5, shape, values }));
    }
}

/// Channels, height and width of the random maps below.
const SHAPE: [usize; 3] = [5, 3, 4];

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

proptest! {
    #![proptest_config(ProptestConfig {
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::with_cases(100)
    })]

    #[test]
    fn the_mean_of_a_map_is_the_logit(
        weights in prop::collection::vec(-3.0_f32..3.0, 5 * 8),
        bias in prop::collection::vec(-5.0_f32..5.0, 8),
        data in prop::collection::vec(0.0_f32..9.0, 5 * 3 * 4),
    ) {
        let pack = tiny();
        let layer = LastLayer::new(weights.clone(), bias.clone()).unwrap();
        let features = FeatureMap { shape: SHAPE, data };

        // The last layer as the network computes it: mean over places first, then the weights.
        let pooled: Vec<f64> = features.data.chunks(3 * 4).map(|c| mean(c.iter().map(|&v| f64::from(v)))).collect();
        let logit = |class: usize| {
            let weighted = pooled.iter().enumerate().map(|(k, mean)| f64::from(weights[k * 8 + class]) * mean);
            weighted.sum::<f64>() + f64::from(bias[class])
        };
        let of_class: Vec<Vec<f64>> = (0..8).map(|class| class_activation_map(&layer, &features, class)).collect();
        for (class, map) in of_class.iter().enumerate() {
            prop_assert!((mean(map.iter().copied()) - logit(class)).abs() < 1e-9);
        }

        // Nodes: what the roll-up says a class's share is must be its weight in the map.
        let logits: Vec<f32> = (0..8).map(|class| logit(class) as f32).collect();
        let fine = probabilities(&logits, pack.manifest().temperature).unwrap();
        let own: Vec<_> = pack.classes().iter().copied().zip(fine.iter().copied()).collect();
        let sums = pack.taxonomy().roll_up(&own);
        let all = HeatMapper::select(&pack, &HeatMapChoice::All).unwrap();
        let region = Region { x: 0, y: 0, width: 9, height: 9 };
        for map in HeatMapper::new(layer).maps(&pack, &all, &features, &logits, region).unwrap() {
            let node = pack.taxonomy().find(&map.node).unwrap();
            for (at, &value) in map.values.iter().enumerate() {
                let expected: f64 = own
                    .iter()
                    .zip(&of_class)
                    .filter(|((class, _), _)| pack.taxonomy().is_within(*class, node))
                    .map(|((_, probability), of_class)| probability / sums[node.index()] * of_class[at])
                    .sum();
                prop_assert!((f64::from(value) - expected).abs() < 1e-3, "{}: {value} is not {expected}", map.node);
            }
        }
    }
}

#[test]
fn a_node_so_unlikely_that_its_probability_is_zero_still_has_a_map() {
    let pack = tiny();
    let mapper = HeatMapper::new(LastLayer::new(vec![1.0; 8], vec![0.0; 8]).unwrap());
    let features = FeatureMap { shape: [1, 1, 2], data: vec![1.0, 3.0] };
    // nv, mel, bkl, bcc, scc, ak, df, vasc: everything malignant has probability exp(-4000 / 1.5) = 0.
    let logits = [0.0, -4000.0, 0.0, -4000.0, -4000.0, -4000.0, 0.0, 0.0];
    let malignant = HeatMapper::select(&pack, &nodes(&["malignant"])).unwrap();
    let region = Region { x: 0, y: 0, width: 9, height: 9 };
    let maps = mapper.maps(&pack, &malignant, &features, &logits, region).unwrap();
    assert_eq!(maps[0].values, [1.0, 3.0]);
}
