//! The inference algorithm of Esteva et al. 2017: a node's probability is its own plus that of its children.

use super::{NodeIndex, Taxonomy};

impl Taxonomy {
    /// Probabilities of all nodes, in the order of [`nodes`](Self::nodes), from those of the training classes.
    ///
    /// `own` gives each training class its probability; a class may be an inner node, which then keeps its own share
    /// on top of its children's. Entries for the same node add up. Sums are in f64 and always in the same order (own
    /// share first, then the children from the last id to the first), so that the result depends neither on the order
    /// of nodes in the file nor on the machine, to the last bit.
    ///
    /// One pass over a flat array: microseconds for thousands of nodes.
    ///
    /// # Panics
    /// If an index comes from a larger taxonomy.
    #[must_use]
    pub fn roll_up(&self, own: &[(NodeIndex, f64)]) -> Vec<f64> {
        let mut sums = vec![0.0; self.len()];
        for &(node, probability) in own {
            sums[node.index()] += probability;
        }
        self.gather(sums, |parent, child| parent + child)
    }

    /// For each node, whether it is one of `classes` or has one below it. A node that is not covered always rolls up
    /// to 0, which then means "the model cannot know" and not "unlikely".
    ///
    /// # Panics
    /// If an index comes from a larger taxonomy.
    #[must_use]
    pub fn covered(&self, classes: &[NodeIndex]) -> Vec<bool> {
        let mut covered = vec![false; self.len()];
        for class in classes {
            covered[class.index()] = true;
        }
        self.gather(covered, |parent, child| parent | child)
    }

    /// Joins what each node has, in the order of [`nodes`](Self::nodes), with what all below it have: first its own,
    /// then that of its children from the last id to the first.
    pub(super) fn gather<T: Copy>(&self, mut values: Vec<T>, join: impl Fn(T, T) -> T) -> Vec<T> {
        // Everything below a node comes after it, so a node is complete when the backward pass arrives at it.
        for (index, node) in self.nodes().iter().enumerate().rev() {
            if let Some(parent) = node.parent {
                values[parent.index()] = join(values[parent.index()], values[index]);
            }
        }
        values
    }
}
