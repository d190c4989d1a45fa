//! The figures of merit against scikit-learn, scipy and numpy (`tests/metrics/make.py`), and their properties.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, clippy::float_cmp, missing_docs)]

use proptest::prelude::*;
use serde::Deserialize;
use skintree_evaluate::bootstrap::{Resampler, percentile};
use skintree_evaluate::calibration::Calibration;
use skintree_evaluate::metrics::{self, Decisions};
use skintree_evaluate::roc::{Proportion, Ranking, RocPoint};
use skintree_evaluate::subgroups::age_band;

const CLOSE: f64 = 1e-9;

#[derive(Deserialize)]
struct Fixtures {
    several: Vec<Several>,
    binary: Vec<Binary>,
    wilson: Vec<Wilson>,
    percentile: Vec<Percentile>,
    deviation: Vec<Deviation>,
    age_bands: Vec<AgeBand>,
}

#[derive(Deserialize)]
struct Several {
    name: String,
    truth: Vec<usize>,
    scores: Vec<Vec<f64>>,
    weights: Vec<u32>,
    accuracy: Option<f64>,
    accuracy_weighted: Option<f64>,
    balanced_accuracy: Option<f64>,
    balanced_accuracy_weighted: Option<f64>,
    confusion: Vec<Vec<u64>>,
    top_k: Vec<Option<f64>>,
    recall: Vec<Option<f64>>,
    precision: Vec<Option<f64>>,
    log_loss: Option<f64>,
    calibration: Reliability,
}

#[derive(Deserialize)]
struct Binary {
    name: String,
    positive: Vec<bool>,
    scores: Vec<f64>,
    weights: Vec<u32>,
    auc: Option<f64>,
    auc_weighted: Option<f64>,
    curve: Option<Vec<(Option<f64>, f64, f64)>>,
    youden: Option<Point>,
    reaching_95: Option<Point>,
    brier: Option<f64>,
    calibration: Reliability,
}

/// Threshold, sensitivity and specificity.
type Point = (f64, f64, f64);

#[derive(Deserialize)]
struct Reliability {
    count: Vec<u64>,
    observed: Vec<f64>,
    predicted: Vec<f64>,
    expected_calibration_error: f64,
}

#[derive(Deserialize)]
struct Wilson {
    hits: u64,
    of: u64,
    interval: [f64; 2],
}

#[derive(Deserialize)]
struct Percentile {
    values: Vec<f64>,
    share: f64,
    expected: f64,
}

#[derive(Deserialize)]
struct Deviation {
    values: Vec<f64>,
    mean: f64,
    expected: f64,
}

#[derive(Deserialize)]
struct AgeBand {
    age: f64,
    band: String,
}

fn fixtures() -> Fixtures {
    serde_json::from_str(include_str!("metrics/expected.json")).unwrap()
}

fn assert_close(found: Option<f64>, expected: Option<f64>, what: &str) {
    match (found, expected) {
        (Some(found), Some(expected)) => assert!((found - expected).abs() <= CLOSE, "{what}: {found}, not {expected}"),
        _ => assert_eq!(found, expected, "{what}"),
    }
}

fn assert_calibration(found: &Calibration, expected: &Reliability, name: &str) {
    let what = |figure: &str| format!("{figure} of \"{name}\"");
    let filled: Vec<_> = found.bins.iter().filter(|bin| bin.count > 0).collect();
    assert_eq!(filled.iter().map(|bin| bin.count).collect::<Vec<_>>(), expected.count, "{}", what("bins"));
    for (place, bin) in filled.iter().enumerate() {
        assert_close(bin.observed, Some(expected.observed[place]), &what("observed share"));
        assert_close(bin.predicted, Some(expected.predicted[place]), &what("predicted share"));
    }
    let error = Some(expected.expected_calibration_error);
    assert_close(found.expected_calibration_error, error, &what("expected calibration error"));
}

