//! Why a model pack was refused.

use crate::taxonomy::TaxonomyError;

/// Why a model pack was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// The manifest is not JSON, lacks a field or has one of the wrong type.
    #[error("manifest.json is not valid: {0}; correct it as docs/formats.md describes, or fetch the pack again")]
    Json(String),
    /// A schema that this version does not know.
    #[error("manifest.json has schema \"{0}\", which this version does not know; update skintree or the pack")]
    Schema(String),
    /// A field is there but its value makes no sense.
    #[error("`{field}` in manifest.json {problem}; correct it as docs/formats.md describes")]
    Field {
        /// Where, for example `files.model.path`.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A file is shorter or longer than the manifest says.
    #[error("{path} of the pack has {actual} bytes instead of {expected}; fetch it again in full")]
    Length {
        /// The file.
        path: String,
        /// Bytes according to the manifest.
        expected: u64,
        /// Bytes found.
        actual: u64,
    },
    /// A file of the pack cannot be read from the disk.
    #[error("{path} of the pack cannot be read ({reason}); check the folder and its permissions")]
    Read {
        /// The file.
        path: String,
        /// What the operating system says.
        reason: String,
    },
    /// A file has the right length but other contents.
    #[error(
        "{path} of the pack has SHA-256 {actual} instead of {expected}; it is damaged or not the file the manifest means, fetch it again"
    )]
    Hash {
        /// The file.
        path: String,
        /// Hash according to the manifest.
        expected: String,
        /// Hash found.
        actual: String,
    },
    /// The taxonomy is not a tree, or the manifest names nodes it does not have.
    #[error(transparent)]
    Taxonomy(#[from] TaxonomyError),
}

impl PackError {
    /// The stable code of `docs/formats.md`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Json(_) | Self::Schema(_) | Self::Field { .. } => "pack-manifest",
            Self::Length { .. } | Self::Read { .. } => "pack-truncated",
            Self::Hash { .. } => "pack-hash",
            Self::Taxonomy(error) => error.code(),
        }
    }

    pub(super) fn field(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Field { field: field.into(), problem: problem.into() }
    }
}
