//! A pack of the paper's size works like the small one: 757 classes of a random last layer over the large tree.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, missing_docs)]

use std::collections::HashMap;
use std::path::Path;

use pollster::block_on;
use prost::Message as _;
use serde_json::json;
use skintree::classifier::{Classifier, Options};
use skintree::engine::{Engine, EngineChoice, EngineName, FloatEngine};
use skintree::heat_map::HeatMapChoice;
use skintree::input::{InputTensor, self_test_input};
use skintree::interpret::probabilities;
use skintree::onnx::proto::ModelProto;
use skintree::pack::{OptionalFiles, Pack};
use skintree::photo::{Limits, Photo};
use skintree::taxonomy::outline::Outline;
use skintree::taxonomy::{Level, Taxonomy};
use skintree_evaluate::labels::{LabelOptions, Labels};
use skintree_evaluate::{Settings, Study};
use skintree_testing::{cpu_engine_info, golden, path, random, sha256, tiny};

const CLASSES: usize = 757;
/// Channels of the tiny network's feature map.
const CHANNELS: usize = 68;

/// Logits by the definition of the last layer, from the tiny network's feature map.
fn logits(engine: &mut FloatEngine, input: &[f32], weights: &[f32], bias: &[f32]) -> Vec<f32> {
    let features = block_on(engine.run(input)).unwrap().features.unwrap();
    let place = features.shape[1] * features.shape[2];
    let means = features.data.chunks(place).map(|c| c.iter().map(|&v| f64::from(v)).sum::<f64>() / place as f64);
    let means: Vec<f64> = means.collect();
    let logit = |class: usize| {
        let weighted: f64 = means.iter().enumerate().map(|(k, m)| m * f64::from(weights[k * CLASSES + class])).sum();
        (weighted + f64::from(bias[class])) as f32
    };
    (0..CLASSES).map(logit).collect()
}

#[test]
fn a_pack_of_757_classes_works_like_the_small_one() {
    let small = tiny();
    let mut engine = FloatEngine::load(small.model(), &small.manifest().signature()).unwrap();
    let mut numbers = random(1);
    let mut random = |scale: f32| numbers() * scale;
    let weights: Vec<f32> = (0..CHANNELS * CLASSES).map(|_| random(0.5)).collect();
    let bias: Vec<f32> = (0..CLASSES).map(|_| random(1.0)).collect();

    let dim = |size: usize| i64::try_from(size).unwrap();
    let mut model = ModelProto::decode(small.model()).unwrap();
    let graph = model.graph.as_mut().unwrap();
    for tensor in &mut graph.initializer {
        let (values, dims) = match tensor.name.as_str() {
            "head/dense/weight" => (&weights, vec![dim(CHANNELS), dim(CLASSES)]),
            "head/dense/bias" => (&bias, vec![dim(CLASSES)]),
            _ => continue,
        };
        tensor.dims = dims;
        tensor.raw_data.clear();
        tensor.float_data.clone_from(values);
    }
    let output = graph.output.iter_mut().find(|output| output.name == "logits").unwrap();
    let shape = output.r#type.as_mut().unwrap().tensor_type.as_mut().unwrap().shape.as_mut().unwrap();
    shape.dim[1].dim_value = Some(dim(CLASSES));
    let model = model.encode_to_vec();

    let outline = Outline::parse(&std::fs::read_to_string(path("model/taxonomy/diseases.txt")).unwrap()).unwrap();
    let tree = outline.to_json("large").unwrap();
    let taxonomy = Taxonomy::parse(tree.as_bytes()).unwrap();
    assert!(taxonomy.len() > 2_032);
    let diseases: Vec<&str> =
        taxonomy.nodes().iter().filter(|n| n.level == Level::Disease).map(|n| n.id.as_str()).collect();
    let classes: Vec<&str> = (0..CLASSES).map(|i| diseases[i * diseases.len() / CLASSES]).collect();

    let mut manifest: serde_json::Value =
        serde_json::from_slice(&std::fs::read(golden("tiny/manifest.json")).unwrap()).unwrap();
    for (role, bytes) in [("model", model.as_slice()), ("taxonomy", tree.as_bytes())] {
        manifest["files"][role]["bytes"] = json!(bytes.len());
        manifest["files"][role]["sha256"] = json!(sha256(bytes));
    }
    let recipe = &small.manifest().input;
    let test = self_test_input(small.manifest().self_test.seed, recipe.size);
    manifest["self_test"]["logits"] = json!(logits(&mut engine, &test.data, &weights, &bias));
    manifest["classes"] = json!(classes);
    manifest["tasks"] = json!([]);
    manifest.as_object_mut().unwrap().remove("scope");
    let manifest = serde_json::to_vec(&manifest).unwrap();
    inspection_names_only_some_classes(&manifest, &model, &tree);
    let pack = Pack::open(&manifest, model, tree.as_bytes(), OptionalFiles::default()).unwrap();
    let mut classifier = block_on(Classifier::load(pack, EngineChoice::Only(EngineName::Cpu))).unwrap();

    let bytes = std::fs::read(golden("landscape-640x481.png")).unwrap();
    let options = Options { top_k: CLASSES, heat_maps: HeatMapChoice::All, ..Options::default() };
    let report = block_on(classifier.classify(&bytes, &options)).unwrap().report;

    text_shows_only_what_matters(&mut classifier, &bytes);
    evaluation_shows_only_what_matters(classifier.pack(), &classes);

    let photo = Photo::decode(&bytes, &Limits::default()).unwrap();
    let expected = logits(&mut engine, &InputTensor::from_photo(&photo, recipe).data, &weights, &bias);
    let expected = probabilities(&expected, classifier.pack().manifest().temperature).unwrap();
    let expected: HashMap<&str, f64> = classes.iter().copied().zip(expected).collect();
    assert_eq!(report.fine.len(), CLASSES);
    for fine in &report.fine {
        assert!((fine.probability - expected[fine.id.as_str()]).abs() < 1e-6, "{}", fine.id);
    }
    assert_eq!(report.tree.len(), taxonomy.len());
    for node in &report.tree {
        let index = taxonomy.find(&node.id).unwrap();
        let below = classes.iter().filter(|class| taxonomy.is_within(taxonomy.find(class).unwrap(), index));
        let sum: f64 = below.map(|class| expected[class]).sum();
        assert!((node.probability - sum).abs() < 1e-5, "{}: {} is not {sum}", node.id, node.probability);
    }
    let covered = report.tree.iter().filter(|node| node.covered).count();
    assert_eq!(report.heat_maps.unwrap().len(), covered);
}