fn assert_operating_point(found: Option<RocPoint>, expected: Option<Point>, name: &str) {
    let what = |figure: &str| format!("{figure} of an operating point of \"{name}\"");
    assert_eq!(found.is_some(), expected.is_some(), "operating point of \"{name}\"");
    let (Some(found), Some((threshold, sensitivity, specificity))) = (found, expected) else { return };
    assert_close(found.threshold, Some(threshold), &what("threshold"));
    assert_close(Some(found.sensitivity), Some(sensitivity), &what("sensitivity"));
    assert_close(Some(found.specificity), Some(specificity), &what("specificity"));
}

#[test]
fn age_bands_as_numpy() {
    for case in fixtures().age_bands {
        assert_eq!(age_band(case.age), case.band, "band of the age {}", case.age);
    }
}

#[test]
fn several_classes_as_scikit_learn() {
    for case in fixtures().several {
        let what = |figure: &str| format!("{figure} of \"{}\"", case.name);
        let classes = case.scores[0].len();
        let answers = Decisions::from_scores(classes, case.truth.clone(), &case.scores);
        let ones = vec![1; case.truth.len()];
        assert_close(answers.accuracy(&ones), case.accuracy, &what("accuracy"));
        assert_close(answers.accuracy(&case.weights), case.accuracy_weighted, &what("weighted accuracy"));
        assert_close(answers.balanced_accuracy(&ones), case.balanced_accuracy, &what("balanced accuracy"));
        let weighted = answers.balanced_accuracy(&case.weights);
        assert_close(weighted, case.balanced_accuracy_weighted, &what("weighted balanced accuracy"));
        let confusion = answers.confusion(&ones);
        assert_eq!(confusion, case.confusion, "{}", what("confusion"));
        for class in 0..classes {
            assert_close(Proportion::recall(&confusion, class).value, case.recall[class], &what("recall"));
            assert_close(Proportion::precision(&confusion, class).value, case.precision[class], &what("precision"));
        }
        for (place, &expected) in case.top_k.iter().enumerate() {
            let hits = metrics::top_k_hits(&case.truth, &case.scores, place + 1);
            assert_close(metrics::share(&hits, &ones), expected, &what("top-k accuracy"));
        }
        assert_close(metrics::log_loss(&case.truth, &case.scores), case.log_loss, &what("log loss"));
        let of_answer = |(scores, &answer): (&Vec<f64>, &usize)| scores[answer];
        let highest: Vec<f64> = case.scores.iter().zip(&answers.predicted).map(of_answer).collect();
        let right: Vec<bool> = answers.truth.iter().zip(&answers.predicted).map(|(a, b)| a == b).collect();
        assert_calibration(&Calibration::new(&highest, &right, 15), &case.calibration, &case.name);
    }
}

#[test]
fn two_sides_as_scikit_learn() {
    for case in fixtures().binary {
        let what = |figure: &str| format!("{figure} of \"{}\"", case.name);
        let ranking = Ranking::new(case.positive.clone(), case.scores.clone());
        assert_close(ranking.area(&vec![1; case.positive.len()]), case.auc, &what("area"));
        assert_close(ranking.area(&case.weights), case.auc_weighted, &what("weighted area"));
        let curve = ranking.curve();
        assert_eq!(curve.is_some(), case.curve.is_some(), "{}", what("curve"));
        for (found, expected) in [(curve, case.curve.clone())].into_iter().filter_map(|(a, b)| Some((a?, b?))) {
            assert_eq!(found.len(), expected.len(), "{}", what("length of the curve"));
            for (found, &(threshold, sensitivity, specificity)) in found.iter().zip(&expected) {
                assert_close(found.threshold, threshold, &what("threshold"));
                assert_close(Some(found.sensitivity), Some(sensitivity), &what("sensitivity"));
                assert_close(Some(found.specificity), Some(specificity), &what("specificity"));
            }
        }
        let calibration = Calibration::new(&case.scores, &case.positive, 15);
        assert_close(calibration.brier, case.brier, &what("Brier score"));
        assert_calibration(&calibration, &case.calibration, &case.name);
        for (found, expected) in [(ranking.youden(), case.youden), (ranking.reaching(0.95), case.reaching_95)] {
            assert_operating_point(found, expected, &case.name);
        }
    }
}

