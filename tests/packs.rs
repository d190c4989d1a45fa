//! Every rule of `docs/formats.md` about manifests and packs, broken one at a time.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, missing_docs)]

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use skintree::input::Filter;
use skintree::pack::{Manifest, OptionalFiles, Pack, PackError};
use skintree_testing::sha256;

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A small pack in memory. The model's bytes mean nothing: a [`Pack`] does not look into them.
struct Files {
    manifest: Value,
    model: Vec<u8>,
    taxonomy: Value,
    scope: Option<Vec<u8>>,
    kind: Option<Vec<u8>>,
}

fn files() -> Files {
    let node = |id: &str, parent: Option<&str>, level: &str| json!({"id": id, "parent": parent, "level": level, "name": {"en": id, "ko": "이름"}});
    let taxonomy = json!({
        "schema": "skintree.taxonomy/1",
        "id": "test",
        "nodes": [
            node("benign", None, "class"), node("malignant", None, "class"), node("non-neoplastic", None, "class"),
            node("melanocytic", Some("benign"), "group"), node("melanoma", Some("malignant"), "group"),
            node("nv", Some("melanocytic"), "disease"), node("blue-nv", Some("nv"), "disease"),
            node("mel", Some("melanoma"), "disease"),
        ],
    });
    let side = |name: &str, nodes: &[&str]| json!({"name": {"en": name}, "nodes": nodes});
    let manifest = json!({
        "schema": "skintree.pack/1", "id": "test-pack", "version": "1.0.0", "name": {"en": "Test"},
        "licence": "MIT", "intended_use": {"en": "Tests."}, "trained_on": {"en": "Nothing."}, "source": "tests/packs.rs",
        "files": {"model": {"path": "model.onnx"}, "taxonomy": {"path": "taxonomy.json"}},
        "input": {
            "tensor": "input", "crop": "centre-square", "size": 299, "filter": "bilinear", "channels": "rgb",
            "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5],
        },
        "outputs": {"logits": "logits", "features": "features"},
        "classes": ["nv", "mel", "blue-nv"],
        "temperature": 1.0,
        "tasks": [{"id": "which", "name": {"en": "Which?"}, "positive": side("Melanoma", &["melanoma"]),
                   "negative": side("Naevus", &["nv"])}],
        "self_test": {"seed": 1, "logits": [0.1, -2.0, 3.5], "tolerance": 0.001},
    });
    Files { manifest, model: b"a model".to_vec(), taxonomy, scope: None, kind: None }
}

impl Files {
    /// Writes lengths and hashes into the manifest, unless they are there, and opens the pack.
    fn open(mut self) -> Result<Pack, PackError> {
        let taxonomy = serde_json::to_vec(&self.taxonomy).unwrap();
        let scope = self.scope.clone().unwrap_or_default();
        let kind = self.kind.clone().unwrap_or_default();
        for (name, bytes) in [("model", &self.model), ("taxonomy", &taxonomy), ("scope", &scope), ("kind", &kind)] {
            let file = &mut self.manifest["files"][name];
            if file.is_object() {
                let file = file.as_object_mut().unwrap();
                file.entry("bytes").or_insert_with(|| json!(bytes.len()));
                file.entry("sha256").or_insert_with(|| json!(sha256(bytes)));
            }
        }
        let optional = OptionalFiles { scope: self.scope.as_deref(), kind: self.kind.as_deref() };
        Pack::open(&serde_json::to_vec(&self.manifest).unwrap(), self.model, &taxonomy, optional)
    }
}

/// The error after a change of the manifest at a JSON pointer.
fn error_with(pointer: &str, value: Value) -> PackError {
    let mut files = files();
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    let parent = files.manifest.pointer_mut(parent).unwrap();
    match parent {
        Value::Array(list) => list[field.parse::<usize>().unwrap()] = value,
        _ => parent[field] = value,
    }
    files.open().expect_err(pointer)
}

