//! How good a model pack is on labelled photos, as Esteva et al. 2017 validated theirs.
//!
//! ```text
//! CSV ─ labels ─► Study ◄─ probabilities of each photo, from the command line or the browser
//!        Study ─ levels, tasks, subgroups (metrics, roc, calibration, bootstrap) ─► Evaluation ─ html ─► report.html
//! ```
//!
//! Nothing here runs a network or knows files and threads, so that both faces give the same numbers. The wasm module is
//! loaded by the evaluation page alone.
//!
//! Research use only. This is not a medical device.

pub mod bootstrap;
pub mod calibration;
mod case;
mod error;
mod html;
mod label_column;
pub mod labels;
mod levels;
pub mod metrics;
pub mod photo_index;
mod plot;
pub mod predictions;
mod published;
pub mod result;
pub mod roc;
mod study;
pub mod subgroups;
mod table;
pub mod table_text;
mod tasks;
#[cfg(target_arch = "wasm32")]
pub mod web;

pub use error::{Error, EvaluateError, Result};
pub use study::{DEFAULT_RESAMPLES, FeatureMapPlaces, Settings, Study};
