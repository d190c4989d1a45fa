//! Any bytes as a network: refused, or one that the CPU engine loads or refuses, too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skintree::engine::CpuEngine;
use skintree::onnx::{Graph, Signature};

const SIGNATURE: Signature<'_> =
    Signature { input: "input", size: 39, logits: "logits", classes: 8, features: Some("features") };

fuzz_target!(|data: &[u8]| {
    if Graph::read(data, &SIGNATURE).is_ok() {
        let _ = CpuEngine::load(data.to_vec(), &SIGNATURE);
    }
});
