//! skintree: a skin-lesion classifier that runs wholly inside the browser.
//!
//! Data flows one way, one module a step:
//!
//! ```text
//! photo bytes ─ photo ─► upright RGB ─ input ─► [1,3,size,size] f32 ─ engine ─► logits
//!    ─ interpret ─► calibrated probabilities ─ taxonomy ─► levels, tasks, conclusion ─ report
//!      (+ last feature map ─ heat_map ─► where in the photo they come from)
//! model pack (manifest + ONNX + taxonomy) ─ pack ─► checked bytes ─ onnx ─► engine
//! ```
//!
//! Only [`mod@engine`] knows a GPU, only `web` knows JavaScript, only `crates/cli` knows files and terminals.
//! Everything else runs and is tested natively. `docs/formats.md` describes every file and error code.
//!
//! Research use only. This is not a medical device. A low score does not rule out cancer.
//!
//! # Natively
//!
//! ```
//! use std::path::Path;
//!
//! use skintree::classifier::Options;
//! use skintree::engine::{EngineChoice, EngineName};
//! use skintree::pack::Pack;
//! use skintree::Classifier;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let pack = Pack::read_dir(Path::new("model/pack"))?;
//! let cpu = EngineChoice::Only(EngineName::Cpu); // or EngineChoice::Auto
//! let mut classifier = pollster::block_on(Classifier::load(pack, cpu))?;
//!
//! let photo = std::fs::read("tests/golden/landscape-640x481.png")?;
//! let report = pollster::block_on(classifier.classify(&photo, &Options::default()))?.report;
//! println!("{}", report.to_text("en"));
//! for class in &report.classes {
//!     println!("{} {:.3}", class.name.en(), class.probability);
//! }
//! # let sum: f64 = report.classes.iter().map(|class| class.probability).sum();
//! # assert!((sum - 1.0).abs() < 1e-6 && report.fine.len() == 5);
//! # Ok(())
//! # }
//! ```
//!
//! The crate needs the `[patch.crates-io]` of its workspace, which puts a bridge to today's wgpu in the place of the one that wonnx
//! asks for. Cargo takes patches from the top of a build only: whoever depends on this crate (by `path` or `git`) repeats those two lines.
//! For the same reason it is not on crates.io. A package keeps no patches, and without them wonnx brings wgpu 0.16, which wants features of
//! `web-sys` that are no more: `cargo package` finds no versions that fit together.

pub mod catch_panic;
pub mod classifier;
pub mod engine;
mod engine_info;
pub mod error;
pub mod heat_map;
pub mod input;
pub mod interpret;
pub mod onnx;
pub mod operators;
pub mod pack;
pub mod photo;
pub mod photo_part;
pub mod quality;
pub mod report;
pub mod sha256;
pub mod shaders;
pub mod taxonomy;
pub mod views;
#[cfg(target_arch = "wasm32")]
pub mod web;

pub use classifier::Classifier;
pub use error::{Error, Result};
