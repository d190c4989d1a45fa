//! From a table of labels to a report, and the command line on the golden photos.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, clippy::float_cmp, missing_docs)]

use std::fmt::Write as _;

use proptest::prelude::*;
use skintree::taxonomy::Text;
use skintree_evaluate::labels::{LabelOptions, Labels, columns, unknown_labels};
use skintree_evaluate::predictions::{Prediction, Predictions, photo_id};
use skintree_evaluate::result::{Evaluation, Readers};
use skintree_evaluate::{EvaluateError, Settings, Study};
use skintree_testing::{cpu_engine_info, tiny};

const CSV: &str = include_str!("../../../tests/golden/labels.csv");

fn options() -> LabelOptions {
    LabelOptions {
        label_column: Some("diagnosis".to_owned()),
        map: [("Mole".to_owned(), "nv".to_owned())].into(),
        ..LabelOptions::default()
    }
}

fn read(csv: &str, options: &LabelOptions) -> Result<Labels, EvaluateError> {
    Labels::read(csv, None, options, tiny().taxonomy())
}

fn files(labels: &Labels) -> Vec<&str> {
    labels.photos.iter().map(|photo| photo.file.as_str()).collect()
}

/// Probabilities of the tiny pack's eight classes: nv, mel, bkl, bcc, scc, ak, df, vasc.
fn evaluate(csv: &str, options: &LabelOptions, probabilities: &[Vec<f64>]) -> Evaluation {
    evaluate_with(csv, options, probabilities, Settings::default())
}

fn evaluate_with(csv: &str, options: &LabelOptions, probabilities: &[Vec<f64>], settings: Settings) -> Evaluation {
    let mut study = Study::new(tiny(), read(csv, options).unwrap());
    for (place, probabilities) in probabilities.iter().enumerate() {
        study.answered(place, probabilities.clone()).unwrap();
    }
    study.finish(&cpu_engine_info(), &Settings { resamples: 50, ..settings }).unwrap()
}

fn sure(class: usize) -> Vec<f64> {
    (0..8).map(|other| if other == class { 0.93 } else { 0.01 }).collect()
}

#[test]
fn tables_are_read_as_asked() {
    let labels = read(CSV, &options()).unwrap();
    assert_eq!(labels.photos.len(), 7);
    assert_eq!(labels.subgroups, ["age", "sex"]);
    assert_eq!(labels.photos[0].lesion.as_deref(), Some("a"));
    let only = |column: &str, pattern: &str| (column.to_owned(), pattern.to_owned());
    let chosen = LabelOptions { only: vec![only("fold", "0"), only("file", "*.png")], ..options() };
    assert_eq!(files(&read(CSV, &chosen).unwrap()), ["exact-299x299.png", "landscape-640x481.png", "absent.png"]);
    let chosen = LabelOptions { one_per: Some("lesion_id".to_owned()), ..options() };
    assert!(!files(&read(CSV, &chosen).unwrap()).contains(&"upscale-37x53.png"));
    let left_out = LabelOptions { map: [("Mole".to_owned(), String::new())].into(), ..options() };
    assert_eq!(read(CSV, &left_out).unwrap().photos.len(), 6);
    let excel = format!("\u{feff}{}", CSV.replace(',', ";").replace('\n', "\r\n"));
    assert_eq!(read(&excel, &options()).unwrap().photos, labels.photos);
    let without_folds = "file,diagnosis,isic\na.png,NV,1\nb.png,MEL,2\n";
    let folds = "isic,fold\n2,7\n1,3\n";
    let joined = Labels::read(without_folds, Some(folds), &options(), tiny().taxonomy()).unwrap();
    let found: Vec<_> = joined.photos.iter().map(|photo| photo.fold.as_deref()).collect();
    assert_eq!(found, [Some("3"), Some("7")]);
}

