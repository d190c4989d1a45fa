//! From `taxonomy.json` to a checked [`Taxonomy`] in canonical order.

use std::collections::HashMap;

use serde::Deserialize;

use crate::catch_panic::catch_panic;

use super::{Level, Node, NodeIndex, SCHEMA, Taxonomy, TaxonomyError, Text, is_id};

/// The file as written. Unknown fields are ignored, as in the manifest.
#[derive(Deserialize)]
struct File {
    schema: String,
    id: String,
    nodes: Vec<FileNode>,
}

#[derive(Deserialize)]
struct FileNode {
    id: String,
    // `deserialize_with` makes the field required: a root says `null`, it does not merely forget its parent.
    #[serde(deserialize_with = "Option::deserialize")]
    parent: Option<String>,
    level: Level,
    name: Text,
    icd10: Option<String>,
    note: Option<Text>,
}

impl Taxonomy {
    /// Reads and checks a `taxonomy.json`.
    ///
    /// # Errors
    /// Any [`TaxonomyError`] but `UnknownId`. Works on trees of any depth and takes time in proportion to their size
    /// (plus sorting).
    pub fn parse(json: &[u8]) -> Result<Self, TaxonomyError> {
        catch_panic(|| Self::parse_foreign(json), TaxonomyError::Json)
    }

    fn parse_foreign(json: &[u8]) -> Result<Self, TaxonomyError> {
        // The schema comes first: a file of a later schema may well have other fields.
        #[derive(Deserialize)]
        struct Head {
            schema: String,
        }
        let invalid = |error: serde_json::Error| TaxonomyError::Json(error.to_string());
        let head: Head = serde_json::from_slice(json).map_err(invalid)?;
        if head.schema != SCHEMA {
            return Err(TaxonomyError::Schema(head.schema));
        }
        let file: File = serde_json::from_slice(json).map_err(invalid)?;
        debug_assert_eq!(file.schema, SCHEMA);
        from_file(file)
    }
}

fn from_file(file: File) -> Result<Taxonomy, TaxonomyError> {
    if !is_id(&file.id) {
        return Err(TaxonomyError::BadId(file.id));
    }
    if file.nodes.is_empty() {
        return Err(TaxonomyError::Empty);
    }
    let mut nodes = file.nodes;
    // From here on a position in this sorted list stands for a node; errors come out the same in any file order.
    nodes.sort_by(|a, b| a.id.cmp(&b.id));
    if let Some(pair) = nodes.windows(2).find(|pair| pair[0].id == pair[1].id) {
        return Err(TaxonomyError::DuplicateId(pair[0].id.clone()));
    }
    for node in &nodes {
        check_node(node)?;
    }
    let parents = find_parents(&nodes)?;
    let (order, depths) = pre_order(&parents);
    if order.len() < nodes.len() {
        return Err(TaxonomyError::Cycle(nodes[on_cycle(&parents, &order)].id.clone()));
    }
    for (&at, &depth) in order.iter().zip(&depths) {
        check_level(&nodes[at], depth)?;
    }
    Ok(build(file.id, nodes, &parents, &order))
}

fn check_node(node: &FileNode) -> Result<(), TaxonomyError> {
    if !is_id(&node.id) {
        return Err(TaxonomyError::BadId(node.id.clone()));
    }
    match &node.icd10 {
        Some(code) if !is_icd10(code) => Err(TaxonomyError::BadIcd10 { node: node.id.clone(), code: code.clone() }),
        _ => Ok(()),
    }
}

fn check_level(node: &FileNode, depth: usize) -> Result<(), TaxonomyError> {
    let expected = match depth {
        0 => Level::Class,
        1 => Level::Group,
        _ => Level::Disease,
    };
    if node.level == expected {
        return Ok(());
    }
    Err(TaxonomyError::WrongLevel { node: node.id.clone(), found: node.level.as_str(), expected: expected.as_str() })
}