#[test]
fn a_sound_pack_opens() {
    let mut pack = files().open().unwrap();
    assert_eq!(pack.classes().len(), 3);
    let covered: Vec<&str> = pack
        .taxonomy()
        .nodes()
        .iter()
        .zip(pack.covered())
        .filter(|(_, covered)| **covered)
        .map(|(node, _)| node.id.as_str())
        .collect();
    assert_eq!(covered, ["benign", "melanocytic", "nv", "blue-nv", "malignant", "melanoma", "mel"]);
    assert_eq!(pack.manifest().input.filter, Filter::Bilinear);
    assert_eq!(
        pack.manifest().files().map(|file| file.path.as_str()).collect::<Vec<_>>(),
        ["taxonomy.json", "model.onnx"]
    );
    assert_eq!(pack.manifest_sha256().len(), 64);
    assert_eq!(pack.take_model(), b"a model");
    assert!(pack.model().is_empty());
}

#[test]
fn the_packs_of_the_repository_open() {
    for path in ["tests/golden/tiny", "model/pack"] {
        let pack = Pack::read_dir(&folder(path)).unwrap();
        assert_eq!(pack.model().len() as u64, pack.manifest().files.model.bytes);
        assert!(pack.covered().iter().any(|covered| *covered));
        let json = serde_json::to_vec(pack.manifest()).unwrap();
        assert_eq!(&Manifest::parse(&json).unwrap(), pack.manifest());
    }
}

#[test]
fn unknown_fields_are_ignored_and_optional_ones_may_be_missing() {
    let mut files = files();
    files.manifest["hospital"] = json!({"contact": "someone"});
    files.manifest["input"]["note"] = json!("x");
    files.manifest["outputs"].as_object_mut().unwrap().remove("features");
    files.manifest["tasks"] = json!([]);
    let pack = files.open().unwrap();
    assert_eq!(pack.manifest().outputs.features, None);
}

#[test]
fn every_other_field_is_required() {
    let required = [
        "/schema",
        "/id",
        "/version",
        "/name",
        "/licence",
        "/intended_use",
        "/trained_on",
        "/source",
        "/files",
        "/files/model",
        "/files/taxonomy",
        "/files/model/path",
        "/input",
        "/input/tensor",
        "/input/crop",
        "/input/size",
        "/input/filter",
        "/input/channels",
        "/input/mean",
        "/input/std",
        "/outputs",
        "/outputs/logits",
        "/classes",
        "/temperature",
        "/tasks",
        "/tasks/0/id",
        "/tasks/0/name",
        "/tasks/0/positive",
        "/tasks/0/negative",
        "/tasks/0/positive/name",
        "/tasks/0/positive/nodes",
        "/self_test",
        "/self_test/seed",
        "/self_test/logits",
        "/self_test/tolerance",
    ];
    for pointer in required {
        let mut files = files();
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        files.manifest.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(field).unwrap();
        let error = files.open().expect_err(pointer);
        assert_eq!(error.code(), "pack-manifest", "{pointer}: {error}");
    }
}