#[test]
fn bad_tables_are_refused_with_what_to_do() {
    let fold_each: Vec<String> = (0..101).map(|row| format!("{row}.png,NV,{row}")).collect();
    let fold_each = format!("file,diagnosis,fold\n{}", fold_each.join("\n"));
    let cases: Vec<(&str, LabelOptions, &str)> = vec![
        ("", options(), "no rows"),
        ("file,diagnosis\n", options(), "no rows"),
        ("file,diagnosis\na.png\n", options(), "cannot be read as CSV"),
        ("file,file\na,b\n", options(), "two columns of the name \"file\""),
        ("name,diagnosis\na,nv\n", LabelOptions::default(), "no column of the photos"),
        ("file,finding\na,nv\n", LabelOptions::default(), "no column of the diagnoses"),
        (CSV, LabelOptions { label_column: Some("x".into()), ..options() }, "no column \"x\""),
        ("file,diagnosis\na.png,NV\na.png,MEL\n", options(), "name a.png twice"),
        ("file,diagnosis\na.png,Blemish\nb.png,Blemish\n", options(), "\"Blemish\" (2)"),
        (CSV, LabelOptions { only: vec![("fold".into(), "8".into())], ..options() }, "no row has \"8\""),
        (CSV, LabelOptions { only: vec![("none".into(), "8".into())], ..options() }, "no column \"none\""),
        (CSV, LabelOptions { subgroups: Some(vec!["none".into()]), ..options() }, "no column \"none\""),
        ("file,diagnosis,fold\na.png,NV,0\nb.png,NV,\n", options(), "1 of 2 rows have no fold"),
        (&fold_each, options(), "101 different folds"),
    ];
    for (csv, options, part) in cases {
        let error = read(csv, &options).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!(error.code(), "labels");
    }
}

#[test]
fn labels_count_at_their_level_and_above() {
    let csv = "file,label\na,nv\nb,mel\nc,malignant\nd,benign-epidermal\ne,inflammatory\n";
    let options = LabelOptions::default();
    let found = evaluate(csv, &options, &[sure(0), sure(0), sure(1), sure(2), sure(3)]);
    assert_eq!((found.fine.photos, found.groups.photos, found.classes.photos), (2, 4, 5));
    assert_eq!(found.fine.accuracy.value, Some(0.5));
    assert_eq!(found.groups.accuracy.value, Some(0.5));
    assert_eq!(found.classes.accuracy.value, Some(0.6));
    let uncovered: Vec<&str> =
        found.data.labels.iter().filter(|label| !label.covered).map(|label| label.id.as_str()).collect();
    assert_eq!(uncovered, ["inflammatory"]);
    let question = found.tasks.iter().find(|task| task.id == "melanoma-or-naevus").unwrap();
    assert_eq!((question.positives, question.negatives), (1, 1));
    assert_eq!(question.auc.value, Some(0.5));
    assert_eq!(found.mistakes.len(), 1);
    assert_eq!((found.mistakes[0].file.as_str(), found.mistakes[0].answer.as_str()), ("b", "nv"));
}

#[test]
fn dermatologists_stand_at_the_question_that_they_were_asked() {
    let readers = Readers {
        task: "melanoma-or-naevus".to_owned(),
        source: Text::en_ko("made up", "지어낸 것"),
        points: vec![[0.8, 0.7]],
    };
    let settings = Settings { readers: vec![readers.clone()], ..Settings::default() };
    let csv = "file,label\na,nv\nb,mel\nc,bcc\nd,bkl\n";
    let found = evaluate_with(csv, &LabelOptions::default(), &[sure(0), sure(1), sure(3), sure(2)], settings);
    assert!(found.tasks.len() > 1);
    for task in found.tasks {
        assert_eq!(task.readers, (task.id == readers.task).then(|| readers.clone()), "{}", task.id);
    }
}

#[test]
fn one_diagnosis_only_gives_no_area_and_no_crash() {
    let found = evaluate("file,label,sex\na,nv,m\nb,nv,\n", &LabelOptions::default(), &[sure(0), sure(1)]);
    assert_eq!(found.fine.accuracy.value, Some(0.5));
    assert!(found.tasks.iter().all(|task| task.auc.value.is_none() && task.curve.is_none()));
    assert_eq!(found.subgroups[0].rows.len(), 2);
    assert!(found.to_html().contains("no curve"));
}

