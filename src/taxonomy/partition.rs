//! The disease partitioning algorithm of Esteva et al. 2017 (supplement, algorithm 1): which nodes of a taxonomy become
//! training classes, given how many images there are of each.
//!
//! From the roots down, a node whose images, with all below it, are few enough becomes one class; a larger one is
//! divided into its children. What the algorithm in the paper leaves open: a node with too many images that has images
//! of its own keeps them as a class of its own; a leaf is a class whatever its size, as nothing is left to divide; and
//! a node without images is no class.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::{NodeIndex, Taxonomy};

/// The paper's largest class: 1,000 images.
pub const MAX_CLASS_SIZE: u64 = 1000;
/// The only schema of image counts that this version reads.
pub const COUNTS_SCHEMA: &str = "skintree.counts/1";
/// The schema of the partitions this version writes.
pub const SCHEMA: &str = "skintree.partition/1";

/// Why image counts were refused. Every case has the code `counts`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CountsError {
    /// Not JSON, a field is missing or has the wrong type, or a count is negative, broken or above 4,294,967,295.
    #[error("the image counts are not valid: {0}; docs/formats.md describes the file")]
    Json(String),
    /// Another schema than [`COUNTS_SCHEMA`].
    #[error("the image counts have schema \"{0}\", but this version reads \"{COUNTS_SCHEMA}\"; correct the file")]
    Schema(String),
    /// An id that the taxonomy does not have.
    #[error(
        "the image counts name \"{0}\", which the taxonomy does not have; correct the id, or use the tree it is from"
    )]
    UnknownId(String),
    /// No image at all.
    #[error("there are no images to divide into classes; give at least one node a count above 0")]
    NoImages,
}

impl CountsError {
    /// The stable code of `docs/formats.md`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "counts"
    }
}

/// How many images there are of each node, those of nodes below it not counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts(Vec<u64>);

impl Counts {
    /// From pairs of a node and its images; several of one node add up.
    ///
    /// # Panics
    /// If an index comes from a larger taxonomy.
    #[must_use]
    pub fn new(taxonomy: &Taxonomy, images: impl IntoIterator<Item = (NodeIndex, u32)>) -> Self {
        let mut counts = vec![0; taxonomy.len()];
        for (node, images) in images {
            counts[node.index()] += u64::from(images);
        }
        Self(counts)
    }

    /// Reads a file of counts.
    ///
    /// # Errors
    /// [`CountsError`].
    pub fn parse(json: &[u8], taxonomy: &Taxonomy) -> Result<Self, CountsError> {
        #[derive(Deserialize)]
        struct File {
            schema: String,
            #[serde(deserialize_with = "unique")]
            images: BTreeMap<String, u32>,
        }
        let file: File = serde_json::from_slice(json).map_err(|error| CountsError::Json(error.to_string()))?;
        if file.schema != COUNTS_SCHEMA {
            return Err(CountsError::Schema(file.schema));
        }
        let find = |(id, images): (&String, &u32)| match taxonomy.find(id) {
            Some(node) => Ok((node, *images)),
            None => Err(CountsError::UnknownId(id.clone())),
        };
        let images = file.images.iter().map(find).collect::<Result<Vec<_>, _>>()?;
        if images.iter().all(|(_, images)| *images == 0) {
            return Err(CountsError::NoImages);
        }
        Ok(Self::new(taxonomy, images))
    }
}

/// A map in which no key stands twice; serde would silently take the last.
fn unique<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, u32>, D::Error> {
    struct Unique;
    impl<'de> Visitor<'de> for Unique {
        type Value = BTreeMap<String, u32>;

        fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("an object of counts by node id")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut images = BTreeMap::new();
            while let Some((id, count)) = map.next_entry::<String, u32>()? {
                if images.contains_key(&id) {
                    return Err(A::Error::custom(format_args!("\"{id}\" stands twice in `images`")));
                }
                images.insert(id, count);
            }
            Ok(images)
        }
    }
    deserializer.deserialize_map(Unique)
}

/// A training class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// The node it is named after.
    pub node: NodeIndex,
    /// Whose images it takes, as positions in [`Taxonomy::nodes`]: the node with all below it, or the node alone.
    pub members: Range<usize>,
    /// How many images that are, at least 1.
    pub images: u64,
}

impl Taxonomy {
    /// Divides the images into training classes, in the order of [`nodes`](Self::nodes). Each image is in exactly one.
    ///
    /// A class has at most `max_class_size` images unless its members are a single node. Takes one pass over the nodes.
    ///
    /// # Panics
    /// If `counts` were made for a smaller taxonomy.
    #[must_use]
    pub fn partition(&self, counts: &Counts, max_class_size: u64) -> Vec<Class> {
        let own = &counts.0;
        let totals = self.gather(own.clone(), |parent, child| parent + child);
        let mut classes = Vec::new();
        let mut at = 0;
        while at < self.len() {
            let node = NodeIndex(at as u32);
            let subtree = self.subtree(node);
            let whole = totals[at] <= max_class_size || subtree.len() == 1;
            let (members, images) = if whole { (subtree, totals[at]) } else { (at..at + 1, own[at]) };
            at = members.end;
            if images > 0 {
                classes.push(Class { node, members, images });
            }
        }
        classes
    }
}

/// A partition as `skintree partition` writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partition {
    /// [`SCHEMA`].
    pub schema: String,
    /// The taxonomy's id.
    pub taxonomy: String,
    /// The most images a class of more than one node may have.
    pub max_class_size: u64,
    /// All images, at least 1.
    pub images: u64,
    /// The training classes.
    pub classes: Vec<PartitionClass>,
}

/// One training class of a [`Partition`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionClass {
    /// Id of the node that the class is named after; the manifest of a pack lists these as its `classes`.
    pub id: String,
    /// Images in the class, at least 1.
    pub images: u64,
    /// Ids of the nodes whose images it takes: the node, and all below it unless they are divided further.
    pub nodes: Vec<String>,
}

impl Partition {
    /// Divides the images of a taxonomy into training classes; see [`Taxonomy::partition`].
    ///
    /// # Panics
    /// If `counts` were made for a smaller taxonomy.
    #[must_use]
    pub fn new(taxonomy: &Taxonomy, counts: &Counts, max_class_size: u64) -> Self {
        let id = |node: &super::Node| node.id.clone();
        let classes: Vec<PartitionClass> = taxonomy
            .partition(counts, max_class_size)
            .into_iter()
            .map(|Class { node, members, images }| PartitionClass {
                id: id(taxonomy.node(node)),
                images,
                nodes: taxonomy.nodes()[members].iter().map(id).collect(),
            })
            .collect();
        Self {
            schema: SCHEMA.to_owned(),
            taxonomy: taxonomy.id().to_owned(),
            max_class_size,
            images: classes.iter().map(|class| class.images).sum(),
            classes,
        }
    }
}
