//! A table of texts: reading CSV, joining, choosing rows.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::EvaluateError;

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
        let csv = csv.trim_start_matches('\u{feff}');
        let bad = |error: csv::Error| EvaluateError::Table(format!("{name} cannot be read as CSV: {error}"));
        let mut reader = reader(csv, delimiter_of(csv));
        let mut header: Vec<String> = reader.headers().map_err(bad)?.iter().map(str::to_owned).collect();
        let mut rows: Vec<Vec<String>> = Vec::new();
        for record in reader.records() {
            let record = record.map_err(bad)?;
            let line = record.position().map_or(0, csv::Position::line);
            if record.iter().all(str::is_empty) {
                continue;
            }
            let mut row: Vec<String> = record.iter().map(str::to_owned).collect();
            while row.len() > header.len() && row.last().is_some_and(String::is_empty) {
                row.pop();
            }
            if row.len() != header.len() {
                return Err(EvaluateError::Table(format!(
                    "{name} cannot be read as CSV: line {line} has {} fields, the header has {}",
                    row.len(),
                    header.len()
                )));
            }
            rows.push(row);
        }
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
        let numbers = values.iter().all(|value| is_unknown(value) || number(value).is_some());
        let mut by_label: HashMap<&str, &str> = HashMap::new();
        let follows_label =
            self.rows.iter().all(|row| *by_label.entry(&row[label]).or_insert(&row[column]) == row[column]);
        values.len() > 1 && (values.len() <= MAX_SUBGROUPS || numbers) && !follows_label
    }
}

/// What separates fields in tables: Excel writes semicolons where the comma is the decimal mark.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Lines that tell which.
const HEAD: usize = 20;

fn reader(csv: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).flexible(true).from_reader(csv.as_bytes())
}

/// The one that gives the most columns of those that give every line of the head as many; if none does, the most.
fn delimiter_of(csv: &str) -> u8 {
    let key = |&delimiter: &u8| {
        let mut reader = reader(csv, delimiter);
        let columns = reader.headers().map_or(0, csv::StringRecord::len);
        let mut head = reader.records().take(HEAD).filter_map(Result::ok);
        (columns > 1 && head.all(|record| record.len() == columns), columns)
    };
    // Of equals the last is the greatest for `max_by_key`, and the comma is what it should be.
    DELIMITERS.into_iter().rev().max_by_key(key).unwrap_or(b',')
}

/// The text of a table file: UTF-8, or UTF-16 as Excel writes it.
///
/// # Errors
/// [`EvaluateError::Table`] says what it is instead, and how to save it.
pub fn decode(bytes: &[u8]) -> Result<String, EvaluateError> {
    const SAVE: &str = "in Excel, save it as \"CSV UTF-8 (comma delimited)\"";
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        char::decode_utf16(units).collect::<Result<String, _>>().ok().filter(|_| bytes.len().is_multiple_of(2))
    };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [b'P', b'K', 3, 4, ..] | [0xd0, 0xcf, 0x11, 0xe0, ..] => {
            return Err(EvaluateError::Table(format!("this is a workbook of Excel or the like, no CSV file; {SAVE}")));
        }
        bytes => str::from_utf8(bytes).ok().map(str::to_owned),
    };
    let line = || {
        let valid = str::from_utf8(bytes).err().map_or(0, |error| error.valid_up_to());
        bytes[..valid].split(|&byte| byte == b'\n').count()
    };
    let text = text.ok_or_else(|| {
        EvaluateError::Table(format!("line {} is written neither in UTF-8 nor in UTF-16; {SAVE}", line()))
    })?;
    if text.contains('\0') {
        return Err(EvaluateError::Table(format!("this is no text, so no CSV file; {SAVE}")));
    }
    Ok(text)
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
    use super::{Table, decode, delimiter_of, fits, number};

    #[test]
    fn separators_are_told_from_the_whole_head() {
        for (csv, expected) in [
            ("file,label\na,b\n", b','),
            ("file;label;age\na;b;45,0\nc;d;50,5\n", b';'),
            ("file\tlabel\na b,c\td\n", b'\t'),
            ("file|label\na|b\n", b'|'),
            ("file,\"note; long\"\na,\"x;y;z\"\n", b','),
            ("\"a,b,c\";d\n\"1,2\";3\n", b';'),
            ("one\nx\n", b','),
        ] {
            assert_eq!(delimiter_of(csv), expected, "{csv}");
        }
    }

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
        assert!(error.contains("line 3 has 1 fields, the header has 2"), "{error}");
    }

    #[test]
    fn texts_are_decoded_or_said_to_be_none() {
        let wide = |unit: fn(u16) -> [u8; 2]| "\u{feff}file,진단\n".encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        assert_eq!(decode(&wide(u16::to_le_bytes)).unwrap(), "file,진단\n");
        assert_eq!(decode(&wide(u16::to_be_bytes)).unwrap(), "file,진단\n");
        assert_eq!(decode("file,진단\n".as_bytes()).unwrap(), "file,진단\n");
        for (bytes, expected) in [
            (&b"PK\x03\x04rest"[..], "a workbook of Excel"),
            (b"\xd0\xcf\x11\xe0rest", "a workbook of Excel"),
            (b"file,label\na,\xc1\xf8\n", "line 2 is written neither"),
            (b"\xff\xfea", "neither in UTF-8 nor"),
            (b"a\0b", "no text"),
        ] {
            let error = decode(bytes).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("CSV UTF-8"), "{error}");
        }
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