#[test]
fn folds_give_mean_and_deviation() {
    let csv = "file,label,fold\na,nv,0\nb,nv,0\nc,nv,1\nd,nv,1\n";
    let found = evaluate(csv, &LabelOptions::default(), &[sure(0), sure(0), sure(0), sure(1)]);
    let folds = found.fine.folds.unwrap();
    assert_eq!(folds.mean, 0.75);
    assert!((folds.standard_deviation.unwrap() - 0.125_f64.sqrt()).abs() < 1e-12);
}

#[test]
fn a_fold_without_a_photo_is_an_error() {
    let csv = "file,label,fold\na,nv,0\nb,nv,1\nc,nv,1\n";
    let mut study = Study::new(tiny(), read(csv, &LabelOptions::default()).unwrap());
    let settings = Settings::default();
    study.answered(0, sure(0)).unwrap();
    study.failed(1, "photo-broken", "cut off");
    // Its other photo has not been tried yet.
    assert_eq!(study.finish(&cpu_engine_info(), &settings).unwrap().fine.folds.unwrap().folds.len(), 1);
    study.failed(2, "photo-broken", "cut off");
    let error = study.finish(&cpu_engine_info(), &settings).unwrap_err();
    assert!(error.to_string().contains("none of the photos of fold 1"), "{error}");
}

#[test]
fn labels_may_be_names_of_nodes() {
    let csv = "file,label\na,MELANOMA\nb,흑색종\nc,mel\n";
    let labels = read(csv, &LabelOptions::default()).unwrap();
    assert!(labels.photos.iter().all(|photo| photo.label == labels.photos[2].label));
    let unknown = |csv: &str, options: &LabelOptions| unknown_labels(csv, options, tiny().taxonomy());
    assert!(unknown(csv, &LabelOptions::default()).unwrap().is_empty());
    let csv = "file,diagnosis,x\na,Blemish,1\nb,Blemish,2\nc,mel,3\nd,Wart,4\ne,Mole,5\n";
    let names = [("Blemish".to_owned(), 2), ("Wart".to_owned(), 1)];
    assert_eq!(unknown(csv, &options()).unwrap(), names.into());
    let other = LabelOptions { label_column: Some("finding".to_owned()), ..LabelOptions::default() };
    assert!(matches!(unknown(csv, &other), Err(EvaluateError::MissingColumn { .. })));
}

