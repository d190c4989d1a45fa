//! The table of photos and their diagnoses: reading, selecting, resolving names.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::EvaluateError;
use crate::table::Table;
use skintree::taxonomy::{NodeIndex, Taxonomy};

/// What errors call the table.
const LABELS: &str = "the labels";

/// How to read a table of labels. Columns go by their names in the header line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelOptions {
    /// Path of the photo, relative to the folder of the photos.
    pub file_column: String,
    /// Its diagnosis.
    pub label_column: String,
    /// Which lesion it shows; may be missing.
    pub lesion_column: String,
    /// Which fold it belongs to; may be missing.
    pub fold_column: String,
    /// Names of diagnoses in the table to ids of taxonomy nodes; an empty id leaves those photos out. A name that is
    /// not here is taken as an id in any case (NV is nv), else as the name of a node in any language.
    pub map: BTreeMap<String, String>,
    /// Column and pattern: only rows whose value fits, `*` standing for anything. Several for one column are
    /// alternatives.
    pub only: Vec<(String, String)>,
    /// One row (the first) for each value of this column.
    pub one_per: Option<String>,
    /// Columns to make subgroups of; `None`: all that lend themselves.
    pub subgroups: Option<Vec<String>>,
}

impl Default for LabelOptions {
    fn default() -> Self {
        Self {
            file_column: "file".to_owned(),
            label_column: "label".to_owned(),
            lesion_column: "lesion_id".to_owned(),
            fold_column: "fold".to_owned(),
            map: BTreeMap::new(),
            only: Vec::new(),
            one_per: None,
            subgroups: None,
        }
    }
}

impl LabelOptions {
    /// The choice of rows and what became of their labels, for the reader of the report; without paths, which are nobody's
    /// business.
    #[must_use]
    pub fn selection(&self) -> Vec<String> {
        let only = self.only.iter().map(|(column, value)| format!("{column} = {value}"));
        let one_per = self.one_per.iter().map(|column| format!("the first photo for each {column}"));
        let label = std::iter::once(format!("labels from the column {}", self.label_column));
        let mapped = self.map.iter().map(|(name, id)| match id.as_str() {
            "" => format!("without the label \"{name}\""),
            id => format!("\"{name}\" taken as {id}"),
        });
        label.chain(only).chain(one_per).chain(mapped).collect()
    }
}

/// The names of a table's columns, in their order.
///
/// # Errors
/// [`EvaluateError::Table`].
pub fn columns(csv: &str) -> Result<Vec<String>, EvaluateError> {
    Table::read(csv, LABELS).map(|table| table.header)
}

/// The labels of the chosen rows that are no node and are not mapped to one, with the number of their rows.
///
/// # Errors
/// [`EvaluateError`], for tables that cannot be read, columns that are missing, and if no row is chosen.
pub fn unknown_labels(
    csv: &str,
    options: &LabelOptions,
    taxonomy: &Taxonomy,
) -> Result<BTreeMap<String, usize>, EvaluateError> {
    let table = chosen(csv, None, options)?;
    let label = table.require(&options.label_column)?;
    Ok(resolve(&table, label, options, taxonomy).err().unwrap_or_default())
}

/// A photo and what is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelledPhoto {
    /// Path, relative to the folder of the photos.
    pub file: String,
    /// The diagnosis, a node at any level.
    pub label: NodeIndex,
    /// Which lesion it shows.
    pub lesion: Option<String>,
    /// Which fold it belongs to.
    pub fold: Option<String>,
    /// A value for each of [`Labels::subgroups`]; empty if unknown.
    pub subgroups: Vec<String>,
}

/// The rows that were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    /// In the order of the table.
    pub photos: Vec<LabelledPhoto>,
    /// Columns that divide the photos into subgroups.
    pub subgroups: Vec<String>,
}

