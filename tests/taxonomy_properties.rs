//! Laws of the taxonomy and its roll-up, on random trees.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, missing_docs)]
#![allow(clippy::needless_pass_by_value, reason = "lists are made on the spot")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};
use skintree::taxonomy::{Level, NodeIndex, Taxonomy, TaxonomyError};

/// A node of a tree to be: the parent by position (always an earlier one), and what it has of its own.
type Plan = Vec<(Option<usize>, Option<f64>)>;

fn plan(most: usize) -> impl Strategy<Value = Plan> {
    prop::collection::vec((any::<prop::sample::Index>(), 0_u8..8, prop::option::of(1e-9_f64..1.0)), 1..most).prop_map(
        |nodes| {
            let root_or_below = |(at, (parent, chance, own)): (usize, (prop::sample::Index, u8, Option<f64>))| {
                let parent = (at > 0 && chance > 0).then(|| parent.index(at));
                (parent, own)
            };
            nodes.into_iter().enumerate().map(root_or_below).collect()
        },
    )
}

/// Ids whose order has nothing to do with the order of the nodes.
fn id(at: usize) -> String {
    format!("n{:08x}", (at as u32).wrapping_mul(2_654_435_769))
}

fn depth(plan: &Plan, at: usize) -> usize {
    std::iter::successors(Some(at), |&at| plan[at].0).count() - 1
}

fn file(plan: &Plan, order: &[usize]) -> Vec<u8> {
    let node = |&at: &usize| {
        let level = ["class", "group", "disease"][depth(plan, at).min(2)];
        json!({"id": id(at), "parent": plan[at].0.map(id), "level": level, "name": {"en": format!("Node {at}")}})
    };
    wrap(order.iter().map(node).collect())
}

fn wrap(nodes: Vec<Value>) -> Vec<u8> {
    serde_json::to_vec(&json!({"schema": "skintree.taxonomy/1", "id": "test", "nodes": nodes})).unwrap()
}

fn in_order(plan: &Plan) -> Vec<usize> {
    (0..plan.len()).collect()
}

fn own(taxonomy: &Taxonomy, plan: &Plan) -> Vec<(NodeIndex, f64)> {
    let given = plan.iter().enumerate().filter_map(|(at, (_, own))| Some((at, (*own)?)));
    given.map(|(at, probability)| (taxonomy.find(&id(at)).unwrap(), probability)).collect()
}

fn by_id(taxonomy: &Taxonomy, sums: &[f64]) -> BTreeMap<String, u64> {
    taxonomy.nodes().iter().zip(sums).map(|(node, sum)| (node.id.clone(), sum.to_bits())).collect()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * a.abs().max(b.abs()).max(1.0)
}

proptest! {
    #![proptest_config(ProptestConfig {
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::with_cases(300)
    })]

    #[test]
    fn a_parent_has_its_own_and_its_children_s(plan in plan(80)) {
        let taxonomy = Taxonomy::parse(&file(&plan, &in_order(&plan))).unwrap();
        let own = own(&taxonomy, &plan);
        let sums = taxonomy.roll_up(&own);
        for index in taxonomy.indices() {
            let children = taxonomy.indices().filter(|&child| taxonomy.node(child).parent == Some(index));
            let below: f64 = children.map(|child| sums[child.index()]).sum();
            let mine: f64 = own.iter().filter(|(node, _)| *node == index).map(|(_, own)| own).sum();
            prop_assert!(close(sums[index.index()], mine + below));
        }
    }

    #[test]
    fn every_level_has_the_mass_that_is_not_above_it(plan in plan(80)) {
        let taxonomy = Taxonomy::parse(&file(&plan, &in_order(&plan))).unwrap();
        let own = own(&taxonomy, &plan);
        let total: f64 = own.iter().map(|(_, own)| own).sum();
        prop_assume!(total > 0.0);
        let own: Vec<_> = own.into_iter().map(|(node, own)| (node, own / total)).collect();
        let sums = taxonomy.roll_up(&own);
        let level_sum = |level| {
            taxonomy.indices().filter(|&i| taxonomy.node(i).level == level).map(|i| sums[i.index()]).sum::<f64>()
        };
        let on_roots: f64 = own.iter().filter(|(i, _)| taxonomy.node(*i).level == Level::Class).map(|(_, own)| own).sum();
        prop_assert!(close(level_sum(Level::Class), 1.0));
        prop_assert!(close(level_sum(Level::Group), 1.0 - on_roots));
    }

    #[test]
    fn the_order_in_the_file_changes_no_bit(plan in plan(80), shuffle in any::<u64>()) {
        let sorted = in_order(&plan);
        let mut shuffled = sorted.clone();
        shuffled.sort_by_key(|&at| (at as u64 + 1).wrapping_mul(shuffle | 1).rotate_left(17));
        let (a, b) = (file(&plan, &sorted), file(&plan, &shuffled));
        let (a, b) = (Taxonomy::parse(&a).unwrap(), Taxonomy::parse(&b).unwrap());
        prop_assert_eq!(&a, &b);
        let (own_a, mut own_b) = (own(&a, &plan), own(&b, &plan));
        own_b.reverse();
        prop_assert_eq!(by_id(&a, &a.roll_up(&own_a)), by_id(&b, &b.roll_up(&own_b)));
    }

    #[test]
    fn ranges_are_what_lies_below(plan in plan(60)) {
        let taxonomy = Taxonomy::parse(&file(&plan, &in_order(&plan))).unwrap();
        for (position, node) in taxonomy.nodes().iter().enumerate() {
            prop_assert!(node.parent.is_none_or(|parent| parent.index() < position));
        }
        for at in 0..plan.len() {
            let ancestors: Vec<usize> = std::iter::successors(Some(at), |&at| plan[at].0).collect();
            for other in 0..plan.len() {
                let (node, ancestor) = (taxonomy.find(&id(at)).unwrap(), taxonomy.find(&id(other)).unwrap());
                prop_assert_eq!(taxonomy.is_within(node, ancestor), ancestors.contains(&other));
            }
        }
    }

    #[test]
    fn only_what_is_covered_gets_anything(plan in plan(60)) {
        let taxonomy = Taxonomy::parse(&file(&plan, &in_order(&plan))).unwrap();
        let own = own(&taxonomy, &plan);
        let classes: Vec<NodeIndex> = own.iter().map(|(node, _)| *node).collect();
        let (sums, covered) = (taxonomy.roll_up(&own), taxonomy.covered(&classes));
        prop_assert_eq!(sums.len(), covered.len());
        for (sum, covered) in sums.iter().zip(covered) {
            prop_assert_eq!(*sum > 0.0, covered);
        }
    }

    #[test]
    fn a_cycle_is_found_and_named(plan in plan(40), from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>()) {
        // Hang an ancestor below one of its descendants.
        let at = from.index(plan.len());
        let ancestors: Vec<usize> = std::iter::successors(Some(at), |&at| plan[at].0).collect();
        let ancestor = ancestors[to.index(ancestors.len())];
        let nodes = (0..plan.len()).map(|i| {
            let parent = if i == ancestor { Some(at) } else { plan[i].0 };
            json!({"id": id(i), "parent": parent.map(id), "level": "disease", "name": {"en": "x"}})
        });
        let cycle: Vec<String> = ancestors.iter().take_while(|&&i| i != ancestor).chain([&ancestor]).map(|&i| id(i)).collect();
        match Taxonomy::parse(&wrap(nodes.collect())).unwrap_err() {
            TaxonomyError::Cycle(id) => prop_assert!(cycle.contains(&id)),
            other => prop_assert!(false, "{other}"),
        }
    }

    #[test]
    fn any_bytes_are_refused_politely(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(Taxonomy::parse(&bytes).unwrap_err().code(), "taxonomy");
    }
}