/// Headers and values as published; the rows are made up.
#[test]
fn published_tables_are_read_as_they_are() {
    let ham = "lesion_id,image_id,dx,dx_type,age,sex,localization\n\
        HAM_1,ISIC_1,akiec,histo,80.0,male,back\nHAM_2,ISIC_2,nv,follow_up,,unknown,face\nHAM_3,ISIC_3,bkl,histo,50.0,female,back\n";
    let pad = "patient_id,lesion_id,smoke,age,gender,fitspatrick,region,diagnostic,img_id,biopsed\n\
        PAT_1,10,False,55,FEMALE,3.0,NECK,ACK,PAT_1_10_1.png,True\nPAT_1,10,,55,,,NECK,ACK,PAT_1_10_2.png,False\n\
        PAT_2,11,,70,MALE,2.0,FACE,SEK,PAT_2_11_3.png,False\nPAT_3,12,,70,MALE,2.0,FACE,NEV,PAT_3_12_4.png,False\n";
    let challenge = "image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC,UNK\nISIC_1,0.0,1.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0\nISIC_2,0,0,0,0,0,0,0,1,0\n";
    let challenge_2017 = "image_id,melanoma,seborrheic_keratosis\nISIC_1,0.0,1.0\nISIC_2,1.0,0.0\n";
    let archive = "isic_id,attribution,copyright_license,age_approx,anatom_site_general,diagnosis_1,diagnosis_2,diagnosis_3,diagnosis_4,image_type,sex\n\
        ISIC_1,Anonymous,CC-0,55,head/neck,Benign,Benign melanocytic proliferations,Nevus,\"Nevus, Compound\",dermoscopic,male\n\
        ISIC_2,Anonymous,CC-0,60,head/neck,Malignant,Malignant melanocytic proliferations (Melanoma),Melanoma in situ,,clinical: close-up,male\n\
        ISIC_3,Anonymous,CC-0,60,head/neck,Malignant,Malignant adnexal epithelial proliferations,Porocarcinoma,,clinical: close-up,female\n\
        ISIC_4,Anonymous,CC-0,60,palms/soles,Benign,Benign epidermal proliferations,Seborrheic keratosis,,dermoscopic,female\n\
        ISIC_5,Anonymous,CC-0,60,palms/soles,Benign,Benign melanocytic proliferations,Nevus,\"Nevus, Compound\",clinical: overview,female\n";
    let archive_2020 = "isic_id,attribution,age_approx,benign_malignant,diagnosis,sex\nISIC_1,A,50,benign,nevus,male\nISIC_2,A,55,benign,pigmented benign keratosis,male\n";
    let cases: [(&str, &str, &[&str], &[&str]); 6] = [
        (ham, "dx", &["ISIC_1", "ISIC_2", "ISIC_3"], &["malignant-epidermal", "nv", "bkl"]),
        (
            pad,
            "diagnostic",
            &["PAT_1_10_1.png", "PAT_1_10_2.png", "PAT_2_11_3.png", "PAT_3_12_4.png"],
            &["ak", "ak", "bkl", "nv"],
        ),
        (challenge, "MEL/NV/BCC/AK/BKL/DF/VASC/SCC/UNK", &["ISIC_1", "ISIC_2"], &["nv", "scc"]),
        (challenge_2017, "melanoma/seborrheic_keratosis", &["ISIC_1", "ISIC_2"], &["bkl", "mel"]),
        (
            archive,
            "diagnosis_1/diagnosis_2/diagnosis_3/diagnosis_4",
            &["ISIC_1", "ISIC_2", "ISIC_3", "ISIC_4", "ISIC_5"],
            &["nv", "mel", "malignant", "bkl", "nv"],
        ),
        (archive_2020, "diagnosis", &["ISIC_1", "ISIC_2"], &["nv", "bkl"]),
    ];
    let pack = tiny();
    for (csv, label, photos, expected) in cases {
        let labels = read(csv, &LabelOptions::default()).unwrap();
        assert_eq!(files(&labels), photos, "{label}");
        let ids: Vec<&str> = labels.photos.iter().map(|photo| pack.taxonomy().node(photo.label).id.as_str()).collect();
        assert_eq!(ids, expected, "{label}");
        assert_eq!(labels.selection[0], format!("labels from the column {label}"));
        let found = columns(csv).unwrap();
        assert_eq!(found.label.as_deref(), Some(label));
        // What the page takes from its menu gives the same.
        let chosen = LabelOptions { file_column: found.file, label_column: found.label, ..LabelOptions::default() };
        assert_eq!(read(csv, &chosen).unwrap().photos, labels.photos, "{label}");
    }
    let labels = read(ham, &LabelOptions::default()).unwrap();
    assert!(labels.selection.contains(&"\"akiec\" taken as malignant-epidermal".to_owned()), "{:?}", labels.selection);
    let kinds = read(archive, &LabelOptions::default()).unwrap();
    assert!(kinds.subgroups.contains(&"image_type".to_owned()), "{:?}", kinds.subgroups);
    let none = "image_id,melanoma,seborrheic_keratosis\nISIC_1,0.0,1.0\nISIC_2,0.0,0.0\n";
    let error = read(none, &LabelOptions::default()).unwrap_err().to_string();
    assert!(error.contains("\"none of melanoma/seborrheic_keratosis\" (1)"), "{error}");
    let map = [("none of melanoma/seborrheic_keratosis".to_owned(), "nv".to_owned())].into();
    assert_eq!(read(none, &LabelOptions { map, ..LabelOptions::default() }).unwrap().photos.len(), 2);
}

