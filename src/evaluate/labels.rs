//! The table of photos and their diagnoses: reading, selecting, resolving names.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::EvaluateError;
use crate::taxonomy::{NodeIndex, Taxonomy};

/// More distinct values than this are no subgroups.
const MAX_SUBGROUPS: usize = 20;

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
    /// not here is taken as an id in any case (NV is nv).
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
        let mut table = Table::read(csv, "the labels")?;
        if let Some(folds) = folds {
            table.join(&Table::read(folds, "the folds")?, &options.fold_column)?;
        }
        let file = table.require(&options.file_column)?;
        let label = table.require(&options.label_column)?;
        table.select(&options.only)?;
        if let Some(column) = &options.one_per {
            table.keep_first_of_each(column)?;
        }
        let nodes = resolve(&table, label, options, taxonomy)?;
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

/// For each row the node of its label, or `None` if it is to be left out.
fn resolve(
    table: &Table,
    label: usize,
    options: &LabelOptions,
    taxonomy: &Taxonomy,
) -> Result<Vec<Option<NodeIndex>>, EvaluateError> {
    let find = |name: &str| match options.map.get(name) {
        Some(id) if id.is_empty() => Some(None),
        Some(id) => taxonomy.find(id).map(Some),
        None => taxonomy.find(name).or_else(|| taxonomy.find(&name.to_lowercase())).map(Some),
    };
    let mut unknown: BTreeMap<&str, usize> = BTreeMap::new();
    let mut nodes = Vec::with_capacity(table.rows.len());
    for row in &table.rows {
        match find(&row[label]) {
            Some(node) => nodes.push(node),
            None => *unknown.entry(&row[label]).or_default() += 1,
        }
    }
    if unknown.is_empty() {
        return Ok(nodes);
    }
    let names = unknown.iter().map(|(name, count)| format!("\"{name}\" ({count})")).collect::<Vec<_>>();
    Err(EvaluateError::UnknownLabels { names: names.join(", "), column: options.label_column.clone() })
}

/// A CSV file as text.
struct Table {
    name: &'static str,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn read(csv: &str, name: &'static str) -> Result<Self, EvaluateError> {
        // Excel writes a byte-order mark, and semicolons where the comma is the decimal mark.
        let csv = csv.trim_start_matches('\u{feff}');
        let first = csv.lines().next().unwrap_or_default();
        let delimiter = if first.contains(';') && !first.contains(',') { b';' } else { b',' };
        let bad = |error: csv::Error| EvaluateError::Table(format!("{name} cannot be read as CSV: {error}"));
        let mut reader =
            csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).from_reader(csv.as_bytes());
        let header: Vec<String> = reader.headers().map_err(bad)?.iter().map(str::to_owned).collect();
        let rows: Vec<Vec<String>> = reader
            .records()
            .map(|record| record.map(|record| record.iter().map(str::to_owned).collect()))
            .collect::<Result<_, _>>()
            .map_err(bad)?;
        if rows.is_empty() {
            return Err(EvaluateError::Table(format!("{name} have no rows below the header line")));
        }
        let distinct: BTreeSet<&String> = header.iter().collect();
        if distinct.len() < header.len() {
            return Err(EvaluateError::Table(format!("{name} have two columns of one name")));
        }
        Ok(Self { name, header, rows })
    }

    fn find(&self, column: &str) -> Option<usize> {
        self.header.iter().position(|name| name == column)
    }

    fn require(&self, column: &str) -> Result<usize, EvaluateError> {
        let missing = || EvaluateError::MissingColumn {
            table: self.name,
            column: column.to_owned(),
            columns: self.header.join(", "),
        };
        self.find(column).ok_or_else(missing)
    }

    /// Takes the fold of each row from another table.
    fn join(&mut self, other: &Table, fold: &str) -> Result<(), EvaluateError> {
        let fold_there = other.require(fold)?;
        let mut keys = other.header.iter().enumerate().filter(|&(there, _)| there != fold_there);
        let shared = keys.find_map(|(there, name)| Some((self.find(name)?, there)));
        let Some((here, there)) = shared else {
            return Err(EvaluateError::Table(format!(
                "the labels ({}) and the folds ({}) have no column in common to join them on",
                self.header.join(", "),
                other.header.join(", ")
            )));
        };
        let folds: HashMap<&str, &str> =
            other.rows.iter().map(|row| (row[there].as_str(), row[fold_there].as_str())).collect();
        let place = self.find(fold);
        if place.is_none() {
            self.header.push(fold.to_owned());
        }
        for row in &mut self.rows {
            let value = folds.get(row[here].as_str()).copied().unwrap_or_default().to_owned();
            match place {
                Some(place) => row[place] = value,
                None => row.push(value),
            }
        }
        Ok(())
    }

    fn select(&mut self, only: &[(String, String)]) -> Result<(), EvaluateError> {
        let mut patterns: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
        for (column, pattern) in only {
            patterns.entry(self.require(column)?).or_default().push(pattern);
        }
        for (column, patterns) in patterns {
            let values: BTreeSet<String> = self.rows.iter().map(|row| row[column].clone()).collect();
            self.rows.retain(|row| patterns.iter().any(|pattern| fits(&row[column], pattern)));
            if self.rows.is_empty() {
                let some: Vec<&str> = values.iter().map(String::as_str).take(MAX_SUBGROUPS).collect();
                return Err(EvaluateError::NothingLeft(format!(
                    "no row has \"{}\" in the column {}; there are {}{}",
                    patterns.join("\" or \""),
                    self.header[column],
                    some.join(", "),
                    if values.len() > some.len() { ", ..." } else { "" }
                )));
            }
        }
        Ok(())
    }

    fn keep_first_of_each(&mut self, column: &str) -> Result<(), EvaluateError> {
        let column = self.require(column)?;
        let mut seen = HashSet::new();
        self.rows.retain(|row| seen.insert(row[column].clone()));
        Ok(())
    }

    /// Whether a column makes subgroups: a few values or numbers, and not only another spelling of the label.
    fn divides(&self, column: usize, label: usize) -> bool {
        let values: BTreeSet<&str> = self.rows.iter().map(|row| row[column].as_str()).collect();
        let numbers = values.iter().all(|value| value.is_empty() || value.parse::<f64>().is_ok());
        let mut by_label: HashMap<&str, &str> = HashMap::new();
        let follows_label =
            self.rows.iter().all(|row| *by_label.entry(&row[label]).or_insert(&row[column]) == row[column]);
        values.len() > 1 && (values.len() <= MAX_SUBGROUPS || numbers) && !follows_label
    }
}

/// Whether a value is as a pattern says, in which `*` stands for any text.
fn fits(value: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => value == pattern,
        Some((start, rest)) => value.strip_prefix(start).is_some_and(|left| {
            let ends = left.char_indices().map(|(at, _)| at).chain([left.len()]);
            ends.into_iter().any(|at| fits(&left[at..], rest))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn stars_stand_for_anything() {
        for (value, pattern) in [("0", "0"), ("224/a.jpg", "224/*"), ("", "*"), ("abcabc", "a*c"), ("가나", "*나")] {
            assert!(fits(value, pattern), "{value} {pattern}");
        }
        for (value, pattern) in [("10", "0"), ("x224/a.jpg", "224/*"), ("abcx", "a*c"), ("", "a*")] {
            assert!(!fits(value, pattern), "{value} {pattern}");
        }
    }
}
