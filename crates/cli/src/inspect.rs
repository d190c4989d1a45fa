//! `skintree inspect`.

use std::path::Path;

use skintree::onnx::Graph;
use skintree::pack::Pack;

use crate::output::say;

/// More classes than this are not named one by one.
const MOST_NAMED: usize = 20;

pub(crate) fn run(folder: &Path) -> skintree::Result<()> {
    let pack = Pack::read_dir(folder)?;
    let manifest = pack.manifest();
    let graph = Graph::read(pack.model(), &manifest.signature())?;
    say!("pack          {} {}", manifest.id, manifest.version);
    say!("name          {}", manifest.name.get("en"));
    say!("licence       {}", manifest.licence);
    say!("trained on    {}", manifest.trained_on.get("en"));
    say!("intended use  {}", manifest.intended_use.get("en"));
    say!("input         {0} x {0}, {1:?}, {2:?}", manifest.input.size, manifest.input.crop, manifest.input.filter);
    say!("model         {} bytes, SHA-256 {}", manifest.files.model.bytes, manifest.files.model.sha256);
    say!(
        "graph         {} nodes, {:.2} M parameters, {:.2} GMAC; accepted",
        graph.nodes().len(),
        graph.parameter_count() as f64 / 1e6,
        graph.multiply_accumulates() as f64 / 1e9
    );
    say!("taxonomy      {} nodes", pack.taxonomy().len());
    say!("classes       {}", listed(&manifest.classes));
    for task in &manifest.tasks {
        say!("task          {}", task.name.get("en"));
    }
    Ok(())
}

fn listed(classes: &[String]) -> String {
    let named = classes[..classes.len().min(MOST_NAMED)].join(", ");
    match classes.len() - classes.len().min(MOST_NAMED) {
        0 => named,
        more => format!("{named} and {more} more, in manifest.json"),
    }
}
