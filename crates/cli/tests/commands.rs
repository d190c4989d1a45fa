//! The commands as they are called, and what they leave on the disk.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, missing_docs)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pollster::block_on;
use serde_json::{Value, json};
use skintree::classifier::{Classifier, Options};
use skintree::engine::{EngineChoice, EngineName};
use skintree::heat_map::HeatMapChoice;
use skintree_testing::{data, golden, path, tiny};

/// A taxonomy of three nodes below each other.
const TREE: &str = r#"{"schema": "skintree.taxonomy/1", "id": "test", "nodes": [
    {"id": "n00000", "parent": null, "level": "class", "name": {"en": "Node 0"}},
    {"id": "n00001", "parent": "n00000", "level": "group", "name": {"en": "Node 1"}},
    {"id": "n00002", "parent": "n00000", "level": "group", "name": {"en": "Node 2"}}
]}"#;

/// The command, in the folder of the repository.
fn skintree() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_skintree"));
    command.current_dir(path("."));
    command
}

fn evaluate(out: &Path, more: &[&str]) -> Output {
    skintree()
        // No dermatologists here, so that the report is the same everywhere.
        .env("SKINTREE_DATA", "/nonexistent")
        .args(["evaluate", "--data", "tests/golden", "--labels", "tests/golden/labels.csv"])
        .args(["--label-column", "diagnosis", "--pack", "tests/golden/tiny", "--engine", "cpu", "--resamples", "200"])
        .arg("--out")
        .arg(out)
        .args(more)
        .output()
        .unwrap()
}

#[test]
fn the_command_line_goes_on_where_it_was() {
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("evaluate");
    let _ = std::fs::remove_dir_all(&out);
    let refused = evaluate(&out, &[]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("Mole"));

    let map = ["--map", "Mole=nv"];
    let done = evaluate(&out, &map);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    let first = read("report.json");
    let report: Value = serde_json::from_str(&first).unwrap();
    assert_eq!(report["data"]["photos"], 5);
    let skipped: Vec<&str> =
        report["data"]["skipped"].as_array().unwrap().iter().map(|photo| photo["code"].as_str().unwrap()).collect();
    assert_eq!(skipped, ["photo-format", "photo-missing"]);
    assert!(read("report.html").starts_with("<!DOCTYPE html>"));

    // As if it had been stopped in the middle of a line.
    let lines = read("predictions.jsonl");
    std::fs::write(out.join("predictions.jsonl"), &lines[..lines.len() - 30]).unwrap();
    let again = evaluate(&out, &map);
    assert!(String::from_utf8_lossy(&again.stderr).contains("are in"), "it began anew");
    assert_eq!(read("report.json"), first);
}

