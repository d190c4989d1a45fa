//! The disease partitioning algorithm: on trees made by hand, by its properties, and at the size of the paper.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, clippy::print_stderr, missing_docs)]

use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};
use skintree::taxonomy::outline::Outline;
use skintree::taxonomy::partition::{Counts, CountsError, MAX_CLASS_SIZE, Partition};
use skintree::taxonomy::{NodeIndex, Taxonomy};
use skintree_testing::data;

/// A node is the number of its parent, smaller than its own (roots have none), and its own images.
type Plan = Vec<(Option<usize>, u32)>;

fn id(at: usize) -> String {
    format!("n{at:05}")
}

fn file(plan: &Plan) -> Vec<u8> {
    let mut depths: Vec<usize> = Vec::new();
    let nodes: Vec<Value> = plan
        .iter()
        .enumerate()
        .map(|(at, (parent, _))| {
            depths.push(parent.map_or(0, |parent| depths[parent] + 1));
            let level = ["class", "group", "disease"][depths[at].min(2)];
            json!({"id": id(at), "parent": parent.map(id), "level": level, "name": {"en": format!("Node {at}")}})
        })
        .collect();
    serde_json::to_vec(&json!({"schema": "skintree.taxonomy/1", "id": "test", "nodes": nodes})).unwrap()
}

fn counted(plan: &Plan) -> (Taxonomy, Counts) {
    let taxonomy = Taxonomy::parse(&file(plan)).unwrap();
    let images: Vec<(NodeIndex, u32)> =
        plan.iter().enumerate().map(|(at, (_, images))| (taxonomy.find(&id(at)).unwrap(), *images)).collect();
    let counts = Counts::new(&taxonomy, images);
    (taxonomy, counts)
}

/// Numbers of the class's node and of its members, and its images.
fn classes(plan: &Plan, max_class_size: u64) -> Vec<(usize, Vec<usize>, u64)> {
    let (taxonomy, counts) = counted(plan);
    let number = |id: &String| id[1..].parse::<usize>().unwrap();
    let partition = Partition::new(&taxonomy, &counts, max_class_size);
    partition.classes.iter().map(|c| (number(&c.id), c.nodes.iter().map(number).collect(), c.images)).collect()
}

#[test]
fn a_small_tree_is_one_class_for_each_root() {
    let plan = vec![(None, 1), (Some(0), 2), (Some(1), 3), (None, 4)];
    assert_eq!(classes(&plan, 6), [(0, vec![0, 1, 2], 6), (3, vec![3], 4)]);
}

#[test]
fn a_large_node_is_divided_and_keeps_its_own_images() {
    //       0: 5
    //   1: 0      4: 7
    // 2: 6  3: 6
    let plan = vec![(None, 5), (Some(0), 0), (Some(1), 6), (Some(1), 6), (Some(0), 7)];
    // 24 images in all: node 1 fits as a whole.
    assert_eq!(classes(&plan, 12), [(0, vec![0], 5), (1, vec![1, 2, 3], 12), (4, vec![4], 7)]);
    // It doesn't any more, and has no images that would need a class.
    assert_eq!(classes(&plan, 11), [(0, vec![0], 5), (2, vec![2], 6), (3, vec![3], 6), (4, vec![4], 7)]);
    assert_eq!(classes(&plan, 24).len(), 1);
    // Leaves cannot be divided.
    assert_eq!(classes(&plan, 0).len(), 4);
}

#[test]
fn nodes_without_images_make_no_class_but_belong_to_one() {
    let plan = vec![(None, 0), (Some(0), 0), (Some(1), 0), (Some(0), 9), (Some(3), 0), (None, 0)];
    assert_eq!(classes(&plan, 9), [(0, vec![0, 1, 2, 3, 4], 9)]);
    assert_eq!(classes(&plan, 8), [(3, vec![3], 9)]);
}

