//! `skintree classify`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use skintree::classifier::{Classifier, DEFAULT_TOP_K, Options};
use skintree::heat_map::HeatMapChoice;
use skintree::pack::Pack;
use skintree::photo::{Limits, Photo};
use skintree::report::Report;
use web_time::Instant;

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
    /// Write one report (docs/formats.md) as JSON a line instead of text.
    #[arg(long)]
    json: bool,
    /// Also write what the network got and gave, to compare it with other runtimes: NAME.input.f32 and
    /// NAME.logits.f32 of each photo, little-endian.
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
    /// Language of the text: en or ko.
    #[arg(long, default_value = "en")]
    lang: String,
}

/// A photo that fails is reported and the others go on; the exit code then tells.
pub(crate) fn run(arguments: &Arguments) -> skintree::Result<ExitCode> {
    let pack = Pack::read_dir(&arguments.model.pack)?;
    let mut classifier = pollster::block_on(Classifier::load(pack, arguments.model.engine_request()))?;
    let mut exit = ExitCode::SUCCESS;
    for path in &arguments.photos {
        match classify_file(&mut classifier, path, arguments) {
            Ok(report) if arguments.json => println!("{}", serde_json::to_string(&report).unwrap_or_default()),
            Ok(report) => println!("{}\n\n{}", path.display(), report.to_text(&arguments.lang)),
            Err(message) => {
                eprintln!("{}: {message}", path.display());
                exit = ExitCode::FAILURE;
            }
        }
    }
    Ok(exit)
}

impl Arguments {
    fn options(&self) -> Options {
        let heat_maps = match self.heat_maps.as_slice() {
            [] => HeatMapChoice::None,
            ids if ids.iter().any(|id| id == "all") => HeatMapChoice::All,
            ids => HeatMapChoice::Nodes(ids.to_vec()),
        };
        Options { top_k: self.top_k, heat_maps, views: self.views, photo_kind: self.kind.clone(), ..Options::default() }
    }
}

fn classify_file(classifier: &mut Classifier, path: &Path, arguments: &Arguments) -> Result<Report, String> {
    let failed = |error: skintree::Error| format!("[{}] {error}", error.code());
    let bytes = std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    let start = Instant::now();
    let photo = Photo::decode(&bytes, &Limits::default()).map_err(|error| failed(error.into()))?;
    let answer = pollster::block_on(classifier.classify_photo(&photo, &arguments.options(), start)).map_err(failed)?;
    if let Some(folder) = &arguments.tensors {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        write_f32(&folder.join(format!("{stem}.input.f32")), &answer.input.data)?;
        write_f32(&folder.join(format!("{stem}.logits.f32")), &answer.outputs.logits)?;
    }
    if let (Some(folder), Some(maps)) = (&arguments.output, &answer.report.heat_maps) {
        heat_map::write(folder, path, &photo, maps)?;
    }
    Ok(answer.report)
}

fn write_f32(path: &Path, values: &[f32]) -> Result<(), String> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    std::fs::write(path, bytes).map_err(|error| format!("{} cannot be written: {error}", path.display()))
}
