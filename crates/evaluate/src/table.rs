//! A table of texts: reading CSV, joining, choosing rows.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::EvaluateError;

/// More distinct values than this are no subgroups.
const MAX_SUBGROUPS: usize = 20;
/// More distinct values than this are no folds: each costs figures over all photos.
const MAX_FOLDS: usize = 100;

/// A CSV file as text.
#[derive(Debug)]
pub(crate) struct Table {
    name: &'static str,
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads a table with a header line; `name` is what errors call it.
    pub(crate) fn read(csv: &str, name: &'static str) -> Result<Self, EvaluateError> {
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
        let mut seen = HashSet::new();
        if let Some(twice) = header.iter().find(|column| !seen.insert(column.as_str())) {
            return Err(EvaluateError::Table(format!("{name} have two columns of the name \"{twice}\"")));
        }
        Ok(Self { name, header, rows })
    }

    pub(crate) fn find(&self, column: &str) -> Option<usize> {
        self.header.iter().position(|name| name == column)
    }

    pub(crate) fn require(&self, column: &str) -> Result<usize, EvaluateError> {
        let missing = || EvaluateError::MissingColumn {
            table: self.name,
            column: column.to_owned(),
            columns: self.header.join(", "),
        };
        self.find(column).ok_or_else(missing)
    }

    /// Takes the fold of each row from another table.
    pub(crate) fn join(&mut self, other: &Table, fold: &str) -> Result<(), EvaluateError> {
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

    pub(crate) fn select(&mut self, only: &[(String, String)]) -> Result<(), EvaluateError> {
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

    pub(crate) fn keep_first_of_each(&mut self, column: &str) -> Result<(), EvaluateError> {
        let column = self.require(column)?;
        let mut seen = HashSet::new();
        self.rows.retain(|row| seen.insert(row[column].clone()));
        Ok(())
    }

    /// Folds are few, and given for all rows or for none: figures over some of the photos would pass for those over all.
    pub(crate) fn check_folds(&self, fold: Option<usize>, file: usize) -> Result<(), EvaluateError> {
        let Some(fold) = fold else { return Ok(()) };
        let folds = self.rows.iter().map(|row| row[fold].as_str()).collect::<HashSet<_>>().len();
        if folds > MAX_FOLDS {
            return Err(EvaluateError::Table(format!(
                "the column {} has {folds} different folds, more than {MAX_FOLDS}; name another column",
                self.header[fold]
            )));
        }
        let without: Vec<&str> =
            self.rows.iter().filter(|row| row[fold].is_empty()).map(|row| row[file].as_str()).collect();
        if without.is_empty() || without.len() == self.rows.len() {
            return Ok(());
        }
        Err(EvaluateError::Table(format!(
            "{} of {} rows have no fold in the column {}, the first is that of {}; give all rows a fold, or name another column",
            without.len(),
            self.rows.len(),
            self.header[fold],
            without[0]
        )))
    }

    /// Whether a column makes subgroups: a few values or numbers, and not only another spelling of the label.
    pub(crate) fn divides(&self, column: usize, label: usize) -> bool {
        let values: BTreeSet<&str> = self.rows.iter().map(|row| row[column].as_str()).collect();
        let numbers = values.iter().all(|value| value.is_empty() || value.parse::<f64>().is_ok());
        let mut by_label: HashMap<&str, &str> = HashMap::new();
        let follows_label =
            self.rows.iter().all(|row| *by_label.entry(&row[label]).or_insert(&row[column]) == row[column]);
        values.len() > 1 && (values.len() <= MAX_SUBGROUPS || numbers) && !follows_label
    }
}

/// Whether a value is as a pattern says, in which `*` stands for any text. Each part takes the first place that it fits,
/// so that many stars cost no more than one.
fn fits(value: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return value == pattern };
    let (between, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    let inside = value.strip_prefix(start).and_then(|left| left.strip_suffix(end));
    let after = |left: &str, part: &str| left.find(part).map(|at| at + part.len());
    inside
        .is_some_and(|mut left| between.split('*').all(|part| after(left, part).map(|at| left = &left[at..]).is_some()))
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn stars_stand_for_anything() {
        for (value, pattern) in [("0", "0"), ("224/a.jpg", "224/*"), ("", "*"), ("abcabc", "a*c"), ("가나", "*나")] {
            assert!(fits(value, pattern), "{value} {pattern}");
        }
        for (value, pattern) in [("abc", "a*b*c"), ("aXbYbZc", "a*b*b*c"), ("a", "***"), ("aa", "a*a")] {
            assert!(fits(value, pattern), "{value} {pattern}");
        }
        for (value, pattern) in
            [("10", "0"), ("x224/a.jpg", "224/*"), ("abcx", "a*c"), ("", "a*"), ("a", "a*a"), ("acb", "a*b*c")]
        {
            assert!(!fits(value, pattern), "{value} {pattern}");
        }
    }

    #[test]
    fn many_stars_end_soon() {
        assert!(!fits(&"a".repeat(10_000), &format!("{}b", "*a".repeat(50))));
    }
}
