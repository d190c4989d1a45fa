//! What a caller adds to a report: the patient, the times, the language.

use serde::Deserialize;

use crate::error::FhirError;
use crate::resources::Reference;
use crate::times::{DateTime, Instant};

/// What a caller adds to a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The patient. Without one the resources say only that none was given.
    pub subject: Option<Reference>,
    /// When the photo was taken.
    pub effective: Option<DateTime>,
    /// When the record was made.
    pub issued: Instant,
    /// Of names and notes where the pack has them, else English: `en`, `ko`.
    pub language: String,
}

impl Options {
    /// English, and nothing of the patient.
    #[must_use]
    pub fn new(issued: Instant) -> Self {
        Self { subject: None, effective: None, issued, language: "en".to_owned() }
    }

    /// # Errors
    /// [`FhirError::Subject`].
    pub(crate) fn check(&self) -> Result<(), FhirError> {
        match &self.subject {
            Some(subject) if subject.is_empty() => Err(FhirError::Subject),
            _ => Ok(()),
        }
    }
}

/// The options as JavaScript has them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Json {
    subject: Option<Reference>,
    effective_date_time: Option<String>,
    issued: String,
    language: Option<String>,
}

impl Options {
    /// From a JSON object with `subject`, `effectiveDateTime`, `issued` and `language`; all but `issued` may be left out.
    ///
    /// # Errors
    /// [`FhirError::Options`] and [`FhirError::Time`].
    pub fn from_json(json: &str) -> Result<Self, FhirError> {
        let Json { subject, effective_date_time, issued, language } =
            serde_json::from_str(json).map_err(|error| FhirError::Options(error.to_string()))?;
        Ok(Self {
            subject,
            effective: effective_date_time.as_deref().map(str::parse).transpose()?,
            issued: issued.parse()?,
            language: language.unwrap_or_else(|| "en".to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_javascript() {
        let options =
            Options::from_json(r#"{"issued": "2026-11-23T20:00:00Z", "subject": {"reference": "Patient/7"}}"#);
        let subject = options.map(|options| options.subject.and_then(|subject| subject.reference));
        assert_eq!(subject, Ok(Some("Patient/7".to_owned())));
        for bad in ["{}", r#"{"issued": "2026-11-23T20:00:00Z", "patient": 7}"#, "null", r#"{"issued": 5}"#] {
            assert!(matches!(Options::from_json(bad), Err(FhirError::Options(_))), "{bad}");
        }
    }
}
