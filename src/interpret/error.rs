//! Why what an engine gave cannot be made into a report.

/// Why an engine's numbers were refused, with the code `engine-failed`, or what the caller asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InterpretError {
    /// NaN or an infinity among the logits.
    #[error("the engine gave no number for class {class} (counted from 0); reload, or use another engine")]
    NotFinite {
        /// The first such class.
        class: usize,
    },
    /// Not one logit a class.
    #[error("the engine gave {actual} logits for {expected} classes; the ONNX file does not fit the pack's manifest")]
    Length {
        /// Classes of the pack.
        expected: usize,
        /// Logits given.
        actual: usize,
    },
    /// The feature map is not as the last layer wants it.
    #[error(
        "the engine gave a feature map of {values} values and shape {shape:?} for a last layer of {channels} channels; the ONNX file does not fit the pack's manifest"
    )]
    FeatureMap {
        /// Channels of the last layer.
        channels: usize,
        /// Channels, height and width of the map.
        shape: [usize; 3],
        /// Values in the map.
        values: usize,
    },
    /// No feature map with as many channels as the scope or kind file, or one that is not made of numbers.
    #[error("the engine gave no feature map that fits the pack's scope and kind files; reload, or use another engine")]
    NoFeatures,
    /// The caller named a kind of photo that the pack does not tell apart.
    #[error("the pack knows no kind of photo \"{id}\"; it knows: {known}")]
    UnknownKind {
        /// What was asked for.
        id: String,
        /// The ids there are, separated by commas; empty if the pack tells no kinds apart.
        known: String,
    },
}

impl InterpretError {
    /// The stable code of `docs/formats.md`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownKind { .. } => "photo-kind",
            _ => "engine-failed",
        }
    }
}
