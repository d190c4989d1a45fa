//! Every byte of a pack changed, every file cut off: refused, with the file's name. And networks whose bytes are as the manifest says, but
//! whose numbers or wires make no sense.

use pollster::block_on;
use skintree::classifier::{Classifier, Options};
use skintree::engine::{EngineChoice, EngineName};
use skintree::onnx::Graph;
use skintree::pack::{OptionalFiles, Pack, PackError};
use skintree::photo::{Limits, Photo};
use skintree_testing::golden;

/// A byte in so many of the network is changed; of the other files, every one.
const STEP: usize = 61;

struct Files {
    manifest: Vec<u8>,
    model: Vec<u8>,
    taxonomy: Vec<u8>,
    scope: Option<Vec<u8>>,
    kind: Option<Vec<u8>>,
}

impl Files {
    fn read() -> std::io::Result<Self> {
        let folder = golden("tiny");
        let read = |name: &str| std::fs::read(folder.join(name));
        Ok(Self {
            manifest: read("manifest.json")?,
            model: read("model.onnx")?,
            taxonomy: read("taxonomy.json")?,
            scope: read("scope.f32").ok(),
            kind: read("kind.f32").ok(),
        })
    }

    fn open(&self) -> Result<Pack, PackError> {
        let optional = OptionalFiles { scope: self.scope.as_deref(), kind: self.kind.as_deref() };
        Pack::open(&self.manifest, self.model.clone(), &self.taxonomy, optional)
    }

    /// The files that the manifest names, with their names.
    fn named(&mut self) -> Vec<(&'static str, &mut Vec<u8>)> {
        let optional = [("scope", self.scope.as_mut()), ("kind", self.kind.as_mut())];
        let optional = optional.into_iter().filter_map(|(name, file)| Some((name, file?)));
        [("model", &mut self.model), ("taxonomy", &mut self.taxonomy)].into_iter().chain(optional).collect()
    }
}

#[test]
fn every_changed_byte_and_every_cut_is_found() {
    let mut files = Files::read().unwrap();
    files.open().unwrap();
    let count = files.named().len();
    for place in 0..count {
        let (name, file) = files.named().remove(place);
        let length = file.len();
        let step = if name == "model" { STEP } else { 1 };
        for at in (0..length).step_by(step) {
            files.named()[place].1[at] ^= 1 << (at % 8);
            let error = files.open().expect_err("a changed byte goes unseen");
            assert_eq!(error.code(), "pack-hash", "{name}: byte {at}");
            assert!(error.to_string().contains(name), "{error}");
            files.named()[place].1[at] ^= 1 << (at % 8);
        }
        for cut in [0, 1, length / 2, length - 1] {
            let whole = files.named()[place].1.clone();
            files.named()[place].1.truncate(cut);
            let error = files.open().expect_err("a cut file goes unseen");
            assert_eq!(error.code(), "pack-truncated", "{name}: {cut} bytes");
            assert!(error.to_string().contains(name), "{error}");
            *files.named().remove(place).1 = whole;
        }
    }
    files.open().unwrap();
}

/// The manifest is the one file that nothing vouches for: a change makes it another manifest or none, but never a crash.
#[test]
fn a_changed_manifest_is_another_one_or_none() {
    let mut files = Files::read().unwrap();
    let mut opened = 0;
    for at in 0..files.manifest.len() {
        for change in [1, 0x20, 0x80] {
            files.manifest[at] ^= change;
            opened += usize::from(files.open().is_ok());
            files.manifest[at] ^= change;
        }
    }
    // Letters of names and texts may be others; most of the file may not.
    assert!(opened < files.manifest.len(), "{opened} of {} changes were let through", files.manifest.len() * 3);
}

/// Bytes of the network changed below the hash: the reader or the self-test refuses them, or the answers are numbers.
#[test]
fn a_changed_network_gives_no_answer_that_is_no_number() {
    let pack = Files::read().unwrap().open().unwrap();
    let signature = pack.manifest().signature();
    let photo = Photo::decode(&std::fs::read(golden("exact-299x299.png")).unwrap(), &Limits::default()).unwrap();
    let mut refused = 0;
    let mut answered = 0;
    for at in (0..pack.model().len()).step_by(997) {
        for value in [0x7F, 0xFF, 0x00] {
            let mut model = pack.model().to_vec();
            model[at] = value;
            if Graph::read(&model, &signature).is_err() {
                refused += 1;
                continue;
            }
            let mut manifest: serde_json::Value = serde_json::from_slice(&Files::read().unwrap().manifest).unwrap();
            manifest["files"]["model"]["sha256"] = skintree::sha256::sha256_hex(&model).into();
            let files = Files { manifest: manifest.to_string().into_bytes(), model, ..Files::read().unwrap() };
            let loaded = block_on(Classifier::load(files.open().unwrap(), EngineChoice::Only(EngineName::Cpu)));
            let Ok(mut classifier) = loaded else {
                refused += 1;
                continue;
            };
            let answer = block_on(classifier.classify_photo(&photo, &Options::default(), web_time::Instant::now()));
            if let Ok(answer) = answer {
                assert!(answer.report.fine.iter().all(|one| one.probability.is_finite()), "byte {at} = {value}");
            }
            answered += 1;
        }
    }
    assert!(refused > 0 && answered > 0, "{refused} refused, {answered} answered");
}
