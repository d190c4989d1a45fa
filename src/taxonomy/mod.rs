//! The disease taxonomy: a forest whose roots are the three classes (benign, malignant, non-neoplastic), whose second
//! level are the groups, and below which lie diseases to any depth.
//!
//! A [`Taxonomy`] is checked once, when it is parsed, and then holds its nodes in one canonical order: a pre-order walk
//! with siblings sorted by id. Three things follow from it. The order of nodes in the file cannot change a single bit
//! of a result; a parent always comes before its children, so that [`Taxonomy::roll_up`] is one backward pass without
//! recursion; and the nodes below a node are one contiguous range, so that "is it below?" is two comparisons.

pub mod outline;
mod parse;
pub mod partition;
mod roll_up;
mod text;

use std::collections::HashMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use text::Text;

/// The only schema of `taxonomy.json` that this version reads.
pub const SCHEMA: &str = "skintree.taxonomy/1";

/// How far a node is from the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export_to = "report.d.ts"))]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// A root: benign, malignant, non-neoplastic (the paper's three-way level).
    Class,
    /// A child of a root (the paper's nine-way level).
    Group,
    /// Anything below a group.
    Disease,
}

/// A node's place in a [`Taxonomy`], `0..taxonomy.len()`. Indices of one taxonomy mean nothing in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeIndex(u32);

impl NodeIndex {
    /// The index as a number, for arrays that run parallel to [`Taxonomy::nodes`].
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One disease, group or class.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Unique; lower-case letters, digits and `-`.
    pub id: String,
    /// `None` for a root.
    pub parent: Option<NodeIndex>,
    /// Follows from the depth.
    pub level: Level,
    /// What people call it.
    pub name: Text,
    /// ICD-10 code, if one fits.
    pub icd10: Option<String>,
    /// What a reader should know, for example which diagnoses a mixed class contains.
    pub note: Option<Text>,
}

/// Why a taxonomy was refused. Every case has the code `taxonomy`; the cure is to correct or to re-generate the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TaxonomyError {
    /// Not JSON, a field is missing or has the wrong type.
    #[error("the taxonomy is not valid: {0}; correct the file or fetch the model pack again")]
    Json(String),
    /// Another schema than [`SCHEMA`].
    #[error("the taxonomy has schema \"{0}\", but this version reads \"{SCHEMA}\"; update skintree or the model pack")]
    Schema(String),
    /// An id with other characters than lower-case letters, digits and `-`, or none.
    #[error("the taxonomy has the id \"{0}\"; ids are made of lower-case letters, digits and \"-\"")]
    BadId(String),
    /// A line of an outline cannot be read.
    #[error("{0}; correct that line")]
    Outline(#[from] outline::OutlineError),
    /// The taxonomy has no nodes.
    #[error("the taxonomy has no nodes; correct the taxonomy, or fetch the model pack again")]
    Empty,
    /// Two nodes share an id.
    #[error("the taxonomy has two nodes with the id \"{0}\"; ids must be unique")]
    DuplicateId(String),
    /// A parent that is not a node.
    #[error(
        "node \"{node}\" of the taxonomy has the parent \"{parent}\", which does not exist; correct the taxonomy, or fetch the model pack again"
    )]
    UnknownParent {
        /// The child.
        node: String,
        /// What it names as its parent.
        parent: String,
    },
    /// Going up from this node leads back to it.
    #[error("node \"{0}\" of the taxonomy is its own ancestor; a taxonomy must be a tree")]
    Cycle(String),
    /// The level does not follow from the depth.
    #[error(
        "node \"{node}\" of the taxonomy has level \"{found}\", but at its depth it must be \"{expected}\"; correct the taxonomy, or fetch the model pack again"
    )]
    WrongLevel {
        /// The node.
        node: String,
        /// What the file says.
        found: &'static str,
        /// What the depth asks for.
        expected: &'static str,
    },
    /// Not the shape of an ICD-10 code.
    #[error(
        "node \"{node}\" of the taxonomy has the ICD-10 code \"{code}\", which is not of the form C43 or L57.0; correct the taxonomy, or fetch the model pack again"
    )]
    BadIcd10 {
        /// The node.
        node: String,
        /// What the file says.
        code: String,
    },
    /// Somebody outside (the manifest) names a node that is not there.
    #[error(
        "the model pack names \"{0}\", which the taxonomy does not have; the two files do not belong together: fetch the pack again"
    )]
    UnknownId(String),
}

impl TaxonomyError {
    /// The stable code of `docs/formats.md`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "taxonomy"
    }
}

/// A checked taxonomy. See the [module](self) for the order of its nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct Taxonomy {
    id: String,
    nodes: Vec<Node>,
    /// For each node, one past the last node below it.
    ends: Vec<u32>,
    /// Ids to indices.
    by_id: HashMap<String, NodeIndex>,
}

impl Taxonomy {
    /// The taxonomy's own id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// All nodes, parents before children, siblings in the order of their ids.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The number of nodes, at least 1.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a taxonomy is never empty")]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// All indices, in the order of [`nodes`](Self::nodes).
    pub fn indices(&self) -> impl DoubleEndedIterator<Item = NodeIndex> + ExactSizeIterator + use<> {
        (0..self.nodes.len() as u32).map(NodeIndex)
    }

    /// The node at `index`.
    ///
    /// # Panics
    /// If `index` comes from a larger taxonomy.
    #[must_use]
    pub fn node(&self, index: NodeIndex) -> &Node {
        &self.nodes[index.index()]
    }

    /// The index of the node with this id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<NodeIndex> {
        self.by_id.get(id).copied()
    }

    /// As [`find`](Self::find), but a missing node is an error.
    pub fn require(&self, id: &str) -> Result<NodeIndex, TaxonomyError> {
        self.find(id).ok_or_else(|| TaxonomyError::UnknownId(id.to_owned()))
    }

    /// The node and everything below it, as a range of positions in [`nodes`](Self::nodes).
    #[must_use]
    pub fn subtree(&self, index: NodeIndex) -> Range<usize> {
        index.index()..self.ends[index.index()] as usize
    }

    /// Whether `node` is `ancestor` or lies below it.
    #[must_use]
    pub fn is_within(&self, node: NodeIndex, ancestor: NodeIndex) -> bool {
        self.subtree(ancestor).contains(&node.index())
    }
}

impl Level {
    /// The name used in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Class => "class",
            Self::Group => "group",
            Self::Disease => "disease",
        }
    }
}

/// Whether `id` is made of lower-case letters, digits and `-` only. Packs, tasks and nodes share the rule.
pub(crate) fn is_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