/// A letter, a digit, a digit or letter; then, after a point, one to four more. ICD-10 and ICD-10-CM.
fn is_icd10(code: &str) -> bool {
    let upper_or_digit = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    let (category, rest) = code.split_once('.').map_or((code, None), |(category, rest)| (category, Some(rest)));
    let category_fits = matches!(category.as_bytes(), [a, b, c]
        if a.is_ascii_uppercase() && b.is_ascii_digit() && upper_or_digit(c));
    category_fits && rest.is_none_or(|rest| (1..=4).contains(&rest.len()) && rest.as_bytes().iter().all(upper_or_digit))
}

/// For each node the position of its parent; `nodes` is sorted by id.
fn find_parents(nodes: &[FileNode]) -> Result<Vec<Option<usize>>, TaxonomyError> {
    nodes
        .iter()
        .map(|node| {
            let Some(parent) = &node.parent else { return Ok(None) };
            let position = nodes.binary_search_by(|other| other.id.as_str().cmp(parent));
            position
                .map(Some)
                .map_err(|_| TaxonomyError::UnknownParent { node: node.id.clone(), parent: parent.clone() })
        })
        .collect()
}

/// The nodes that can be reached from a root, in pre-order with siblings in order of position, and their depths.
fn pre_order(parents: &[Option<usize>]) -> (Vec<usize>, Vec<usize>) {
    let mut children = vec![Vec::new(); parents.len()];
    let mut stack = Vec::new();
    // Backwards, so that the stack gives the smallest id first.
    for (at, parent) in parents.iter().enumerate().rev() {
        match parent {
            Some(parent) => children[*parent].push(at),
            None => stack.push((at, 0)),
        }
    }
    let mut order = Vec::with_capacity(parents.len());
    let mut depths = Vec::with_capacity(parents.len());
    while let Some((at, depth)) = stack.pop() {
        order.push(at);
        depths.push(depth);
        stack.extend(children[at].iter().map(|&child| (child, depth + 1)));
    }
    (order, depths)
}

/// A node that is its own ancestor, given that some node cannot be reached from a root.
fn on_cycle(parents: &[Option<usize>], reached: &[usize]) -> usize {
    let mut seen = vec![false; parents.len()];
    for &at in reached {
        seen[at] = true;
    }
    let mut at = seen.iter().position(|&seen| !seen).unwrap_or_default();
    // Going up from an unreached node never meets a root, so it must come back to where it has been.
    while !seen[at] {
        seen[at] = true;
        at = parents[at].unwrap_or(at);
    }
    at
}

fn build(id: String, nodes: Vec<FileNode>, parents: &[Option<usize>], order: &[usize]) -> Taxonomy {
    let mut index_of = vec![NodeIndex(0); nodes.len()];
    for (index, &at) in order.iter().enumerate() {
        index_of[at] = NodeIndex(index as u32);
    }
    let mut ends: Vec<u32> = (1..=nodes.len() as u32).collect();
    let mut by_id = HashMap::with_capacity(nodes.len());
    let mut placed: Vec<(NodeIndex, Node)> = nodes
        .into_iter()
        .enumerate()
        .map(|(at, node)| {
            by_id.insert(node.id.clone(), index_of[at]);
            let parent = parents[at].map(|parent| index_of[parent]);
            let FileNode { id, level, name, icd10, note, .. } = node;
            (index_of[at], Node { id, parent, level, name, icd10, note })
        })
        .collect();
    placed.sort_by_key(|(index, _)| *index);
    let nodes: Vec<Node> = placed.into_iter().map(|(_, node)| node).collect();
    for (index, node) in nodes.iter().enumerate().rev() {
        if let Some(parent) = node.parent {
            ends[parent.index()] = ends[parent.index()].max(ends[index]);
        }
    }
    Taxonomy { id, nodes, ends, by_id }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn icd10_shapes() {
        for good in ["C43", "L57.0", "D22.39", "C4A", "L98.499", "M31.31"] {
            assert!(is_icd10(good), "{good}");
        }
        for bad in ["", "C4", "c43", "C43.", "C43.12345", "C43 ", "43C", "C433"] {
            assert!(!is_icd10(bad), "{bad}");
        }
    }
}
