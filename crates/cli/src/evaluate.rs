//! `skintree evaluate`: files, threads and progress around [`skintree_evaluate`].

mod features;
mod photos;
mod predictions;
mod readers;
mod tsne;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressStyle};
use skintree::classifier::{Classifier, Options};
use skintree::engine::EngineName;
use skintree::pack::Pack;
use skintree::photo::Limits;
use skintree::report::EngineInfo;
use skintree_dicom::photo_file;
use skintree_evaluate::labels::{LabelOptions, Labels};
use skintree_evaluate::predictions::{Prediction, photo_id};
use skintree_evaluate::result::{Estimate, Evaluation};
use skintree_evaluate::table_text::decode;
use skintree_evaluate::{DEFAULT_RESAMPLES, EvaluateError, Settings, Study};

use crate::ModelArguments;
use crate::output::{note, say};
use crate::read_photo::read_photo;
use photos::Photos;
use predictions::{Earlier, PredictionsFile};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Folder of the photos and of folders with photos. The table's paths are relative to it; what is not there is looked for by
    /// its name (docs/evaluation.md).
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Table of photos and labels: CSV with a header line.
    #[arg(long, value_name = "CSV")]
    labels: PathBuf,
    #[command(flatten)]
    model: ModelArguments,
    /// Folder for report.html, report.json and predictions.jsonl. An interrupted run goes on where it was.
    #[arg(long, value_name = "DIR", default_value = "evaluation")]
    out: PathBuf,
    /// Column with the photo's path; without it, the one that published tables have it in, such as `file` or `image_id`.
    #[arg(long, value_name = "COLUMN")]
    file_column: Option<String>,
    /// Column with the label: an id of the pack's taxonomy, at any level, in any case. Without it, the one or those that published
    /// tables have it in, such as `label` or `dx`.
    #[arg(long, value_name = "COLUMN")]
    label_column: Option<String>,
    /// Another name for a node, such as NAEVUS=nv; NAME= leaves those photos out. May be repeated.
    #[arg(long, value_name = "NAME=NODE", value_parser = pair)]
    map: Vec<(String, String)>,
    /// Column with the lesion, where several photos show one.
    #[arg(long, value_name = "COLUMN", default_value = "lesion_id")]
    lesion_column: String,
    /// Column with the fold.
    #[arg(long, value_name = "COLUMN", default_value = "fold")]
    fold_column: String,
    /// Another table that has the fold column, joined on the first column that both have.
    #[arg(long, value_name = "CSV")]
    folds: Option<PathBuf>,
    /// Only rows with this value; * stands for anything. Repeat it for more columns, or for other values of one.
    #[arg(long, value_name = "COLUMN=VALUE", value_parser = pair)]
    only: Vec<(String, String)>,
    /// The first row only for each value of this column, such as `lesion_id`.
    #[arg(long, value_name = "COLUMN")]
    one_per: Option<String>,
    /// Column to make subgroups of; may be repeated. Without it, every column with a few values or with numbers.
    #[arg(long, value_name = "COLUMN")]
    subgroup: Vec<String>,
    /// Bootstrap resamples behind each interval.
    #[arg(long, default_value_t = DEFAULT_RESAMPLES)]
    resamples: usize,
    /// Photos worked on at a time; without it, one a core.
    #[arg(long)]
    jobs: Option<std::num::NonZeroUsize>,
    /// Replace a report in that folder that is of another table or of other rows.
    #[arg(long)]
    overwrite: bool,
    /// Leave out the map of the network's features (t-SNE).
    #[arg(long)]
    no_map: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it must be of the form NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

