//! The command line: the same classification as in the browser, on files.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a command-line tool")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use skintree::classifier::{Classifier, DEFAULT_TOP_K};
use skintree::engine::EngineChoice;
use skintree::onnx::{Graph, Signature};
use skintree::pack::Pack;
use skintree::report::Report;

/// Skin-lesion classifier with a disease taxonomy. Research use only; not a medical device; a low score does not rule
/// out cancer.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Classify photos (JPEG, PNG, WebP, GIF, BMP, TIFF).
    Classify(ClassifyArguments),
    /// Check a model pack and say what is in it.
    Inspect {
        /// Folder with manifest.json.
        #[arg(default_value = "model/pack")]
        pack: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
struct ClassifyArguments {
    /// The photos.
    #[arg(required = true, value_name = "PHOTO")]
    photos: Vec<PathBuf>,
    #[command(flatten)]
    model: ModelArguments,
    /// How many fine diagnoses to list.
    #[arg(long, default_value_t = DEFAULT_TOP_K)]
    top_k: usize,
    /// Write one report (docs/formats.md) as JSON a line instead of text.
    #[arg(long)]
    json: bool,
    /// Also write what the network got and gave, to compare it with other runtimes: NAME.input.f32 and
    /// NAME.logits.f32 of each photo, little-endian.
    #[arg(long, value_name = "DIR")]
    tensors: Option<PathBuf>,
    /// Language of the text: en or ko.
    #[arg(long, default_value = "en")]
    lang: String,
}

#[derive(Debug, clap::Args)]
struct ModelArguments {
    /// Folder with manifest.json.
    #[arg(long, default_value = "model/pack")]
    pack: PathBuf,
    /// auto, wonnx (GPU) or cpu.
    #[arg(long, default_value = "auto")]
    engine: EngineChoice,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Classify(arguments) => classify(&arguments),
        Command::Inspect { pack } => inspect(&pack).map(|()| ExitCode::SUCCESS),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error [{}]: {error}", error.code());
        ExitCode::FAILURE
    })
}

/// A photo that fails is reported and the others go on; the exit code then tells.
fn classify(arguments: &ClassifyArguments) -> skintree::Result<ExitCode> {
    let pack = Pack::read_dir(&arguments.model.pack)?;
    let classifier = pollster::block_on(Classifier::load(pack, arguments.model.engine))?;
    let mut exit = ExitCode::SUCCESS;
    for path in &arguments.photos {
        match classify_file(&classifier, path, arguments) {
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

fn classify_file(classifier: &Classifier, path: &Path, arguments: &ClassifyArguments) -> Result<Report, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    let answer = pollster::block_on(classifier.classify(&bytes, arguments.top_k))
        .map_err(|error| format!("[{}] {error}", error.code()))?;
    if let Some(folder) = &arguments.tensors {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        write_f32(&folder.join(format!("{stem}.input.f32")), &answer.input.data)?;
        write_f32(&folder.join(format!("{stem}.logits.f32")), &answer.outputs.logits)?;
    }
    Ok(answer.report)
}

fn write_f32(path: &Path, values: &[f32]) -> Result<(), String> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    std::fs::write(path, bytes).map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

fn inspect(folder: &Path) -> skintree::Result<()> {
    let pack = Pack::read_dir(folder)?;
    let manifest = pack.manifest();
    let graph = Graph::read(pack.model(), &Signature::of(manifest))?;
    println!("pack          {} {}", manifest.id, manifest.version);
    println!("name          {}", manifest.name.get("en"));
    println!("licence       {}", manifest.licence);
    println!("trained on    {}", manifest.trained_on.get("en"));
    println!("intended use  {}", manifest.intended_use.get("en"));
    println!("input         {0} x {0}, {1:?}, {2:?}", manifest.input.size, manifest.input.crop, manifest.input.filter);
    println!("model         {} bytes, SHA-256 {}", manifest.files.model.bytes, manifest.files.model.sha256);
    println!(
        "graph         {} nodes, {:.2} M parameters, {:.2} GMAC; accepted",
        graph.node_count(),
        graph.parameter_count() as f64 / 1e6,
        graph.multiply_accumulates() as f64 / 1e9
    );
    println!("taxonomy      {} nodes", pack.taxonomy().len());
    println!("classes       {}", manifest.classes.join(", "));
    for task in &manifest.tasks {
        println!("task          {}", task.name.get("en"));
    }
    Ok(())
}
