//! The probabilities as a `RiskAssessment`.

use skintree::report::{Certainty, TaskResult};

use crate::record::Record;
use crate::resources::{Annotation, CodeableConcept, Coding, Narrative, Prediction, Reference, RiskAssessment};

/// HL7's name for ICD-10 (<https://hl7.org/fhir/R4/icd.html>).
const ICD_10: &str = "http://hl7.org/fhir/sid/icd-10";
/// The least percentage that is written, and the least distance from 100.
const STEP: f64 = 1e-4;

/// All training classes, whatever top-k was, as a record should not hide the unlikely ones; then the nodes of the level
/// `class`, and the questions. Out of scope there are no predictions: they would mean nothing.
pub(crate) fn assessment(record: Record<'_>, basis: Vec<Reference>) -> RiskAssessment {
    let Record { report, options, words } = record;
    let conclusion = record.conclusion();
    let disclaimer = words.local(&report.disclaimer);
    let method = words.concept(
        "Class probabilities of an image classifier; not the risk of having the disease",
        "영상 분류기의 분류별 확률이며, 병이 있을 위험도가 아님",
    );
    let notes = [disclaimer.clone(), conclusion.clone(), words.local(&report.model.trained_on)];
    let warnings = report.warnings.iter().map(|warning| words.local(&warning.message));
    RiskAssessment {
        language: words.tag(),
        text: Narrative::new([disclaimer.as_str(), method.text.as_str(), conclusion.as_str()]),
        status: "preliminary",
        method,
        code: words.concept("Classification of a photo of a skin lesion", "피부 병변 사진의 분류"),
        subject: options.subject.clone().unwrap_or_else(|| Reference::display(words.say("not given", "주어지지 않음"))),
        occurrence_date_time: options.issued.clone(),
        performer: record.device_reference(),
        basis,
        prediction: match report.conclusion.certainty {
            Certainty::OutOfScope => Vec::new(),
            Certainty::Likely | Certainty::Undecided => predictions(record),
        },
        note: notes.into_iter().chain(warnings).map(|text| Annotation { text }).collect(),
    }
}

fn predictions(record: Record<'_>) -> Vec<Prediction> {
    let Record { report, words, .. } = record;
    let classes = report.tree.iter().filter(|node| node.fine).map(|node| Prediction {
        outcome: outcome(node.icd10.as_deref(), words.local(&node.name)),
        probability_decimal: per_cent(node.probability),
        qualitative_risk: None,
        rationale: None,
    });
    let sums = report.classes.iter().filter(|class| class.covered).map(|class| Prediction {
        outcome: outcome(class.icd10.as_deref(), words.local(&class.name)),
        probability_decimal: per_cent(class.probability),
        qualitative_risk: None,
        rationale: Some(
            words.say("Sum of the classes below it in the taxonomy", "분류 체계에서 그 아래에 있는 분류의 합"),
        ),
    });
    classes.chain(sums).chain(report.tasks.iter().map(|task| answer(record, task))).collect()
}

/// The yes side of a question.
fn answer(record: Record<'_>, task: &TaskResult) -> Prediction {
    let Record { report, words, .. } = record;
    let open = report.conclusion.not_ruled_out.contains(&task.id);
    let mass = per_cent(task.mass);
    let condition = words.say(
        &format!("given that it is one of the two, which together have {mass} %"),
        &format!("둘 중 하나라고 할 때의 확률이며, 두 확률의 합은 {mass} %"),
    );
    Prediction {
        outcome: CodeableConcept::text(words.local(&task.positive.name)),
        probability_decimal: per_cent(task.positive.probability),
        qualitative_risk: open.then(|| words.concept("not ruled out", "배제하지 못함")),
        rationale: Some(format!("{}: {condition}", words.local(&task.name))),
    }
}

fn outcome(icd10: Option<&str>, text: String) -> CodeableConcept {
    let coding = icd10.map(|code| Coding { system: ICD_10, code: code.to_owned() });
    CodeableConcept { coding: coding.into_iter().collect(), text }
}

/// R4 wants percentages. What is not quite 0 or 100 never reads so.
pub(crate) fn per_cent(probability: f64) -> f64 {
    let rounded = (probability * 1e6).round() / 1e4;
    if probability > 0.0 && probability < 1.0 { rounded.clamp(STEP, 100.0 - STEP) } else { rounded }
}

#[cfg(test)]
mod tests {
    use super::per_cent;

    #[test]
    fn percentages_do_not_overstate() {
        for (probability, written) in [(0.0, 0.0), (1e-12, 1e-4), (0.117, 11.7), (0.999_999_999, 99.9999), (1.0, 100.0)]
        {
            assert_eq!(per_cent(probability).to_string(), written.to_string());
        }
    }
}
