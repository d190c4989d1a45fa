//! Any bytes as a manifest: refused, or one that opens with the files that it names or not at all.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skintree::pack::{Manifest, OptionalFiles, Pack};

static TAXONOMY: &[u8] = include_bytes!("../../tests/golden/tiny/taxonomy.json");

fuzz_target!(|data: &[u8]| {
    if let Ok(manifest) = Manifest::parse(data) {
        let _ = format!("{manifest:?}");
        let _ = Pack::open_without_network(data, TAXONOMY);
        let _ = Pack::open(data, Vec::new(), TAXONOMY, OptionalFiles { scope: Some(data), kind: Some(data) });
    }
});
