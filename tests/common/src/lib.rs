//! What the tests of all crates share: packs, photos, data, adapters, random numbers.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, clippy::missing_panics_doc, reason = "tests")]

use std::path::{Path, PathBuf};

use pollster::block_on;
use sha2::{Digest as _, Sha256};
use skintree::input::uniform;
use skintree::pack::Pack;
use skintree::report::EngineInfo;
use wgpu_bridge::gpu::Gpu;

/// A file or folder of the repository.
pub fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(relative)
}

/// A file of `tests/golden`.
pub fn golden(name: &str) -> PathBuf {
    path("tests/golden").join(name)
}

/// The small pack of `tests/golden/tiny`: eight classes, seconds on any adapter.
pub fn tiny() -> Pack {
    Pack::read_dir(&golden("tiny")).unwrap()
}

/// The pack that is shipped.
pub fn shipped() -> Pack {
    Pack::read_dir(&path("model/pack")).unwrap()
}

/// What a report says of the CPU engine that was asked for.
pub fn cpu_engine_info() -> EngineInfo {
    EngineInfo {
        name: "cpu".into(),
        requested: "cpu".into(),
        adapter: None,
        kernels: None,
        threads: None,
        fallback: None,
        fallback_reason: None,
        measured: None,
        self_test_max_abs_diff: 0.0,
    }
}

/// The folder of data sets, which are not part of the repository (model/train/README.md).
pub fn data_folder() -> PathBuf {
    std::env::var_os("SKINTREE_DATA").map_or_else(|| path("../shared/data"), PathBuf::from)
}

/// A file or folder below [`data_folder`]; `None`, and a line that says that the test is skipped, where it is missing.
pub fn data(relative: &str) -> Option<PathBuf> {
    let found = data_folder().join(relative);
    if found.exists() {
        return Some(found);
    }
    eprintln!("skipped: {} is missing; set SKINTREE_DATA", found.display());
    None
}

/// A GPU adapter; `None`, and a line that says that the test is skipped, where there is none.
///
/// # Panics
/// If there is none although `SKINTREE_REQUIRE_GPU=1` says that there must be.
pub fn gpu() -> Option<Gpu> {
    match block_on(Gpu::open()) {
        Ok(gpu) => Some(gpu),
        Err(error) if std::env::var_os("SKINTREE_REQUIRE_GPU").is_some_and(|value| value == "1") => {
            panic!("SKINTREE_REQUIRE_GPU is set, but {error}; install mesa-vulkan-drivers")
        }
        Err(error) => {
            eprintln!("skipped: {error}");
            None
        }
    }
}

/// Numbers in -1..1, the same in every run, one a call.
pub fn random(seed: u32) -> impl FnMut() -> f32 {
    let mut numbers = uniform(seed);
    move || numbers.next().unwrap()
}

/// SHA-256 as manifests have it: 64 lower-case hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// CPU time of this process so far, where Linux tells it; else 0.
pub fn cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() * 10.0
}

/// The middle one of some values; 0 of none.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