#[test]
fn intervals_and_deviations_as_scipy_and_numpy() {
    for case in fixtures().wilson {
        let [low, high] = Proportion::new(case.hits, case.of).interval.unwrap();
        assert_close(Some(low), Some(case.interval[0]), "lower end");
        assert_close(Some(high), Some(case.interval[1]), "upper end");
    }
    for case in fixtures().percentile {
        assert_close(percentile(&case.values, case.share), Some(case.expected), "percentile");
    }
    for case in fixtures().deviation {
        let (mean, deviation) = metrics::mean_and_deviation(&case.values).unwrap();
        assert_close(Some(mean), Some(case.mean), "mean");
        assert_close(deviation, Some(case.expected), "standard deviation");
    }
}

#[test]
fn nothing_gives_no_figure() {
    let answers = Decisions { classes: 3, truth: vec![], predicted: vec![] };
    assert_eq!(answers.accuracy(&[]), None);
    assert_eq!(answers.balanced_accuracy(&[]), None);
    assert_eq!(metrics::log_loss(&[], &[]), None);
    assert_eq!(metrics::mean_and_deviation(&[]), None);
    assert_eq!(metrics::mean_and_deviation(&[0.5]), Some((0.5, None)));
    assert_eq!(Ranking::new(vec![], vec![]).area(&[]), None);
    assert_eq!(Calibration::new(&[], &[], 15).expected_calibration_error, None);
    assert_eq!(Proportion::new(0, 0).interval, None);
    assert_eq!(percentile(&[], 0.5), None);
}

#[test]
fn operating_points_are_the_best_of_the_curve() {
    let ranking = Ranking::new(vec![true, true, false, true, false], vec![0.9, 0.8, 0.7, 0.6, 0.1]);
    let best = ranking.youden().unwrap();
    assert_eq!((best.threshold, best.sensitivity, best.specificity), (Some(0.8), 2.0 / 3.0, 1.0));
    let all = ranking.reaching(0.95).unwrap();
    assert_eq!((all.threshold, all.sensitivity, all.specificity), (Some(0.6), 1.0, 0.5));
    let hits = ranking.hits(0.6);
    assert_eq!((hits.true_positives, hits.true_negatives), (3, 1));
}

fn scored() -> impl Strategy<Value = Vec<(bool, u8)>> {
    prop::collection::vec((any::<bool>(), 0..20_u8), 2..60)
}

