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
//! Research use only. This is not a medical device.

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

pub use error::{Error, Result};