#[test]
fn a_table_is_known_by_its_text_and_its_choices() {
    let of = |csv: &str, options: &LabelOptions| read(csv, options).unwrap().sha256;
    let usual = LabelOptions::default();
    let one_per = LabelOptions { one_per: Some("label".to_owned()), ..LabelOptions::default() };
    let csv = "file,label\na,nv\nb,mel\n";
    assert_eq!(of(csv, &usual), of(csv, &usual));
    assert_ne!(of(csv, &usual), of("file,label\na,nv\nb,nv\n", &usual));
    assert_ne!(of(csv, &usual), of(csv, &one_per));
}

#[test]
fn predictions_are_kept_for_one_pack_and_engine() {
    let mut study = Study::new(tiny(), read("file,label\na,nv\nb,mel\nc,nv\n", &LabelOptions::default()).unwrap());
    let logits = |value: f32| Prediction::Logits { logits: vec![value; 8], features: None };
    let mut known = Predictions::new("abc", "cpu");
    known.add("a", Some(photo_id(b"a")), logits(0.1));
    known.add("b", None, Prediction::Failed { code: "photo-broken".into(), message: "cut\noff".into() });
    assert_eq!(study.pending(&known), [2]);
    let text = known.to_text();

    let mut later = Predictions::new("abc", "cpu");
    assert_eq!(later.read(&text).unwrap(), 1, "what failed is tried again");
    assert_eq!(later.belongs_to("a", &photo_id(b"a")), Some(true));
    assert_eq!(later.belongs_to("a", &photo_id(b"another of that name")), Some(false));
    assert_eq!(later.belongs_to("b", &photo_id(b"b")), None);
    assert_eq!(later.get("a"), Some(&logits(0.1)));
    assert_eq!(study.pending(&later), [1, 2]);
    assert_eq!(later.read(&text[..text.len() - 3]).unwrap(), 1, "a line that was cut off is dropped");
    let refused = |known: &mut Predictions, text: &str| known.read(text).unwrap_err().to_string();
    assert!(refused(&mut later, "no JSON").contains("no predictions"));
    assert!(refused(&mut later, "").contains("no predictions"));
    assert!(refused(&mut later, &text.replace("predictions/2", "predictions/1")).contains("schema"));
    assert!(refused(&mut Predictions::new("xyz", "cpu"), &text).contains("another model pack"));
    assert!(refused(&mut Predictions::new("abc", "wonnx"), &text).contains("engine cpu"));

    study.take(&later).unwrap();
    assert_eq!(study.finish(&cpu_engine_info(), &Settings::default()).unwrap().data.photos, 1);
    later.add("c", None, Prediction::Logits { logits: vec![f32::NAN; 8], features: None });
    assert!(study.take(&later).is_err());
}

#[test]
fn nothing_classified_is_an_error() {
    let mut study = Study::new(tiny(), read(CSV, &options()).unwrap());
    let settings = Settings::default();
    assert!(study.finish(&cpu_engine_info(), &settings).unwrap_err().to_string().contains("none of the 7"));
    study.failed(0, "photo-broken", "cut off");
    assert!(study.finish(&cpu_engine_info(), &settings).unwrap_err().to_string().contains("cut off"));
    assert!(matches!(study.answered(0, vec![1.0]), Err(EvaluateError::Length { .. })));
}

