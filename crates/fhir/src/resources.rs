//! The elements of FHIR R4 that a report needs, named as there (<https://hl7.org/fhir/R4/resourcelist.html>). What is
//! absent is left out, as FHIR knows no `null`.

use serde::{Deserialize, Serialize};

use crate::times::{DateTime, Instant};

#[derive(Debug, Serialize)]
#[serde(tag = "resourceType", rename_all = "camelCase")]
pub(crate) struct Bundle {
    pub(crate) id: String,
    pub(crate) r#type: &'static str,
    pub(crate) timestamp: Instant,
    pub(crate) entry: Vec<Entry>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    pub(crate) full_url: String,
    pub(crate) resource: Resource,
}

#[derive(Debug, Serialize)]
#[serde(tag = "resourceType")]
pub(crate) enum Resource {
    DiagnosticReport(Box<DiagnosticReport>),
    RiskAssessment(Box<RiskAssessment>),
    Observation(Box<Observation>),
    Device(Box<Device>),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DiagnosticReport {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) language: Option<&'static str>,
    pub(crate) text: Narrative,
    pub(crate) extension: Vec<ReferenceExtension>,
    pub(crate) status: &'static str,
    pub(crate) code: CodeableConcept,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) effective_date_time: Option<DateTime>,
    pub(crate) issued: Instant,
    pub(crate) result: Vec<Reference>,
    pub(crate) conclusion: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RiskAssessment {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) language: Option<&'static str>,
    pub(crate) text: Narrative,
    pub(crate) status: &'static str,
    pub(crate) method: CodeableConcept,
    pub(crate) code: CodeableConcept,
    pub(crate) subject: Reference,
    pub(crate) occurrence_date_time: Instant,
    pub(crate) performer: Reference,
    pub(crate) basis: Vec<Reference>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) prediction: Vec<Prediction>,
    pub(crate) note: Vec<Annotation>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Prediction {
    pub(crate) outcome: CodeableConcept,
    /// Per cent.
    pub(crate) probability_decimal: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) qualitative_risk: Option<CodeableConcept>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rationale: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Observation {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) language: Option<&'static str>,
    pub(crate) text: Narrative,
    pub(crate) status: &'static str,
    pub(crate) code: CodeableConcept,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) effective_date_time: Option<DateTime>,
    pub(crate) issued: Instant,
    #[serde(flatten)]
    pub(crate) value: Value,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) note: Vec<Annotation>,
    pub(crate) device: Reference,
    pub(crate) component: Vec<Component>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Component {
    pub(crate) code: CodeableConcept,
    #[serde(flatten)]
    pub(crate) value: Value,
}

/// `value[x]`.
#[derive(Debug, Serialize)]
pub(crate) enum Value {
    #[serde(rename = "valueBoolean")]
    Boolean(bool),
    #[serde(rename = "valueCodeableConcept")]
    Concept(CodeableConcept),
    #[serde(rename = "valueQuantity")]
    Quantity(Quantity),
    #[serde(rename = "valueString")]
    String(String),
}

/// A number with a unit of UCUM (<https://ucum.org>).
#[derive(Debug, Serialize)]
pub(crate) struct Quantity {
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    pub(crate) system: &'static str,
    pub(crate) code: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Device {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) language: Option<&'static str>,
    pub(crate) text: Narrative,
    pub(crate) identifier: Vec<TypedValue>,
    #[serde(rename = "deviceName")]
    pub(crate) name: Vec<DeviceName>,
    pub(crate) r#type: CodeableConcept,
    pub(crate) version: Vec<TypedValue>,
    pub(crate) note: Vec<Annotation>,
    pub(crate) safety: Vec<CodeableConcept>,
}

#[derive(Debug, Serialize)]
pub(crate) struct DeviceName {
    pub(crate) name: String,
    pub(crate) r#type: &'static str,
}

/// An identifier or a version of a device, with what it is.
#[derive(Debug, Serialize)]
pub(crate) struct TypedValue {
    pub(crate) r#type: CodeableConcept,
    pub(crate) value: String,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct CodeableConcept {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) coding: Vec<Coding>,
    pub(crate) text: String,
}

impl CodeableConcept {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self { coding: Vec::new(), text: text.into() }
    }
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Coding {
    pub(crate) system: &'static str,
    pub(crate) code: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Annotation {
    pub(crate) text: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReferenceExtension {
    pub(crate) url: &'static str,
    pub(crate) value_reference: Reference,
}

/// A resource in words, for those who do not read its elements.
#[derive(Debug, Serialize)]
pub(crate) struct Narrative {
    status: &'static str,
    div: String,
}

impl Narrative {
    /// A paragraph each.
    pub(crate) fn new<'a>(paragraphs: impl IntoIterator<Item = &'a str>) -> Self {
        let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let body = paragraphs.into_iter().map(|text| ["<p>", &escape(text), "</p>"].concat()).collect::<String>();
        Self { status: "generated", div: format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{body}</div>") }
    }
}

/// FHIR's `Reference`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// A URL, absolute or relative to the server: `Patient/7`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Which kind of resource it is: `Patient`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// A number in somebody's list, where there is no URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identifier: Option<Identifier>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display: Option<String>,
}

impl Reference {
    /// Of a URL.
    #[must_use]
    pub fn to(url: impl Into<String>) -> Self {
        Self { reference: Some(url.into()), ..Self::default() }
    }

    /// To a resource of the same bundle, whose URL does not tell its type.
    pub(crate) fn within(url: String, resource_type: &str) -> Self {
        Self { r#type: Some(resource_type.to_owned()), ..Self::to(url) }
    }

    /// Only a text.
    pub(crate) fn display(text: impl Into<String>) -> Self {
        Self { display: Some(text.into()), ..Self::default() }
    }

    /// It names nobody, or does so with an empty text, which FHIR forbids.
    pub(crate) fn is_empty(&self) -> bool {
        let Self { reference, r#type, identifier, display } = self;
        let identifying = identifier.iter().flat_map(|Identifier { system, value }| [system, value]);
        let mut texts = [reference, r#type, display].into_iter().chain(identifying).flatten();
        let named =
            reference.is_some() || display.is_some() || identifier.as_ref().is_some_and(|id| id.value.is_some());
        !named || texts.any(|text| text.trim().is_empty())
    }
}

/// FHIR's `Identifier`: of its elements those that tell one patient from another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identifier {
    /// Whose list it is, as a URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// The number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}
