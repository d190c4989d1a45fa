//! Whether a photo is like those of the training.

use serde::{Deserialize, Serialize};

/// How far a photo is from those the model was trained on; see [`crate::pack::Subspace`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
pub struct Scope {
    /// The farther, the higher.
    pub score: f64,
    /// Scores above it are out of scope.
    pub threshold: f64,
    /// `score` is at most `threshold`: the answers may mean something.
    pub in_scope: bool,
}