#[test]
fn the_command_line_lays_a_map_over_the_part_of_the_photo_that_counts() {
    let folder = std::env::temp_dir().join(format!("skintree-heat-maps-{}", std::process::id()));
    let run = |nodes: &[&str]| {
        let mut command = skintree();
        command.args(["classify", "tests/golden/landscape-640x481.png", "--pack", "tests/golden/tiny"]);
        command.args(["--engine", "cpu", "--output"]).arg(&folder);
        command.args(nodes.iter().flat_map(|node| ["--heat-map", node]));
        command.output().unwrap()
    };
    let output = run(&["mel", "benign"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let engine = EngineChoice::Only(EngineName::Cpu);
    let mut classifier = block_on(Classifier::load(tiny(), engine)).unwrap();
    let options = Options { heat_maps: HeatMapChoice::Nodes(vec!["mel".to_owned()]), ..Options::default() };
    let bytes = std::fs::read(golden("landscape-640x481.png")).unwrap();
    let [map] = block_on(classifier.classify(&bytes, &options)).unwrap().report.heat_maps.unwrap().try_into().unwrap();
    let picture = image::open(folder.join("landscape-640x481.mel.png")).unwrap().to_rgb8();
    assert_eq!(picture.dimensions(), (481, 481));
    let photo = image::open(golden("landscape-640x481.png")).unwrap().to_rgb8();
    // In the middle of a cell the colour is that of the cell: half of it, half of the photo.
    let of = |extreme: fn(f32, f32) -> f32| map.values.iter().copied().reduce(extreme).unwrap();
    for (value, viridis) in [(of(f32::min), [68.0, 1.0, 84.0]), (of(f32::max), [253.0, 231.0, 37.0_f32])] {
        let cell = map.values.iter().position(|&v| v.to_bits() == value.to_bits()).unwrap();
        let centre = |at: usize, cells: usize| ((at as f32 + 0.5) / cells as f32 * 481.0) as u32;
        let (x, y) = (centre(cell % map.width, map.width), centre(cell / map.width, map.height));
        for (channel, viridis) in viridis.into_iter().enumerate() {
            let expected = f32::midpoint(f32::from(photo.get_pixel(x + 79, y)[channel]), viridis);
            let found = f32::from(picture.get_pixel(x, y)[channel]);
            assert!((found - expected).abs() <= 3.0, "{x}, {y}: {found} is not {expected}");
        }
    }
    assert!(folder.join("landscape-640x481.benign.png").exists());

    let output = run(&["naevus"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("[heat-map]"));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_command_writes_what_the_documentation_describes() {
    let folder = std::env::temp_dir().join(format!("skintree-partition-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let tree = write("tree.json", TREE.as_bytes());
    let run = |counts: &PathBuf| {
        skintree().arg("partition").args([&tree, counts]).args(["--max-class-size", "10"]).output().unwrap()
    };
    let output =
        run(&write("counts.json", br#"{"schema": "skintree.counts/1", "images": {"n00001": 7, "n00002": 8}}"#));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "2 classes of 7 to 8 images, 15 images in all\n");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = json!({
        "schema": "skintree.partition/1",
        "taxonomy": "test",
        "max_class_size": 10,
        "images": 15,
        "classes": [
            {"id": "n00001", "images": 7, "nodes": ["n00001"]},
            {"id": "n00002", "images": 8, "nodes": ["n00002"]},
        ],
    });
    assert_eq!(found, expected);
    let output = run(&write("bad.json", br#"{"schema": "skintree.counts/1", "images": {"mel": 7}}"#));
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("[counts]"));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn has_the_labels_of_fitzpatrick17k_in_the_groups_of_its_authors() {
    let Some(json) = data("taxonomy/fitzpatrick17k_labels.json") else { return };
    let json = std::fs::read_to_string(json).unwrap();
    let check = |json: &str| {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("fitzpatrick17k.json");
        std::fs::write(&path, json).unwrap();
        let output = skintree().args(["taxonomy", "check", "--fitzpatrick17k"]).arg(path).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.success(), text(&output.stdout), text(&output.stderr))
    };
    let (success, found, wrong) = check(&json);
    assert!(success, "{wrong}");
    assert!(found.contains("  114  labels of Fitzpatrick17k in the groups of its authors but for 1\n"), "{found}");
    assert!(found.contains("  prurigo nodularis, in inflammatory: "), "{found}");

    let (success, _, wrong) = check(&json.replacen("\"benign dermal\"", "\"malignant dermal\"", 1));
    assert!(!success && wrong.contains("its authors have it in malignant dermal"), "{wrong}");
    let (success, _, wrong) = check(&json.replacen("\"dermatofibroma\"", "\"something else\"", 1));
    assert!(!success && wrong.contains("\"dermatofibroma\" is no label of Fitzpatrick17k"), "{wrong}");
}

/// A folder of its own for a test, empty.
fn empty_folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn every_output_names_its_photo_and_none_takes_the_place_of_another() {
    let folder = empty_folder("equal-names");
    let photos: Vec<PathBuf> = ["s1/photo.jpg", "s2/photo.jpg", "s1/photo.png"].map(|name| folder.join(name)).into();
    for photo in &photos {
        std::fs::create_dir_all(photo.parent().unwrap()).unwrap();
        std::fs::copy(golden("exact-299x299.png"), photo).unwrap();
    }
    let broken = folder.join("s2/broken.jpg");
    std::fs::write(&broken, b"no photo").unwrap();
    let missing = folder.join("missing.jpg");
    let output = folder.join("hm");
    let classify = |more: &[&str]| {
        let mut command = skintree();
        command.args(["classify", "--json", "--pack", "tests/golden/tiny", "--engine", "cpu", "--heat-map", "mel"]);
        command.arg("--output").arg(&output).arg("--tensors").arg(&output).args(more);
        command.args(&photos).args([&broken, &missing]).output().unwrap()
    };
    let found = classify(&[]);
    assert!(!found.status.success());
    let lines: Vec<Value> =
        String::from_utf8(found.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let files: Vec<&str> = lines.iter().map(|line| line["file"].as_str().unwrap()).collect();
    let given: Vec<String> = photos.iter().chain([&broken, &missing]).map(|path| path.display().to_string()).collect();
    assert_eq!(files, given);
    let codes: Vec<Option<&str>> = lines.iter().map(|line| line["error"]["code"].as_str()).collect();
    assert_eq!(codes, [None, None, None, Some("photo-format"), Some("photo-missing")]);
    let mut written: Vec<String> =
        std::fs::read_dir(&output).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    written.sort();
    let of = |name: &str| ["input.f32", "logits.f32", "mel.png"].map(|kind| format!("{name}.{kind}"));
    assert_eq!(written, [of("photo.png"), of("s1_photo.jpg"), of("s2_photo.jpg")].concat());
    assert_eq!(lines[0]["written"].as_array().unwrap().len(), 3);

    // Once more: what is there stays, and each photo says so; unless it is to be replaced.
    let again = classify(&[]);
    let text = String::from_utf8(again.stdout).unwrap();
    assert_eq!(text.matches(r#""code":"output""#).count(), 3, "{text}");
    assert_eq!(String::from_utf8(classify(&["--overwrite"]).stdout).unwrap().matches(r#""written""#).count(), 3);
}

#[test]
fn a_reader_who_has_enough_is_no_error() {
    for arguments in [
        &["taxonomy", "check"][..],
        &["taxonomy", "build"],
        &["inspect", "tests/golden/tiny"],
        &["classify", "--pack", "tests/golden/tiny", "--engine", "cpu", "tests/golden/exact-299x299.png"],
        &["classify", "--json", "--pack", "tests/golden/tiny", "--engine", "cpu", "tests/golden/exact-299x299.png"],
    ] {
        let mut child = skintree()
            .args(arguments)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!message.contains("panicked"), "{arguments:?}: {message}");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {message}");
    }
}

#[test]
fn a_full_disk_is_said() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else {
        println!("skipped: there is no /dev/full here");
        return;
    };
    let output = skintree().args(["inspect", "tests/golden/tiny"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("standard output cannot be written"));
}

#[test]
fn answers_of_other_photos_or_another_model_are_neither_used_nor_overwritten() {
    let folder = empty_folder("other-answers");
    let photos = |name: &str, picture: &str| {
        let data = folder.join(name);
        std::fs::create_dir_all(&data).unwrap();
        std::fs::copy(golden(picture), data.join("1.png")).unwrap();
        std::fs::copy(golden("landscape-640x481.png"), data.join("2.png")).unwrap();
        std::fs::write(data.join("labels.csv"), "file,label\n1.png,mel\n2.png,nv\n").unwrap();
        data
    };
    let (a, b) = (photos("a", "exact-299x299.png"), photos("b", "landscape-640x481.png"));
    let out = folder.join("out");
    let run_with = |data: &Path, pack: &str, labels: &Path, more: &[&str]| {
        let mut command = skintree();
        command.env("SKINTREE_DATA", "/nonexistent").arg("evaluate").arg("--data").arg(data);
        command.arg("--labels").arg(labels).args(["--pack", pack, "--engine", "cpu", "--resamples", "50", "--no-map"]);
        command.arg("--out").arg(&out).args(more).output().unwrap()
    };
    let run = |data: &Path, pack: &str, labels: &Path| run_with(data, pack, labels, &[]);
    // Several are worked on at a time, so that lines may come in any order.
    let saved = || {
        let text = std::fs::read_to_string(out.join("predictions.jsonl")).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let refused = |output: Output, reason: &str| {
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && message.contains("[predictions]") && message.contains(reason), "{message}");
    };
    let labels = a.join("labels.csv");
    assert!(run(&a, "tests/golden/tiny", &labels).status.success());
    let first = saved();
    refused(run(&b, "tests/golden/tiny", &b.join("labels.csv")), "other photos of the same names, 1.png");
    assert_eq!(saved(), first);
    refused(run(&a, "model/pack", &labels), "another model pack");
    assert_eq!(saved(), first);

    // Another table over some of the same photos leaves the answers to the others.
    let fewer = folder.join("fewer.csv");
    std::fs::write(&fewer, "file,label\n2.png,nv\n").unwrap();
    let report = || std::fs::read_to_string(out.join("report.json")).unwrap();
    let first_report = report();
    let refused_report = run(&a, "tests/golden/tiny", &fewer);
    let message = String::from_utf8_lossy(&refused_report.stderr).into_owned();
    assert!(!refused_report.status.success() && message.contains("report on another table"), "{message}");
    assert_eq!(report(), first_report);
    assert!(run_with(&a, "tests/golden/tiny", &fewer, &["--overwrite"]).status.success());
    assert_ne!(report(), first_report);
    assert_eq!(saved(), first);
    assert!(run_with(&a, "tests/golden/tiny", &labels, &["--overwrite"]).status.success());
    assert!(run(&a, "tests/golden/tiny", &labels).status.success(), "the same again needs no --overwrite");

    // A photo that is not there has no answer, and keeps its line for a run that has it.
    let c = folder.join("c");
    std::fs::create_dir_all(&c).unwrap();
    let nothing = run(&c, "tests/golden/tiny", &labels);
    assert!(!nothing.status.success());
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("none of the 2 photos could be classified"));
    std::fs::copy(a.join("1.png"), c.join("1.png")).unwrap();
    let one = run(&c, "tests/golden/tiny", &labels);
    assert!(String::from_utf8_lossy(&one.stdout).contains(": 1 photos"), "{}", String::from_utf8_lossy(&one.stdout));
    assert!(first.iter().all(|line| saved().contains(line)));
    let text = std::fs::read_to_string(out.join("predictions.jsonl")).unwrap();
    std::fs::write(out.join("predictions.jsonl"), text.replace("predictions/2", "predictions/1")).unwrap();
    refused(run(&a, "tests/golden/tiny", &labels), "schema");
}

#[test]
fn outputs_that_are_there_are_not_replaced_unasked() {
    let folder = empty_folder("kept-outputs");
    let taxonomy = folder.join("taxonomy.json");
    let counts = folder.join("counts.json");
    std::fs::write(&counts, r#"{"schema": "skintree.counts/1", "images": {"mel": 10}}"#).unwrap();
    let classes = folder.join("classes.json");
    for (path, command) in [(&taxonomy, "taxonomy build"), (&classes, "partition model/pack/taxonomy.json")] {
        let run = |more: &[&str]| {
            let mut skintree = skintree();
            skintree.args(command.split(' '));
            if command.starts_with("partition") {
                skintree.arg(&counts);
            }
            skintree.arg("-o").arg(path).args(more).output().unwrap()
        };
        assert!(run(&[]).status.success(), "{command}");
        std::fs::write(path, "mine").unwrap();
        let refused = run(&[]);
        let message = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(1), "{message}");
        assert!(message.contains("[output]") && message.contains("--overwrite"), "{message}");
        assert_eq!(std::fs::read_to_string(path).unwrap(), "mine");
        assert!(run(&["--overwrite"]).status.success());
        assert_ne!(std::fs::read_to_string(path).unwrap(), "mine");
    }
}

/// As a film in the folder of photos: refused by its length, not read into the memory.
#[test]
fn a_huge_file_is_refused_by_its_length() {
    let folder = empty_folder("huge");
    let huge = folder.join("huge.jpg");
    std::fs::File::create(&huge).unwrap().set_len(6 << 30).unwrap();
    let output =
        skintree().args(["classify", "--engine", "cpu", "--pack", "tests/golden/tiny"]).arg(&huge).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("[photo-too-large]") && message.contains("6442450944 bytes"), "{message}");
    std::fs::write(folder.join("labels.csv"), "file,label\nhuge.jpg,nv\n").unwrap();
    let output = skintree()
        .args(["evaluate", "--pack", "tests/golden/tiny", "--engine", "cpu", "--data"])
        .arg(&folder)
        .arg("--labels")
        .arg(folder.join("labels.csv"))
        .arg("--out")
        .arg(folder.join("out"))
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("6442450944 bytes"), "{message}");
    std::fs::remove_file(huge).unwrap();
}

/// Tables as people have them (`cases/tables`), whose photos are there under other names.
#[test]
fn photos_are_found_however_the_table_writes_them() {
    let folder = empty_folder("other-names");
    let photos = folder.join("photos");
    for name in ["P00.jpg", "part_1/IMG_1.JPG", "part_2/\u{1112}\u{1161}\u{11ab}.png"] {
        let path = photos.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::copy(golden("exact-299x299.png"), path).unwrap();
    }
    std::fs::create_dir_all(photos.join("a")).unwrap();
    std::fs::create_dir_all(photos.join("b")).unwrap();
    for name in ["a/twice.png", "b/twice.png"] {
        std::fs::copy(golden("exact-299x299.png"), photos.join(name)).unwrap();
    }
    let table = folder.join("labels.csv");
    std::fs::write(
        &table,
        "file,label\nphotos/p00,mel\nC:\\x\\part_1\\img_1.jpg,nv\n\u{d55c}.png,nv\ntwice.png,nv\nnone.png,nv\n",
    )
    .unwrap();
    let out = folder.join("out");
    let output = skintree()
        .env("SKINTREE_DATA", "/nonexistent")
        .args(["evaluate", "--pack", "tests/golden/tiny", "--engine", "cpu", "--resamples", "50", "--no-map", "--data"])
        .arg(&photos)
        .arg("--labels")
        .arg(&table)
        .arg("--out")
        .arg(&out)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&std::fs::read(out.join("report.json")).unwrap()).unwrap();
    assert_eq!(report["data"]["photos"], 3);
    let skipped = report["data"]["skipped"].as_array().unwrap();
    assert_eq!(skipped.len(), 2);
    assert!(skipped[0]["message"].as_str().unwrap().contains("a/twice.png, b/twice.png"), "{skipped:?}");
    assert!(skipped[1]["message"].as_str().unwrap().contains("no such photo"), "{skipped:?}");
}

#[test]
fn the_picture_in_a_dicom_file_is_classified_as_it_is_outside() {
    let folder = empty_folder("dicom");
    let whole = std::fs::read(path("tests/photos/plain.dcm")).unwrap();
    std::fs::write(folder.join("cut.dcm"), &whole[..whole.len() - 50]).unwrap();
    let output = skintree()
        .args(["classify", "--pack", "tests/golden/tiny", "--engine", "cpu", "--json"])
        .args([
            "tests/photos/picture.png",
            "tests/photos/plain.dcm",
            "tests/photos/baseline-420.jpg",
            "tests/photos/jpeg.dcm",
        ])
        .arg(folder.join("cut.dcm"))
        .output()
        .unwrap();
    let lines: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let trees: Vec<&Value> = lines.iter().map(|line| line.pointer("/report/tree").unwrap_or(&line["tree"])).collect();
    assert!(trees[0].as_array().is_some_and(|nodes| nodes.len() > 3), "{}", lines[0]);
    assert_eq!(trees[0], trees[1]);
    assert_eq!(trees[2], trees[3]);
    assert!(lines[4].to_string().contains("photo-broken"), "{}", lines[4]);
    assert!(!String::from_utf8_lossy(&output.stderr).contains("Mustermann"));
}

#[test]
fn a_record_is_a_line_a_photo_and_wrong_options_are_refused_before_any_is_read() {
    let photo = path("tests/photos/baseline-420.jpg");
    let run = |more: &[&str]| {
        let photos = [photo.as_path(), Path::new("no-such.jpg"), photo.as_path()];
        let command = ["classify", "--engine", "cpu", "--fhir"];
        skintree().args(command).args(more).arg("--pack").arg(golden("tiny")).args(photos).output().unwrap()
    };
    let output = run(&["--issued", "2026-11-23T20:00:00Z", "--taken", "2026-11"]);
    assert_eq!(output.status.code(), Some(1), "one photo is missing");
    let lines = String::from_utf8(output.stdout).unwrap();
    let records: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(records.len(), 2);
    assert_eq!(records[0], records[1]);
    assert_eq!(records[0]["timestamp"], json!("2026-11-23T20:00:00Z"));
    assert_eq!(records[0]["entry"][0]["resource"]["effectiveDateTime"], json!("2026-11"));
    let now: Value = serde_json::from_slice(run(&[]).stdout.split(|&byte| byte == b'\n').next().unwrap()).unwrap();
    assert!(now["timestamp"].as_str().unwrap() > "2026-11-23T20:00:00Z");
    for wrong in [&["--issued", "yesterday"], &["--taken", "2026-02-30"], &["--subject", ""]] {
        let output = run(wrong);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{wrong:?}");
    }
    assert_eq!(run(&["--json"]).status.code(), Some(2));
}