#[test]
fn the_report_says_what_was_left_out() {
    let map = [("Naevus".to_owned(), "nv".to_owned()), ("Mole".to_owned(), String::new())].into();
    let options = LabelOptions { map, ..LabelOptions::default() };
    let mut study = Study::new(tiny(), read("file,label\na,Naevus\nb,mel\nc,Mole\nd,mel\n", &options).unwrap());
    study.answered(0, sure(0)).unwrap();
    let selection = |study: &Study| study.finish(&cpu_engine_info(), &Settings::default()).unwrap().data.selection;
    let partly = selection(&study);
    assert!(partly.contains(&"without the label \"Mole\"".to_owned()), "{partly:?}");
    assert!(partly.contains(&"\"Naevus\" taken as nv".to_owned()), "{partly:?}");
    assert!(partly.iter().any(|part| part.contains("1 photos of 3")), "{partly:?}");
    study.answered(1, sure(1)).unwrap();
    study.failed(2, "photo-broken", "cut off");
    assert_eq!(selection(&study).len(), partly.len() - 1);
}

#[test]
fn reports_escape_what_the_table_says() {
    let csv = "file,label,<b>\n<script>alert(1)</script>,nv,\"<i>&\"\nb,mel,x\n";
    let html = evaluate(csv, &LabelOptions::default(), &[sure(1), sure(1)]).to_html();
    assert!(!html.contains("<script") && !html.contains("<i>") && !html.contains("<b>"));
    assert!(html.contains("&lt;script&gt;"));
    assert!(!html.contains("style=") && !html.contains("http://") && !html.contains("src="));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Whatever the answers: shares lie in 0 to 1, intervals are in order, the report is made and round-trips.
    #[test]
    fn any_answers_give_a_sound_report(cases in prop::collection::vec((0..4_usize, prop::collection::vec(0.0..1.0_f64, 8)), 1..25)) {
        const LABELS: [&str; 4] = ["nv", "mel", "malignant", "inflammatory"];
        let mut csv = "file,label,age\n".to_owned();
        for (place, (label, _)) in cases.iter().enumerate() {
            writeln!(csv, "{place}.png,{},{}", LABELS[*label], place * 7).unwrap();
        }
        let normalised = |values: &Vec<f64>| {
            let sum: f64 = values.iter().sum::<f64>().max(1e-9);
            values.iter().map(|value| value / sum).collect::<Vec<f64>>()
        };
        let answers: Vec<Vec<f64>> = cases.iter().map(|(_, values)| normalised(values)).collect();
        let found = evaluate(&csv, &LabelOptions::default(), &answers);
        let estimates = [&found.fine, &found.groups, &found.classes].map(|level| {
            [level.accuracy, level.balanced_accuracy, level.top_3_accuracy]
        });
        for estimate in estimates.as_flattened().iter().chain(found.tasks.iter().map(|task| &task.auc)) {
            if let (Some(value), Some([low, high])) = (estimate.value, estimate.interval) {
                prop_assert!((0.0..=1.0).contains(&value) && low <= high && low >= 0.0 && high <= 1.0);
            }
        }
        let back: Evaluation = serde_json::from_str(&serde_json::to_string(&found).unwrap()).unwrap();
        prop_assert_eq!(&back.data, &found.data);
        prop_assert!(!found.to_html().contains("NaN"));
    }
}

/// Three of four answers right at a probability of 0.93: what the report says of the first answer and of each class is of these.
#[test]
fn calibration_and_areas_are_of_right_answers() {
    let csv = "file,label\na,nv\nb,nv\nc,mel\nd,mel\n";
    let found = evaluate(csv, &LabelOptions::default(), &[sure(0), sure(0), sure(1), sure(0)]);
    let error = found.calibration.expected_calibration_error.unwrap();
    assert!((error - (0.93 - 0.75)).abs() < 1e-9, "{error}");
    let brier = found.calibration.brier.unwrap();
    assert!((brier - (3.0 * 0.07 * 0.07 + 0.93 * 0.93) / 4.0).abs() < 1e-9, "{brier}");
    let area = |id: &str| found.fine.classes.iter().find(|class| class.id == id).unwrap().auc;
    // Of the four pairs of a melanoma and a naevus two are right and two are even.
    assert_eq!((area("nv"), area("mel")), (Some(0.75), Some(0.75)));
    assert_eq!(area("bcc"), None, "no photo of it");
}
