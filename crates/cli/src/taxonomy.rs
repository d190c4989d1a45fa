//! `skintree taxonomy`.

mod fitzpatrick17k;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use skintree::taxonomy::outline::Outline;
use skintree_evaluate::EvaluateError;

use crate::output::{note, save, say};

/// The tree of this repository.
const DISEASES: &str = "model/taxonomy/diseases.txt";
/// The nodes that the labels of Fitzpatrick17k mean.
const LABELS: &str = "model/taxonomy/fitzpatrick17k.csv";

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Say what a reviewer must correct, and count the diseases of each group.
    Check {
        /// The outline (docs/formats.md).
        #[arg(default_value = DISEASES)]
        outline: PathBuf,
        /// Fail if there are fewer diseases.
        #[arg(long, default_value_t = 0)]
        at_least: usize,
        /// The labels of Fitzpatrick17k with their groups (JSON); each must be in its group here too, or be explained in
        /// model/taxonomy/fitzpatrick17k.csv.
        #[arg(long, value_name = "JSON")]
        fitzpatrick17k: Option<PathBuf>,
    },
    /// Write the outline as taxonomy.json.
    Build {
        /// The outline (docs/formats.md).
        #[arg(default_value = DISEASES)]
        outline: PathBuf,
        /// The taxonomy's own id.
        #[arg(long, default_value = "skintree-diseases")]
        id: String,
        /// Where to write; standard output if not given.
        #[arg(long, short)]
        output: Option<PathBuf>,
        /// Replace that file if it is there already, instead of failing.
        #[arg(long)]
        overwrite: bool,
    },
}

pub(crate) fn run(command: &Command) -> skintree_evaluate::Result<ExitCode> {
    let path = match command {
        Command::Check { outline, .. } | Command::Build { outline, .. } => outline,
    };
    let text = match read(path) {
        Ok(text) => text,
        Err(message) => return Ok(failed(&message)),
    };
    let outline = Outline::parse(&text).map_err(skintree::taxonomy::TaxonomyError::from)?;
    match command {
        Command::Check { at_least, fitzpatrick17k, .. } => check(&outline, *at_least, fitzpatrick17k.as_deref()),
        Command::Build { id, output, overwrite, .. } => build(&outline, id, output.as_deref(), *overwrite),
    }
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
}

fn check(outline: &Outline, at_least: usize, fitzpatrick17k: Option<&Path>) -> skintree_evaluate::Result<ExitCode> {
    outline.to_json("check")?;
    for group in outline.entries().iter().filter(|entry| entry.depth == 1) {
        let count = outline.diseases().filter(|disease| outline.ancestor(disease, 1) == group).count();
        say!("{count:5}  {}", group.en);
    }
    let diseases = outline.diseases().count();
    say!("{diseases:5}  diseases, under {} headings", outline.entries().iter().filter(|entry| entry.heading).count());
    let mut findings: Vec<String> = outline.findings().iter().map(ToString::to_string).collect();
    if let Some(labels) = fitzpatrick17k {
        let files = read(Path::new(LABELS)).and_then(|table| Ok((table, read(labels)?)));
        let compared = files.map_err(|message| vec![message]);
        match compared.and_then(|(table, labels)| fitzpatrick17k::compare(outline, &table, &labels)) {
            Ok(summary) => say!("{summary}"),
            Err(wrong) => findings.extend(wrong),
        }
    }
    for finding in &findings {
        note!("{finding}");
    }
    if diseases < at_least {
        return Ok(failed(&format!("{at_least} diseases were asked for")));
    }
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { failed(&format!("{} findings", findings.len())) })
}

fn build(outline: &Outline, id: &str, output: Option<&Path>, overwrite: bool) -> skintree_evaluate::Result<ExitCode> {
    let json = outline.to_json(id)?;
    match output {
        None => say!("{}", json.trim_end()),
        Some(path) => {
            save(path, json.as_bytes(), overwrite).map_err(EvaluateError::File)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn failed(message: &str) -> ExitCode {
    note!("{message}");
    ExitCode::FAILURE
}
