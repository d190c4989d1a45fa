//! The same figures for parts of the photos: a model can be good on average and bad for some.

use std::collections::BTreeMap;

use crate::bootstrap::percentile;
use crate::case::{Case, Context};
use crate::levels::LevelCases;
use crate::result::{Subgroup, SubgroupTask, Subgroups};
use crate::table::{is_unknown, number};
use crate::tasks::TaskCases;
use skintree::taxonomy::Level;

/// Lower edges in years of all age bands but the first; an edge belongs to the band above it. The training has the same
/// (`AGE_EDGES` in `model/train/skintree_train/photos.py`).
pub const AGES: [f64; 4] = [30.0, 45.0, 60.0, 75.0];
/// More distinct numbers than this are put into bands.
const MAX_NUMBERS: usize = 8;

/// One table for each of the columns.
pub(crate) fn figures(context: &Context<'_>, cases: &[&Case<'_>], columns: &[String]) -> Vec<Subgroups> {
    let table = |(place, column): (usize, &String)| {
        let values: Vec<&str> = cases.iter().map(|case| case.photo.subgroups[place].as_str()).collect();
        let rows = divide(column, &values).into_iter().map(|(value, members)| {
            let part: Vec<&Case<'_>> = members.into_iter().map(|member| cases[member]).collect();
            row(context, &part, value)
        });
        Subgroups { column: column.clone(), rows: rows.collect() }
    };
    columns.iter().enumerate().map(table).collect()
}

fn row(context: &Context<'_>, cases: &[&Case<'_>], value: String) -> Subgroup {
    let accuracy = |level: &LevelCases| {
        context.estimates(cases, &level.members, |weights| vec![level.answers.accuracy(weights)])[0]
    };
    let task = |nodes| {
        let found = TaskCases::new(context.pack, nodes, cases);
        SubgroupTask {
            positives: found.ranking.positives(),
            negatives: found.ranking.negatives(),
            auc: found.auc(context, cases),
        }
    };
    Subgroup {
        value,
        photos: cases.len() as u64,
        fine_accuracy: accuracy(&LevelCases::fine(context.pack, cases)),
        class_accuracy: accuracy(&LevelCases::upper(context.pack, cases, Level::Class)),
        tasks: context.pack.tasks().iter().map(task).collect(),
    }
}

/// The indices of each value, in the order of the values; numbers in bands, unknown ones last.
fn divide(column: &str, values: &[&str]) -> Vec<(String, Vec<usize>)> {
    let edges = bands(column, values);
    let mut parts: BTreeMap<(usize, String), Vec<usize>> = BTreeMap::new();
    for (index, value) in values.iter().enumerate() {
        let key = match (&edges, number(value)) {
            _ if is_unknown(value) => (usize::MAX, String::new()),
            (Some(edges), Some(number)) => {
                let band = band_of(edges, number);
                (band, band_name(edges, band))
            }
            _ => (0, (*value).to_owned()),
        };
        parts.entry(key).or_default().push(index);
    }
    parts.into_iter().map(|((_, name), members)| (name, members)).collect()
}

/// Lower edges of all bands but the first, for a column of many numbers: those of ages, else quartiles.
fn bands(column: &str, values: &[&str]) -> Option<Vec<f64>> {
    let known = values.iter().filter(|value| !is_unknown(value));
    let mut numbers: Vec<f64> = known.map(|value| number(value)).collect::<Option<_>>()?;
    numbers.sort_by(f64::total_cmp);
    let mut distinct = numbers.clone();
    distinct.dedup();
    if distinct.len() <= MAX_NUMBERS {
        return None;
    }
    if holds_ages(column) {
        return Some(AGES.to_vec());
    }
    let mut edges: Vec<f64> = [0.25, 0.5, 0.75].iter().filter_map(|&share| percentile(&numbers, share)).collect();
    edges.dedup();
    Some(edges)
}

/// Whether a column is called age (`age_approx`, `Patient age`), not what only has these letters (`image_width`, `stage`).
fn holds_ages(column: &str) -> bool {
    let lower = column.to_lowercase();
    lower.split(|letter: char| !letter.is_alphanumeric()).any(|word| ["age", "나이", "연령"].contains(&word))
}

/// The name of the band of [`AGES`] that an age in years is in, e.g. `30 – < 45`.
#[must_use]
pub fn age_band(age: f64) -> String {
    band_name(&AGES, band_of(&AGES, age))
}

/// The place of a number's band: how many lower edges are at most it.
fn band_of(edges: &[f64], number: f64) -> usize {
    edges.iter().filter(|&&edge| edge <= number).count()
}

fn band_name(edges: &[f64], band: usize) -> String {
    match (band.checked_sub(1).map(|below| edges[below]), edges.get(band)) {
        (None, Some(high)) => format!("< {high}"),
        (Some(low), Some(high)) => format!("{low} – < {high}"),
        (Some(low), None) => format!("≥ {low}"),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{divide, holds_ages};

    #[test]
    fn ages_are_told_by_the_whole_word() {
        assert!(["age", "age_approx", "Patient Age", "나이"].into_iter().all(holds_ages));
        assert!(!["image_width", "stage", "dosage", ""].into_iter().any(holds_ages));
    }

    #[test]
    fn many_numbers_become_bands_and_few_stay() {
        let ages: Vec<String> = (0..90).step_by(5).map(|age| format!("{age}.0")).collect();
        let mut values: Vec<&str> = ages.iter().map(String::as_str).collect();
        values.push("");
        let parts = divide("age", &values);
        let names: Vec<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["< 30", "30 – < 45", "45 – < 60", "60 – < 75", "≥ 75", ""]);
        assert_eq!(parts.iter().map(|(_, members)| members.len()).sum::<usize>(), values.len());
        assert_eq!(parts[0].1, [0, 1, 2, 3, 4, 5]);
        let parts = divide("fitzpatrick", &["1", "3", "1"]);
        assert_eq!(parts, [("1".to_owned(), vec![0, 2]), ("3".to_owned(), vec![1])]);
    }
}