pub(crate) fn run(arguments: &Arguments) -> skintree_evaluate::Result<ExitCode> {
    let pack = Pack::read_dir(&arguments.model.pack)?;
    let mut bare = pack.clone();
    drop(bare.take_model());
    let folds = arguments.folds.as_deref().map(read).transpose()?;
    let labels = read(&arguments.labels)?;
    let labels = Labels::read(&labels, folds.as_deref(), &options(arguments), bare.taxonomy())?;
    let mut study = Study::new(bare, labels);

    if !arguments.overwrite {
        refuse_to_replace(&arguments.out.join("report.json"), &study)?;
    }
    fs::create_dir_all(&arguments.out).map_err(|error| file_error(&arguments.out, "created", &error))?;
    let mut first = pollster::block_on(Classifier::load(pack.clone(), arguments.model.engine_request()))?;
    let engine = first.engine().clone();
    let identity = [pack.manifest_sha256(), &engine.name];
    let path = arguments.out.join("predictions.jsonl");
    let mut earlier = Earlier::read(&path, identity)?;
    let photos = Photos::locate(&arguments.data, study.photos().iter().map(|photo| photo.file.clone()).collect());
    earlier.check(&photos)?;
    let mut predictions = earlier.go_on().map_err(|error| file_error(&path, "written", &error))?;
    let pending = study.pending(predictions.known());
    if pending.len() < study.photos().len() {
        note!("{} photos are in {} already", study.photos().len() - pending.len(), path.display());
    }
    let jobs = jobs(arguments, &engine, pending.len());
    classify(arguments, &photos, &mut first, pack, &pending, jobs, &mut predictions)
        .map_err(|error| file_error(&path, "written", &error))?;

    study.take(predictions.known())?;
    let features = features::of(&study, predictions.known());
    let settings = Settings {
        resamples: arguments.resamples,
        readers: readers::find(),
        embedding: if arguments.no_map { None } else { tsne::map(&features) },
        ..Settings::default()
    };
    note!("computing figures with {} resamples", settings.resamples);
    let evaluation = study.finish(&engine, &settings)?;
    write(&arguments.out.join("report.json"), &evaluation.to_json())?;
    write(&arguments.out.join("report.html"), &evaluation.to_html())?;
    print_summary(&evaluation, &arguments.out);
    Ok(ExitCode::SUCCESS)
}

/// A run that goes on or is made again replaces its own report, but not one on other photos.
fn refuse_to_replace(path: &Path, study: &Study) -> Result<(), EvaluateError> {
    let Ok(bytes) = fs::read(path) else { return Ok(()) };
    let earlier: Option<Evaluation> = serde_json::from_slice(&bytes).ok();
    if earlier.is_some_and(|earlier| earlier.data.table_sha256 == study.table_sha256()) {
        return Ok(());
    }
    Err(EvaluateError::File(format!(
        "{} is a report on another table or on other rows, and --overwrite was not given",
        path.display()
    )))
}

fn options(arguments: &Arguments) -> LabelOptions {
    LabelOptions {
        file_column: arguments.file_column.clone(),
        label_column: arguments.label_column.clone(),
        lesion_column: arguments.lesion_column.clone(),
        fold_column: arguments.fold_column.clone(),
        map: arguments.map.iter().cloned().collect(),
        only: arguments.only.clone(),
        one_per: arguments.one_per.clone(),
        subgroups: (!arguments.subgroup.is_empty()).then(|| arguments.subgroup.clone()),
    }
}

/// Each job has an engine of its own. A GPU gains nothing from more than two: one photo is decoded while another runs.
fn jobs(arguments: &Arguments, engine: &EngineInfo, photos: usize) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let sensible = if engine.name == EngineName::Cpu.to_string() { cores } else { 2 };
    arguments.jobs.map_or(sensible, std::num::NonZero::get).clamp(1, photos.max(1))
}

/// Classifies the photos at these places and writes each answer down as soon as it is there.
fn classify(
    arguments: &Arguments,
    photos: &Photos,
    first: &mut Classifier,
    pack: Pack,
    places: &[usize],
    jobs: usize,
    predictions: &mut PredictionsFile,
) -> std::io::Result<()> {
    let style = "{bar:30} {pos}/{len} photos, {per_sec}, {eta} left {wide_msg}";
    let bar = ProgressBar::new(places.len() as u64)
        .with_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
    let next = AtomicUsize::new(0);
    let written = Mutex::new((predictions, Ok(())));
    let work = |classifier: &mut Classifier| {
        while let Some(&place) = places.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (file, path) = (&photos.files[place], &photos.paths[place]);
            let (photo, prediction) = predict(classifier, path);
            if let Prediction::Failed { code, message } = &prediction {
                bar.println(format!("{file}: [{code}] {message}"));
            }
            let Ok(mut guard) = written.lock() else { return };
            let (predictions, outcome) = &mut *guard;
            if outcome.is_ok() {
                *outcome = predictions.add(file, photo, prediction);
            }
            if outcome.is_err() {
                return;
            }
            bar.inc(1);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..jobs {
            let (pack, model, work) = (pack.clone(), &arguments.model, &work);
            // A second engine that fails to load leaves its share to the first.
            scope.spawn(move || {
                if let Ok(mut classifier) = pollster::block_on(Classifier::load(pack, model.engine_request())) {
                    work(&mut classifier);
                }
            });
        }
        drop(pack);
        work(first);
    });
    bar.finish_and_clear();
    written.into_inner().map_or(Ok(()), |(_, outcome)| outcome)
}

