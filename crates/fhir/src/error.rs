/// Why there is no FHIR form of a report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FhirError {
    /// What was given is no report.
    #[error("the report cannot be read: {0}; pass one that skintree gave, unchanged")]
    Report(String),
    /// A report of another version.
    #[error("the report has the schema {0:?}, not \"skintree.report/2\"; classify the photo again")]
    Schema(String),
    /// The options are not of the type.
    #[error("the options cannot be read: {0}; docs/fhir.md lists them")]
    Options(String),
    /// A point in time that FHIR does not know.
    #[error("{option} is {value:?}; FHIR wants {expected}")]
    Time {
        /// Name of the option.
        option: &'static str,
        /// What was given.
        value: String,
        /// What is taken.
        expected: &'static str,
    },
    /// A patient who is not named in any way.
    #[error("the subject is empty; give it a reference, an identifier or a display text, or leave it out")]
    Subject,
}

impl FhirError {
    /// The stable code for programs: that of a report that cannot be used, or of a wrong option.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Report(_) | Self::Schema(_) => "report",
            Self::Options(_) | Self::Time { .. } | Self::Subject => "fhir-option",
        }
    }
}
