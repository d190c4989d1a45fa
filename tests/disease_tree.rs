//! The disease tree in `model/taxonomy`, and what it must agree with: the pack, ICD-10, Fitzpatrick17k.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};

use skintree::taxonomy::outline::Outline;
use skintree::taxonomy::{NodeIndex, Taxonomy};
use skintree_testing::data;

/// The number of diseases in the tree of Esteva et al. 2017.
const PAPER: usize = 2032;

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic_with(path, &error))
}

#[expect(clippy::panic, reason = "a test says which file it lacks")]
fn panic_with(path: &str, error: &std::io::Error) -> String {
    panic!("{path}: {error}")
}

fn outline() -> Outline {
    Outline::parse(&read("model/taxonomy/diseases.txt")).unwrap()
}

fn big_tree() -> Taxonomy {
    Taxonomy::parse(outline().to_json("test").unwrap().as_bytes()).unwrap()
}

/// Ids of the class and the group above a node, as far as there are any.
fn class_and_group(taxonomy: &Taxonomy, node: NodeIndex) -> Vec<String> {
    let above = std::iter::successors(Some(node), |&at| taxonomy.node(at).parent);
    let mut path: Vec<String> = above.map(|at| taxonomy.node(at).id.clone()).collect();
    path.reverse();
    path.truncate(2);
    path
}

#[test]
fn is_a_reviewed_tree_larger_than_the_papers() {
    let outline = outline();
    let findings: Vec<String> = outline.findings().iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    assert!(outline.diseases().count() >= PAPER);
    let at_depth = |depth| outline.entries().iter().filter(|entry| entry.depth == depth).count();
    assert_eq!((at_depth(0), at_depth(1)), (3, 9));
}

#[test]
fn is_counted_rightly_in_its_readme() {
    let outline = outline();
    let readme = read("model/taxonomy/README.md");
    for group in outline.entries().iter().filter(|entry| entry.depth == 1) {
        let count = outline.diseases().filter(|disease| outline.ancestor(disease, 1) == group).count();
        let line = format!("{count:5}  {}\n", group.en);
        assert!(readme.contains(&line), "README.md lacks \"{}\"", line.trim_end());
    }
}

#[test]
fn has_every_node_of_the_pack_at_the_same_place() {
    let big = big_tree();
    for path in ["model/source/taxonomy.json", "model/pack/taxonomy.json"] {
        let small = Taxonomy::parse(read(path).as_bytes()).unwrap();
        for index in small.indices() {
            let node = small.node(index);
            let found = big.require(&node.id).expect(path);
            let same = big.node(found);
            assert_eq!((&same.name, &same.icd10, same.level), (&node.name, &node.icd10, node.level), "{}", node.id);
            assert_eq!(class_and_group(&big, found), class_and_group(&small, index), "{}", node.id);
        }
    }
}

#[test]
fn has_known_icd10_codes_only() {
    let Some(csv) = data("taxonomy/icd10cm_skin.csv") else { return };
    let csv = std::fs::read_to_string(csv).unwrap();
    let skin: BTreeSet<&str> = csv.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    let listed = read("model/taxonomy/icd10_outside.txt");
    let outside: BTreeSet<&str> = listed.lines().filter(|line| !line.starts_with('#')).collect();
    let outline = outline();
    let used: BTreeMap<&str, &str> =
        outline.entries().iter().filter_map(|entry| Some((entry.icd10.as_deref()?, entry.en.as_str()))).collect();
    for (code, name) in &used {
        assert!(skin.contains(code) || outside.contains(code), "{code} of \"{name}\" is in neither list");
    }
    for code in outside {
        assert!(!skin.contains(code), "{code} is in the skin part, so it need not be listed");
        assert!(used.contains_key(code), "{code} is listed, but no disease has it");
    }
}