fn plan(nodes: usize) -> impl Strategy<Value = Plan> {
    let node = (any::<prop::sample::Index>(), prop::bool::weighted(0.1), prop_oneof![Just(0_u32), 0..2000_u32]);
    prop::collection::vec(node, 1..nodes).prop_map(|nodes| {
        let parent = |at: usize, place: prop::sample::Index, root: bool| (at > 0 && !root).then(|| place.index(at));
        nodes.into_iter().enumerate().map(|(at, (place, root, images))| (parent(at, place, root), images)).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::with_cases(300)
    })]

    #[test]
    fn every_image_is_in_exactly_one_class(plan in plan(80), max in 0..5000_u64) {
        let mut seen = vec![0; plan.len()];
        let mut images = 0;
        for (node, members, size) in classes(&plan, max) {
            prop_assert!(members.contains(&node));
            prop_assert_eq!(members.iter().map(|&at| u64::from(plan[at].1)).sum::<u64>(), size);
            prop_assert!(size > 0);
            images += size;
            for at in members {
                seen[at] += 1;
            }
        }
        prop_assert_eq!(images, plan.iter().map(|(_, images)| u64::from(*images)).sum::<u64>());
        for ((_, images), seen) in plan.iter().zip(seen) {
            prop_assert!(seen == 1 || (seen == 0 && *images == 0));
        }
    }

    #[test]
    fn only_a_single_node_exceeds_the_limit(plan in plan(80), max in 0..5000_u64) {
        for (_, members, size) in classes(&plan, max) {
            prop_assert!(size <= max || members.len() == 1);
        }
    }

    #[test]
    fn classes_are_as_large_as_they_may_be(plan in plan(80), max in 1..5000_u64) {
        // The parent of a class that is a whole subtree would have been too large.
        let mut totals: Vec<u64> = plan.iter().map(|(_, images)| u64::from(*images)).collect();
        for at in (0..plan.len()).rev() {
            if let Some(parent) = plan[at].0 {
                totals[parent] += totals[at];
            }
        }
        for (node, _, size) in classes(&plan, max) {
            if size == totals[node] && let Some(parent) = plan[node].0 {
                prop_assert!(totals[parent] > max);
            }
        }
    }
}

