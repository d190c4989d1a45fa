//! Finds the photos that a table names among those that are there.
//!
//! Tables are written on other systems than the photos lie on: with backslashes, drives and folders in front, without the
//! folders that the photos are in, in other case, without the ending of the name, or with composed letters (NFC) where macOS
//! writes them decomposed (NFD). What fits best counts; where several fit equally well, none does. Folders that both the table and
//! the disk name must agree: `test/1.jpg` is not `train/1.jpg`.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization as _;

use crate::EvaluateError;

/// Candidates that an error names.
const MOST_NAMED: usize = 5;

/// Endings of photos: what stands behind the last dot of any other name is part of the name.
const ENDINGS: [&str; 12] = ["jpg", "jpeg", "jfif", "png", "webp", "gif", "bmp", "tif", "tiff", "heic", "heif", "avif"];

/// The paths of the photos that are there, relative to their folder.
#[derive(Debug, Clone, Default)]
pub struct PhotoIndex {
    paths: Vec<String>,
    /// As they are compared, part by part.
    parts: Vec<Vec<String>>,
    exact: HashMap<String, usize>,
    /// By name in lower case, and by that without its ending.
    by_name: HashMap<String, Vec<usize>>,
    by_stem: HashMap<String, Vec<usize>>,
}

/// How well a path fits; more is better: case and ending, then the folders that agree.
type Fit = (bool, bool, usize);

impl PhotoIndex {
    /// Of these paths.
    #[must_use]
    pub fn new(paths: Vec<String>) -> Self {
        let parts: Vec<Vec<String>> = paths.iter().map(|path| parts_of(path)).collect();
        let mut index = Self { exact: HashMap::with_capacity(paths.len()), ..Self::default() };
        for (place, (path, parts)) in paths.iter().zip(&parts).enumerate() {
            index.exact.entry(path.clone()).or_insert(place);
            let name = parts.last().map(|name| name.to_lowercase()).unwrap_or_default();
            index.by_stem.entry(stem(&name).to_owned()).or_default().push(place);
            index.by_name.entry(name).or_default().push(place);
        }
        Self { paths, parts, ..index }
    }

    /// The place among the paths of the photo that a table calls `wanted`; `None` if there is none.
    ///
    /// # Errors
    /// [`EvaluateError::AmbiguousPhoto`] names those that fit equally well.
    pub fn find(&self, wanted: &str) -> Result<Option<usize>, EvaluateError> {
        if let Some(&place) = self.exact.get(wanted) {
            return Ok(Some(place));
        }
        let asked = parts_of(wanted);
        let Some(name) = asked.last().map(|name| name.to_lowercase()) else { return Ok(None) };
        let none = Vec::new();
        let named = self.by_name.get(&name).unwrap_or(&none);
        let candidates = if named.is_empty() { self.by_stem.get(stem(&name)).unwrap_or(&none) } else { named };
        let fits: Vec<(Fit, usize)> =
            candidates.iter().filter_map(|&place| Some((fit(&asked, &self.parts[place])?, place))).collect();
        let Some(best) = fits.iter().map(|&(fit, _)| fit).max() else { return Ok(None) };
        let equal: Vec<usize> = fits.iter().filter(|&&(fit, _)| fit == best).map(|&(_, place)| place).collect();
        match equal.as_slice() {
            &[place] => Ok(Some(place)),
            several => {
                let mut names: Vec<&str> =
                    several.iter().take(MOST_NAMED).map(|&place| self.paths[place].as_str()).collect();
                let more = format!("and {} more", several.len().saturating_sub(MOST_NAMED));
                if several.len() > MOST_NAMED {
                    names.push(&more);
                }
                Err(EvaluateError::AmbiguousPhoto { candidates: names.join(", ") })
            }
        }
    }

    /// [`Self::find`] for all rows of a table. A photo that several of them could mean is none of theirs, but for one that writes
    /// its path as it is.
    #[must_use]
    pub fn find_all(&self, wanted: &[String]) -> Vec<Result<Option<usize>, EvaluateError>> {
        let mut found: Vec<Result<Option<usize>, EvaluateError>> =
            wanted.iter().map(|wanted| self.find(wanted)).collect();
        let mut rows: HashMap<usize, usize> = HashMap::new();
        for place in found.iter().filter_map(|found| found.as_ref().ok().copied().flatten()) {
            *rows.entry(place).or_default() += 1;
        }
        for (found, wanted) in found.iter_mut().zip(wanted) {
            let Ok(Some(place)) = *found else { continue };
            if rows.get(&place) > Some(&1) && self.exact.get(wanted) != Some(&place) {
                let candidates = format!("{}, which other rows of the table fit too", self.paths[place]);
                *found = Err(EvaluateError::AmbiguousPhoto { candidates });
            }
        }
        found
    }

    /// The path at a place.
    #[must_use]
    pub fn path(&self, place: usize) -> Option<&str> {
        self.paths.get(place).map(String::as_str)
    }
}

/// The parts of a path: composed, without a drive, without `.`, with `..` taken back.
fn parts_of(path: &str) -> Vec<String> {
    let composed: String = path.trim().nfc().collect();
    let mut parts: Vec<String> = Vec::new();
    for part in composed.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            drive if drive.len() == 2 && drive.ends_with(':') => parts.clear(),
            part => parts.push(part.to_owned()),
        }
    }
    parts
}

