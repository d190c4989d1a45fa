//! Any bytes as a taxonomy, an outline or counts: refused, or a tree whose probabilities add up.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skintree::taxonomy::Taxonomy;
use skintree::taxonomy::outline::Outline;
use skintree::taxonomy::partition::{Counts, MAX_CLASS_SIZE, Partition};

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(outline) = Outline::parse(text)
    {
        let _ = outline.findings();
        if let Ok(json) = outline.to_json("fuzz") {
            Taxonomy::parse(json.as_bytes()).expect("what is built is read");
        }
    }
    let Ok(taxonomy) = Taxonomy::parse(data) else { return };
    let leaves: Vec<_> = taxonomy.indices().take(3).map(|node| (node, 0.25)).collect();
    assert!(taxonomy.roll_up(&leaves).iter().all(|p| p.is_finite() && (0.0..=1.0).contains(p)));
    if let Ok(counts) = Counts::parse(data, &taxonomy) {
        let _ = Partition::new(&taxonomy, &counts, MAX_CLASS_SIZE);
    }
});
