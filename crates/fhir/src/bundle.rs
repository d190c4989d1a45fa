//! The bundle and its two resources that say what was found and by what.

use skintree::report::{Report, SCHEMA};

use crate::error::FhirError;
use crate::observations;
use crate::options::Options;
use crate::record::Record;
use crate::resources::{
    Bundle, CodeableConcept, Device, DeviceName, DiagnosticReport, Entry, Narrative, Reference, ReferenceExtension,
    Resource, TypedValue,
};
use crate::risk;
use crate::words::{Words, clean};

/// Where R4 wants a `RiskAssessment`: the `result` of a `DiagnosticReport` takes observations only.
const RISK_EXTENSION: &str = "http://hl7.org/fhir/StructureDefinition/diagnosticReport-risk";

/// A report as a FHIR R4 `Bundle` of the type `collection`: JSON (`application/fhir+json`) in one line, with a newline at its
/// end, so that several make a file of ndjson.
///
/// # Errors
/// [`FhirError::Schema`] and [`FhirError::Subject`].
pub fn to_fhir(report: &Report, options: &Options) -> Result<String, FhirError> {
    if report.schema != SCHEMA {
        return Err(FhirError::Schema(report.schema.clone()));
    }
    options.check()?;
    let json = serde_json::to_string(&Record { report, options, words: Words::new(&options.language) }.bundle());
    // Resources have nothing in them that JSON could not say.
    Ok(json.map_err(|error| FhirError::Report(error.to_string()))? + "\n")
}

impl Record<'_> {
    fn bundle(self) -> Bundle {
        let observations = observations::all(self);
        let risk = self.url("risk");
        let found: Vec<_> =
            observations.iter().map(|(name, _)| Reference::within(self.url(name), "Observation")).collect();
        let entry = |full_url, resource| Entry { full_url, resource };
        let mut entries = vec![
            entry(self.url("report"), Resource::DiagnosticReport(self.diagnostic_report(&risk, found.clone()).into())),
            entry(risk, Resource::RiskAssessment(risk::assessment(self, found).into())),
        ];
        entries.extend(
            observations.into_iter().map(|(name, one)| entry(self.url(name), Resource::Observation(one.into()))),
        );
        entries.push(entry(self.url("device"), Resource::Device(self.device().into())));
        Bundle {
            id: self.uuid("bundle").to_string(),
            r#type: "collection",
            timestamp: self.options.issued.clone(),
            entry: entries,
        }
    }

    fn diagnostic_report(self, risk: &str, result: Vec<Reference>) -> DiagnosticReport {
        let Self { report, options, words } = self;
        let disclaimer = words.local(&report.disclaimer);
        let conclusion = self.conclusion();
        DiagnosticReport {
            language: words.tag(),
            text: Narrative::new([
                disclaimer.as_str(),
                conclusion.as_str(),
                words.local(&report.model.trained_on).as_str(),
            ]),
            extension: vec![ReferenceExtension {
                url: RISK_EXTENSION,
                value_reference: Reference::within(risk.to_owned(), "RiskAssessment"),
            }],
            status: "preliminary",
            code: words.concept(
                "Photo of a skin lesion, classified by a research model",
                "연구용 모델이 분류한 피부 병변 사진",
            ),
            subject: options.subject.clone(),
            effective_date_time: options.effective.clone(),
            issued: options.issued.clone(),
            result,
            conclusion: format!("{conclusion}\n{disclaimer}"),
        }
    }

    fn device(self) -> Device {
        let Self { report, words, .. } = self;
        let model = &report.model;
        let engine = &report.engine;
        let kind = words.concept("Image classification model, for research only", "영상 분류 모델, 연구용");
        let typed = |en: &str, ko: &str, value: &str| TypedValue { r#type: words.concept(en, ko), value: clean(value) };
        let mut version = vec![
            typed("version of the model", "모델 버전", &model.version),
            typed("SHA-256 of the manifest", "매니페스트의 SHA-256", &model.manifest_sha256),
            typed("engine", "엔진", &engine.name),
        ];
        let more = [(&engine.kernels, "kernels of the engine", "엔진의 커널"), (&engine.adapter, "GPU", "GPU")];
        version
            .extend(more.into_iter().filter_map(|(value, en, ko)| value.as_deref().map(|value| typed(en, ko, value))));
        Device {
            language: words.tag(),
            text: Narrative::new([kind.text.as_str(), &format!("{} {}", clean(&model.id), clean(&model.version))]),
            identifier: vec![typed("SHA-256 of the model's file", "모델 파일의 SHA-256", &model.sha256)],
            name: vec![DeviceName { name: clean(&model.id), r#type: "model-name" }],
            r#type: kind,
            version,
            note: vec![words.note(&model.trained_on), words.note(&model.intended_use)],
            safety: vec![CodeableConcept::text(words.local(&report.disclaimer))],
        }
    }
}