/// A name in lower case without the ending of a photo.
fn stem(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, ending)) if ENDINGS.contains(&ending) && !stem.is_empty() => stem,
        _ => name,
    }
}

/// `None` if folders disagree.
fn fit(asked: &[String], there: &[String]) -> Option<Fit> {
    let equal = |(one, other): &(&String, &String)| one.to_lowercase() == other.to_lowercase();
    let both = || asked.iter().rev().zip(there.iter().rev());
    let folders = both().skip(1).count();
    let agreeing = both().skip(1).take_while(equal).count();
    let (one, other) = both().next()?;
    let whole = asked.len() == there.len();
    (agreeing == folders).then_some((
        equal(&(one, other)),
        whole && one == other,
        agreeing * 2 + usize::from(one == other),
    ))
}

#[cfg(test)]
mod tests {
    use super::PhotoIndex;

    fn find(paths: &[&str], wanted: &str) -> Result<Option<String>, String> {
        let index = PhotoIndex::new(paths.iter().map(|&path| path.to_owned()).collect());
        let found = index.find(wanted).map_err(|error| error.to_string())?;
        Ok(found.map(|place| paths[place].to_owned()))
    }

    #[test]
    fn photos_are_found_however_a_table_writes_them() {
        let there =
            ["P00.jpg", "2024-01/IMG_1.JPG", "part_1/ISIC_0024306.jpg", "part_2/ISIC_0024307.jpg", "환자_왼팔.jpg"];
        let nfd = "\u{1112}\u{116a}\u{11ab}\u{110c}\u{1161}_\u{110b}\u{116c}\u{11ab}\u{1111}\u{1161}\u{11af}.jpg";
        for (wanted, expected) in [
            ("P00.jpg", 0),
            ("P00", 0),
            ("p00.JPG", 0),
            ("./P00.jpg", 0),
            ("photos/P00.jpg", 0),
            (r"C:\Users\Kim\photos\P00.jpg", 0),
            (r"..\photos\P00.jpg", 0),
            ("/home/kim/P00.png", 0),
            (r"2024-01\IMG_1.JPG", 1),
            (r"photos\2024-01\img_1.jpg", 1),
            ("IMG_1", 1),
            ("ISIC_0024306", 2),
            ("ISIC_0024307.jpg", 3),
            (nfd, 4),
            ("환자_왼팔", 4),
        ] {
            assert_eq!(find(&there, wanted), Ok(Some(there[expected].to_owned())), "{wanted}");
        }
        assert_eq!(find(&there, "P01.jpg"), Ok(None));
        // Another folder is another photo.
        assert_eq!(find(&["train/1.jpg"], "test/1.jpg"), Ok(None));
        assert_eq!(find(&there, ""), Ok(None));
        assert_eq!(find(&["x.jpg"], ".jpg"), Ok(None));
        // The other way round: decomposed on the disk, composed in the table.
        assert_eq!(find(&[nfd], "환자_왼팔.jpg"), Ok(Some(nfd.to_owned())));
    }

    #[test]
    fn what_fits_best_counts() {
        assert_eq!(find(&["a/1.jpg", "b/1.jpg"], "b/1.jpg"), Ok(Some("b/1.jpg".to_owned())));
        assert_eq!(find(&["a/1.jpg", "b/1.jpg"], r"D:\set\b\1.jpg"), Ok(Some("b/1.jpg".to_owned())));
        assert_eq!(find(&["1.jpg", "1.png"], "1.png"), Ok(Some("1.png".to_owned())));
        assert_eq!(find(&["IMG.jpg", "img.jpg"], "x/img.jpg"), Ok(Some("img.jpg".to_owned())));
        assert_eq!(find(&["v1.2", "v1.2.jpg"], "v1.2"), Ok(Some("v1.2".to_owned())));
    }

    #[test]
    fn two_rows_do_not_share_a_photo() {
        let index = PhotoIndex::new(vec!["1.jpg".to_owned(), "2.jpg".to_owned()]);
        let rows = |rows: &[&str]| -> Vec<Option<usize>> {
            let rows: Vec<String> = rows.iter().map(|&row| row.to_owned()).collect();
            index.find_all(&rows).into_iter().map(|found| found.ok().flatten()).collect()
        };
        assert_eq!(rows(&["train/1.jpg", "test/1.jpg", "2"]), [None, None, Some(1)]);
        assert_eq!(rows(&["1.jpg", "test/1.jpg"]), [Some(0), None]);
        assert_eq!(rows(&["a/1.jpg", "a/2.jpg"]), [Some(0), Some(1)]);
    }

    #[test]
    fn what_could_be_several_is_an_error_that_names_them() {
        for (there, wanted) in
            [(&["a/1.jpg", "b/1.jpg"][..], "1.jpg"), (&["1.jpg", "1.png"], "1"), (&["A.jpg", "a.JPG"], "a.jpg")]
        {
            let error = find(there, wanted).unwrap_err();
            assert!(there.iter().all(|path| error.contains(path)), "{error}");
        }
        let many: Vec<String> = (0..9).map(|n| format!("{n}/1.jpg")).collect();
        let error = PhotoIndex::new(many).find("1.jpg").unwrap_err().to_string();
        assert!(error.contains("and 4 more"), "{error}");
    }
}
