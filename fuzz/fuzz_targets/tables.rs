//! Any bytes as a table of labels, its folds, saved predictions or paths of photos.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use skintree::pack::Pack;
use skintree_evaluate::labels::{LabelOptions, Labels, columns, unknown_labels};
use skintree_evaluate::photo_index::PhotoIndex;
use skintree_evaluate::predictions::Predictions;
use skintree_evaluate::table_text::decode;

static PACK: LazyLock<Pack> = LazyLock::new(|| {
    let (manifest, taxonomy) = (
        include_bytes!("../../tests/golden/tiny/manifest.json"),
        include_bytes!("../../tests/golden/tiny/taxonomy.json"),
    );
    Pack::open_without_network(manifest, taxonomy).expect("it is a pack")
});

fuzz_target!(|data: &[u8]| {
    let Ok(text) = decode(data) else { return };
    let taxonomy = PACK.taxonomy();
    let usual = LabelOptions::default();
    let Ok(found) = columns(&text) else { return };
    let chosen = LabelOptions { file_column: found.file, label_column: found.label, ..LabelOptions::default() };
    let _ = unknown_labels(&text, &chosen, taxonomy);
    let by_itself = Labels::read(&text, None, &usual, taxonomy);
    assert_eq!(by_itself.is_ok(), Labels::read(&text, None, &chosen, taxonomy).is_ok());
    let _ = Labels::read(&text, Some(&text), &usual, taxonomy);
    if let Ok(labels) = by_itself {
        let files: Vec<String> = labels.photos.iter().map(|photo| photo.file.clone()).collect();
        let paths: Vec<String> = text.lines().map(str::to_owned).collect();
        let _ = PhotoIndex::new(paths).find_all(&files);
    }
    let _ = Predictions::new("pack", "cpu").read(&text);
});