fn node(id: &str, parent: Option<&str>, level: &str) -> Value {
    json!({"id": id, "parent": parent, "level": level, "name": {"en": "A name"}})
}

fn error(nodes: Vec<Value>) -> TaxonomyError {
    Taxonomy::parse(&wrap(nodes)).unwrap_err()
}

#[test]
fn what_is_not_a_tree_is_refused() {
    use TaxonomyError as E;
    assert_eq!(error(vec![]), E::Empty);
    assert_eq!(error(vec![node("a", None, "class"), node("a", None, "class")]), E::DuplicateId("a".into()));
    let unknown = E::UnknownParent { node: "b".into(), parent: "c".into() };
    assert_eq!(error(vec![node("a", None, "class"), node("b", Some("c"), "group")]), unknown);
    assert_eq!(error(vec![node("a", Some("a"), "class")]), E::Cycle("a".into()));
    let level = E::WrongLevel { node: "b".into(), found: "disease", expected: "group" };
    assert_eq!(error(vec![node("a", None, "class"), node("b", Some("a"), "disease")]), level);
    for bad in ["", "A", "a b", "ä", "a_b"] {
        assert_eq!(error(vec![node(bad, None, "class")]), E::BadId(bad.into()));
    }
    let mut coded = node("a", None, "class");
    coded["icd10"] = json!("melanoma");
    assert_eq!(error(vec![coded]), E::BadIcd10 { node: "a".into(), code: "melanoma".into() });
}

#[test]
fn every_field_that_is_not_optional_is_required() {
    for field in ["id", "parent", "level", "name"] {
        let mut node = node("a", None, "class");
        node.as_object_mut().unwrap().remove(field);
        assert!(matches!(error(vec![node]), TaxonomyError::Json(message) if message.contains(field)));
    }
    let mut extended = node("a", None, "class");
    extended["snomed"] = json!("372244006");
    assert_eq!(Taxonomy::parse(&wrap(vec![extended])).unwrap().len(), 1);
    let later = br#"{"schema": "skintree.taxonomy/2", "trees": []}"#;
    assert_eq!(Taxonomy::parse(later).unwrap_err(), TaxonomyError::Schema("skintree.taxonomy/2".into()));
}

#[test]
fn a_chain_of_ten_thousand_needs_no_stack() {
    let plan: Plan = (0..10_000_usize).map(|at| (at.checked_sub(1), (at == 9_999).then_some(1.0))).collect();
    // A thread with a stack too small for recursion over the chain.
    let work = move || {
        let level = |at: usize| ["class", "group", "disease"][at.min(2)];
        let nodes = (0..plan.len())
            .map(|at| json!({"id": id(at), "parent": plan[at].0.map(id), "level": level(at), "name": {"en": "x"}}));
        let taxonomy = Taxonomy::parse(&wrap(nodes.collect())).unwrap();
        let sums = taxonomy.roll_up(&own(&taxonomy, &plan));
        assert!(sums.iter().all(|sum| sum.to_bits() == 1.0_f64.to_bits()));
        let nodes = (0..plan.len()).map(|at| {
            let parent = if at == 0 { Some(9_999) } else { plan[at].0 };
            json!({"id": id(at), "parent": parent.map(id), "level": level(at), "name": {"en": "x"}})
        });
        assert!(matches!(Taxonomy::parse(&wrap(nodes.collect())), Err(TaxonomyError::Cycle(_))));
    };
    std::thread::Builder::new().stack_size(256 << 10).spawn(work).unwrap().join().unwrap();
}
