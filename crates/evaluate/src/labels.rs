//! The table of photos and their diagnoses: reading, selecting, resolving names.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::EvaluateError;
use crate::label_column::{Diagnosis, LabelColumn};
use crate::published::{FILE_COLUMNS, node_called, plain};
use crate::table::Table;
use skintree::sha256::sha256_hex;
use skintree::taxonomy::{NodeIndex, Taxonomy};

/// What errors call the table.
const LABELS: &str = "the labels";

/// How to read a table of labels. Columns go by their names in the header line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelOptions {
    /// Path of the photo, relative to the folder of the photos; `None`: the column that published tables have it in.
    pub file_column: Option<String>,
    /// Its diagnosis; `None`: as published tables have it, also in several columns. A name of those is joined by `/`.
    pub label_column: Option<String>,
    /// Which lesion it shows; may be missing.
    pub lesion_column: String,
    /// Which fold it belongs to; may be missing.
    pub fold_column: String,
    /// Names of diagnoses in the table to ids of taxonomy nodes; an empty id leaves those photos out. A name that is
    /// not here is taken as an id in any case (NV is nv), else as the name of a node in any language, else as what
    /// published tables call one.
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
            file_column: None,
            label_column: None,
            lesion_column: "lesion_id".to_owned(),
            fold_column: "fold".to_owned(),
            map: BTreeMap::new(),
            only: Vec::new(),
            one_per: None,
            subgroups: None,
        }
    }
}

/// What a table has, for people to choose from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Columns {
    /// The names of its columns, in their order, and those of several columns that together are one of labels.
    pub names: Vec<String>,
    /// The likely column of the photos.
    pub file: Option<String>,
    /// That of the labels.
    pub label: Option<String>,
    /// That of the lesions.
    pub lesion: Option<String>,
    /// That of the folds.
    pub fold: Option<String>,
}

/// The columns of a table.
///
/// # Errors
/// [`EvaluateError::Table`].
pub fn columns(csv: &str) -> Result<Columns, EvaluateError> {
    let table = Table::read(csv, LABELS)?;
    let usual = LabelOptions::default();
    let name = |column: Option<usize>| column.map(|column| table.header[column].clone());
    let several = LabelColumn::several(&table).into_iter().map(|several| several.name);
    Ok(Columns {
        names: table.header.iter().cloned().chain(several).collect(),
        file: name(table.find_one_of(FILE_COLUMNS)),
        label: LabelColumn::likely(&table).map(|likely| likely.name),
        lesion: name(table.find(&usual.lesion_column)),
        fold: name(table.find(&usual.fold_column)),
    })
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
    let Chosen { table, label, .. } = Chosen::read(csv, None, options)?;
    Ok(resolve(&diagnoses(&table, &label), options, taxonomy).err().unwrap_or_default())
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
    /// The choice of rows and what became of their labels, for the reader of the report; without paths, which are nobody's
    /// business.
    pub selection: Vec<String>,
    /// Over the table, that of the folds, and what was chosen of them.
    pub sha256: String,
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
        let Chosen { mut table, file, label } = Chosen::read(csv, folds, options)?;
        let all = diagnoses(&table, &label);
        let nodes = resolve(&all, options, taxonomy).map_err(|unknown| {
            let names = unknown.iter().map(|(name, count)| format!("\"{name}\" ({count})")).collect::<Vec<_>>();
            EvaluateError::UnknownLabels { names: names.join(", "), column: label.name.clone() }
        })?;
        let selection = selection(options, &label, &all, &nodes, taxonomy);
        let mut kept = Vec::new();
        let mut kept_diagnoses = Vec::new();
        let mut rows = Vec::new();
        for ((row, diagnosis), node) in std::mem::take(&mut table.rows).into_iter().zip(all).zip(nodes) {
            if let Some(node) = node {
                kept.push(node);
                kept_diagnoses.push(diagnosis);
                rows.push(row);
            }
        }
        if rows.is_empty() {
            return Err(EvaluateError::NothingLeft("every row has a label that --map leaves out".to_owned()));
        }
        table.rows = rows;
        let lesion = table.find(&options.lesion_column);
        let fold = table.find(&options.fold_column);
        let used: Vec<usize> = [Some(file), lesion, fold].into_iter().flatten().chain(label.columns).collect();
        let subgroups = match &options.subgroups {
            Some(names) => names.iter().map(|name| table.require(name)).collect::<Result<Vec<_>, _>>()?,
            None => (0..table.header.len())
                .filter(|column| !used.contains(column) && table.divides(*column, &kept_diagnoses))
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
        let names = |columns: &[usize]| columns.iter().map(|&column| table.header[column].clone()).collect::<Vec<_>>();
        Ok(Self {
            photos: table.rows.iter().zip(kept).map(photo).collect(),
            subgroups: names(&subgroups),
            sha256: identity(csv, folds, &[names(&used), names(&subgroups), selection.clone()]),
            selection,
        })
    }
}

