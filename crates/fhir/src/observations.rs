//! What was found out about the photo itself.

use skintree::report::{PhotoKindResult, Scope};

use crate::record::Record;
use crate::resources::{CodeableConcept, Component, Narrative, Observation, Quantity, Value};
use crate::risk::per_cent;
use crate::words::{Words, clean};

/// UCUM (<https://ucum.org>), in which quantities have their units.
const UCUM: &str = "http://unitsofmeasure.org";

/// The observations and their names within the record.
pub(crate) fn all(record: Record<'_>) -> Vec<(&'static str, Observation)> {
    let report = record.report;
    let kind = report.photo_kind.as_ref().map(|kind| ("kind", kind_of(record, kind)));
    let scope = report.scope.as_ref().map(|scope| ("scope", scope_of(record, *scope)));
    [("quality", quality(record))].into_iter().chain(kind).chain(scope).collect()
}

fn quality(record: Record<'_>) -> Observation {
    let Record { report, words, .. } = record;
    let photo = &report.photo;
    let quality = &report.quality;
    let pixels = |en, ko, value| number(words.concept(en, ko), f64::from(value), "pixel", "{pixel}");
    let ratio = |en, ko, value| number(words.concept(en, ko), value, "1", "1");
    let components = vec![
        Component {
            code: words.concept("SHA-256 of the photo", "사진의 SHA-256"),
            value: Value::String(clean(&photo.sha256)),
        },
        pixels("width", "너비", photo.width),
        pixels("height", "높이", photo.height),
        ratio("sharpness, 0 to 4", "선명도, 0~4", quality.sharpness),
        ratio("brightness, 0 to 1", "밝기, 0~1", quality.brightness),
        ratio("contrast, 0 to 1", "대비, 0~1", quality.contrast),
        ratio("share of black pixels", "검은 화소의 비율", quality.dark_clipped),
        ratio("share of white pixels", "흰 화소의 비율", quality.bright_clipped),
    ];
    let code = words.concept("The photo is good enough to be classified", "사진의 품질이 분류하기에 충분함");
    let notes = report.warnings.iter().map(|warning| words.note(&warning.message)).collect();
    Observation { note: notes, ..observation(record, code, Value::Boolean(!report.conclusion.poor_photo), components) }
}

fn kind_of(record: Record<'_>, kind: &PhotoKindResult) -> Observation {
    let words = record.words;
    let code = words.concept("Kind of photo it was taken for", "사진 종류 판단");
    let components = vec![
        number(words.concept("probability of this kind", "이 종류일 확률"), per_cent(kind.probability), "%", "%"),
        Component {
            code: words.concept("given by the caller", "호출한 쪽에서 지정함"),
            value: Value::Boolean(kind.given),
        },
    ];
    let name = CodeableConcept::text(words.local(&kind.name));
    let figures = kind.figures.as_ref().map(|figures| words.note(figures));
    Observation { note: figures.into_iter().collect(), ..observation(record, code, Value::Concept(name), components) }
}

fn scope_of(record: Record<'_>, scope: Scope) -> Observation {
    let words = record.words;
    let code =
        words.concept("The photo is like those that the model was trained on", "모델이 학습한 사진과 비슷한 사진임");
    let components = vec![
        number(words.concept("distance from them", "그 사진들과의 거리"), scope.score, "1", "1"),
        number(
            words.concept("largest distance that counts as alike", "비슷하다고 보는 가장 먼 거리"),
            scope.threshold,
            "1",
            "1",
        ),
    ];
    observation(record, code, Value::Boolean(scope.in_scope), components)
}

fn observation(record: Record<'_>, code: CodeableConcept, value: Value, component: Vec<Component>) -> Observation {
    let Record { options, words, .. } = record;
    let sentence = format!("{}: {}", code.text, in_words(&value, words));
    Observation {
        language: words.tag(),
        text: Narrative::new([sentence.as_str()]),
        status: "preliminary",
        code,
        subject: options.subject.clone(),
        effective_date_time: options.effective.clone(),
        issued: options.issued.clone(),
        value,
        note: Vec::new(),
        device: record.device_reference(),
        component,
    }
}

fn in_words(value: &Value, words: Words<'_>) -> String {
    match value {
        Value::Boolean(true) => words.say("yes", "예"),
        Value::Boolean(false) => words.say("no", "아니요"),
        Value::Concept(CodeableConcept { text, .. }) | Value::String(text) => text.clone(),
        Value::Quantity(Quantity { value, unit, .. }) => format!("{value} {unit}"),
    }
}

/// A number with its unit, and that unit in UCUM.
fn number(code: CodeableConcept, value: f64, unit: &'static str, ucum: &'static str) -> Component {
    Component { code, value: Value::Quantity(Quantity { value, unit, system: UCUM, code: ucum }) }
}