/// The photo's identity, if it could be read, and what came of it.
fn predict(classifier: &mut Classifier, path: &Result<PathBuf, EvaluateError>) -> (Option<String>, Prediction) {
    let failed = |error: skintree_evaluate::Error| Prediction::Failed {
        code: error.code().to_owned(),
        message: error.to_string(),
    };
    let read = path.clone().map_err(Into::into).and_then(|path| read_photo(&path, &Limits::default()));
    let bytes = match read {
        Ok(bytes) => bytes,
        Err(error) => return (None, failed(error)),
    };
    let options = Options { features: true, ..Options::default() };
    let answer = photo_file(&bytes, &Limits::default())
        .map_err(skintree::Error::from)
        .and_then(|photo| pollster::block_on(classifier.classify(&photo, &options)));
    let prediction = match answer {
        Ok(answer) => Prediction::Logits {
            logits: answer.calibrated,
            features: answer.outputs.features.as_ref().map(features::encode),
        },
        Err(error) => failed(error.into()),
    };
    (Some(photo_id(&bytes)), prediction)
}

fn print_summary(evaluation: &Evaluation, out: &Path) {
    let percent = |estimate: &Estimate| show(estimate, 100.0, 1);
    say!("{} {}: {} photos", evaluation.model.id, evaluation.model.version, evaluation.data.photos);
    if !evaluation.data.skipped.is_empty() {
        say!("left out      {} photos that could not be read", evaluation.data.skipped.len());
    }
    for (name, level) in
        [("three-way", &evaluation.classes), ("nine-way", &evaluation.groups), ("own classes", &evaluation.fine)]
    {
        let spread = level.folds.as_ref().and_then(|folds| Some((folds, folds.standard_deviation?)));
        let folds = spread.map_or_else(String::new, |(folds, deviation)| {
            format!("; {:.1} ± {:.1} over {} folds", folds.mean * 100.0, deviation * 100.0, folds.folds.len())
        });
        say!(
            "{name:<13} accuracy {} %, balanced {} %{folds}",
            percent(&level.accuracy),
            percent(&level.balanced_accuracy)
        );
    }
    for task in &evaluation.tasks {
        say!("{}: AUC {} ({} + {})", task.name.en(), show(&task.auc, 1.0, 3), task.positives, task.negatives);
    }
    say!("{}", out.join("report.html").display());
}

fn show(estimate: &Estimate, scale: f64, digits: usize) -> String {
    let number = |value: f64| format!("{:.digits$}", value * scale);
    match (estimate.value, estimate.interval) {
        (Some(value), Some([low, high])) => format!("{} ({} to {})", number(value), number(low), number(high)),
        (Some(value), None) => number(value),
        (None, _) => "–".to_owned(),
    }
}

fn read(path: &Path) -> Result<String, EvaluateError> {
    let bytes =
        fs::read(path).map_err(|error| EvaluateError::Table(format!("{} cannot be read: {error}", path.display())))?;
    decode(&bytes).map_err(|error| match error {
        EvaluateError::Table(reason) => EvaluateError::Table(format!("{}: {reason}", path.display())),
        error => error,
    })
}

fn write(path: &Path, text: &str) -> Result<(), EvaluateError> {
    fs::write(path, text).map_err(|error| file_error(path, "written", &error))
}

fn file_error(path: &Path, done: &str, error: &std::io::Error) -> EvaluateError {
    EvaluateError::File(format!("{} cannot be {done}: {error}", path.display()))
}