impl Labels {
    /// Reads a table in CSV with a header line, and a second one with folds if it is given: that one is joined on the
    /// first column that both have.
    ///
    /// # Errors
    /// [`EvaluateError`], for tables that cannot be read, columns that are missing, names that are no node, and if no
    /// row is left.
    pub fn read(
        csv: &str,
        folds: Option<&str>,
        options: &LabelOptions,
        taxonomy: &Taxonomy,
    ) -> Result<Self, EvaluateError> {
        let mut table = chosen(csv, folds, options)?;
        let file = table.require(&options.file_column)?;
        let label = table.require(&options.label_column)?;
        let nodes = resolve(&table, label, options, taxonomy).map_err(|unknown| {
            let names = unknown.iter().map(|(name, count)| format!("\"{name}\" ({count})")).collect::<Vec<_>>();
            EvaluateError::UnknownLabels { names: names.join(", "), column: options.label_column.clone() }
        })?;
        let mut kept = Vec::new();
        let mut rows = Vec::new();
        for (row, node) in std::mem::take(&mut table.rows).into_iter().zip(nodes) {
            if let Some(node) = node {
                kept.push(node);
                rows.push(row);
            }
        }
        if rows.is_empty() {
            return Err(EvaluateError::NothingLeft("every row has a label that --map leaves out".to_owned()));
        }
        table.rows = rows;
        let lesion = table.find(&options.lesion_column);
        let fold = table.find(&options.fold_column);
        let used = [Some(file), Some(label), lesion, fold];
        let subgroups = match &options.subgroups {
            Some(names) => names.iter().map(|name| table.require(name)).collect::<Result<Vec<_>, _>>()?,
            None => (0..table.header.len())
                .filter(|&column| !used.contains(&Some(column)) && table.divides(column, label))
                .collect(),
        };
        let mut seen = HashSet::new();
        if let Some(row) = table.rows.iter().find(|row| !seen.insert(row[file].as_str())) {
            return Err(EvaluateError::Table(format!("the labels name {} twice", row[file])));
        }
        table.check_folds(fold, file)?;
        let value = |row: &[String], column: Option<usize>| column.map(|c| row[c].clone()).filter(|v| !v.is_empty());
        let photo = |(row, label): (&Vec<String>, NodeIndex)| LabelledPhoto {
            file: row[file].clone(),
            label,
            lesion: value(row, lesion),
            fold: value(row, fold),
            subgroups: subgroups.iter().map(|&column| row[column].clone()).collect(),
        };
        Ok(Self {
            photos: table.rows.iter().zip(kept).map(photo).collect(),
            subgroups: subgroups.iter().map(|&column| table.header[column].clone()).collect(),
        })
    }
}

/// The table of the labels with its folds, and of it the rows that were asked for.
fn chosen(csv: &str, folds: Option<&str>, options: &LabelOptions) -> Result<Table, EvaluateError> {
    let mut table = Table::read(csv, LABELS)?;
    if let Some(folds) = folds {
        table.join(&Table::read(folds, "the folds")?, &options.fold_column)?;
    }
    // Said before anything about rows: without these nothing else matters.
    table.require(&options.file_column)?;
    table.require(&options.label_column)?;
    table.select(&options.only)?;
    if let Some(column) = &options.one_per {
        table.keep_first_of_each(column)?;
    }
    Ok(table)
}

/// For each row the node of its label, or `None` if it is to be left out. The error has the names that are no node, with
/// the number of their rows.
fn resolve(
    table: &Table,
    label: usize,
    options: &LabelOptions,
    taxonomy: &Taxonomy,
) -> Result<Vec<Option<NodeIndex>>, BTreeMap<String, usize>> {
    let names = node_names(taxonomy);
    let find = |name: &str| match options.map.get(name) {
        Some(id) if id.is_empty() => Some(None),
        Some(id) => taxonomy.find(id).map(Some),
        None => {
            let lower = name.to_lowercase();
            taxonomy.find(&lower).or_else(|| names.get(&lower).copied().flatten()).map(Some)
        }
    };
    let mut unknown: BTreeMap<String, usize> = BTreeMap::new();
    let mut nodes = Vec::with_capacity(table.rows.len());
    for row in &table.rows {
        match find(&row[label]) {
            Some(node) => nodes.push(node),
            None => *unknown.entry(row[label].clone()).or_default() += 1,
        }
    }
    if unknown.is_empty() { Ok(nodes) } else { Err(unknown) }
}

/// Nodes by their names in lower case, in all languages; `None` for a name that two nodes have.
fn node_names(taxonomy: &Taxonomy) -> HashMap<String, Option<NodeIndex>> {
    let mut names: HashMap<String, Option<NodeIndex>> = HashMap::new();
    for index in taxonomy.indices() {
        for name in taxonomy.node(index).name.all() {
            let same = |found: &mut Option<NodeIndex>| *found = found.filter(|&other| other == index);
            names.entry(name.to_lowercase()).and_modify(same).or_insert(Some(index));
        }
    }
    names
}