#[test]
fn values_that_make_no_sense_are_refused_by_name() {
    let cases = [
        ("/id", json!("Test Pack"), "`id`"),
        ("/id", json!(""), "`id`"),
        ("/version", json!(" "), "`version`"),
        ("/licence", json!(""), "`licence`"),
        ("/source", json!(""), "`source`"),
        ("/files/model/path", json!("../model.onnx"), "`files.model.path`"),
        ("/files/model/path", json!("https://example.org/model.onnx"), "`files.model.path`"),
        ("/files/taxonomy/path", json!("/etc/passwd"), "`files.taxonomy.path`"),
        ("/files/taxonomy/path", json!("model.onnx"), "`files`"),
        ("/files/taxonomy/path", json!("manifest.json"), "`files`"),
        ("/files/model/bytes", json!(0), "`files.model.bytes`"),
        ("/files/model/bytes", json!(u64::MAX), "`files.model.bytes`"),
        ("/files/taxonomy/bytes", json!(1_u64 << 40), "`files.taxonomy.bytes`"),
        ("/files/model/sha256", json!("ABC"), "`files.model.sha256`"),
        ("/files/model/sha256", json!("A".repeat(64)), "`files.model.sha256`"),
        ("/input/tensor", json!(""), "`input.tensor`"),
        ("/input/size", json!(0), "`input.size`"),
        ("/input/size", json!(100_000), "`input.size`"),
        ("/input/std", json!([0.5, 0.0, 0.5]), "`input.std`"),
        ("/outputs/logits", json!(""), "`outputs.logits`"),
        ("/outputs/features", json!("logits"), "`outputs.features`"),
        ("/classes", json!([]), "`classes`"),
        ("/classes", json!(["nv", "mel", "nv"]), "`classes`"),
        ("/classes", json!(["nv", "MEL", "blue-nv"]), "`classes`"),
        ("/temperature", json!(0), "`temperature`"),
        ("/temperature", json!(-1.0), "`temperature`"),
        ("/tasks/0/id", json!("Which?"), "`tasks`"),
        ("/tasks/0/positive/nodes", json!([]), "`tasks[0].positive.nodes`"),
        ("/tasks/0/negative/nodes", json!(["melanoma"]), "`tasks[0]`"),
        ("/tasks/0/negative/nodes", json!(["nv", "blue-nv"]), "`tasks[0]`"),
        ("/tasks/0/negative/nodes", json!(["mel"]), "`tasks[0]`"),
        ("/tasks/0/negative/nodes", json!(["malignant"]), "`tasks[0]`"),
        ("/tasks/0/negative/nodes", json!(["non-neoplastic"]), "`tasks[0].negative.nodes`"),
        ("/self_test/logits", json!([0.1]), "`self_test.logits`"),
        ("/self_test/tolerance", json!(0.0), "`self_test.tolerance`"),
    ];
    for (pointer, value, field) in cases {
        let text = value.to_string();
        let error = error_with(pointer, value);
        assert_eq!(error.code(), "pack-manifest", "{pointer} = {text}: {error}");
        assert!(error.to_string().contains(field), "{pointer} = {text}: {error}");
    }
    // JSON has no infinities, but numbers too large for the type become one or are refused.
    for pointer in ["/self_test/tolerance", "/self_test/logits/0", "/input/mean/0", "/input/std/2"] {
        assert_eq!(error_with(pointer, json!(1e300)).code(), "pack-manifest", "{pointer}");
    }
    let too_large =
        serde_json::to_string(&files().manifest).unwrap().replace("\"temperature\":1.0", "\"temperature\":1e999");
    assert!(too_large.contains("1e999"));
    assert_eq!(Manifest::parse(too_large.as_bytes()).unwrap_err().code(), "pack-manifest");
}

#[test]
fn wrong_types_and_words_are_refused() {
    let cases = [
        ("/input/filter", json!("lanczos")),
        ("/input/crop", json!("center-square")),
        ("/input/channels", json!("rgba")),
        ("/input/mean", json!([0.5, 0.5])),
        ("/input/size", json!(-1)),
        ("/input/size", json!(299.5)),
        ("/self_test/seed", json!(1_u64 << 32)),
        ("/name", json!({"ko": "영어 없음"})),
        ("/name", json!("Test")),
        ("/classes", json!("nv")),
    ];
    for (pointer, value) in cases {
        assert!(matches!(error_with(pointer, value), PackError::Json(_)), "{pointer}");
    }
    let later = error_with("/schema", json!("skintree.pack/3"));
    assert_eq!(later, PackError::Schema("skintree.pack/3".into()));
    for bytes in [&b""[..], b"{", b"[]", b"null", b"\xFF\xFE", &vec![b' '; 5 << 20]] {
        assert_eq!(Manifest::parse(bytes).unwrap_err().code(), "pack-manifest");
    }
}

