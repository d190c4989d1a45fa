//! The lists of nodes in a report: the best training classes, the upper levels, the whole tree.

use std::cmp::Ordering;

use crate::pack::Pack;
use crate::report::{FineResult, LevelResult, TreeResult};
use crate::taxonomy::{Level, NodeIndex, Taxonomy};

pub(super) fn top(taxonomy: &Taxonomy, own: &[(NodeIndex, f64)], top_k: usize) -> Vec<FineResult> {
    let mut ranked: Vec<&(NodeIndex, f64)> = own.iter().collect();
    // A stable sort keeps ties in the manifest's order.
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    let result = |&&(index, probability): &&(NodeIndex, f64)| {
        let node = taxonomy.node(index);
        FineResult { id: node.id.clone(), name: node.name.clone(), icd10: node.icd10.clone(), probability }
    };
    ranked.iter().take(top_k).map(result).collect()
}

/// The order of nodes in a report: falling probability, then covered ones first, then their place in the taxonomy.
fn rank(a: NodeIndex, b: NodeIndex, sums: &[f64], covered: &[bool]) -> Ordering {
    let (i, j) = (a.index(), b.index());
    sums[j].total_cmp(&sums[i]).then(covered[j].cmp(&covered[i])).then(a.cmp(&b))
}

pub(super) fn level(pack: &Pack, sums: &[f64], level: Level) -> Vec<LevelResult> {
    let (taxonomy, covered) = (pack.taxonomy(), pack.covered());
    let mut ranked: Vec<NodeIndex> = taxonomy.indices().filter(|&index| taxonomy.node(index).level == level).collect();
    ranked.sort_by(|&a, &b| rank(a, b, sums, covered));
    let result = |index: NodeIndex| {
        let node = taxonomy.node(index);
        LevelResult {
            id: node.id.clone(),
            name: node.name.clone(),
            icd10: node.icd10.clone(),
            probability: sums[index.index()],
            covered: covered[index.index()],
        }
    };
    ranked.into_iter().map(result).collect()
}

pub(super) fn tree(pack: &Pack, sums: &[f64]) -> Vec<TreeResult> {
    let (taxonomy, covered) = (pack.taxonomy(), pack.covered());
    let mut fine = vec![false; taxonomy.len()];
    for class in pack.classes() {
        fine[class.index()] = true;
    }
    let mut children: Vec<Vec<NodeIndex>> = vec![Vec::new(); taxonomy.len()];
    let mut stack: Vec<NodeIndex> = Vec::new();
    for index in taxonomy.indices() {
        match taxonomy.node(index).parent {
            Some(parent) => children[parent.index()].push(index),
            None => stack.push(index),
        }
    }
    // The stack gives its last first, hence the reversed order.
    let reversed = |list: &mut Vec<NodeIndex>| list.sort_by(|&a, &b| rank(b, a, sums, covered));
    reversed(&mut stack);
    let mut tree = Vec::with_capacity(taxonomy.len());
    while let Some(index) = stack.pop() {
        let node = taxonomy.node(index);
        tree.push(TreeResult {
            id: node.id.clone(),
            parent: node.parent.map(|parent| taxonomy.node(parent).id.clone()),
            level: node.level,
            name: node.name.clone(),
            icd10: node.icd10.clone(),
            note: node.note.clone(),
            probability: sums[index.index()],
            covered: covered[index.index()],
            fine: fine[index.index()],
        });
        let below = &mut children[index.index()];
        reversed(below);
        stack.append(below);
    }
    tree
}
