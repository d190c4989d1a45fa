//! Why photos cannot be evaluated.

/// Anything that can go wrong in an evaluation.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "named after the crates")]
pub enum Error {
    #[error(transparent)]
    Classifier(skintree::Error),
    #[error(transparent)]
    Evaluate(EvaluateError),
}

/// `Result` with [`enum@Error`] unless told otherwise.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl<E: Into<skintree::Error>> From<E> for Error {
    fn from(error: E) -> Self {
        Self::Classifier(error.into())
    }
}

impl From<EvaluateError> for Error {
    fn from(error: EvaluateError) -> Self {
        Self::Evaluate(error)
    }
}

impl Error {
    /// The stable code of `docs/formats.md`, section "Errors".
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Classifier(error) => error.code(),
            Self::Evaluate(error) => error.code(),
        }
    }
}

/// Why photos cannot be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvaluateError {
    /// A table cannot be read.
    #[error("{0}; correct the CSV file")]
    Table(String),
    /// A file cannot be made.
    #[error("{0}; choose another file or folder")]
    File(String),
    /// A file of predictions that is of something else.
    #[error("the predictions cannot be used: {0}; choose another folder or file, or remove it")]
    Predictions(String),
    /// A column that was asked for is not there.
    #[error("{table} have no column {column}; there are: {columns}. Name the right one (see docs/evaluation.md)")]
    MissingColumn {
        /// Which table.
        table: &'static str,
        /// The column: its name in quotation marks, or what it is for.
        column: String,
        /// Those there are.
        columns: String,
    },
    /// Labels that are no node of the taxonomy.
    #[error(
        "the column {column} has labels that the pack's taxonomy does not have: {names}; map each to a node's id, or to nothing to leave it out"
    )]
    UnknownLabels {
        /// Names and counts.
        names: String,
        /// The column.
        column: String,
    },
    /// The selection is empty.
    #[error("no photo is left: {0}; choose other rows")]
    NothingLeft(String),
    /// Not a photo could be read.
    #[error(
        "none of the {count} photos could be classified; check the folder of the photos. The first, {file}: {message}"
    )]
    NothingRead {
        /// How many.
        count: usize,
        /// The first.
        file: String,
        /// Why.
        message: String,
    },
    /// A fold of which no photo could be read.
    #[error(
        "none of the photos of fold {fold} could be classified, so that there are no figures over folds; check those photos, or leave the fold out"
    )]
    EmptyFold {
        /// Its name.
        fold: String,
    },
    /// A photo of the table is not there. It is left out, and the report says so.
    #[error("there is no such photo in the folder; check its path in the table and the folder of the photos")]
    NoPhoto,
    /// Several photos could be the one that the table names. It is left out, and the report says so.
    #[error("several photos could be meant: {candidates}; write the path of one into the table")]
    AmbiguousPhoto {
        /// Some of them.
        candidates: String,
    },
    /// A photo cannot be read. One of a table is left out, and the report says so.
    #[error("the photo cannot be read: {0}; check its path, or that in the table and the folder of the photos")]
    UnreadablePhoto(String),
    /// Probabilities that do not fit the pack.
    #[error("{file} has {actual} probabilities for {expected} classes; classify it again with this pack")]
    Length {
        /// The photo.
        file: String,
        /// Classes of the pack.
        expected: usize,
        /// Probabilities given.
        actual: usize,
    },
}

impl EvaluateError {
    /// The stable code of `docs/formats.md`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoPhoto | Self::UnreadablePhoto(_) | Self::AmbiguousPhoto { .. } => "photo-missing",
            Self::Predictions(_) => "predictions",
            Self::File(_) => "output",
            _ => "labels",
        }
    }

    /// Which of several things is wrong that have the code `labels`, for pages that say it in the visitor's language.
    #[must_use]
    pub fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Table(_) => Some("table"),
            Self::MissingColumn { .. } => Some("column"),
            Self::UnknownLabels { .. } => Some("names"),
            Self::NothingLeft(_) => Some("no-rows"),
            Self::NothingRead { .. } => Some("no-photos"),
            Self::EmptyFold { .. } => Some("fold"),
            _ => None,
        }
    }
}