proptest! {
    /// The area is the share of pairs in the right order, ties counting half.
    #[test]
    fn area_counts_pairs(cases in scored()) {
        let (positive, scores): (Vec<bool>, Vec<f64>) = cases.iter().map(|&(p, s)| (p, f64::from(s))).unzip();
        let mut sum = 0.0;
        let mut pairs = 0.0;
        for &(_, high) in cases.iter().filter(|(p, _)| *p) {
            for &(_, low) in cases.iter().filter(|(p, _)| !*p) {
                pairs += 1.0;
                sum += f64::from(1 + high.cmp(&low) as i8) / 2.0;
            }
        }
        let area = Ranking::new(positive, scores).area(&vec![1; cases.len()]);
        match area {
            None => prop_assert_eq!(pairs, 0.0),
            Some(area) => prop_assert!((area - sum / pairs).abs() < 1e-12),
        }
    }

    /// A weight of n is the same as n copies, whatever the order.
    #[test]
    fn weights_are_copies(cases in prop::collection::vec((any::<bool>(), 0..9_u8, 0..4_u32), 1..40)) {
        let positive = cases.iter().map(|case| case.0).collect();
        let scores = cases.iter().map(|case| f64::from(case.1)).collect();
        let weights: Vec<u32> = cases.iter().map(|case| case.2).collect();
        let copies = || cases.iter().rev().flat_map(|&(p, s, n)| (0..n).map(move |_| (p, f64::from(s))));
        let many = Ranking::new(copies().map(|c| c.0).collect(), copies().map(|c| c.1).collect());
        let found = Ranking::new(positive, scores).area(&weights);
        prop_assert_eq!(found, many.area(&vec![1; copies().count()]));
    }

    /// The curve rises from nothing to everything, and turning the sides round turns the area round.
    #[test]
    fn curves_rise(cases in scored()) {
        let (positive, scores): (Vec<bool>, Vec<f64>) = cases.iter().map(|&(p, s)| (p, f64::from(s))).unzip();
        let ones = vec![1; cases.len()];
        let turned = Ranking::new(positive.iter().map(|p| !p).collect(), scores.clone()).area(&ones);
        let ranking = Ranking::new(positive, scores);
        if let Some(curve) = ranking.curve() {
            let (first, last) = (curve[0], curve[curve.len() - 1]);
            prop_assert_eq!((first.sensitivity, first.specificity), (0.0, 1.0));
            prop_assert_eq!((last.sensitivity, last.specificity), (1.0, 0.0));
            let rises = curve.windows(2).all(|w| {
                w[0].sensitivity <= w[1].sensitivity && w[0].specificity >= w[1].specificity
            });
            prop_assert!(rises);
            prop_assert!((ranking.area(&ones).unwrap() + turned.unwrap() - 1.0).abs() < 1e-12);
        } else {
            prop_assert_eq!(ranking.area(&ones), None);
        }
    }

    /// Every resample draws as many clusters of each stratum as there are, whole.
    #[test]
    fn resamples_keep_strata_and_clusters(cases in prop::collection::vec((0..3_u8, 0..10_u8), 1..50), seed: u64) {
        // A cluster lies in one stratum.
        let clusters: Vec<(u8, u8)> = cases.clone();
        let strata: Vec<u8> = cases.iter().map(|case| case.0).collect();
        let mut distinct = clusters.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let first = |cluster: &(u8, u8)| clusters.iter().position(|other| other == cluster).unwrap();
        let resampler = Resampler::new(&strata, &clusters);
        let figures = |weights: &[u32]| {
            let whole = clusters.iter().zip(weights).all(|(cluster, &weight)| weight == weights[first(cluster)]);
            let full = (0..3).all(|stratum| {
                let of = |cluster: &&(u8, u8)| cluster.0 == stratum;
                let drawn: u32 = distinct.iter().filter(of).map(|cluster| weights[first(cluster)]).sum();
                drawn as usize == distinct.iter().filter(of).count()
            });
            vec![Some(f64::from(u8::from(whole && full))), Some(f64::from(weights[0]))]
        };
        let found = resampler.intervals(20, seed, figures);
        prop_assert_eq!(found[0], Some([1.0, 1.0]));
        prop_assert_eq!(&found, &resampler.intervals(20, seed, figures));
    }
}

/// A share of 400 independent cases: the percentile interval is that of the binomial distribution, but for the draws' own noise.
#[test]
fn bootstrap_intervals_are_as_wide_as_the_binomial_says() {
    let (cases, hits) = (400_usize, 100_usize);
    let ids: Vec<usize> = (0..cases).collect();
    let resampler = Resampler::new(&vec![0; cases], &ids);
    let share = |weights: &[u32]| {
        let hit: u32 = weights[..hits].iter().sum();
        vec![Some(f64::from(hit) / cases as f64), None, (hit > 100).then_some(1.0)]
    };
    let found = resampler.intervals(4000, 7, share);
    assert_eq!(found.len(), 3);
    let [low, high] = found[0].unwrap();
    let deviation = (0.25_f64 * 0.75 / cases as f64).sqrt();
    assert!((low - (0.25 - 1.96 * deviation)).abs() < 0.006, "{low}");
    assert!((high - (0.25 + 1.96 * deviation)).abs() < 0.006, "{high}");
    assert_eq!(found[1], None, "undefined in every draw");
    assert_eq!(found[2], Some([1.0, 1.0]), "over the draws in which it is defined");
    assert_ne!(resampler.intervals(50, 8, share)[0], resampler.intervals(50, 9, share)[0], "the seed decides");
}
