//! The error of the whole crate and its stable codes.

use crate::engine::EngineError;
use crate::heat_map::HeatMapError;
use crate::interpret::InterpretError;
use crate::onnx::GraphError;
use crate::pack::PackError;
use crate::photo::PhotoError;
use crate::taxonomy::TaxonomyError;
use crate::taxonomy::partition::CountsError;

/// Anything that can go wrong. Each module has an error of its own; this one gathers them. Messages are in English and
/// say what the user can do; programs and translations go by [`code`](Self::code).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "named after the modules")]
pub enum Error {
    #[error(transparent)]
    Photo(#[from] PhotoError),
    #[error(transparent)]
    Pack(#[from] PackError),
    #[error(transparent)]
    Taxonomy(#[from] TaxonomyError),
    #[error(transparent)]
    Counts(#[from] CountsError),
    #[error(transparent)]
    Graph(#[from] GraphError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Interpret(#[from] InterpretError),
    #[error(transparent)]
    HeatMap(#[from] HeatMapError),
    /// A state that the code excludes was reached all the same.
    #[error("a bug in skintree: {0}; please report it with the photo's format and size and the pack's id")]
    Internal(String),
}

/// `Result` with [`enum@Error`] unless told otherwise.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The stable code of `docs/formats.md`, section "Errors".
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Photo(error) => error.code(),
            Self::Pack(error) => error.code(),
            Self::Taxonomy(error) => error.code(),
            Self::Counts(error) => error.code(),
            Self::Graph(error) => error.code(),
            Self::Engine(error) => error.code(),
            Self::Interpret(error) => error.code(),
            Self::HeatMap(error) => error.code(),
            Self::Internal(_) => "internal",
        }
    }
}