#[test]
fn names_that_the_taxonomy_does_not_have() {
    for (pointer, value) in [
        ("/classes", json!(["nv", "mel", "bcc"])),
        ("/tasks/0/positive/nodes", json!(["bcc"])),
        ("/tasks/0/negative/nodes", json!(["nv", "bcc"])),
    ] {
        let error = error_with(pointer, value);
        assert_eq!(error.code(), "taxonomy");
        assert!(error.to_string().contains("\"bcc\""), "{error}");
    }
    let mut files = files();
    files.taxonomy["nodes"][0]["parent"] = json!("blue-nv");
    assert_eq!(files.open().unwrap_err().code(), "taxonomy");
}

#[test]
fn lengths_and_hashes_are_checked() {
    let wrong = "0".repeat(64);
    for file in ["model", "taxonomy"] {
        for bytes in [1, 1_000_000] {
            let error = error_with(&format!("/files/{file}/bytes"), json!(bytes));
            assert!(matches!(error, PackError::Length { expected, .. } if expected == bytes));
            assert_eq!(error.code(), "pack-truncated");
        }
        let error = error_with(&format!("/files/{file}/sha256"), json!(wrong));
        assert_eq!(error.code(), "pack-hash");
        assert!(error.to_string().contains(&wrong), "{error}");
    }
}

#[test]
fn a_folder_with_files_missing() {
    let error = Pack::read_dir(&folder("tests/no-such-pack")).unwrap_err();
    assert_eq!(error.code(), "pack-truncated");
    assert!(error.to_string().contains("manifest.json"), "{error}");
}

/// A pack with a scope file of three channels and one component.
fn files_with_scope() -> Files {
    let values: [f32; 6] = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0];
    let mut files = files();
    files.scope = Some(values.iter().flat_map(|value| value.to_le_bytes()).collect());
    files.manifest["files"]["scope"] = json!({"path": "scope.f32"});
    files.manifest["scope"] = json!({"channels": 3, "threshold": 0.5});
    files
}

#[test]
fn a_scope_file_is_checked_like_the_others() {
    let pack = files_with_scope().open().unwrap();
    assert_eq!(pack.scope().unwrap().channels(), 3);
    let mut paths = pack.manifest().files().map(|file| file.path.as_str());
    assert!(paths.any(|path| path == "scope.f32"));

    let code = |change: fn(&mut Files)| {
        let mut files = files_with_scope();
        change(&mut files);
        files.open().unwrap_err().code()
    };
    assert_eq!(code(|files| files.scope = None), "pack-manifest");
    assert_eq!(code(|files| files.manifest["files"]["scope"]["bytes"] = json!(23)), "pack-truncated");
    assert_eq!(code(|files| files.manifest["files"]["scope"]["sha256"] = json!("0".repeat(64))), "pack-hash");
    assert_eq!(code(|files| files.manifest["scope"] = Value::Null), "pack-manifest");
    assert_eq!(code(|files| files.manifest["scope"]["channels"] = json!(4)), "pack-manifest");
    assert_eq!(code(|files| files.manifest["scope"]["threshold"] = json!(1.5)), "pack-manifest");
    assert_eq!(code(|files| files.manifest["outputs"]["features"] = Value::Null), "pack-manifest");
    assert_eq!(code(|files| files.manifest["files"]["scope"]["path"] = json!("model.onnx")), "pack-manifest");
}

#[test]
fn operating_points_are_shares() {
    let point = json!({"id": "youden", "threshold": 0.3, "sensitivity": 0.9, "specificity": 0.8});
    let with = |points: Value| {
        let mut files = files();
        files.manifest["tasks"][0]["operating_points"] = points;
        files.open()
    };
    assert_eq!(with(json!([point])).unwrap().manifest().tasks[0].operating_points.len(), 1);
    for (field, value) in [("threshold", json!(1.1)), ("sensitivity", json!(-0.1)), ("id", json!("Youden"))] {
        let mut wrong = point.clone();
        wrong[field] = value;
        assert_eq!(with(json!([wrong])).unwrap_err().code(), "pack-manifest", "{field}");
    }
    assert_eq!(with(json!([point, point])).unwrap_err().code(), "pack-manifest");
}

