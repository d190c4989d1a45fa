//! `skintree classify`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use serde::Serialize;
use skintree::classifier::{Classifier, DEFAULT_TOP_K, Options};
use skintree::heat_map::HeatMapChoice;
use skintree::pack::Pack;
use skintree::photo::{Limits, Photo};
use skintree::report::Report;
use skintree_dicom::photo_file;
use skintree_evaluate::{Error, EvaluateError};
use skintree_fhir::{DateTime, Instant, Reference, to_fhir};

use crate::output::{names, note, save, say};
use crate::read_photo::read_photo;
use crate::{ModelArguments, heat_map};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The photos.
    #[arg(required = true, value_name = "PHOTO")]
    photos: Vec<PathBuf>,
    #[command(flatten)]
    model: ModelArguments,
    /// How many fine diagnoses to list; text shows small trees whole.
    #[arg(long, default_value_t = DEFAULT_TOP_K)]
    top_k: usize,
    /// Average the answers for so many views of each photo (as it is, mirrored, upside down, both).
    #[arg(long, default_value_t = 1, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=4))]
    views: usize,
    /// The kind of photo, if it is known: an id of the pack, e.g. dermoscopic or clinical. Without it the pack tells.
    #[arg(long, value_name = "ID")]
    kind: Option<String>,
    /// Write a line of JSON a photo instead of text: its `file` and its report (docs/formats.md), or `file` and `error`.
    #[arg(long)]
    json: bool,
    /// Write a line of FHIR R4 a photo instead of text: a Bundle (docs/fhir.md), with names in the language of --lang.
    /// Photos that fail have none.
    #[arg(long, conflicts_with = "json")]
    fhir: bool,
    /// The patient in the FHIR record, e.g. Patient/7; without it the record names none.
    #[arg(long, value_name = "REFERENCE", requires = "fhir", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    subject: Option<String>,
    /// When the photos were taken, for the FHIR record: a date, or a moment with its time zone.
    #[arg(long, value_name = "TIME", requires = "fhir")]
    taken: Option<DateTime>,
    /// The time of the FHIR record, if it is not now: a moment with its time zone.
    #[arg(long, value_name = "TIME", requires = "fhir")]
    issued: Option<Instant>,
    /// Also write what the network got and gave, to compare it with other runtimes: NAME.input.f32 and
    /// NAME.logits.f32 of each photo, little-endian. NAME is that of the photo, with as much of its path as tells it from
    /// the others.
    #[arg(long, value_name = "DIR")]
    tensors: Option<PathBuf>,
    /// Also show where in the photo the probability of a taxonomy node comes from: the part of the photo that the
    /// network sees, with a class activation map laid over it, as DIR/NAME.NODE.png. May be given several times;
    /// `all` stands for every node the model knows.
    #[arg(long = "heat-map", value_name = "NODE", requires = "output")]
    heat_maps: Vec<String>,
    /// Folder for the heat maps; made if it is not there.
    #[arg(long, value_name = "DIR", requires = "heat_maps")]
    output: Option<PathBuf>,
    /// Replace files of --output and --tensors that are there already, instead of failing.
    #[arg(long)]
    overwrite: bool,
    /// Language of the text: en or ko.
    #[arg(long, default_value = "en")]
    lang: String,
}

/// A line of JSON: the report of a photo, or why there is none.
#[derive(Debug, Serialize)]
struct Line<'a> {
    /// The photo as it was named on the command line.
    file: String,
    #[serde(flatten)]
    report: Option<&'a Report>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a Failure>,
    /// What was written of it.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    written: &'a [PathBuf],
}

/// Why a photo was not classified.
#[derive(Debug, Serialize)]
struct Failure {
    /// Of docs/formats.md.
    code: &'static str,
    message: String,
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error: Error = error.into();
        Self { code: error.code(), message: error.to_string() }
    }
}

/// A photo that fails is reported and the others go on; the exit code then tells.
pub(crate) fn run(arguments: &Arguments) -> skintree::Result<ExitCode> {
    let pack = Pack::read_dir(&arguments.model.pack)?;
    let mut classifier = pollster::block_on(Classifier::load(pack, arguments.model.engine_request()))?;
    let mut exit = ExitCode::SUCCESS;
    for (path, name) in arguments.photos.iter().zip(names(&arguments.photos)) {
        let mut written = Vec::new();
        let outcome = classify_file(&mut classifier, path, &name, arguments, &mut written);
        if let Err(Failure { code, message }) = &outcome {
            note!("{}: [{code}] {message}", path.display());
            exit = ExitCode::FAILURE;
        }
        if arguments.json {
            let file = path.display().to_string();
            let line = Line { file, report: outcome.as_ref().ok(), error: outcome.as_ref().err(), written: &written };
            say!("{}", serde_json::to_string(&line).unwrap_or_default());
        } else if let (true, Ok(report)) = (arguments.fhir, &outcome) {
            match to_fhir(report, &arguments.fhir_options()) {
                Ok(bundle) => say!("{}", bundle.trim_end()),
                Err(error) => {
                    note!("{}: [{}] {error}", path.display(), error.code());
                    exit = ExitCode::FAILURE;
                }
            }
        } else if let Ok(report) = outcome {
            say!("{}\n\n{}", path.display(), report.to_text(&arguments.lang));
            for file in &written {
                say!("written       {}", file.display());
            }
        }
    }
    Ok(exit)
}

impl Arguments {
    fn fhir_options(&self) -> skintree_fhir::Options {
        skintree_fhir::Options {
            subject: self.subject.as_deref().map(Reference::to),
            effective: self.taken.clone(),
            issued: self.issued.clone().unwrap_or_else(|| SystemTime::now().into()),
            language: self.lang.clone(),
        }
    }

    fn options(&self) -> Options {
        let heat_maps = match self.heat_maps.as_slice() {
            [] => HeatMapChoice::None,
            ids if ids.iter().any(|id| id == "all") => HeatMapChoice::All,
            ids => HeatMapChoice::Nodes(ids.to_vec()),
        };
        Options { top_k: self.top_k, heat_maps, views: self.views, photo_kind: self.kind.clone(), ..Options::default() }
    }
}

fn classify_file(
    classifier: &mut Classifier,
    path: &Path,
    name: &str,
    arguments: &Arguments,
    written: &mut Vec<PathBuf>,
) -> Result<Report, Failure> {
    let limits = Limits::default();
    let bytes = read_photo(path, &limits)?;
    let start = web_time::Instant::now();
    let photo = Photo::decode(&photo_file(&bytes, &limits)?, &limits)?;
    let answer = pollster::block_on(classifier.classify_photo(&photo, &arguments.options(), start))?;
    if let Some(folder) = &arguments.tensors {
        for (kind, values) in [("input", &answer.input.data), ("logits", &answer.outputs.logits)] {
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            let file = folder.join(format!("{name}.{kind}.f32"));
            save(&file, &bytes, arguments.overwrite).map_err(EvaluateError::File)?;
            written.push(file);
        }
    }
    if let (Some(folder), Some(maps)) = (&arguments.output, &answer.report.heat_maps) {
        for map in maps {
            let png = heat_map::png(&photo, map).map_err(EvaluateError::File)?;
            let file = folder.join(format!("{name}.{}.png", map.node));
            save(&file, &png, arguments.overwrite).map_err(EvaluateError::File)?;
            written.push(file);
        }
    }
    Ok(answer.report)
}
