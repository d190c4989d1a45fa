//! `skintree partition`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use skintree::taxonomy::Taxonomy;
use skintree::taxonomy::partition::{Counts, MAX_CLASS_SIZE, Partition};
use skintree_evaluate::EvaluateError;

use crate::output::{note, save, say};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A taxonomy.json (docs/formats.md).
    taxonomy: PathBuf,
    /// How many images there are of each node: {"schema": "skintree.counts/1", "images": {"mel": 4595}}.
    counts: PathBuf,
    /// The most images a class may have that is made of several diseases.
    #[arg(long, default_value_t = MAX_CLASS_SIZE)]
    max_class_size: u64,
    /// Where to write the classes as JSON; standard output if not given.
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// Replace that file if it is there already, instead of failing.
    #[arg(long)]
    overwrite: bool,
}

pub(crate) fn run(arguments: &Arguments) -> skintree_evaluate::Result<ExitCode> {
    let files = (read(&arguments.taxonomy), read(&arguments.counts));
    let (taxonomy, counts) = match files {
        (Ok(taxonomy), Ok(counts)) => (taxonomy, counts),
        (Err(message), _) | (_, Err(message)) => return Ok(failed(&message)),
    };
    let taxonomy = Taxonomy::parse(&taxonomy)?;
    let counts = Counts::parse(&counts, &taxonomy)?;
    let partition = Partition::new(&taxonomy, &counts, arguments.max_class_size);
    let json = serde_json::to_string_pretty(&partition).unwrap_or_default();
    match &arguments.output {
        None => say!("{json}"),
        Some(path) => {
            save(path, (json + "\n").as_bytes(), arguments.overwrite).map_err(EvaluateError::File)?;
        }
    }
    let sizes = || partition.classes.iter().map(|class| class.images);
    note!(
        "{} classes of {} to {} images, {} images in all",
        partition.classes.len(),
        sizes().min().unwrap_or_default(),
        sizes().max().unwrap_or_default(),
        partition.images
    );
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
}

fn failed(message: &str) -> ExitCode {
    note!("{message}");
    ExitCode::FAILURE
}
