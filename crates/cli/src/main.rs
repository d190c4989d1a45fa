//! The command line: the same classification as in the browser, on files.

mod classify;
mod evaluate;
mod heat_map;
mod inspect;
mod output;
mod partition;
mod read_photo;
mod taxonomy;

use output::note;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use skintree::catch_panic::catch_panic;
use skintree::engine::{EngineChoice, EngineRequest};
use skintree::shaders::KernelChoice;

/// Skin-lesion classifier with a disease taxonomy. Research use only; not a medical device; a low score does not rule
/// out cancer.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Exit codes: 0 all went well; 1 something failed, a line on standard error says what (photos that \
                                 could be classified have their answers all the same); 2 the arguments are wrong."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Classify photos (JPEG, PNG, WebP, GIF, BMP, TIFF).
    Classify(classify::Arguments),
    /// Measure a pack on labelled photos: report.html and report.json (docs/evaluation.md).
    Evaluate(evaluate::Arguments),
    /// Check a model pack and say what is in it.
    Inspect {
        /// Folder with manifest.json.
        #[arg(default_value = "model/pack")]
        pack: PathBuf,
    },
    /// Review a disease tree written as an outline, or make a taxonomy.json of it.
    #[command(subcommand)]
    Taxonomy(taxonomy::Command),
    /// Choose the training classes of a disease tree by the number of images there are of each disease.
    Partition(partition::Arguments),
}

#[derive(Debug, clap::Args)]
struct ModelArguments {
    /// Folder with manifest.json.
    #[arg(long, default_value = "model/pack")]
    pack: PathBuf,
    /// auto, wonnx (GPU) or cpu.
    #[arg(long, default_value = "auto")]
    engine: EngineChoice,
    /// For measuring: which kernels run if the engine is wonnx; auto, or a name of docs/engines.md, such as
    /// tiles-40.
    #[arg(long, default_value = "auto")]
    kernels: KernelChoice,
}

impl ModelArguments {
    fn engine_request(&self) -> EngineRequest {
        EngineRequest { engine: self.engine, kernels: self.kernels, ..EngineRequest::default() }
    }
}

fn run(command: Command) -> skintree_evaluate::Result<ExitCode> {
    Ok(match command {
        Command::Classify(arguments) => classify::run(&arguments)?,
        Command::Evaluate(arguments) => evaluate::run(&arguments)?,
        Command::Inspect { pack } => {
            inspect::run(&pack)?;
            ExitCode::SUCCESS
        }
        Command::Taxonomy(command) => taxonomy::run(&command)?,
        Command::Partition(arguments) => partition::run(&arguments)?,
    })
}

/// The exit code is 0 if all went well, 1 if something failed (the message says what), 2 if the arguments are wrong.
fn main() -> ExitCode {
    let command = Arguments::parse().command;
    let outcome = catch_panic(|| run(command), |reason| skintree::Error::Internal(reason).into());
    outcome.unwrap_or_else(|error| {
        note!("error [{}]: {error}", error.code());
        ExitCode::FAILURE
    })
}