/// A pack with a kind file of two channels.
fn files_with_kinds() -> Files {
    let mut files = files();
    files.kind = Some([0.0_f32, 1.0, -1.0].iter().flat_map(|value| value.to_le_bytes()).collect());
    files.manifest["schema"] = json!("skintree.pack/2");
    files.manifest["files"]["kind"] = json!({"path": "kind.f32"});
    let kind = |id: &str| json!({"id": id, "name": {"en": id}, "offset": [0.0, 0.5, 0.0], "temperature": 2.0});
    files.manifest["photo_kinds"] = json!({"channels": 2, "kinds": [kind("dermoscopic"), kind("clinical")]});
    files
}

#[test]
fn a_kind_file_and_what_the_manifest_says_of_kinds_are_checked() {
    let pack = files_with_kinds().open().unwrap();
    let (head, kinds) = pack.photo_kinds().unwrap();
    assert_eq!((head.channels(), kinds[1].id.as_str()), (2, "clinical"));
    assert!(pack.needs_features());
    let code = |change: fn(&mut Files)| {
        let mut files = files_with_kinds();
        change(&mut files);
        files.open().unwrap_err().code()
    };
    assert_eq!(code(|files| files.kind = None), "pack-manifest");
    assert_eq!(code(|files| files.manifest["files"]["kind"]["bytes"] = json!(11)), "pack-truncated");
    assert_eq!(code(|files| files.manifest["files"]["kind"]["sha256"] = json!("0".repeat(64))), "pack-hash");
    assert_eq!(code(|files| files.manifest["photo_kinds"] = Value::Null), "pack-manifest");
    assert_eq!(code(|files| files.manifest["photo_kinds"]["channels"] = json!(3)), "pack-manifest");
    assert_eq!(code(|files| files.manifest["schema"] = json!("skintree.pack/1")), "pack-manifest");
    for (pointer, value) in [
        ("/photo_kinds/kinds/0/id", json!("clinical")),
        ("/photo_kinds/kinds/0/offset", json!([0.0])),
        ("/photo_kinds/kinds/1/temperature", json!(0.0)),
        ("/photo_kinds/kinds/1/scope_threshold", json!(1.5)),
        ("/photo_kinds/kinds/1/operating_points", json!({"other": []})),
        (
            "/photo_kinds/kinds/1/operating_points",
            json!({"which": [{"id": "a", "threshold": 2.0, "sensitivity": 1.0, "specificity": 1.0}]}),
        ),
        ("/photo_kinds/kinds", json!([])),
    ] {
        let mut files = files_with_kinds();
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        files.manifest.pointer_mut(parent).unwrap()[field] = value;
        assert_eq!(files.open().unwrap_err().code(), "pack-manifest", "{pointer}");
    }
}

#[test]
fn quality_limits_are_checked() {
    let limits = json!({"least_sharpness": 1.2, "least_brightness": 0.2, "most_brightness": 0.9,
                        "most_dark_clipped": 0.3, "most_bright_clipped": 0.2, "least_contrast": 0.05});
    let open = |limits: Value| {
        let mut files = files();
        files.manifest["quality"] = limits;
        files.open()
    };
    assert!(open(limits.clone()).is_ok());
    for (field, value) in [("least_sharpness", 5.0), ("most_brightness", 0.1), ("least_contrast", -0.1)] {
        let mut limits = limits.clone();
        limits[field] = json!(value);
        assert_eq!(open(limits).unwrap_err().code(), "pack-manifest", "{field}");
    }
}