#[test]
fn counts_that_make_no_sense_are_refused() {
    let (taxonomy, _) = counted(&vec![(None, 1), (Some(0), 1)]);
    let parse = |text: &str| Counts::parse(text.as_bytes(), &taxonomy);
    let wrap = |images: &str| format!(r#"{{"schema": "skintree.counts/1", "images": {images}}}"#);
    let good = parse(&wrap(r#"{"n00001": 7}"#)).unwrap();
    assert_eq!(good, Counts::new(&taxonomy, [(taxonomy.find("n00001").unwrap(), 7)]));
    let schema = r#"{"schema": "skintree.counts/2", "images": {}}"#;
    assert_eq!(parse(schema), Err(CountsError::Schema("skintree.counts/2".into())));
    assert_eq!(parse(&wrap(r#"{"naevus": 7}"#)), Err(CountsError::UnknownId("naevus".into())));
    assert_eq!(parse(&wrap(r#"{"n00001": 0}"#)), Err(CountsError::NoImages));
    for images in
        [r#"{"n00001": -1}"#, r#"{"n00001": 1.5}"#, r#"{"n00001": 4294967296}"#, "[]", "", r#"{"n00001": "7"}"#]
    {
        let error = parse(&wrap(images)).unwrap_err();
        assert!(matches!(error, CountsError::Json(_)), "{images}");
        assert_eq!(error.code(), "counts");
    }
    assert!(parse(&wrap("[]")).unwrap_err().to_string().contains("expected an object of counts by node id"));
    match parse(&wrap(r#"{"n00001": 1, "n00001": 2}"#)) {
        Err(CountsError::Json(message)) => assert!(message.contains("n00001"), "{message}"),
        other => panic!("{other:?}"),
    }
}

/// The paper's tree and its nine groups.
const DISEASES: usize = 2_032;
const IMAGES: u32 = 129_450;

/// Training and validation images of the paper's nine groups, by name.
fn group_counts() -> Option<Value> {
    let path = data("esteva2017/numbers.json")?;
    let numbers: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    Some(numbers["nine_class_unique_image_counts_train_val"].clone())
}

/// A pair of training and validation images, added up; other values of the file are notes.
fn images_of(pair: &Value) -> Option<f64> {
    Some(pair.as_array()?.iter().map(|n| n.as_f64().unwrap()).sum())
}

/// Numbers of 0 to 1, the same in every run.
fn shares(seed: u32) -> impl FnMut() -> f64 {
    let mut random = skintree_testing::random(seed);
    move || f64::midpoint(f64::from(random()), 1.0)
}

/// Shares by Zipf's law, in random order; they sum to 1.
fn zipf_weights(count: usize, exponent: f64, random: &mut impl FnMut() -> f64) -> Vec<f64> {
    let mut weights: Vec<f64> = (1..=count).map(|rank| (rank as f64).powf(-exponent)).collect();
    for at in (1..count).rev() {
        weights.swap(at, (random() * (at + 1) as f64) as usize);
    }
    let total: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / total).collect()
}

/// How the diseases of a group hang together.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// Each right below the group.
    Flat,
    /// Below headings without images, so many diseases each.
    Headings(usize),
    /// Each below a random earlier one or the group.
    Random,
    /// Every disease has so many below it.
    Branching(usize),
}

/// Three classes, nine groups and [`DISEASES`] diseases; the groups have diseases in proportion to the root of their
/// images, and diseases images by Zipf's law with the exponent `zipf` in random order.
fn paper_scale(groups: &[f64], shape: Shape, zipf: f64) -> Plan {
    let mut random = shares(7);
    let mut plan: Plan = vec![(None, 0), (None, 0), (None, 0)];
    let all: f64 = groups.iter().sum();
    let roots: f64 = groups.iter().map(|images| images.sqrt()).sum();
    for (number, &images) in groups.iter().enumerate() {
        let group = plan.len();
        plan.push((Some(number % 3), 0));
        let diseases = (images.sqrt() / roots * DISEASES as f64).round() as usize;
        let weights = zipf_weights(diseases, zipf, &mut random);
        let first = plan.len();
        let mut heading = group;
        for (at, weight) in weights.iter().enumerate() {
            let parent = match shape {
                Shape::Headings(size) => {
                    if at % size == 0 {
                        heading = plan.len();
                        plan.push((Some(group), 0));
                    }
                    heading
                }
                Shape::Random => (first + at).saturating_sub(1 + (random() * at as f64) as usize).max(group),
                Shape::Branching(width) if at > 0 => first + (at - 1) / width,
                Shape::Flat | Shape::Branching(_) => group,
            };
            // A disease in the tree is one there is at least one image of.
            let share = weight * images / all * f64::from(IMAGES);
            plan.push((Some(parent), (share.round() as u32).max(1)));
        }
    }
    plan
}

/// The repository's own tree with the paper's images: headings have none.
fn own_tree(numbers: &Value, zipf: f64) -> (Taxonomy, Counts) {
    let groups = [
        ("cutaneous-lymphoma", "cutaneous-lymphoma"),
        ("benign-dermal", "dermal-tumor-benign"),
        ("malignant-dermal", "dermal-tumor-malignant"),
        ("benign-epidermal", "epidermal-tumor-benign"),
        ("malignant-epidermal", "epidermal-tumor-malignant"),
        ("genodermatosis", "genodermatosis"),
        ("inflammatory", "inflammatory"),
        ("benign-melanocytic", "pigmented-lesion-benign"),
        ("malignant-melanoma", "pigmented-lesion-malignant"),
    ];
    let outline = Outline::parse(&std::fs::read_to_string("model/taxonomy/diseases.txt").unwrap()).unwrap();
    let taxonomy = Taxonomy::parse(outline.to_json("test").unwrap().as_bytes()).unwrap();
    let mut random = shares(7);
    let mut images = Vec::new();
    let all: f64 = groups.iter().map(|(_, key)| images_of(&numbers[key]).unwrap()).sum();
    for (group, key) in groups {
        let diseases: Vec<_> = outline.diseases().filter(|disease| outline.ancestor(disease, 1).id == group).collect();
        let share = images_of(&numbers[key]).unwrap() / all * f64::from(IMAGES);
        for (disease, weight) in diseases.iter().zip(zipf_weights(diseases.len(), zipf, &mut random)) {
            images.push((taxonomy.find(&disease.id).unwrap(), ((share * weight).round() as u32).max(1)));
        }
    }
    let counts = Counts::new(&taxonomy, images);
    (taxonomy, counts)
}

#[test]
fn a_tree_of_the_paper_s_size_gives_hundreds_of_classes_in_milliseconds() {
    let Some(numbers) = group_counts() else { return };
    let groups: Vec<f64> = numbers.as_object().unwrap().values().filter_map(images_of).collect();
    assert_eq!(groups.len(), 9);
    let exponents = [0.5, 0.8, 1.0, 1.2];
    eprintln!("classes by tree and exponent of Zipf's law {exponents:?}; the paper has 757");
    let check = |name: String, trees: [(Taxonomy, Counts); 4]| {
        let mut slowest = Duration::ZERO;
        let row = trees.map(|(taxonomy, counts)| {
            let start = Instant::now();
            let classes = taxonomy.partition(&counts, MAX_CLASS_SIZE);
            slowest = slowest.max(start.elapsed());
            classes.len()
        });
        eprintln!("{name}: {row:?}, at most {slowest:?}");
        assert!(slowest < Duration::from_millis(20), "{slowest:?}");
        assert!(row.iter().all(|classes| (100..=DISEASES + 100).contains(classes)), "{name}: {row:?}");
    };
    check("this repository's tree".into(), exponents.map(|zipf| own_tree(&numbers, zipf)));
    let shapes = [
        Shape::Flat,
        Shape::Headings(5),
        Shape::Headings(20),
        Shape::Random,
        Shape::Branching(3),
        Shape::Branching(10),
    ];
    for shape in shapes {
        check(format!("{shape:?}"), exponents.map(|zipf| counted(&paper_scale(&groups, shape, zipf))));
    }
}
