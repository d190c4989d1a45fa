//! A report of skintree as FHIR R4, for those who keep records: a `Bundle` with a preliminary `DiagnosticReport`, the
//! `RiskAssessment` behind it, an `Observation` for each thing that was found out about the photo, and the `Device`.
//!
//! The specification is that of HL7, <https://hl7.org/fhir/R4/>. Classes have their ICD-10 codes and plain text, and no
//! SNOMED CT codes, whose licence does not let us pass them on. Of a patient nothing is in it but what the caller gives.
//! The same report and the same [`Options`] give the same bytes, whoever asks.

mod bundle;
mod error;
mod observations;
mod options;
mod record;
mod resources;
mod risk;
mod times;
#[cfg(target_arch = "wasm32")]
pub mod web;
mod words;

pub use bundle::to_fhir;
pub use error::FhirError;
pub use options::Options;
pub use resources::{Identifier, Reference};
pub use times::{DateTime, Instant};
