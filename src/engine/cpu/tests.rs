//! What the engine of integers refuses.

use std::collections::BTreeMap;

use skintree_testing::path;

use super::FixedEngine;
use crate::onnx::Graph;
use crate::pack::Pack;

#[test]
fn a_graph_that_is_not_computed_in_integers_says_why() {
    let pack = Pack::read_dir(&path("model/pack")).unwrap();
    let signature = pack.manifest().signature();
    let graph = Graph::read(pack.model(), &signature).unwrap();
    let why = |activations: &BTreeMap<String, f32>| FixedEngine::of_graph(&graph, activations).err().unwrap();
    let known = &pack.manifest().activations;
    assert!(FixedEngine::of_graph(&graph, known).is_ok());
    assert!(why(&BTreeMap::new()).contains("does not say how large \"input\" becomes"));
    let mut broken = known.clone();
    let last = known.keys().find(|name| *name != "input").unwrap();
    broken.insert(last.clone(), f32::NAN);
    assert!(why(&broken).contains(last.as_str()));
}
