//! A table of texts: joining, choosing rows.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;

use skintree::catch_panic::catch_panic;

use crate::EvaluateError;
use crate::published::plain;
use crate::table_text::records;

/// More distinct values than this are no subgroups.
const MAX_SUBGROUPS: usize = 20;
/// More distinct values than this are no folds: each costs figures over all photos.
const MAX_FOLDS: usize = 100;

/// A table, all fields as text.
#[derive(Debug)]
pub(crate) struct Table {
    name: &'static str,
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads a table with a header line; `name` is what errors call it. Fields are separated by whatever separates the most in
    /// the first lines. Excel's empty columns and rows are left out; a column that has values but no name is called
    /// after its place, e.g. `column 1`.
    pub(crate) fn read(csv: &str, name: &'static str) -> Result<Self, EvaluateError> {
        let broken = |reason| EvaluateError::Table(format!("{name} cannot be read as CSV: {reason}"));
        let mut records = catch_panic(|| records(csv, name), broken)?.into_iter();
        let (_, mut header) = records.next().unwrap_or_default();
        let rows = records.map(|(line, row)| as_wide_as(&header, row, line, name));
        let mut rows = rows.collect::<Result<Vec<Vec<String>>, _>>()?;
        if rows.is_empty() {
            return Err(EvaluateError::Table(format!("{name} have no rows below the header line")));
        }
        let used: Vec<bool> = (0..header.len())
            .map(|column| !header[column].is_empty() || rows.iter().any(|row| !row[column].is_empty()))
            .collect();
        let keep = |fields: &mut Vec<String>| {
            let mut used = used.iter();
            fields.retain(|_| used.next().copied().unwrap_or(true));
        };
        for (column, name) in header.iter_mut().enumerate() {
            if name.is_empty() {
                *name = format!("column {}", column + 1);
            }
        }
        keep(&mut header);
        rows.iter_mut().for_each(keep);
        let mut seen = HashSet::new();
        if let Some(twice) = header.iter().find(|column| !seen.insert(column.as_str())) {
            return Err(EvaluateError::Table(format!("{name} have two columns of the name \"{twice}\"")));
        }
        Ok(Self { name, header, rows })
    }

    /// The column of this name; without one, the only one whose name differs in case or in `_` alone.
    pub(crate) fn find(&self, column: &str) -> Option<usize> {
        let exact = self.header.iter().position(|name| name == column);
        exact.or_else(|| {
            let wanted = plain(column);
            let mut alike = (0..self.header.len()).filter(|&place| plain(&self.header[place]) == wanted);
            alike.next().filter(|_| alike.next().is_none())
        })
    }

    pub(crate) fn require(&self, column: &str) -> Result<usize, EvaluateError> {
        self.find(column).ok_or_else(|| self.missing(format!("\"{column}\"")))
    }

    /// The first of these names that a column has.
    pub(crate) fn find_one_of(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.find(name))
    }

    /// The error of a table in which no column has one of these names, which are those of `what`.
    pub(crate) fn without(&self, names: &[&str], what: &str) -> EvaluateError {
        self.missing(format!("of {what}, which mostly is called {}", names[..3.min(names.len())].join(" or ")))
    }

    fn missing(&self, column: String) -> EvaluateError {
        EvaluateError::MissingColumn { table: self.name, column, columns: self.header.join(", ") }
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

    /// Whether a column makes subgroups: a few values or numbers, and not only another spelling of the labels, which are given
    /// for each row.
    pub(crate) fn divides<L: Eq + Hash>(&self, column: usize, labels: &[L]) -> bool {
        let values: BTreeSet<&str> = self.rows.iter().map(|row| row[column].as_str()).collect();
        let numbers = values.iter().all(|value| is_unknown(value) || number(value).is_some());
        let mut by_label: HashMap<&L, &str> = HashMap::new();
        let mut rows = self.rows.iter().zip(labels);
        let follows_label = rows.all(|(row, label)| *by_label.entry(label).or_insert(&row[column]) == row[column]);
        values.len() > 1 && (values.len() <= MAX_SUBGROUPS || numbers) && !follows_label
    }
}

/// A row with a field for each column. Empty ones beyond the header are nothing.
fn as_wide_as(header: &[String], mut row: Vec<String>, line: u64, name: &str) -> Result<Vec<String>, EvaluateError> {
    while row.len() > header.len() && row.last().is_some_and(String::is_empty) {
        row.pop();
    }
    let (fields, columns) = (row.len(), header.len());
    let wrong = |what: String| {
        Err(EvaluateError::Table(format!(
            "{name} cannot be read as CSV: line {line} has {fields} fields, the header has {columns}: {what}"
        )))
    };
    match (header.get(fields), row.get(columns)) {
        (Some(first), _) => wrong(format!("there is none for the column \"{first}\", or the line is cut off")),
        (_, Some(first)) => wrong(format!(
            "\"{first}\" is beyond the last column, \"{}\"; a text with a separator in it stands in quotation marks",
            header.last().map_or("", String::as_str)
        )),
        _ => Ok(row),
    }
}

/// A number as tables have it, with a point or, alone, a comma in front of the decimals.
pub(crate) fn number(value: &str) -> Option<f64> {
    let plain = || value.parse().ok();
    let with_comma = || value.split_once(',').and_then(|(whole, part)| format!("{whole}.{part}").parse().ok());
    plain().or_else(with_comma).filter(|number: &f64| number.is_finite())
}

/// What stands for a value that is not known.
pub(crate) fn is_unknown(value: &str) -> bool {
    ["", "na", "n/a", "nan", "null"].contains(&value.to_lowercase().as_str())
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
    use super::{Table, fits, number};

    #[test]
    fn empty_columns_and_rows_are_left_out() {
        let read = |csv: &str| Table::read(csv, "the labels").map(|table| (table.header, table.rows));
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let (header, rows) = read("file,label,,\na,nv,,\n,,,\nb,mel,,\n,,,\n").unwrap();
        assert_eq!((header, rows), (texts(&["file", "label"]), vec![texts(&["a", "nv"]), texts(&["b", "mel"])]));
        let (header, _) = read(",file,label\n0,a,nv\n1,b,nv\n").unwrap();
        assert_eq!(header, texts(&["column 1", "file", "label"]));
        assert_eq!(read("file,label\na,nv,,,\n").unwrap().1, [texts(&["a", "nv"])]);
        let error = read("file,label\na,nv\nb\n").unwrap_err().to_string();
        assert!(
            error.contains("line 3 has 1 fields, the header has 2: there is none for the column \"label\""),
            "{error}"
        );
        let error = read("file,label\na,nv,male\n").unwrap_err().to_string();
        assert!(error.contains("\"male\" is beyond the last column, \"label\""), "{error}");
        assert_eq!(read("\n,,\n\nfile,label,\na,nv,\n").unwrap().0, texts(&["file", "label"]));
    }

    #[test]
    fn columns_are_found_in_any_case() {
        let table = Table::read("File,Image_ID,image-id,x\na,b,c,d\n", "the labels").unwrap();
        assert_eq!(
            ["file", "FILE", "Image_ID", "image id", "X"].map(|name| table.find(name)),
            [Some(0), Some(0), Some(1), None, Some(3)]
        );
    }

    #[test]
    fn numbers_have_a_point_or_a_comma() {
        assert_eq!(["45.5", "45,5", "45", "-1"].map(number), [Some(45.5), Some(45.5), Some(45.0), Some(-1.0)]);
        assert_eq!(["NaN", "", "1,2,3", "x", "inf"].map(number), [None; 5]);
    }

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