/// The table of the labels with its folds, and of it the rows that were asked for.
struct Chosen {
    table: Table,
    file: usize,
    label: LabelColumn,
}

impl Chosen {
    fn read(csv: &str, folds: Option<&str>, options: &LabelOptions) -> Result<Self, EvaluateError> {
        let mut table = Table::read(csv, LABELS)?;
        // Said before anything about rows: without these nothing else matters.
        let file = match &options.file_column {
            Some(name) => table.require(name)?,
            None => table.find_one_of(FILE_COLUMNS).ok_or_else(|| table.without(FILE_COLUMNS, "the photos"))?,
        };
        let label = LabelColumn::find(&table, options.label_column.as_deref())?;
        if let Some(folds) = folds {
            table.join(&Table::read(folds, "the folds")?, &options.fold_column)?;
        }
        table.select(&options.only)?;
        if let Some(column) = &options.one_per {
            table.keep_first_of_each(column)?;
        }
        Ok(Self { table, file, label })
    }
}

/// [`Labels::sha256`]. What was chosen counts, not how it was said.
fn identity(csv: &str, folds: Option<&str>, choices: &[Vec<String>]) -> String {
    // Lists of texts can always be written as JSON.
    let choices = serde_json::to_string(choices).unwrap_or_default();
    sha256_hex([csv, folds.unwrap_or_default(), &choices].map(|part| sha256_hex(part.as_bytes())).concat().as_bytes())
}

fn diagnoses(table: &Table, label: &LabelColumn) -> Vec<Diagnosis> {
    table.rows.iter().map(|row| label.of(table, row)).collect()
}

/// For each row the node of its label, or `None` if it is to be left out. The error has the names that are no node, with
/// the number of their rows.
fn resolve(
    diagnoses: &[Diagnosis],
    options: &LabelOptions,
    taxonomy: &Taxonomy,
) -> Result<Vec<Option<NodeIndex>>, BTreeMap<String, usize>> {
    let names = node_names(taxonomy);
    let find = |name: &str| match options.map.get(name) {
        Some(id) if id.is_empty() => Some(None),
        Some(id) => taxonomy.find(id).map(Some),
        None => {
            let own = || names.get(&plain(name)).copied().flatten();
            taxonomy.find(&name.to_lowercase()).or_else(own).or_else(|| node_called(name, taxonomy)).map(Some)
        }
    };
    let mut unknown: BTreeMap<String, usize> = BTreeMap::new();
    let mut nodes = Vec::with_capacity(diagnoses.len());
    for diagnosis in diagnoses {
        match diagnosis.names().find_map(|name| find(&name)) {
            Some(node) => nodes.push(node),
            None => *unknown.entry(diagnosis.whole()).or_default() += 1,
        }
    }
    if unknown.is_empty() { Ok(nodes) } else { Err(unknown) }
}

/// [`Labels::selection`].
fn selection(
    options: &LabelOptions,
    label: &LabelColumn,
    diagnoses: &[Diagnosis],
    nodes: &[Option<NodeIndex>],
    taxonomy: &Taxonomy,
) -> Vec<String> {
    let only = options.only.iter().map(|(column, value)| format!("{column} = {value}"));
    let one_per = options.one_per.iter().map(|column| format!("the first photo for each {column}"));
    let column = std::iter::once(format!("labels from the column {}", label.name));
    // A label that is the node's id needs no word.
    let other_names = diagnoses.iter().map(Diagnosis::whole).zip(nodes).filter_map(|(name, &node)| match node {
        None => Some((name, None)),
        Some(node) => Some(&taxonomy.node(node).id).filter(|id| name.to_lowercase() != **id).map(|id| (name, Some(id))),
    });
    let taken = other_names.collect::<BTreeMap<_, _>>().into_iter().map(|(name, id)| match id {
        None => format!("without the label \"{name}\""),
        Some(id) => format!("\"{name}\" taken as {id}"),
    });
    column.chain(only).chain(one_per).chain(taken).collect()
}

/// Nodes by their [`plain`] names in all languages; `None` for a name that two nodes have.
fn node_names(taxonomy: &Taxonomy) -> HashMap<String, Option<NodeIndex>> {
    let mut names: HashMap<String, Option<NodeIndex>> = HashMap::new();
    for index in taxonomy.indices() {
        for name in taxonomy.node(index).name.all() {
            let same = |found: &mut Option<NodeIndex>| *found = found.filter(|&other| other == index);
            names.entry(plain(name)).and_modify(same).or_insert(Some(index));
        }
    }
    names
}
