//! Whether the tree agrees with the authors of Fitzpatrick17k, who sorted its 114 labels into the paper's nine groups.

use std::collections::HashMap;

use serde::Deserialize;
use skintree::taxonomy::outline::{Entry, Outline};

/// What the authors call the groups, and their ids in the tree.
const GROUPS: [(&str, &str); 9] = [
    ("benign dermal", "benign-dermal"),
    ("benign epidermal", "benign-epidermal"),
    ("benign melanocyte", "benign-melanocytic"),
    ("genodermatoses", "genodermatosis"),
    ("inflammatory", "inflammatory"),
    ("malignant cutaneous lymphoma", "cutaneous-lymphoma"),
    ("malignant dermal", "malignant-dermal"),
    ("malignant epidermal", "malignant-epidermal"),
    ("malignant melanoma", "malignant-melanoma"),
];

/// A label and the group its authors have put it in.
#[derive(Debug, Deserialize)]
struct Label {
    nine: String,
    label: String,
}

/// Compares the table of labels, nodes and exceptions (`model/taxonomy/fitzpatrick17k.csv`) with the authors' list (JSON)
/// and gives a summary, or everything that is wrong.
pub(super) fn compare(outline: &Outline, table: &str, labels: &str) -> Result<String, Vec<String>> {
    let labels: Vec<Label> = serde_json::from_str(labels).map_err(|error| vec![format!("the labels: {error}")])?;
    let groups = HashMap::from(GROUPS);
    let entries: HashMap<&str, &Entry> = outline.entries().iter().map(|entry| (entry.id.as_str(), entry)).collect();
    let rows = table.lines().skip(1).filter_map(|line| {
        let mut fields = line.splitn(3, ',');
        Some((fields.next()?, (fields.next()?, fields.next()?)))
    });
    let mut rows: HashMap<&str, (&str, &str)> = rows.collect();
    let (mut wrong, mut exceptions) = (Vec::new(), Vec::new());
    for Label { nine, label } in &labels {
        let Some((node, reason)) = rows.remove(label.as_str()) else {
            wrong.push(format!("\"{label}\" has no row"));
            continue;
        };
        let Some(entry) = entries.get(node) else {
            wrong.push(format!("\"{label}\": the tree has no node \"{node}\""));
            continue;
        };
        let ours = &outline.ancestor(entry, 1).id;
        match (groups.get(nine.as_str()) == Some(&ours.as_str()), reason.is_empty()) {
            (true, true) => {}
            (false, false) => exceptions.push(format!("  {label}, in {ours}: {reason}")),
            (false, true) => {
                let no_reason =
                    format!("\"{label}\" is in {ours}, its authors have it in {nine}, and no reason is given");
                wrong.push(no_reason);
            }
            (true, false) => wrong.push(format!("\"{label}\" is no exception")),
        }
    }
    wrong.extend(rows.keys().map(|label| format!("\"{label}\" is no label of Fitzpatrick17k")));
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let count = labels.len();
    let lines =
        [format!("{count:5}  labels of Fitzpatrick17k in the groups of its authors but for {}", exceptions.len())];
    Ok(lines.into_iter().chain(exceptions).collect::<Vec<_>>().join("\n"))
}