/// The report of an evaluation names the classes that matter, and is not as large as 757 times 757.
fn evaluation_shows_only_what_matters(pack: &Pack, classes: &[&str]) {
    let photo = |place: usize| format!("{place}.jpg,{}\n", classes[place % 40]);
    let csv = "file,label\n".to_owned() + &(0..200).map(photo).collect::<String>();
    let labels = Labels::read(&csv, None, &LabelOptions::default(), pack.taxonomy()).unwrap();
    let mut study = Study::new(pack.clone(), labels);
    for place in 0..200 {
        // Every fifth answer is wrong, and always in the same way.
        let answer = if place % 5 == 0 { 700 } else { place % 40 };
        let probabilities = (0..CLASSES).map(|class| if class == answer { 0.244 } else { 0.001 }).collect();
        study.answered(place, probabilities).unwrap();
    }
    let found = study.finish(&cpu_engine_info(), &Settings { resamples: 100, ..Settings::default() }).unwrap();
    assert_eq!(found.fine.accuracy.value, Some(0.8));
    assert_eq!(found.fine.confusion.len(), CLASSES);
    let html = found.to_html();
    assert!(html.len() < 300_000, "{} bytes", html.len());
    assert!(html.contains("<summary>11 more classes</summary>"), "40 that occur, and one that was answered");
    assert!(html.contains("Most frequent confusions") && html.contains("<summary>10 more labels</summary>"));
    let name = |class: usize| pack.taxonomy().node(pack.classes()[class]).name.en();
    assert!(html.contains(name(700)) && !html.contains(&format!(">{}<", name(600))));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("large-evaluation");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("report.html"), html).unwrap();
}

/// What `skintree classify` prints.
fn text_shows_only_what_matters(classifier: &mut Classifier, photo: &[u8]) {
    let report = block_on(classifier.classify(photo, &Options::default())).unwrap().report;
    let text = report.to_text("en");
    assert!(text.lines().count() < 60, "{text}");
    let diagnoses = || report.fine.iter().map(|fine| fine.name.en());
    let upper = report.classes.iter().chain(&report.groups).map(|node| node.name.en());
    for name in diagnoses().chain(upper) {
        assert!(text.contains(name), "{name} is not in {text}");
    }
    // The way from the groups to each listed diagnosis is there.
    let node = |id: &str| report.tree.iter().find(|node| node.id == id).unwrap();
    for fine in &report.fine {
        let mut above = node(&fine.id).parent.as_deref();
        while let Some(id) = above {
            assert!(text.contains(node(id).name.en()), "{id} is not in {text}");
            above = node(id).parent.as_deref();
        }
    }
    let rest: f64 = 1.0 - report.fine.iter().map(|fine| fine.probability).sum::<f64>();
    let line = format!("752 diagnoses are less probable than these, together {:.1} %", rest * 100.0);
    assert!(text.contains(&line), "{line} is not in {text}");
}

/// What `skintree inspect` prints.
fn inspection_names_only_some_classes(manifest: &[u8], model: &[u8], tree: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("large-pack");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, bytes) in [("manifest.json", manifest), ("model.onnx", model), ("taxonomy.json", tree.as_bytes())] {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_skintree")).arg("inspect").arg(&folder).output().unwrap();
    let text = String::from_utf8(run.stdout).unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    assert!(text.contains("and 737 more, in manifest.json"), "{text}");
    assert!(text.len() < 4_000, "{text}");
}
